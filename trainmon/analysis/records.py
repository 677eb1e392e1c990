"""Text logs as records: the files of one log, oldest first, and their lines gathered into records.

A record begins with `[date time] TAG - LEVEL - `; lines that do not begin so belong to the record above them. Memory
is bounded whatever the file holds: long lines and long records are cut.
"""

import re
from calendar import timegm
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import lru_cache, partial
from os import PathLike, fstat
from pathlib import Path
from typing import BinaryIO

import msgspec

from trainmon.words.paths import JOURNAL, LogFile

LINE_LIMIT = 1 << 20
"""Bytes of a line that are read; the rest is passed over."""

BELOW_LIMIT = 1 << 19
"""Characters that are kept of the further lines of a record: a whole traceback, indented, with its data."""

_HEAD = re.compile(
    r"\[(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d)(?:[.,]\d{1,9})?\] (\S[^\n]*?) - ([A-Z]{3,16}) - ([^\n]*)"
)
_NAMES = frozenset(f"{log.value}.log" for log in LogFile)
_EPOCH = datetime(1970, 1, 1)


class Record(msgspec.Struct, gc=False):
    """One record of a text log."""

    second: int
    """Seconds since 1970-01-01 00:00 on the writer's local clock; `clock_time` makes a date of it."""
    tag: str
    """`TRAINING`, `ERROR`, `PERFORMANCE`, `MODEL` or `APP`; another program may write others."""
    level: str
    text: str
    """The first line behind the level."""
    below: list[str]
    """Further lines as they stand in the file."""


class TextLog:
    """The records of one text log, its rotated files included; to be used in `with`."""

    def __init__(self, path: str | PathLike[str]) -> None:
        """Opens the files.

        Args:
            path: The newest file; it may be missing where a rotated one is there, or a run that has written nothing to
                it.

        Raises:
            FileNotFoundError: Neither the file nor a rotated one nor a run is there.
            OSError: One of them cannot be read.
        """
        self.lines = 0
        """Lines read so far."""
        self.stray = 0
        """Lines so far that belong to no record: above the first one of the oldest file."""
        self._stack = ExitStack()
        with self._stack:
            self._files = _open_all(Path(path), self._stack)
            self._stack = self._stack.pop_all()
        self.files: tuple[str, ...] = tuple(file.name for file in self._files)
        """Names of the files, oldest first."""

    def __enter__(self) -> "TextLog":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def __iter__(self) -> Iterator[Record]:
        record: Record | None = None
        room = BELOW_LIMIT
        for line in self._lines():
            found = _HEAD.fullmatch(line) if line.startswith("[") else None
            second = _second(found[1]) if found is not None else None
            if found is not None and second is not None:
                if record is not None:
                    yield record
                record, room = Record(second, found[2], found[3], found[4], []), BELOW_LIMIT
            elif record is None:
                self.stray += 1
            elif room > 0:
                record.below.append(line[:room])
                room -= len(line) + 1
        if record is not None:
            yield record

    def _lines(self) -> Iterator[str]:
        for file in self._files:
            whole = True
            for piece in iter(partial(file.readline, LINE_LIMIT), b""):
                begins, whole = whole, piece.endswith(b"\n")
                if begins:
                    self.lines += 1
                    yield piece.rstrip(b"\r\n").decode("utf-8", "replace")


def clock_time(second: int) -> datetime:
    """The date and time of `Record.second`, without a zone: the log does not say one."""
    return _EPOCH + timedelta(seconds=second)


@lru_cache(maxsize=64)
def _second(stamp: str) -> int | None:
    """Seconds since 1970 of a stamp; None where no calendar has it."""
    try:
        return timegm(datetime.fromisoformat(stamp).timetuple())
    except ValueError:
        return None


def _open_all(path: Path, stack: ExitStack) -> list[BinaryIO]:
    """The log and its rotated files, oldest first.

    They are opened newest first, so that a rotation meanwhile shows a file twice, which is noticed, instead of never.
    """
    found: list[BinaryIO] = []
    identities: set[tuple[int, int]] = set()
    for candidate in (path, *_rotated(path)):
        try:
            file = stack.enter_context(candidate.open("rb"))
        except FileNotFoundError:
            continue
        status = fstat(file.fileno())
        if (status.st_dev, status.st_ino) not in identities:
            identities.add((status.st_dev, status.st_ino))
            found.append(file)
    if not found and not _is_unwritten(path):
        raise FileNotFoundError(2, "No such text log", str(path))
    return found[::-1]


def _is_unwritten(path: Path) -> bool:
    """Whether a run is recorded here that had nothing to say in this log yet: it is made with its first line."""
    return path.name in _NAMES and path.with_name(JOURNAL).exists()


def _rotated(path: Path) -> list[Path]:
    """`NAME.1`, `NAME.2`, … as far as there are any, the newest first."""
    prefix = f"{path.name}."
    try:
        names = [entry.name for entry in path.parent.iterdir() if entry.name.startswith(prefix)]
    except OSError:
        return []
    numbers = sorted(int(name[len(prefix) :]) for name in names if name[len(prefix) :].isdecimal())
    return [path.with_name(f"{prefix}{number}") for number in numbers]
