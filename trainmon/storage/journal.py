r"""The journal file: appending whole lines, and reading them from an offset on.

Only ever appended to: what is there is never truncated or rewritten. A torn last line gets its `\n` at the next opening
and is counted by readers; a file that was renamed, truncated or replaced under us is noticed before each batch.
"""

import errno
import fcntl
import os
import stat
import zlib
from itertools import accumulate, count
from operator import add
from pathlib import Path

import msgspec

from trainmon.facts.codec import LINE_LIMIT, decode_line
from trainmon.fold.state import Bookmark
from trainmon.system.private_files import (
    Identity,
    close,
    close_own,
    high_descriptor,
    identity,
    make_folder,
    open_private,
)
from trainmon.words.paths import JOURNAL, LOCK

MARK = 64
"""Bytes before an offset that its bookmark remembers."""

CHUNK = 1 << 20
"""Bytes read at once."""

PASSED_OVER = 64 << 20
"""Bytes without a line break that are read at most before something is returned; a hole of NULs may have more."""

NO_LOCKS = frozenset({errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP})
"""What a file system without locks answers."""


class Busy(Exception):  # noqa: N818 - a state of the folder, not an error
    """Another process writes this journal, or nobody can tell because the file system has no locks."""

    def __init__(self, sentence: str, *, locks: bool = True) -> None:
        super().__init__(sentence)
        self.locks = locks
        """Whether the file system has locks."""


class Holder(msgspec.Struct, frozen=True):
    """Who holds the lock, for people who look; the lock itself is the kernel's."""

    host: str
    boot_id: str | None
    pid: int
    process_start: int | None


def take_lock(folder: Path, holder: Holder) -> int:
    """The descriptor that holds the folder's lock.

    Raises:
        Busy: Somebody else has it, or the file system has no locks.
        OSError: The lock file cannot be opened.
    """
    while True:
        descriptor = high_descriptor(open_private(folder / LOCK, os.O_RDWR | os.O_CREAT))
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            close(descriptor)
            raise Busy(f"another process records in {folder}") from error
        except OSError as error:
            close(descriptor)
            if error.errno in NO_LOCKS:
                raise Busy(f"the file system of {folder} has no locks", locks=False) from error
            raise
        try:
            holds = holds_lock(folder, descriptor)
        except OSError:
            close(descriptor)  # Or it would keep ourselves out when this is tried again.
            raise
        if holds:
            break
        close(descriptor)  # The file was removed before we had its lock: it keeps nobody out.
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, msgspec.json.encode(holder) + b"\n", 0)
    except OSError:
        return descriptor  # The words are for people; the lock holds without them.
    return descriptor


def check_usable(folder: Path) -> None:
    """Finds out whether the folder's journal can be ours, where there is one.

    Raises:
        OSError: It cannot; with an errno of `private_files.REFUSALS` where somebody else has its name.
    """
    try:
        close(open_private(folder / JOURNAL, os.O_RDWR | os.O_APPEND))
    except FileNotFoundError:
        return


def holds_lock(folder: Path, descriptor: int) -> bool:
    """Whether a locked descriptor is that of the folder's lock file: it may have been removed, or closed under us."""
    try:
        there = os.stat(folder / LOCK, follow_symlinks=False)
        ours = os.fstat(descriptor)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.EBADF, errno.ESTALE):
            return False
        raise
    return os.path.samestat(there, ours)


