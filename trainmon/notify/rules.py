"""What the user wants to be told, and where: the section `[notify]` of `config.toml`, and the environment.

The addresses of services hold tokens and passwords. They are read where a message is sent and nowhere else, and what
can be said of them is how many there are and of which kind: see `Addresses`.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, get_args

import msgspec

from trainmon.meaning.alerts import Severity
from trainmon.system.configuration import Problem, read_section_checked

VARIABLE = "TRAINMON_NOTIFY_URLS"
"""Environment variable with addresses, separated by spaces or commas; it takes the place of those of the file."""

DEFAULT = ("finished", "failed", "died", "stalled", "alert:critical")
"""What is told where nothing is said: what ends a run, or is about to. A new best comes with every other epoch of a
run that goes well, and teaches people to look away."""

KINDS = ("finished", "failed", "died", "interrupted", "stalled", "best")
"""Words of `on` beside `alert`."""


class NotifySettings(msgspec.Struct, frozen=True):
    """The section `[notify]`."""

    urls: tuple[str, ...] = ()
    """Addresses of services, as apprise takes them. Never shown."""
    on: tuple[str, ...] = DEFAULT
    """What is told: words of `KINDS`, and `alert:warning` or another severity for alerts of that and worse."""
    most: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 6
    """Messages in ten minutes."""
    bell: bool = True
    """Whether the screen rings the terminal's bell."""
    shortest: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    """Seconds: of a run that was shorter the end is not told."""

    def __repr__(self) -> str:
        """Without the addresses: a `repr` ends up in tracebacks."""
        return f"NotifySettings({len(self.urls)} addresses, on={self.on}, most={self.most}, bell={self.bell})"


class Rules(msgspec.Struct, frozen=True):
    """What is told."""

    kinds: frozenset[str] = frozenset({"finished", "failed", "died", "stalled"})
    alerts: frozenset[Severity] = frozenset({"critical"})
    """Severities of the alerts that are told."""
    shortest: float = 0.0
    """Seconds: of a run that was shorter the end is not told."""


class Addresses:
    """Addresses of services; whatever prints this prints no address."""

    def __init__(self, urls: tuple[str, ...]) -> None:
        self._urls = urls

    def __len__(self) -> int:
        return len(self._urls)

    def __repr__(self) -> str:
        return f"{len(self)} addresses"

    def reveal(self) -> tuple[str, ...]:
        """The addresses, for whoever sends."""
        return self._urls

    def kinds(self) -> tuple[str, ...]:
        """The kind of each service, `ntfy` or `mailtos`; "?" where an address has none."""
        return tuple(kind_of(url) for url in self._urls)


_KIND = re.compile(r"\s*([A-Za-z][A-Za-z0-9+-]{0,19})://")


def kind_of(url: str) -> str:
    """What stands before `://`, which is no secret; "?" where nothing does."""
    found = _KIND.match(url)
    return found.group(1).lower() if found is not None else "?"


def read_settings(folder: Path | None = None) -> tuple[NotifySettings, list[Problem]]:
    """The section, and what is not obeyed in it."""
    settings, problems = read_section_checked("notify", NotifySettings, folder)
    unknown = [word for word in settings.on if not _is_known(word)]
    # An address that stands in the wrong list is not quoted either.
    quoted = (repr(word[:40]) if "://" not in word else "such word" for word in unknown)
    return settings, [*problems, *(Problem("notify.on", f"there is no {word}") for word in quoted)]


def addresses(settings: NotifySettings, environment: Mapping[str, str] = os.environ) -> Addresses:
    """Where messages go: as the environment says, else as the file does."""
    said = environment.get(VARIABLE)
    urls = settings.urls if said is None else tuple(re.split(r"[\s,]+", said.strip()))
    return Addresses(tuple(url for url in urls if url))


def rules(settings: NotifySettings) -> Rules:
    """What is told; words that do not exist are passed over."""
    told: set[Severity] = set()
    ordered = get_args(Severity)
    for word in settings.on:
        if word.partition(":")[0] == "alert" and _is_known(word):
            least = word.partition(":")[2] or ordered[-1]
            told.update(ordered[: ordered.index(least) + 1])
    kinds = frozenset(word for word in settings.on if word in KINDS)
    return Rules(kinds, frozenset(told), settings.shortest)


def _is_known(word: str) -> bool:
    return (
        word in KINDS or word == "alert" or word in {f"alert:{severity}" for severity in get_args(Severity)}
    )
