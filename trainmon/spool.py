"""The spool: where a log call leaves its line, in shared memory, with one write and no lock.

The descriptor never changes under the callers: a new segment is put under it with `dup2`, which loses no concurrent
append. What is written here outlives `kill -9` for as long as the host's shared memory lives. See docs/adr/0001.
"""

import errno
import fcntl
import os
import stat
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import structs

from trainmon.private_files import high_descriptor, open_new

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - memory, in a folder of our own with mode 0700
SUFFIX = ".spool"
MOST = 16 << 20
"""Bytes that the spool of a process may have at most; it counts against the job's memory."""
SEGMENT = 1 << 20
"""Bytes after which the next segment is begun."""
LEAST = 128 << 10
"""Bytes below which shared memory is too small to be of use."""
RESERVE = 256 << 10
"""Bytes beyond the limit that errors and ends may use when progress is refused already."""
PATIENCE = 8
"""Milliseconds that a call waits at most for room in a spool that is being drained."""
STANDSTILL = 0.25
"""Seconds without a line moved after which the storage counts as stalled, and nobody waits for room."""
OVERFLOW = 8 << 20
"""Bytes of lines kept in the process where no spool can be written."""

_Write = Callable[[int, bytes, int], int]

Kind = Literal["shared memory", "temporary folder", "none"]


class SpoolHeader(msgspec.Struct, frozen=True, tag_field="kind", tag="spool"):
    """The first line of a segment: whose lines follow."""

    journal: str
    """Path of the journal that the lines belong to, absolute."""
    journal_id: str | None
    """The writer of that journal's first line; None where the journal could not be opened yet."""
    writer: str
    pid: int
    number: int = 0
    """Of this segment among those of its writer: older ones are drained first."""


def folders() -> list[Path]:
    """Where this user's spools may be: shared memory first; only folders that exist and are this user's alone."""
    found: list[Path] = []
    for base in _bases():
        try:
            names = sorted(entry.name for entry in os.scandir(base) if entry.name.startswith(_folder_name()))
        except OSError:
            continue
        found += [base / name for name in names if _is_ours(base / name)]
    return found


def _bases() -> list[Path]:
    override = os.environ.get("TRAINMON_SPOOL_DIR")
    return [Path(override)] if override else [SHARED_MEMORY, Path(os.environ.get("TMPDIR") or "/tmp")]  # noqa: S108


def _folder_name() -> str:
    return f"trainmon-{os.geteuid()}"


def _is_ours(folder: Path) -> bool:
    try:
        status = os.lstat(folder)
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & 0o077


def _make_folder(base: Path) -> Path:
    """A folder of our own in `base`; another name where somebody else took the usual one."""
    for name in (_folder_name(), f"{_folder_name()}-{os.urandom(6).hex()}"):
        folder = base / name
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            if not _is_ours(folder):
                continue
        return folder
    raise PermissionError(errno.EPERM, "no folder of our own can be made here", str(base))


def free_bytes(folder: Path) -> int:
    """Bytes that can still be written below `folder`."""
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize


def is_memory(folder: Path) -> bool:
    """Whether a folder is in memory, so that a write to it cannot wait for a disk."""
    try:
        device = os.stat(folder).st_dev
        with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as mounts:  # noqa: PTH123 - not a file
            for line in mounts:
                head, _, tail = line.partition(" - ")
                major, minor = head.split()[2].split(":")
                if os.makedev(int(major), int(minor)) == device:
                    return tail.split()[0] in ("tmpfs", "ramfs")
    except (OSError, ValueError, IndexError):
        return False
    return False


def keeping_write() -> _Write:
    """`write(2)` that keeps the interpreter: 3 µs beside a busy Python thread, where `os.write` comes back after 5 ms.

    Only for memory: on a disk it would hold up every thread. Returns -1 at a failure, with `ctypes.get_errno`.
    """
    import ctypes  # 10 ms of import, not needed to import trainmon

    write = ctypes.PyDLL(None, use_errno=True).write
    write.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t)
    write.restype = ctypes.c_ssize_t
    return write


def releasing_write(descriptor: int, line: bytes, length: int) -> int:
    """`os.write` with the result of `write(2)`: -1 at a failure."""
    try:
        return os.write(descriptor, line)
    except OSError:
        return -1


