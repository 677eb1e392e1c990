"""What a search matches, fast: most of a large file is ruled out without looking at its lines."""

from typing import Protocol

from trainmon.facts.line_values import severity
from trainmon_tui.expression import Pattern
from trainmon_tui.logs.log_page import Search

MATCH_LIMIT = 4_096
"""Characters of a line that a pattern looks at."""

PATIENCE = 0.1
"""Seconds that an expression gets for a piece of a file, some 256 KiB: fifty times what an ordinary one takes, and no
longer than a key may wait for the thread that reads (2026-11)."""

_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


class Lines(Protocol):
    """What has lines."""

    @property
    def lines(self) -> list[str]:
        """The lines."""


class Sieve:
    """A search made ready."""

    def __init__(self, search: Search, pattern: Pattern) -> None:
        """Takes a search and its pattern."""
        self._pattern = pattern
        self._literal = b""
        self._fold = False
        if not search.is_expression and search.text.isascii():
            self._fold = not any(map(str.isupper, search.text))
            self._literal = (search.text.lower() if self._fold else search.text).encode()

    @classmethod
    def of(cls, search: Search) -> "Sieve | None":
        """The sieve of a search; None where nothing is looked for.

        Raises:
            UnusableError: It is no regular expression.
        """
        pattern = search.pattern
        return cls(search, pattern) if pattern is not None else None

    def lines(self, data: bytes, piece: Lines) -> list[int]:
        """The numbers of the lines of a piece that match, rising; `data` is its bytes.

        Raises:
            SlowError: The expression takes too long.
        """
        if self._literal and self._literal not in (data.lower() if self._fold else data):
            return []
        return self._pattern.which(piece.lines, PATIENCE, MATCH_LIMIT)


def lines_of_level(data: bytes, piece: Lines, level: str) -> list[int]:
    """The numbers of the lines that may begin a record of that level or a higher one; no such line is left out."""
    lowest = severity(level)
    marks = [f" - {name} - " for name in _LEVELS if severity(name) >= lowest]
    marks = [mark for mark in marks if mark.encode() in data]
    return (
        [index for index, text in enumerate(piece.lines) if any(mark in text for mark in marks)]
        if marks
        else []
    )
