"""Looking through a whole text log, a piece at a time: filters, searches, jumps to a time or a step.

Nothing here runs on: a scan does some milliseconds of work at each step, so whoever drives it can stop it, or show how
far it is, between two steps. It needs no lock and can be tested without a thread. A million lines (240 MB) are looked
through in one to three seconds of work (CPython 3.11, 2026-11, one core of a cloud machine).
"""

import re
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate

from trainmon_tui.logs.hunt import Hit, Scan
from trainmon_tui.logs.log_page import Wanted, head_of
from trainmon_tui.logs.log_search import Sieve, lines_of_level
from trainmon_tui.logs.textfile import TextFile

MOST_FOUND = 200_000
"""Lines that a filter keeps, the newest: 1.6 MB."""

LOOK_BACK = 1 << 20
"""Bytes in which the beginning of a record is looked for; a traceback has at most 256 KiB."""

_HEAD = re.compile(rb"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\]")


class Piece:
    """Whole records, or as many lines of one as there may be, from a file."""

    def __init__(self, data: bytes, begin: int) -> None:
        """Lines that begin at the offset `begin`."""
        self.data = data
        self.begin = begin
        self._lines: list[str] | None = None

    @property
    def end(self) -> int:
        """The offset behind them."""
        return self.begin + len(self.data)

    @property
    def lines(self) -> list[str]:
        """The texts, without their line breaks."""
        if self._lines is None:
            self._lines = self.data.decode("utf-8", "backslashreplace").split("\n")
            if not self._lines[-1]:
                self._lines.pop()
        return self._lines

    def offsets(self) -> list[int]:
        """Where each line begins."""
        return list(accumulate((len(raw) + 1 for raw in self.data.split(b"\n")), initial=self.begin))

    def record_of(self, index: int) -> range:
        """The lines of the record that has a line; the line alone where no record begins above it."""
        first, last = index, index + 1
        while first > 0 and head_of(self.lines[first]) is None:
            first -= 1
        if head_of(self.lines[first]) is None:
            return range(index, index + 1)
        while last < len(self.lines) and head_of(self.lines[last]) is None:
            last += 1
        return range(first, last)


def piece_before(file: TextFile, end: int) -> Piece:
    """Whole records that end at `end`, some 256 KiB of them; empty at the beginning of the file."""
    begin, data = file.chunk_before(end)
    while begin > 0:
        first = next(heads(data), -1)
        if first >= 0:
            return Piece(data[first:], begin + first)
        if len(data) > LOOK_BACK:
            break
        begin, more = file.chunk_before(begin)
        data = more + data
    return Piece(data, begin)


def piece_from(file: TextFile, start: int) -> Piece:
    """Whole records from the one that begins at `start` on, some 256 KiB of them; the file's last may go on later."""
    data, end = file.chunk_from(start)
    while end < file.size:
        last = max(heads(data), default=0)
        if last > 0:
            return Piece(data[:last], start)
        if len(data) > LOOK_BACK:
            break
        more, end = file.chunk_from(end)
        if not more:
            break
        data += more
    return Piece(data, start)


def heads(data: bytes) -> Iterator[int]:
    """Where records begin in some lines."""
    at = 0
    while at >= 0:
        if _HEAD.match(data, at):
            yield at
        at = data.find(b"\n[", at) + 1 or -1


def record_start(file: TextFile, end: int) -> int:
    """Where the record begins that has the line before `end`; that line itself where no beginning is near."""
    begin = end
    while begin > 0 and end - begin < LOOK_BACK:
        begin, data = file.chunk_before(begin)
        at = len(data)
        while at >= 0:
            at = data.rfind(b"\n[", 0, at)
            if _HEAD.match(data, at + 1):
                return begin + at + 1
    return file.start_of(max(0, end - 1))


