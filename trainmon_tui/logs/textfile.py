r"""A text file of any size, read only where it is looked at.

The one thing to know: a place in the file is the byte offset of the beginning of a line, and whether a line begins
somewhere depends only on the two megabytes before it. So there is no table of lines to be built, kept or thrown away:
the end of a file of 200 MB is found, and scrolled away from, by reading a few blocks.

A line break is `\n` alone. A line longer than `PIECE` is taken for several.
"""

import os
from enum import Enum
from pathlib import Path

import msgspec

from trainmon.storage.journal import open_shared

BLOCK = 1 << 16
"""Bytes of a read: some 500 lines, 20 µs from the page cache."""

PIECE = 1 << 20
"""Bytes without a line break after which a line is taken to end; it bounds what one look can cost."""

TEXT_LIMIT = 8_192
"""Bytes of a line that are decoded and shown; the rest is only counted."""

NEAR = 1 << 12
"""Bytes of the first read where the end of one line is looked for, which is seldom far."""

CHUNK = 1 << 18
"""Bytes that a scan takes at a time: some milliseconds of work between two looks at what the user wants."""

_MARK = 64
"""Bytes before the known end that tell whether the file was cut and written anew in between."""


class Line(msgspec.Struct, frozen=True, gc=False):
    """One line of a file."""

    offset: int
    """Of its first byte."""
    end: int
    """Of the byte behind it and its line break."""
    text: str
    """Untrusted, without its line break; bytes that are no UTF-8 are escapes such as `\\xff`."""
    cut: int = 0
    """Bytes of it that are not in `text`."""


class News(Enum):
    """What happened to a file since the last look."""

    NONE = "none"
    GREW = "grew"
    """What was there is still there; more lines came."""
    REPLACED = "replaced"
    """It is another file, or the same one cut and written anew: no offset means anything any more."""
    GONE = "gone"
    """Nothing has the name; what was open is still read."""


class TextFile:
    """One file, which need not exist yet; for one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Opens nothing yet; `poll` does."""
        self.path = path
        self.size = 0
        """Bytes as of the last `poll`; what came since is not seen."""
        self._descriptor = -1
        self._identity = (0, 0)
        self._mark = b""

    @property
    def open(self) -> bool:
        """Whether there is a file."""
        return self._descriptor >= 0

    def close(self) -> None:
        """Lets go of the file; the next `poll` knows it again."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1

    def poll(self) -> News:
        """Looks at the file again; the first one that is found counts as replaced.

        Raises:
            OSError: There is something of that name that cannot be read, or that is no regular file.
        """
        try:
            status = os.stat(self.path, follow_symlinks=False)
        except FileNotFoundError:
            return News.GONE
        identity = (status.st_dev, status.st_ino)
        known = identity == self._identity and status.st_size >= self.size
        if not (self.open and known):
            self.close()
            self._descriptor = open_shared(self.path)
            status = os.fstat(self._descriptor)
            known = known and (status.st_dev, status.st_ino) == self._identity
        if known and self._is_same():
            grew = status.st_size > self.size
            self._take_size(status.st_size)
            return News.GREW if grew else News.NONE
        self._identity = (status.st_dev, status.st_ino)
        self.size, self._mark = 0, b""
        self._take_size(status.st_size)
        return News.REPLACED

    def _is_same(self) -> bool:
        return os.pread(self._descriptor, len(self._mark), self.size - len(self._mark)) == self._mark

    def _take_size(self, size: int) -> None:
        if size != self.size:
            self.size = size
            begin = max(0, size - _MARK)
            self._mark = os.pread(self._descriptor, size - begin, begin)

    def start_of(self, offset: int) -> int:
        """Where the line begins that has the byte at `offset`, which may be the end of the file."""
        offset = max(0, min(offset, self.size))
        base = offset - offset % PIECE
        for low, high in ((base, offset), (base - PIECE, base)):
            found = self._last_break(max(0, low), high)
            if found >= 0:
                return found + 1
        return base

    def end_of(self, start: int) -> int:
        """Where the line that begins at `start` ends: behind its line break, at `PIECE`, or at the end of the file."""
        limit = min(-(-start // PIECE) * PIECE + PIECE, self.size)
        at, much = start, NEAR
        while at < limit:
            block = self._read(at, min(at + much, limit))
            found = block.find(b"\n")
            if found >= 0:
                return at + found + 1
            if not block:
                break
            at, much = at + len(block), BLOCK
        return max(limit, start)

    def lines_from(self, start: int, count: int) -> list[Line]:
        """At most `count` lines from the one that begins at `start` on."""
        lines: list[Line] = []
        block, base = b"", start
        while len(lines) < count and start < self.size:
            if start >= base + len(block):
                block, base = self._read(start, start + BLOCK), start
                if not block:
                    break
            found = block.find(b"\n", start - base)
            if found >= 0:
                end = base + found + 1
            elif base < start:
                block, base = b"", start
                continue
            else:
                end = self.end_of(start)
            lines.append(self._line(start, end))
            start = end
        return lines

    def starts_before(self, end: int, count: int) -> list[int]:
        """Where at most `count` lines begin, the last of which ends at `end`, rising."""
        starts: list[int] = []
        while len(starts) < count and end > 0:
            end = self.start_of(end - 1)
            starts.append(end)
        return starts[::-1]

    def chunk_before(self, end: int) -> tuple[int, bytes]:
        """(where it begins, the bytes) of whole lines up to the beginning of a line at `end`; about `CHUNK`."""
        begin = self.start_of(max(0, end - CHUNK))
        return begin, self._read(begin, end)

    def chunk_from(self, start: int) -> tuple[bytes, int]:
        """(the bytes, where they end) of whole lines from the one at `start` on; about `CHUNK`."""
        end = min(start + CHUNK, self.size)
        if end < self.size:
            end = self.start_of(end)
            if end <= start:
                end = self.end_of(start)
        return self._read(start, end), end

    def line_at(self, start: int) -> Line:
        """The line that begins at `start`."""
        return self._line(start, self.end_of(start))

    def _line(self, start: int, end: int) -> Line:
        raw = self._read(start, min(end, start + TEXT_LIMIT))
        whole = start + len(raw) == end
        return Line(start, end, decoded(raw), 0 if whole else end - start - len(raw))

    def _last_break(self, low: int, high: int) -> int:
        """The offset of the last line break in `low` to `high`; -1 where there is none."""
        much = NEAR
        while high > low:
            begin = max(low, high - much)
            found = self._read(begin, high).rfind(b"\n")
            if found >= 0:
                return begin + found
            high, much = begin, BLOCK
        return -1

    def _read(self, begin: int, end: int) -> bytes:
        """The bytes between two offsets; fewer where the file was cut since the last look."""
        end = min(end, self.size)
        if not self.open or begin >= end:
            return b""
        parts: list[bytes] = []
        while begin < end:
            part = os.pread(self._descriptor, end - begin, begin)
            if not part:
                break
            parts.append(part)
            begin += len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)


def decoded(raw: bytes) -> str:
    """A line as text, without its line break; bytes that are no UTF-8 become escapes, so that they are seen."""
    if raw.endswith(b"\n"):
        raw = raw[:-2] if raw.endswith(b"\r\n") else raw[:-1]
    return raw.decode("utf-8", "backslashreplace")
