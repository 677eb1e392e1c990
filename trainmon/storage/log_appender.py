"""One text log as a file: whole records appended with one write, a file that others move, rotation by size.

A record begins with `[` at the beginning of a line, which none of its further lines does (see `textlines`);
files are only divided between records.
"""

import errno
import os
import zlib
from pathlib import Path

import msgspec

from trainmon.system.private_files import REFUSALS, Identity, close_own, identity, open_private, open_read
from trainmon.words.paths import JOURNAL

PENDING_LIMIT = 4 << 20
"""Bytes that may wait for a disk that takes nothing, an hour at ten lines a second; more is dropped."""

MARK_BYTES = 64
"""Bytes before a position that identify it: about a line, with its time."""

LOOK_BACK = 1 << 20
"""Bytes looked at beside twice the expected text, so that an edited file of any size costs no memory."""


class Position(msgspec.Struct, frozen=True):
    """How far a text log was written."""

    length: int
    """Bytes."""
    inode: int
    """Of the file then; another one where it was moved or replaced since."""
    mark: int = 0
    """CRC-32 of the `MARK_BYTES` before `length`: tells a file that was edited, copied or cut."""


class LogAppender:
    """The end of one text log."""

    def __init__(self, path: Path, max_bytes: int | None, backup_count: int) -> None:
        """Opens nothing yet; for the arguments see `trainmon.storage.textlogs.TextLogs`."""
        self.path = path
        self.pending = bytearray()
        """What the disk has not taken yet; begins in the middle of a line where `_continues`."""
        self.dropped = 0
        """Records given up because `PENDING_LIMIT` was reached."""
        self.refused = False
        """Somebody else has the name: what is pending may wait for ever."""
        self._unsaid = 0
        self._max_bytes = max_bytes or None
        self._backups = backup_count
        self._descriptor: int | None = None
        self._identity: Identity | None = None
        self._continues = False

    def add(self, text: bytes) -> None:
        """Puts whole records behind what is pending, or drops and counts them where that is too much."""
        if len(self.pending) + len(text) > PENDING_LIMIT and self.pending:
            count = text.count(b"\n[") + 1
            self.dropped += count
            self._unsaid += count
            return
        if self._unsaid:
            self.pending += (
                f"… {self._unsaid:,} records could not be written here, they are in {JOURNAL}\n".encode()
            )
            self._unsaid = 0
        self.pending += text

    def restore(self, text: bytes, *, continues: bool) -> None:
        """Puts text that was missing behind what is pending, of any length.

        Args:
            text: Whole lines.
            continues: Its beginning belongs to the torn line that is the file's last.
        """
        self._continues = continues
        self.pending += text

    def flush(self) -> None:
        """Writes what is pending.

        Raises:
            OSError: The file is not ours alone, or the disk takes no more; only the rest stays pending.
        """
        try:
            self._flush()
        except OSError as error:
            self.refused = error.errno in REFUSALS
            raise
        self.refused = False

    def _flush(self) -> None:
        failure: OSError | None = None
        while self.pending:
            descriptor, length = self._opened()
            if self._is_full(length):
                try:
                    self._rotate()
                    continue
                except OSError as error:
                    # A file that is too long is better than lines that are nowhere.
                    failure, self._max_bytes = error, None
            self._write(descriptor, self._fitting(length))
        if failure is not None:
            raise failure

    def position(self) -> Position | None:
        """Where the file ends now; None where it does not exist or is not ours."""
        try:
            descriptor = open_read(self.path)
        except OSError:
            return None
        try:
            status = os.fstat(descriptor)
            return Position(status.st_size, status.st_ino, _mark(descriptor, status.st_size))
        except OSError:
            return None
        finally:
            os.close(descriptor)

    def text_behind(self, position: Position | None, limit: int) -> bytes:
        """What stands behind a recorded position, over files that were rotated since.

        A file that is shorter than recorded or was edited is given as a whole; where none is the one
        recorded, all are. Of a file much longer than `limit` only the end, from the beginning of a line.
        """
        names = self._names()
        start, found = 0, len(names) - 1
        if position is not None:
            identities = [_identity(path, position) for path in names]
            if best := max(identities):
                found = identities.index(best)
                start = position.length if best >= _MARKED else 0
        text = _tail(names[found], start, 2 * limit + LOOK_BACK)
        for path in reversed(names[:found]):
            text += _tail(path, 0, 2 * limit + LOOK_BACK)
        return text

    def close(self) -> None:
        """Closes the file; it is opened again when there is text for it."""
        if self._descriptor is not None:
            close_own(self._descriptor, self._identity)
            self._descriptor = None

    def _opened(self) -> tuple[int, int]:
        """(descriptor, length) of the file that has the name now, which is made where it is missing."""
        if self._descriptor is not None:
            named = _status(self.path)
            ours = identity(self._descriptor) == self._identity
            if ours and named is not None and self._identity == (named.st_dev, named.st_ino):
                return self._descriptor, named.st_size
            self.close()
        self._descriptor = open_private(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT)
        self._identity = identity(self._descriptor)
        length = os.fstat(self._descriptor).st_size
        torn = length > 0 and os.pread(self._descriptor, 1, length - 1) != b"\n"
        if torn and not self._continues and not self.pending.startswith(b"\n"):
            self.pending[:0] = b"\n"
        return self._descriptor, length

    def _write(self, descriptor: int, count: int) -> None:
        written = os.write(descriptor, bytes(self.pending[:count]))
        if not written:
            raise OSError(errno.EIO, "Nothing was written", str(self.path))
        self._continues = self.pending[written - 1 : written] != b"\n"
        del self.pending[:written]

    def _is_full(self, length: int) -> bool:
        """Whether the next record belongs into a new file."""
        if self._max_bytes is None or length == 0 or self._continues:
            return False
        return length + self._first_record() > self._max_bytes

    def _first_record(self) -> int:
        end = self.pending.find(b"\n[") + 1
        return end or len(self.pending)

    def _fitting(self, length: int) -> int:
        """Bytes of the pending records that still belong into this file; at least one record."""
        if self._max_bytes is None or length + len(self.pending) <= self._max_bytes:
            return len(self.pending)
        first = self._first_record()
        end = self.pending.rfind(b"\n[", first - 1, max(0, self._max_bytes - length)) + 1
        return max(end, first)

    def _names(self) -> list[Path]:
        """The file and its older ones, the newest first."""
        older = (self.path.with_name(f"{self.path.name}.{number}") for number in range(1, self._backups + 1))
        return [self.path, *older]

    def _rotate(self) -> None:
        """Moves each file to the next name; the oldest is replaced."""
        names = self._names()
        for older, newer in zip(reversed(names), reversed(names[:-1]), strict=False):
            if _status(newer) is not None:
                newer.replace(older)
        self.close()


_MARKED = 2
"""`_identity` of a file that holds the recorded position."""


def _identity(path: Path, position: Position) -> int:
    """How surely a file is the recorded one: 3 inode and mark agree, 2 the mark, 1 the inode, 0 neither."""
    try:
        descriptor = open_read(path)
    except OSError:
        return 0
    try:
        status = os.fstat(descriptor)
        long_enough = status.st_size >= position.length
        marked = long_enough and _mark(descriptor, position.length) == position.mark
        return _MARKED * marked + (status.st_ino == position.inode)
    finally:
        os.close(descriptor)


def _mark(descriptor: int, length: int) -> int:
    start = max(0, length - MARK_BYTES)
    return zlib.crc32(os.pread(descriptor, length - start, start))


def _tail(path: Path, start: int, limit: int) -> bytes:
    """The bytes from `start` on, of more than `limit` only the last lines; empty where there is no file."""
    try:
        descriptor = open_read(path)
    except FileNotFoundError:
        return b""
    with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor, not a path
        length = os.fstat(descriptor).st_size
        first = max(start, length - limit)
        file.seek(first)
        text = file.read(max(0, length - first))
    return text if first == start else text[text.find(b"\n") + 1 :]


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except FileNotFoundError:
        return None