def wanted_lines(piece: Piece, wanted: Wanted, sieve: Sieve | None) -> list[int]:
    """The numbers of all lines of records that a filter lets through; `sieve` is that of `wanted.text`."""
    if sieve is not None:
        candidates = sieve.lines(piece.data, piece)
    else:
        candidates = lines_of_level(piece.data, piece, wanted.level)
    found: list[int] = []
    for index in candidates:
        if found and index <= found[-1]:
            continue
        record = piece.record_of(index)
        if not wanted.level or wanted.admits(piece.lines[record.start]):
            found.extend(record)
    return found


class Matches:
    """The lines of all records that a filter lets through, found from the end of the file backwards."""

    def __init__(self, file: TextFile, wanted: Wanted) -> None:
        """Nothing is found yet.

        Raises:
            UnusableError: The filter is no regular expression.
        """
        self._file = file
        self._wanted = wanted
        self._sieve = Sieve.of(wanted.text)
        self._older = array("q")  # falling
        self._newer = array("q")  # rising
        self._begin = self._end = file.size

    def __len__(self) -> int:
        """Lines found."""
        return len(self._older) + len(self._newer)

    def __getitem__(self, index: int) -> int:
        """Where the line begins that has this number, 0 for the oldest."""
        older = len(self._older)
        return self._older[older - 1 - index] if index < older else self._newer[index - older]

    @property
    def done(self) -> bool:
        """Whether there is nothing older to be looked at."""
        return self._begin == 0 or len(self._older) >= MOST_FOUND

    @property
    def looked_at(self) -> float:
        """The part of the file that was looked at, 0 to 1."""
        return 1.0 if self.done else 1.0 - self._begin / max(1, self._file.size)

    def search(self, offset: int) -> int:
        """The number of the first line at or behind `offset`."""
        return bisect_left(self, offset)

    def step(self) -> None:
        """Looks at some more of what is older."""
        if not self.done:
            piece = piece_before(self._file, self._begin)
            self._older.extend(reversed(self._found(piece)))
            self._begin = piece.begin
            del self._older[MOST_FOUND:]

    def grow(self) -> bool:
        """Looks at some of what came since; False where there is nothing more."""
        if self._end >= self._file.size:
            return False
        # Further lines of the record that was the last one may have come.
        start = max(self._begin, record_start(self._file, self._end))
        while self._newer and self._newer[-1] >= start:
            self._newer.pop()
        while self._older and not self._newer and self._older[0] >= start:
            self._older.pop(0)
        piece = piece_from(self._file, start)
        self._newer.extend(self._found(piece))
        self._end = max(piece.end, self._end)
        surplus = max(0, len(self) - MOST_FOUND)
        del self._older[max(0, len(self._older) - surplus) :]
        del self._newer[: max(0, len(self._newer) - MOST_FOUND)]
        return self._end < self._file.size

    def _found(self, piece: Piece) -> list[int]:
        numbers = wanted_lines(piece, self._wanted, self._sieve)
        if not numbers:
            return []
        offsets = piece.offsets()
        return [offsets[number] for number in numbers]


def find(file: TextFile, sieve: Sieve, start: int, wanted: Wanted, *, forward: bool) -> Scan:
    """Looks for the next line that matches, in a record that is wanted.

    Args:
        file: Looked at as far as it was at its last poll.
        sieve: What is looked for.
        start: Where a line begins: with it the search begins going forward, before it going backward.
        wanted: The filter that is on.
        forward: Whether towards the end.
    """
    filter_sieve, origin = Sieve.of(wanted.text), start
    while start < file.size if forward else start > 0:
        low, high = start, start
        if forward:
            first = start if wanted.everything else record_start(file, file.end_of(start))
            piece = piece_from(file, first)
            start = high = max(piece.end, start + 1)
        else:
            piece = piece_before(file, start)
            start = low = piece.begin
        numbers = sieve.lines(piece.data, piece)
        if numbers and not wanted.everything:
            shown = set(wanted_lines(piece, wanted, filter_sieve))
            numbers = [number for number in numbers if number in shown]
        if numbers:
            offsets = piece.offsets()
            hits = [offsets[number] for number in numbers if low <= offsets[number] < high]
            if hits:
                yield Hit(hits[0 if forward else -1])
                return
        yield abs(start - origin)
