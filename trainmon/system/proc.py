"""One process's line in Linux's /proc: the parsing that identities and samples share.

The one thing to know: all of it comes from a single read of `/proc/PID/stat`, some 20 microseconds, so that
64 DataLoader workers can be read every other second without a training noticing.
"""

from __future__ import annotations

import os
import pwd
from pathlib import Path
from typing import NamedTuple

ROOT = Path("/")
"""Where `proc` and `sys` are looked for; a test passes a tree of its own."""


class Stat(NamedTuple):
    """What the kernel says of a process; field numbers of proc(5)."""

    state: str
    """Letter of the state: R, S, D, T, t, Z, X, I (3)."""
    parent: int
    """Process id of the parent (4)."""
    cpu_seconds: float
    """CPU seconds of all its threads, in user mode and in the kernel (14, 15)."""
    threads: int
    """Threads (20)."""
    start_ticks: int
    """Clock ticks from boot to its start (22)."""
    rss: int
    """Resident memory in bytes, some pages behind on kernels that count per CPU (24)."""
    group: int = 0
    """Process group (5)."""
    session: int = 0
    """Session (6)."""


def read_stat(pid: int, root: Path = ROOT) -> Stat | None:
    """The process's line; None where there is no such process, or it cannot be read or understood.

    Its name, field 2, may hold spaces and parentheses, so the fields are counted from the last one.
    """
    try:
        with open(f"{root}/proc/{pid}/stat", "rb", buffering=0) as file:  # noqa: PTH123 - a hot path
            text = file.read()
        fields = text[text.rindex(b")") + 1 :].decode("ascii").split()
        return Stat(
            state=fields[0],
            parent=int(fields[1]),
            cpu_seconds=(int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"),
            threads=int(fields[17]),
            start_ticks=int(fields[19]),
            rss=int(fields[21]) * os.sysconf("SC_PAGE_SIZE"),
            group=int(fields[2]),
            session=int(fields[3]),
        )
    except (OSError, ValueError, IndexError):
        return None


def descendants(pid: int, root: Path = ROOT) -> list[int]:
    """Process ids of the children of `pid`, their children and so on; the nearest first."""
    found = [pid]
    everybody: dict[int, list[int]] | None = None
    for parent in found:  # Grows while it is walked.
        children = _listed_children(parent, root)
        if children is None:
            everybody = _children_by_parent(root) if everybody is None else everybody
            children = everybody.get(parent, [])
        found += [child for child in children if child not in found]
    return found[1:]


def count_open_files(pid: int, root: Path = ROOT) -> int | None:
    """Open file descriptors of a process; None where it is gone or belongs to another user."""
    try:
        return len(os.listdir(root / "proc" / str(pid) / "fd"))
    except OSError:
        return None


def _listed_children(pid: int, root: Path) -> list[int] | None:
    """The children as the kernel lists them for each thread; None where it was built without that list."""
    folder = f"{root}/proc/{pid}/task"
    children: list[int] = []
    try:
        for thread in os.listdir(folder):
            with open(f"{folder}/{thread}/children", "rb", buffering=0) as file:  # noqa: PTH123 - a hot path
                children += map(int, file.read().split())
    except (OSError, ValueError):
        # Also when a thread ended under our eyes; the long way then has the answer.
        return None
    return children


def _children_by_parent(root: Path) -> dict[int, list[int]]:
    """Children of every process, the long way: one read a process of the host, some 20 ms for a thousand."""
    children: dict[int, list[int]] = {}
    try:
        numbers = [int(name) for name in os.listdir(root / "proc") if name.isdecimal()]
    except OSError:
        return children
    for pid in sorted(numbers):
        stat = read_stat(pid, root)
        if stat is not None:
            children.setdefault(stat.parent, []).append(pid)
    return children


def environment_of(pid: int, root: Path = ROOT) -> dict[str, str] | None:
    """The environment that a process was started with; None where it may not be read."""
    data = _bytes(f"{root}/proc/{pid}/environ")
    if data is None:
        return None
    pairs = (entry.decode("utf-8", "surrogateescape").partition("=") for entry in data.split(b"\0") if entry)
    return {name: value for name, _, value in pairs}


def command_of(pid: int, root: Path = ROOT) -> str | None:
    """A process's command line, or in brackets its name where it has none; untrusted text. None where it is gone."""
    data = _bytes(f"{root}/proc/{pid}/cmdline")
    if data is None:
        return None
    if data.strip(b"\0"):
        return data.rstrip(b"\0").replace(b"\0", b" ").decode("utf-8", "backslashreplace")
    name = _bytes(f"{root}/proc/{pid}/comm")
    return None if name is None else f"[{name.decode('utf-8', 'backslashreplace').strip()}]"


def user_of(pid: int, root: Path = ROOT) -> str | None:
    """Who runs a process: a name, or a number where it has none here; None where the process is gone."""
    try:
        number = os.stat(f"{root}/proc/{pid}").st_uid
    except OSError:
        return None
    try:
        return pwd.getpwuid(number).pw_name
    except (KeyError, OSError):
        return f"{number}"


def _bytes(path: str) -> bytes | None:
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - as in `read_stat`
            return file.read(65_536)
    except OSError:
        return None


class Signals(NamedTuple):
    """What a process does with signals, each a set of bits: bit N - 1 for signal N."""

    blocked: int
    """By its main thread."""
    ignored: int
    caught: int

    def has(self, mask: int, number: int) -> bool:
        """Whether a signal is in one of the sets."""
        return bool(mask >> (number - 1) & 1)


def read_signals(pid: int, root: Path = ROOT) -> Signals | None:
    """What the process does with signals, from `/proc/PID/status`; None where that cannot be read."""
    try:
        text = (root / "proc" / str(pid) / "status").read_text("ascii", "replace")
        lines = dict(line.split(":\t", 1) for line in text.splitlines() if line.startswith("Sig"))
        return Signals(int(lines["SigBlk"], 16), int(lines["SigIgn"], 16), int(lines["SigCgt"], 16))
    except (OSError, ValueError, KeyError):
        return None
