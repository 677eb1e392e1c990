r"""What somebody typed to search for, over text that nobody vouches for: bounded in time, whatever both of them are.

Python's `re` can take longer than the age of the universe for `(a+)+$`, cannot be interrupted, and holds the
interpreter's lock meanwhile. So expressions are matched by the package `regex`, which gives up after a time and lets
the lock go: see docs/adr/0007. Measured (2026-11, two shared cores, four thousand times "a" against `(a+)+$`): while a
thread matched for 0.8 s, another waited 0.04 s at most.
"""

import math
import re
import time
import warnings
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import regex

MOST_COPIES = 10_000
"""Counts in an expression, multiplied: `regex` writes `(a{1000}){1000}` out, and three of those fill the memory."""

_COUNT = re.compile(r"\{(\d*)(?:,(\d*))?\}")

_LONGEST_COUNT = 9
"""Digits of a count that are looked at; a longer one is too large anyway."""

Span = tuple[int, int]
"""First character, and the one behind the last."""


class UnusableError(Exception):
    """What was typed is no expression, in words."""


class SlowError(Exception):
    """The expression takes longer than it may."""


class Pattern(Protocol):
    """What is searched for."""

    def which(self, texts: Iterable[str], seconds: float, limit: int) -> list[int]:
        """The numbers of the texts that match, rising.

        Args:
            texts: Untrusted.
            seconds: Of this thread's time, for all of them.
            limit: Characters of each text that are looked at.

        Raises:
            SlowError: They were not enough.
        """

    def spans(self, text: str, seconds: float) -> list[Span]:
        """The stretches that match, from the left, without empty ones.

        Raises:
            SlowError: The time was not enough.
        """


class Plain:
    """A text to be found as it is; any number of texts is looked through in linear time."""

    def __init__(self, text: str, *, fold: bool) -> None:
        """A pattern.

        Args:
            text: Not empty.
            fold: Whether upper and lower case are the same.
        """
        self._pattern = re.compile(re.escape(text), re.IGNORECASE if fold else 0)

    def which(self, texts: Iterable[str], seconds: float, limit: int) -> list[int]:
        """See `Pattern.which`; never slow."""
        find = self._pattern.search
        return [index for index, text in enumerate(texts) if find(text, 0, limit)]

    def spans(self, text: str, seconds: float) -> list[Span]:
        """See `Pattern.spans`; never slow."""
        return [found.span() for found in self._pattern.finditer(text)]


class Expression:
    """A regular expression."""

    def __init__(self, source: str, *, fold: bool) -> None:
        """An expression.

        Args:
            source: As it was typed, without slashes.
            fold: Whether upper and lower case are the same.

        Raises:
            UnusableError: It is none, or would take too much memory.
        """
        self._pattern = _compiled(source, fold)

    def which(self, texts: Iterable[str], seconds: float, limit: int) -> list[int]:
        """See `Pattern.which`."""
        find = self._pattern.search
        left = _clock(seconds)
        try:
            return [
                index
                for index, text in enumerate(texts)
                if find(text, 0, limit, timeout=left(), concurrent=True) is not None
            ]
        except TimeoutError as error:
            raise SlowError from error

    def spans(self, text: str, seconds: float) -> list[Span]:
        """See `Pattern.spans`."""
        left = _clock(seconds)
        try:
            found = [match.span() for match in self._pattern.finditer(text, timeout=left(), concurrent=True)]
            left()
        except TimeoutError as error:
            raise SlowError from error
        return [(first, last) for first, last in found if first < last]


class Marker:
    """Finds the stretches of some lines that are highlighted, as long as that takes little time; then no more."""

    def __init__(self, pattern: Pattern | None, seconds: float) -> None:
        """A marker.

        Args:
            pattern: None: nothing is highlighted.
            seconds: For all lines together.
        """
        self._pattern = pattern
        self._seconds = seconds

    def __call__(self, text: str) -> list[Span]:
        """The stretches of a line."""
        if self._pattern is None:
            return []
        begun = time.thread_time()
        try:
            return self._pattern.spans(text, self._seconds)
        except SlowError:
            self._pattern = None
            return []
        finally:
            self._seconds -= time.thread_time() - begun


def _compiled(source: str, fold: bool) -> "regex.Pattern[str]":
    import regex  # deferred: 10 ms that only who types an expression waits for

    counts = [number[:_LONGEST_COUNT] for found in _COUNT.findall(source) for number in found if number]
    if math.prod(max(1, int(number)) for number in counts) > MOST_COPIES:
        raise UnusableError(f"an expression with counts of more than {MOST_COPIES:,} in all")
    try:
        with warnings.catch_warnings():
            # It warns of expressions that a later version may read differently, on the screen that we draw on.
            warnings.simplefilter("ignore")
            return regex.compile(source, regex.IGNORECASE if fold else 0, cache_pattern=False)
    except (regex.error, RecursionError, OverflowError, ValueError) as error:
        raise UnusableError(f"no regular expression: {error}") from error


def _clock(seconds: float) -> Callable[[], float]:
    """Says how many seconds of this thread's time are left, and raises `TimeoutError` where there is none."""
    deadline = time.thread_time() + seconds

    def left() -> float:
        more = deadline - time.thread_time()
        if more <= 0.0:
            raise TimeoutError
        return more

    return left
