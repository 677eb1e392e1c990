"""The lines of a journal as they come: the newest first, then what is added, through renames and truncations.

Nothing is folded here, so that following a journal of any length costs nothing of it.
"""

import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from trainmon.facts.codec import Unread, decode_lines
from trainmon.facts.events import AnyEvent
from trainmon.fold.arrivals import arrive
from trainmon.fold.state import RunState
from trainmon.reading.walk import read_until
from trainmon.storage import journal
from trainmon.words.paths import JOURNAL


class Line(msgspec.Struct, frozen=True, gc=False):
    """A line of a journal."""

    item: AnyEvent | Unread
    text: bytes
    """As it stands in the journal, without its line break."""


Wanted = Callable[[Line], bool]


class Follower:
    """The journal of one run folder, which need not exist yet."""

    def __init__(self, folder: Path, wanted: Wanted) -> None:
        """Opens nothing yet.

        Args:
            folder: The run folder.
            wanted: Which lines are given.
        """
        self._path = folder / JOURNAL
        self._wanted = wanted
        self._descriptor = -1
        self._identity = (0, 0)
        self._offset = 0
        self._arrived = RunState()

    @property
    def open(self) -> bool:
        """Whether there is a journal."""
        return self._descriptor >= 0

    def close(self) -> None:
        """Lets go of the journal."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def newest(self, count: int) -> list[Line]:
        """The newest `count` lines that are wanted, oldest first; `poll` goes on behind them.

        Raises:
            OSError: The journal cannot be read; a missing one has no lines.
        """
        if not self._reopened():
            return []
        size = os.fstat(self._descriptor).st_size
        found: list[Line] = []
        begin, end = size, size
        while begin > 0 and (len(found) < count or end == size):
            begin = max(0, begin - journal.CHUNK)
            start = _line_start(self._descriptor, begin)
            if start >= end:
                continue  # All of it lies within one long line.
            part, position = self._between(start, end)
            if end == size:
                self._offset = position
            found[:0] = part
            end = start
        shown = found[-count:] if count else []
        for line in shown:
            self._is_new(line)
        return shown

    def poll(self) -> list[Line]:
        """What was added since the last look, at most some megabytes of it.

        Raises:
            OSError: The journal cannot be read; a missing one has no lines.
        """
        self._reopened()
        if not self.open:
            return []
        part = journal.read_lines(self._descriptor, self._offset)
        self._offset = part.end
        lines = _lines(part.lines)
        return [line for line in lines if self._wanted(line) and self._is_new(line)]

    def _between(self, start: int, stop: int) -> tuple[list[Line], int]:
        """(the wanted lines between two offsets, where the whole ones end)."""
        found: list[Line] = []
        position = start
        while position < stop:
            part = read_until(self._descriptor, position, stop)
            if part.end == position:
                break
            found += (line for line in _lines(part.lines) if self._wanted(line))
            position = part.end
        return found, position

    def _is_new(self, line: Line) -> bool:
        """Whether it is no repetition; a line that nobody can tell apart is new."""
        item = line.item
        return not item.writer or item.seq < 0 or arrive(self._arrived, item.writer, item.seq)

    def _reopened(self) -> bool:
        """Opens the journal that has the name now, where it is another one than before; False where there is none."""
        try:
            status = os.stat(self._path, follow_symlinks=False)
        except FileNotFoundError:
            return self.open  # It was moved away; what is in it is still read.
        identity = (status.st_dev, status.st_ino)
        if self.open and identity == self._identity and status.st_size >= self._offset:
            return True
        self.close()
        self._descriptor = journal.open_shared(self._path)
        self._identity, self._offset = identity, 0
        return True


def _lines(texts: list[bytes]) -> list[Line]:
    return [Line(item, text) for item, text in zip(decode_lines(texts), texts, strict=True)]


def _line_start(descriptor: int, offset: int) -> int:
    """The first offset from there on at which a line begins; the end of the file where none does."""
    if offset == 0:
        return 0
    position = offset - 1
    while data := os.pread(descriptor, journal.CHUNK, position):
        found = data.find(b"\n")
        if found >= 0:
            return position + found + 1
        position += len(data)
    return position
