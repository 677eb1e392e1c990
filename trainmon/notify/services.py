"""Sending through apprise, to any service that it knows; the only place that sees an address in the clear.

Apprise logs addresses, and so may the libraries below it, at a debug level or in an exception: their loggers are
silenced, and of what they raise only the type is said.
"""

import logging
import warnings
from concurrent.futures import Future, ThreadPoolExecutor, wait

import msgspec

from trainmon.notify import readiness
from trainmon.notify.message import Message
from trainmon.notify.rules import kind_of

ANSWER_WITHIN = 30.0
"""Seconds that one service gets."""

_NOISY = ("apprise", "urllib3", "requests", "requests_oauthlib", "oauthlib", "asyncio")

_TYPES = {"good": "success", "info": "info", "warning": "warning", "critical": "failure"}


class Receipt(msgspec.Struct, frozen=True):
    """What became of a message at one service."""

    kind: str
    """`ntfy`, `mailtos`: never the address."""
    taken: bool
    why: str | None = None


def send(urls: tuple[str, ...], message: Message, skip: tuple[int, ...] = ()) -> list[Receipt]:
    """Sends a message to all services at once and waits for their answers; never raises.

    Args:
        urls: The addresses.
        message: What to say.
        skip: Numbers of services that have it already.
    """
    if not readiness.installed():
        return [Receipt(kind_of(url), taken=False, why=readiness.MISSING) for url in urls]
    silence()
    pool = ThreadPoolExecutor(max_workers=max(1, len(urls)))
    asked = [
        None if number in skip else pool.submit(_send_to, url, message) for number, url in enumerate(urls)
    ]
    wait([future for future in asked if future is not None], ANSWER_WITHIN)
    pool.shutdown(wait=False, cancel_futures=True)
    return [_receipt(url, future) for url, future in zip(urls, asked, strict=True)]


def _receipt(url: str, asked: Future[Receipt] | None) -> Receipt:
    """What came of a service; None: it had the message already."""
    if asked is None:
        return Receipt(kind_of(url), taken=True)
    if asked.done():
        return asked.result()
    return Receipt(kind_of(url), taken=False, why=f"no answer within {ANSWER_WITHIN:.0f} s")


def silence() -> None:
    """Keeps apprise and what it uses from saying anything, anywhere."""
    warnings.simplefilter("ignore")
    for name in _NOISY:
        logger = logging.getLogger(name)
        logger.handlers = [logging.NullHandler()]
        logger.propagate = False
        logger.setLevel(logging.CRITICAL + 1)


def _send_to(url: str, message: Message) -> Receipt:
    kind = kind_of(url)
    try:
        import apprise  # deferred: an optional dependency, and some 25 MiB

        asset = apprise.AppriseAsset(app_id="trainmon", app_desc="training monitor", secure_logging=True)
        service = apprise.Apprise(asset=asset)
        if not service.add(url):
            return Receipt(kind, taken=False, why="apprise does not understand its address")
        taken = service.notify(
            title=message.title,
            body=message.body,
            notify_type=_TYPES[message.weight],
            body_format="text",
        )
    except Exception as error:  # noqa: BLE001 - a plug-in may raise anything, with the address in it
        return Receipt(kind, taken=False, why=f"apprise raised {type(error).__name__}")
    return Receipt(kind, taken=bool(taken), why=None if taken else "it was not reached, or did not take it")
