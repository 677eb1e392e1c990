"""Which names a filter lets through: a part of the name, a glob, or a regular expression between slashes.

Python's expressions can take longer than the age of the universe, and cannot be interrupted. So those are refused that
could: what remains is tried on names of bounded length for a bounded time.
"""

import re
import time
import warnings
from collections.abc import Callable, Iterable
from fnmatch import translate
from typing import NamedTuple

LONGEST = 80
"""Characters of a filter; nobody types a longer one."""

NAME_LIMIT = 128
"""Characters of a name that are looked at."""

MOST_REPEATS = 3
"""Repetitions in an expression: with n of them, matching takes up to the n-th power of the length of a name."""

PATIENCE = 0.1
"""Seconds for all names together."""

_ESCAPED = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
"""What cannot hold an operator: an escaped character, or a class of characters."""


class Filtered(NamedTuple):
    """What a filter left."""

    names: tuple[str, ...]
    """In their order; all of them where the filter cannot be used."""
    fault: str | None = None
    """Why the filter cannot be used, in words; None: it can."""


def filtered(names: Iterable[str], text: str, clock: Callable[[], float] = time.monotonic) -> Filtered:
    """The names that the filter lets through; upper and lower case are the same.

    Args:
        names: Untrusted, of any length.
        text: As it was typed: a part of the name, a glob where it has one of `*?[`, or `/expression/` (the second
            slash may be missing while it is being typed). Empty: all names.
        clock: Monotonic seconds.
    """
    names = tuple(names)
    if not text.strip():
        return Filtered(names)
    if len(text) > LONGEST:
        return Filtered(names, f"longer than {LONGEST} characters")
    if not text.startswith("/") and not any(character in "*?[" for character in text):
        part = text.strip().casefold()
        return Filtered(tuple(name for name in names if part in name.casefold()))
    if text.startswith("/"):
        expression = text[1:].removesuffix("/")
        fault = _fault(expression)
        if fault is not None:
            return Filtered(names, fault)
    else:
        # A star never goes back to try another way, so any number of them is quick.
        expression = translate(f"*{text.strip()}*")
    try:
        with warnings.catch_warnings():
            # Python warns of expressions that a later version may read differently, on the screen that we draw on.
            warnings.simplefilter("ignore")
            matches = re.compile(expression, re.IGNORECASE).search
    except (re.error, RecursionError, OverflowError) as error:
        return Filtered(names, f"no expression: {error}")
    kept: list[str] = []
    deadline = clock() + PATIENCE
    for name in names:
        if matches(name[:NAME_LIMIT]) is not None:
            kept.append(name)
        if clock() > deadline:
            return Filtered(names, "takes too long")
    return Filtered(tuple(kept))


def _fault(expression: str) -> str | None:
    """Why an expression is refused; None: it is not."""
    plain = _ESCAPED.sub("x", expression)
    if re.search(r"\\[1-9]", expression) or "(?" in plain:
        return "(?…) and \\1 are not for filters"
    if re.search(r"\)[*+?{]", plain):
        return "a repeated group could take too long"
    if len(re.findall(r"[*+?{]", plain)) > MOST_REPEATS:
        return f"more than {MOST_REPEATS} repetitions could take too long"
    return None
