"""Which names a filter lets through: a part of the name, a glob, or a regular expression between slashes."""

import re
from collections.abc import Iterable
from fnmatch import translate
from functools import lru_cache
from typing import NamedTuple

from trainmon_tui.expression import Expression, SlowError, UnusableError

LONGEST = 200
"""Characters of a filter; nobody types a longer one."""

NAME_LIMIT = 1_024
"""Characters of a name that are looked at."""

PATIENCE = 0.05
"""Seconds for all names together: they are filtered where the screen is drawn."""


class Filtered(NamedTuple):
    """What a filter left."""

    names: tuple[str, ...]
    """In their order; all of them where the filter cannot be used."""
    fault: str | None = None
    """Why the filter cannot be used, in words; None: it can."""


def filtered(names: Iterable[str], text: str) -> Filtered:
    """The names that the filter lets through; upper and lower case are the same.

    Args:
        names: Untrusted, of any length.
        text: As it was typed: a part of the name, a glob where it has one of `*?[`, or `/expression/` (the second
            slash may be missing while it is being typed). Empty: all names.
    """
    return _filtered(tuple(names), text)


@lru_cache(maxsize=4)
def _filtered(names: tuple[str, ...], text: str) -> Filtered:
    """The same; kept, because a screen asks again at every drawing, and a slow expression would be slow each time."""
    if not text.strip():
        return Filtered(names)
    if len(text) > LONGEST:
        return Filtered(names, f"longer than {LONGEST} characters")
    if not text.startswith("/") and not any(character in "*?[" for character in text):
        part = text.strip().casefold()
        return Filtered(tuple(name for name in names if part in name.casefold()))
    if not text.startswith("/"):
        return _glob(names, text.strip())
    try:
        kept = Expression(text[1:].removesuffix("/"), fold=True).which(names, PATIENCE, NAME_LIMIT)
    except UnusableError as error:
        return Filtered(names, str(error))
    except SlowError:
        return Filtered(names, "takes too long")
    return Filtered(tuple(names[index] for index in kept))


def _glob(names: tuple[str, ...], text: str) -> Filtered:
    # A star never goes back to try another way, so any number of them is quick.
    matches = re.compile(translate(f"*{text}*"), re.IGNORECASE).match
    return Filtered(tuple(name for name in names if matches(name[:NAME_LIMIT]) is not None))
