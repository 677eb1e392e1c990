"""Whether messages can be sent: for whoever starts something that sends them, before it does. Nothing is sent here."""

import importlib.util

from trainmon.notify.rules import VARIABLE, addresses, read_settings

MISSING = "apprise, which sends messages, is not installed: pip install 'trainmon[notify]'"

UNCONFIGURED = f"no service is configured: urls in the section [notify] of config.toml, or {VARIABLE}"


def is_configured() -> bool:
    """Whether anybody wants messages."""
    return len(addresses(read_settings()[0])) > 0


def installed() -> bool:
    """Whether there is what sends them."""
    return importlib.util.find_spec("apprise") is not None


def why_not() -> str | None:
    """Why nothing can be sent, in words; None: it can."""
    if not is_configured():
        return UNCONFIGURED
    return None if installed() else MISSING