class Spool:
    """The spool of this process. `append` is for every thread and signal handler; the rest for the writer thread."""

    def __init__(self, header: SpoolHeader) -> None:
        self.header = header
        """Of the segments to come; replace it when the journal is known or the process was forked."""
        self.kind: Kind = "none"
        self.why: str | None = None
        """Why there is no shared memory, in words; None where there is."""
        self.folder: Path | None = None
        self.descriptor = -1
        self.path: Path | None = None
        self.limit = 0
        """Bytes that all segments together may have."""
        self.preamble = b""
        """Lines that the next segment begins with, once: how a forked child says who it is."""
        self.moved_at = float("-inf")
        """Monotonic seconds when the writer thread last moved lines: a spool that moves is worth a moment's wait."""
        self.overflow: deque[bytes] = deque()
        """Lines that could be written nowhere; the writer thread takes them."""
        self._number = 0
        self._room = 0
        self._overflow_room = OVERFLOW
        self._identity = (0, 0)
        self._write: _Write = releasing_write
        self._opening = threading.Lock()

    # The hot path.

    def append(self, line: bytes, urgent: bool = False) -> bool:
        r"""Leaves a line, `\n` included; False if it was refused because the spool is full.

        Args:
            line: One whole line.
            urgent: May use the reserve: errors, ends, all that is not progress.
        """
        room = self._room - len(line)
        self._room = room
        if room < 0 and (not urgent or room < -RESERVE) and not self._wait_for_room():
            return False
        if self._write(self.descriptor, line, len(line)) == len(line):
            return True
        return self._append_again(line)

    def _wait_for_room(self) -> bool:
        """Gives the writer thread the interpreter, some ms at most, where lines come faster than it moves them.

        Under storage that takes nothing there is no point in waiting, and none is done.
        """
        for _ in range(PATIENCE):
            if time.monotonic() - self.moved_at > STANDSTILL:
                return False
            time.sleep(0.001)
            if self._room > 0:
                return True
        return False

    def _append_again(self, line: bytes) -> bool:
        """After a short or failed write: ends what is torn, writes the whole line again, or keeps it in memory."""
        whole = b"\n" + line
        if self.descriptor >= 0 and self._write(self.descriptor, whole, len(whole)) == len(whole):
            return True
        if self._opening.acquire(blocking=False):
            try:
                self._reopen()
            except OSError as error:
                self.why = str(error)
            finally:
                self._opening.release()
            if self.descriptor >= 0 and self._write(self.descriptor, line, len(line)) == len(line):
                return True
        if len(line) > self._overflow_room:
            return False
        self._overflow_room -= len(line)
        self.overflow.append(line)
        return True

    # Opening and changing segments.

    def open(self) -> None:
        """Opens the first segment, in shared memory or else in the temporary folder; without either, memory serves."""
        with self._opening:
            self._reopen()

    def _reopen(self) -> None:
        """A fresh segment, after ours was closed, filled up or lost; a foreign descriptor is left alone."""
        if self.descriptor >= 0 and not self.is_ours():
            self.descriptor = -1
        reasons: list[str] = []
        for base in _bases():
            try:
                folder = _make_folder(base)
                free = free_bytes(folder)
                if free < LEAST:
                    raise OSError(errno.ENOSPC, f"only {free:,} bytes are free", str(folder))
                self.folder = folder
                self._next_segment(folder)
            except OSError as error:
                reasons.append(f"{base}: {error.strerror or error}")
                continue
            memory = is_memory(folder)
            self.kind = "shared memory" if memory else "temporary folder"
            self._write = keeping_write() if memory else releasing_write
            self.why = "; ".join(reasons) or None
            self.limit = max(LEAST, min(MOST, free // 10))
            self._room = self.limit
            return
        self.kind, self.folder, self.path = "none", None, None
        self.why = "; ".join(reasons)
        self.limit = self._room = OVERFLOW

    def _next_segment(self, folder: Path) -> None:
        name = os.urandom(12).hex()
        fresh = folder / f".{name}.new"
        new = open_new(fresh)
        try:
            # Locked before it gets its name: what can be found and is not locked is dead.
            fcntl.flock(new, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._number += 1
            header = structs.replace(self.header, number=self._number)
            head = msgspec.json.encode(header) + b"\n" + self.preamble
            if os.write(new, head) != len(head):
                raise OSError(errno.ENOSPC, "the spool is full", str(folder))
            self.preamble = b""
            path = folder / f"{name}{SUFFIX}"
            fresh.rename(path)
        except OSError:
            os.close(new)
            fresh.unlink(missing_ok=True)
            raise
        if self.descriptor >= 0:
            os.dup2(new, self.descriptor, inheritable=False)
            os.close(new)
        else:
            self.descriptor = high_descriptor(new)
        self.path = path
        status = os.fstat(self.descriptor)
        self._identity = (status.st_dev, status.st_ino)

    def next_segment(self) -> None:
        """Puts a new segment under the descriptor; the old one is found by the collector and drained to its end."""
        with self._opening:
            if self.folder is None or not self.is_ours():
                self._reopen()
            else:
                self._next_segment(self.folder)

    def is_ours(self) -> bool:
        """Whether the descriptor still is our segment: a program may close it and get its number for something else."""
        try:
            status = os.fstat(self.descriptor)
        except OSError:
            return False
        return (status.st_dev, status.st_ino) == self._identity

    def size(self) -> int:
        """Bytes in the current segment; 0 where there is none."""
        return os.fstat(self.descriptor).st_size if self.is_ours() else 0

    def vanished(self) -> bool:
        """Whether the current segment lost its name, so that nobody would find it after our death."""
        return self.is_ours() and os.fstat(self.descriptor).st_nlink == 0

    def set_used(self, used: int) -> None:
        """Tells how many bytes all segments have now; the rest of the limit is room for lines."""
        self._room = self.limit - used

    def take_overflow(self) -> list[bytes]:
        """The lines that could be written nowhere, taken out."""
        lines: list[bytes] = []
        while self.overflow:
            lines.append(self.overflow.popleft())
        self._overflow_room += sum(map(len, lines))
        return lines

    def leave(self) -> None:
        """Closes our descriptor; the file stays for whoever drains it."""
        if self.is_ours():
            os.close(self.descriptor)
        self.descriptor = -1
