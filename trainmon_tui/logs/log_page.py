"""What the logs view shows of a text log, as plain values: lines with their level, and where they stand.

A record of ours begins with `[YYYY-MM-DD HH:MM:SS] TAG - LEVEL - `; a line that does not belongs to the record above.
"""

import re
from collections.abc import Callable

import msgspec

from trainmon.facts.line_values import severity
from trainmon_tui.expression import Expression, Pattern, Plain
from trainmon_tui.logs.log_files import ViewedFile

LEVELS = ("", "WARNING", "ERROR")
"""Lowest levels that the filter goes through; "" shows all."""

_HEAD = re.compile(r"\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\] (?:(\w+) - )?(?:([A-Z]{2,12}) - )?")


class Head(msgspec.Struct, frozen=True):
    """The beginning of a record."""

    stamp: str
    """`2026-11-22 23:41:07`, local time of the run."""
    level: str
    """As written; "INFO" where none is."""
    length: int
    """Characters before what is said."""


class LogLine(msgspec.Struct, frozen=True):
    """A line of a page."""

    offset: int
    """Of its first byte in the file."""
    text: str
    """Untrusted."""
    level: str
    """Of its record: a name of `logging`, or whatever stands there; "" where the record's beginning is not known."""
    head: Head | None = None
    """Where a record begins with it; None: it belongs to the record above."""
    cut: int = 0
    """Bytes of it that are not in `text`."""


class Search(msgspec.Struct, frozen=True):
    """What is looked for, as typed: a text, or `/regular expression/`. Small letters match capitals, too."""

    text: str = ""
    """As long as the line allows in which it is typed; "": nothing."""

    @property
    def is_expression(self) -> bool:
        """Whether it is a regular expression."""
        return self.text.startswith("/") and len(self.text) > 1

    @property
    def pattern(self) -> Pattern | None:
        """The pattern; None where nothing is looked for.

        Raises:
            UnusableError: It is no regular expression.
        """
        if not self.text:
            return None
        fold = not any(map(str.isupper, self.text))
        if self.is_expression:
            return Expression(self.text[1:].removesuffix("/"), fold=fold)
        return Plain(self.text, fold=fold)


class Wanted(msgspec.Struct, frozen=True):
    """Which records are shown."""

    level: str = ""
    """The lowest level; "": all."""
    text: Search = Search()
    """What one of its lines must hold."""

    @property
    def everything(self) -> bool:
        """Whether nothing is left out."""
        return not self.level and not self.text.text

    def admits(self, first_line: str) -> bool:
        """Whether a record with this first line has a level that is wanted; one without a level has not."""
        head = head_of(first_line)
        return head is not None and severity(head.level) >= severity(self.level)


class LogPage(msgspec.Struct, frozen=True):
    """What stands on the screen of one file."""

    file: ViewedFile = ViewedFile.PROGRESS
    name: str = ""
    """The file's name; untrusted, because the run names the general log."""
    exists: bool = False
    size: int = 0
    """Bytes of the file."""
    lines: tuple[LogLine, ...] = ()
    following: bool = True
    """Whether new lines are shown as they come; False: the page stands still."""
    below: int = 0
    """Bytes between the page and the end of the file."""
    wanted: Wanted = Wanted()
    shown: int | None = None
    """Lines that the filter has found so far; None where there is no filter."""
    search: Search = Search()
    found: int | None = None
    """Offset of the line that the last search or jump came to."""
    busy: str | None = None
    """What is still being looked for."""
    note: str | None = None
    """What is to be said about the last thing that was asked for; untrusted."""


class Paper(msgspec.Struct, frozen=True):
    """What a page is made for."""

    rows: int = 20
    """At least 1."""
    rows_of: Callable[[str], int] = lambda _text: 1
    """Rows that a line takes."""


def head_of(text: str) -> Head | None:
    """The beginning of a record; None where the line belongs to the one above."""
    found = _HEAD.match(text) if text.startswith("[") else None
    if found is None:
        return None
    return Head(found[1], found[3] or "INFO", found.end())
