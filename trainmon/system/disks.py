"""File systems: on what a folder lies, how much room there is, and how fast it is read and written.

The one thing to know: `statvfs` of a folder on a server that is gone never comes back, so `DiskSampler` is asked aside
(`trainmon.system.aside`). Counters: a block device's of /sys/dev/block (Documentation/block/stat.rst of Linux), an
NFS mount's of /proc/self/mountstats (the line "bytes:" that nfs-utils' mountstats(8) prints); others have none.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from trainmon.facts.readings import FileSystemReading
from trainmon.system.proc import ROOT

SECTOR = 512
"""Bytes that the block layer counts in, whatever the device's own sectors are (stat.rst)."""


class Mount(NamedTuple):
    """A line of /proc/self/mountinfo, see proc(5)."""

    point: str
    kind: str
    """The type of file system, as in `mount`."""
    source: str


class _Counted(NamedTuple):
    mono: float
    read: int
    written: int


class DiskSampler:
    """Measures the file systems of some folders; for one thread."""

    def __init__(self, root: Path = ROOT) -> None:
        """Measures nothing yet.

        Args:
            root: Where `proc` and `sys` are.
        """
        self._root = root
        self._counters: dict[int, Callable[[], tuple[int, int] | None]] = {}
        self._kinds: dict[int, str | None] = {}
        self._before: dict[int, _Counted] = {}

    def sample(self, folders: Sequence[Path], mono: float) -> tuple[FileSystemReading, ...]:
        """The file system of each folder, the same one once; () for those that are not there.

        Args:
            folders: In the order of the answer; of one that does not exist the nearest above it counts.
            mono: Monotonic seconds now: rates are taken over the difference to the call before.
        """
        found: dict[int, FileSystemReading] = {}
        for folder in folders:
            try:
                there = _nearest(folder)
                device = os.stat(there).st_dev
                if device not in found:
                    found[device] = self._read(folder, there, device, mono)
            except (OSError, ValueError):  # ValueError: a NUL in the path
                continue
        return tuple(found.values())

    def _read(self, folder: Path, there: Path, device: int, mono: float) -> FileSystemReading:
        space = os.statvfs(there)
        if device not in self._counters:
            mount = mount_of(device, self._root)
            self._kinds[device] = mount.kind if mount is not None else None
            self._counters[device] = self._counter(device, mount)
        totals = self._counters[device]()
        before = self._before.get(device)
        read = written = None
        if totals is not None:
            self._before[device] = _Counted(mono, *totals)
            if before is not None and mono > before.mono:
                seconds = mono - before.mono
                read = _growth(before.read, totals[0], seconds)
                written = _growth(before.written, totals[1], seconds)
        return FileSystemReading(
            path=os.fsencode(folder).decode("utf-8", "backslashreplace"),
            kind=self._kinds[device],
            free=space.f_bavail * space.f_frsize,
            total=space.f_blocks * space.f_frsize,
            read=read,
            written=written,
        )

    def _counter(self, device: int, mount: Mount | None) -> Callable[[], tuple[int, int] | None]:
        """What counts the bytes of a file system; asked once for each."""
        if mount is not None and mount.kind.startswith("nfs"):
            point = mount.point
            return lambda: nfs_bytes(point, self._root)
        if os.major(device) == 0 and mount is not None and mount.source.startswith("/dev/"):
            # btrfs and others have a number that no device has; the first of their devices stands for them.
            try:
                device = os.stat(mount.source).st_rdev
            except OSError:
                return lambda: None
        return lambda: device_bytes(device, self._root)


def mount_of(device: int, root: Path = ROOT) -> Mount | None:
    """What is mounted with that device number (`st_dev`), the last where there are several; None: cannot be known."""
    wanted = f"{os.major(device)}:{os.minor(device)}"
    found: Mount | None = None
    for line in _text(root / "proc/self/mountinfo").splitlines():
        head, _, tail = line.partition(" - ")
        fields, rest = head.split(" "), tail.split(" ")
        if len(fields) >= 5 and len(rest) >= 2 and fields[2] == wanted:
            found = Mount(_unescaped(fields[4]), rest[0], _unescaped(rest[1]))
    return found


def device_bytes(device: int, root: Path = ROOT) -> tuple[int, int] | None:
    """Bytes read from and written to a block device so far; None where it has no counters."""
    fields = _text(root / f"sys/dev/block/{os.major(device)}:{os.minor(device)}/stat").split()
    if len(fields) < 7 or not fields[2].isdecimal() or not fields[6].isdecimal():
        return None
    return int(fields[2]) * SECTOR, int(fields[6]) * SECTOR


def nfs_bytes(point: str, root: Path = ROOT) -> tuple[int, int] | None:
    """Bytes that an NFS mount has read from and written to its server so far; None where it is not counted.

    The fields after "bytes:" are: read and written by read(2) and write(2), the same by direct I/O, read from and
    written to the server, pages read and written by mmap (`NFSIOS_*` in Linux's include/linux/nfs_iostat.h).
    """
    ours = False
    for line in _text(root / "proc/self/mountstats").splitlines():
        if line.startswith("device "):
            ours = f" mounted on {point} with fstype nfs" in line
        elif ours and line.lstrip().startswith("bytes:"):
            fields = line.split()[1:]
            if len(fields) < 6 or not all(field.isdecimal() for field in fields):
                return None
            return int(fields[4]), int(fields[5])
    return None


def _growth(before: int, after: int, seconds: float) -> float | None:
    """Units a second; None after a counter fell, because something else is counted now."""
    return (after - before) / seconds if after >= before else None


def _nearest(folder: Path) -> Path:
    """The folder itself, or the nearest one above it that exists."""
    return next((each for each in (folder, *folder.parents) if os.path.isdir(each)), Path("/"))


def _unescaped(text: str) -> str:
    r"""A field of mountinfo, in which blanks and backslashes stand as `\040` (proc(5))."""
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(code, character)
    return text


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape")
    except OSError:
        return ""