class JournalFile:
    """The journal as its one writer sees it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / JOURNAL
        self.descriptor = -1
        self.made = False
        """Whether it was not there before we opened it."""
        self.end = 0
        """Bytes in the file when we last wrote: where the next line begins."""
        self._begun = b""
        """The batch of which a part was written before the storage failed; empty: there is none."""
        self._begun_at = 0
        """Where it begins in the file."""
        self._identity: Identity | None = None

    def open(self) -> bool:
        """Opens the file, makes it and its folder where they are missing, and ends a torn last line.

        Returns:
            Whether it is the very file that was open before, as we left it; then a begun batch goes on.
        """
        make_folder(self.folder)
        before, end = self._identity, self.end
        self.close()
        descriptor, made = self._open_or_make()
        self.descriptor = high_descriptor(descriptor)
        self._identity = identity(self.descriptor)
        self.made = made or (self.made and self._identity == before)
        self.end = os.fstat(self.descriptor).st_size
        if self._identity == before and self.end == end:
            return True
        self._begun = b""
        self._end_torn_line()
        return False

    def _open_or_make(self) -> tuple[int, bool]:
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT
        try:
            return open_private(self.path, flags | os.O_EXCL), True
        except FileExistsError:
            return open_private(self.path, flags), False

    def changed(self) -> bool:
        """Whether the path is no longer the file that we wrote: renamed, deleted, replaced, truncated or closed."""
        try:
            ours = os.fstat(self.descriptor)
            there = os.stat(self.path, follow_symlinks=False)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.EBADF, errno.ESTALE):
                return True
            raise
        lost = (ours.st_dev, ours.st_ino) != self._identity or ours.st_size < self.end
        return lost or not os.path.samestat(ours, there)

    def end_foreign_bytes(self) -> None:
        """Ends what somebody else left, another host perhaps: our next line must not stand in theirs."""
        size = os.fstat(self.descriptor).st_size
        if size > self.end and not self._begun:
            self.end = size
            self._end_torn_line()

    def _end_torn_line(self) -> None:
        if self.end and os.pread(self.descriptor, 1, self.end - 1) != b"\n":
            self.end += os.write(self.descriptor, b"\n")

    def is_elsewhere(self) -> bool:
        """Whether what was just written stands in a file without its name any more; False where nobody can tell."""
        try:
            there = os.stat(self.path, follow_symlinks=False)
        except OSError as error:
            return error.errno == errno.ENOENT
        return (there.st_dev, there.st_ino) != self._identity or there.st_size < self.end

    def append(self, data: bytes) -> int:
        """Appends whole lines and gives the offset at which they begin.

        After a failure the same lines are to be appended again, with others behind them at will. What was written of
        them is not written again. (Where other lines come, the begun ones are completed first, so that no line stays
        torn, and readers drop what then comes twice.)

        Raises:
            OSError: The storage failed.
        """
        if not self._begun:
            self._begun, self._begun_at = data, self.end
        self._complete()
        begin, begun = self._begun_at, self._begun
        if data.startswith(begun):
            if len(data) > len(begun):
                self._begun = data
                self._complete()
        else:
            begin, self._begun, self._begun_at = self.end, data, self.end
            self._complete()
        self._begun = b""
        return begin

    def _complete(self) -> None:
        """Writes what is missing of the begun batch, of which what is in the file stands at its end."""
        rest = memoryview(self._begun)[self.end - self._begun_at :]
        while rest:
            written = os.write(self.descriptor, rest)
            self.end += written
            rest = rest[written:]

    def sync(self) -> None:
        """Waits until the file is on the disk; for the sync thread."""
        os.fdatasync(self.descriptor)

    def close(self) -> None:
        """Closes the descriptor, if it still is ours."""
        close_own(self.descriptor, self._identity)
        self.descriptor = -1


def open_shared(path: Path) -> int:
    """A descriptor to read a regular file that may be another user's; never through a symbolic link."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EPERM, "not a regular file", str(path))
    return descriptor


def first_writer(descriptor: int) -> str | None:
    """The writer of the first line that is one: the journal's name wherever it is copied. None: there is none yet."""
    head = os.pread(descriptor, 65_536, 0)
    if b"\n" not in head and len(head) == 65_536:
        head = os.pread(descriptor, LINE_LIMIT + 1, 0)
    *lines, _ = head.split(b"\n")
    for line in lines:
        writer = decode_line(line).writer
        if writer:
            return writer
    return None


def bookmark(descriptor: int, offset: int, journal: str | None) -> Bookmark:
    """The bookmark of an offset in an open journal."""
    begin = max(0, offset - MARK)
    return Bookmark(journal, offset, zlib.crc32(os.pread(descriptor, offset - begin, begin)))


def fits(descriptor: int, mark: Bookmark) -> bool:
    """Whether a bookmark was made in this journal, or in one that it is a copy of."""
    if os.fstat(descriptor).st_size < mark.offset:
        return False
    return mark.offset == 0 or bookmark(descriptor, mark.offset, first_writer(descriptor)) == mark


class Lines(msgspec.Struct, frozen=True):
    """Whole lines of a journal, without their line breaks."""

    lines: list[bytes]
    offsets: list[int]
    """Of each line."""
    end: int
    """Where the next line begins."""


def read_lines(descriptor: int, offset: int, at_most: int = CHUNK) -> Lines:
    r"""The whole lines from `offset` on, about `at_most` bytes of them; a torn last line is left for later.

    Args:
        descriptor: An open journal.
        offset: Where a line begins.
        at_most: Bytes read at once. A line that is longer is read up to the limit of lines, beyond it is passed over
            and comes out as a line that is too long.
    """
    data = os.pread(descriptor, at_most, offset)
    lines = data.split(b"\n")
    torn = len(lines.pop())
    if not lines:
        return _long_line(descriptor, offset) if len(data) >= at_most else Lines([], [], offset)
    # Each begins behind those before it and their line breaks.
    before = accumulate(map(len, lines[:-1]), initial=offset)
    return Lines(lines, list(map(add, before, count())), offset + len(data) - torn)


def _long_line(descriptor: int, offset: int) -> Lines:
    """A line longer than a chunk: whole up to the limit, else only its beginning, so that it counts as too long.

    Of a line without an end `PASSED_OVER` bytes are passed over at once, and counted as a line.
    """
    position = offset
    head = b""
    while True:
        data = os.pread(descriptor, CHUNK, position)
        if not data:
            return Lines([], [], offset)
        found = data.find(b"\n")
        if len(head) <= LINE_LIMIT:
            head += data if found < 0 else data[:found]
        if found >= 0:
            return Lines([head], [offset], position + found + 1)
        position += len(data)
        if position - offset >= PASSED_OVER:
            return Lines([head], [offset], position)
