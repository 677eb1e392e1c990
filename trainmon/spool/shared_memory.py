"""Where spools may be: shared memory, or else the temporary folder; and how a line is written there.

A folder of the user's own, mode 0700; one that somebody else made under the usual name is never used.
"""

import errno
import os
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - memory, in a folder of our own with mode 0700

AHEAD = 256 << 10
"""Bytes of pages that are kept ready for the next lines; those of a second at a thousand records a second."""

Write = Callable[[int, bytes, int], int]
"""`write(2)`: descriptor, bytes and their number; the number written, or -1."""


_KEEP_SIZE = 1
"""`FALLOC_FL_KEEP_SIZE` of linux/falloc.h: a reader sees no zeros behind the last line."""


def folders() -> list[Path]:
    """Where this user's spools may be: shared memory first; only folders that exist and are this user's alone."""
    return [folder for base in bases() for folder in _candidates(base) if _is_ours(folder)]


class _Listed(NamedTuple):
    """What a base held that is called as a folder of ours would be."""

    usual: Path
    stamp: tuple[int, int, int] | None
    """Device, inode and time of change of the base; None: it may have changed since without another time."""
    found: list[Path]
    at: float
    """Monotonic seconds."""


_listed: dict[Path, _Listed] = {}
"""By base: it is asked every second, and `/tmp` may be long."""

SETTLED = 2_000_000_000
"""Nanoseconds after which the time of change would be another one after a change: file systems round it."""

RELIST_EVERY = 60.0
"""Seconds after which a base that changes all the time is listed again. Before, only where somebody else has taken the
usual name: nobody makes a folder of another name as long as that is free or ours."""


def _candidates(base: Path) -> list[Path]:
    """What is called as a folder of ours would be, and the usual name, whether it is there or not."""
    now, usual = time.monotonic(), base / _folder_name()
    try:
        status = os.stat(base)
        stamp = (status.st_dev, status.st_ino, status.st_mtime_ns)
        known = _listed.get(base)
        if known is not None and known.usual == usual:
            recent = now - known.at < RELIST_EVERY and not _is_taken(usual)
            if known.stamp == stamp or recent:
                return known.found
        others = [base / name for name in sorted(os.listdir(base)) if name.startswith(f"{usual.name}-")]
    except OSError:
        return []
    found = [usual, *others]
    settled = time.time_ns() - status.st_mtime_ns > SETTLED
    _listed[base] = _Listed(usual, stamp if settled else None, found, now)
    return found


def bases() -> list[Path]:
    """The folders in which a spool may be, the best first; `TRAINMON_SPOOL_DIR` names the only one."""
    override = os.environ.get("TRAINMON_SPOOL_DIR")
    return [Path(override)] if override else [SHARED_MEMORY, Path(os.environ.get("TMPDIR") or "/tmp")]  # noqa: S108


def _folder_name() -> str:
    return f"trainmon-{os.geteuid()}"


def _is_taken(folder: Path) -> bool:
    """Whether something is there that is no folder of ours."""
    return os.path.lexists(folder) and not _is_ours(folder)


def _is_ours(folder: Path) -> bool:
    try:
        status = os.lstat(folder)
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & 0o077


def make_folder(base: Path) -> Path:
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


def keeping_write() -> Write:
    """`write(2)` that keeps the interpreter: 3 µs beside a busy Python thread, where `os.write` comes back after 5 ms.

    Only for memory: on a disk it would hold up every thread. Returns -1 at a failure.
    """
    import ctypes  # 10 ms of import, not needed to import trainmon

    write = ctypes.PyDLL(None).write
    if os.uname().machine not in ("x86_64", "aarch64"):
        # There libffi widens a plain int to a whole register, so that types are not needed for lines of a mebibyte;
        # converting to them took a third of a call with cold caches (measured 2026-11: 45 to 27 µs).
        write.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t)
    write.restype = ctypes.c_ssize_t
    return write


class Pages:
    """Pages of a file in memory that are there before anybody writes to them; its length stays as it is."""

    def __init__(self) -> None:
        self._file: object = None
        self._until = 0

    def keep(self, descriptor: int, file: object, size: int, most: int) -> None:
        """Sees to it that pages for the next writes are there, where the system can do so.

        Args:
            descriptor: The file.
            file: What tells it from the one before it.
            size: Bytes that it has.
            most: Bytes that may be ready at most.
        """
        ahead = min(AHEAD, most)
        if file != self._file:
            self._file, self._until = file, 0
        if size + ahead // 2 > self._until:
            self._until = size + ahead
            _allocate(descriptor, self._until)


def _allocate(descriptor: int, until: int) -> None:
    import ctypes  # As below.

    allocate = getattr(ctypes.CDLL(None), "fallocate", None)
    if allocate is not None:
        allocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_long, ctypes.c_long)
        allocate(descriptor, _KEEP_SIZE, 0, until)


def releasing_write(descriptor: int, line: bytes, length: int) -> int:
    """`os.write` with the result of `write(2)`: -1 at a failure."""
    try:
        return os.write(descriptor, line)
    except OSError:
        return -1
