"""Who a process is, so that it can be found again, and whether it still lives; from Linux's /proc alone.

The one thing to know: `alive` says False only when it is certain. A pid means something only together with
the boot, the pid namespace and the start time, because pids are used again and containers number from 1;
where an observer cannot compare them, the answer is None. Elsewhere than on Linux everything but host and pid
is None. No psutil here: a status line asks this within milliseconds of its start (psutil alone takes 24 ms to
import).
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple, get_args

import msgspec

from trainmon.system import cgroup
from trainmon.system.proc import ROOT, read_stat

ProcessState = Literal["R", "S", "D", "T", "t", "Z", "X", "I"]
"""Letters of proc(5): runs, sleeps, waits on disk (D), stopped (T) or traced (t), zombie, dead, idle."""

DEAD_STATES = ("Z", "X")
"""A zombie runs no more: it waits only for its parent to ask for its exit status."""

NAMELESS_HOSTS = ("", "(none)", "localhost", "localhost.localdomain")
"""Names that many hosts share, so that an equal one does not mean the same host."""

_STATES: dict[str, ProcessState] = {letter: letter for letter in get_args(ProcessState)}


class ProcessIdentity(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, gc=False):
    """What tells one process from all others, before and after it, on any host."""

    host: str
    """Node name as uname(2) gives it; inside a container the container's own."""
    pid: int
    """Process id in its own pid namespace."""
    boot_id: str | None = None
    """Random name of the kernel's current boot, the same in all its containers."""
    pid_namespace: int | None = None
    """Inode of the pid namespace; None where /proc does not belong to it, and pids there are others."""
    start_ticks: int | None = None
    """Clock ticks (usually 1/100 s) from boot to the process's start; no clock change moves it."""
    cgroup: str | None = None
    """The control group that its memory counts in, as /proc names it."""


class Place(NamedTuple):
    """Where a process runs, as far as pids depend on it; see `ProcessIdentity` for the fields."""

    host: str
    boot_id: str | None
    pid_namespace: int | None


def own_place(root: Path = ROOT) -> Place:
    """Where this process runs; cheap, because a reader asks several times a second."""
    found = _numbering(os.getpid()) if root == ROOT else (_boot_id(root), _pid_namespace(root))
    return Place(os.uname().nodename, *found)


@lru_cache(1)
def _numbering(_pid: int) -> tuple[str | None, int | None]:
    """Boot and pid namespace, which no process survives; a forked child may be in another one."""
    return _boot_id(ROOT), _pid_namespace(ROOT)


def own_identity(root: Path = ROOT) -> ProcessIdentity:
    """This process's identity; call it again after a fork."""
    return _identity(os.getpid(), root)


def identity_of(pid: int, root: Path = ROOT) -> ProcessIdentity | None:
    """The identity of another process of this host and pid namespace; None where there is no such process."""
    identity = _identity(pid, root)
    return None if identity.start_ticks is None else identity


def alive(identity: ProcessIdentity, root: Path = ROOT) -> bool | None:
    """Whether that very process still lives, as far as this process can tell.

    Args:
        identity: As the process itself wrote it down.
        root: Where `proc` is.

    Returns:
        True while it lives, stopped or hung included. False when it is certain that it does not: it is not in
        the process table, is a zombie, its pid belongs to a younger process, or its host has booted since.
        None when this process cannot know: another host, another pid namespace, a process table that hides
        processes.
    """
    here = own_place(root)
    if identity.pid_namespace is None or identity.pid_namespace != here.pid_namespace:
        return None
    if identity.boot_id is None or here.boot_id is None:
        return None
    if identity.boot_id != here.boot_id:
        # Bare hosts all have the same namespace number, so only the name tells a reboot from another host.
        return False if identity.host == here.host not in NAMELESS_HOSTS else None
    found = read_stat(identity.pid, root)
    if found is None:
        return False if _table_is_whole(identity.pid, root) else None
    if identity.start_ticks is None:
        return None
    return found.start_ticks == identity.start_ticks and found.state not in DEAD_STATES


def process_state(identity: ProcessIdentity, root: Path = ROOT) -> ProcessState | None:
    """What that very process does now, as a letter of proc(5); None where it is gone or cannot be seen."""
    here = own_place(root)
    if (identity.boot_id, identity.pid_namespace) != (here.boot_id, here.pid_namespace):
        return None
    found = read_stat(identity.pid, root)
    if found is None or found.start_ticks != identity.start_ticks:
        return None
    return _STATES.get(found.state)


def _identity(pid: int, root: Path) -> ProcessIdentity:
    found = read_stat(pid, root)
    host, boot_id, pid_namespace = own_place(root)
    return ProcessIdentity(
        host=host,
        pid=pid,
        boot_id=boot_id,
        pid_namespace=pid_namespace,
        start_ticks=None if found is None else found.start_ticks,
        cgroup=cgroup.memory_path(pid, root),
    )


def _boot_id(root: Path) -> str | None:
    try:
        return (root / "proc/sys/kernel/random/boot_id").read_text("ascii").strip() or None
    except (OSError, ValueError):
        return None


def _pid_namespace(root: Path) -> int | None:
    """The namespace in which this process and its /proc number processes; None where the two differ.

    They differ after `unshare --pid` without a new mount of /proc: then every look-up there would hit a
    stranger.
    """
    try:
        if int((root / "proc/self").readlink().name) != os.getpid():
            return None
        # The link reads `pid:[4026531836]`.
        return int((root / "proc/self/ns/pid").readlink().name.strip("pid:[]"))
    except (OSError, ValueError):
        return None


def _table_is_whole(pid: int, root: Path) -> bool:
    """Whether the absence of `pid` in /proc proves that it does not exist.

    A /proc mounted with `hidepid` leaves out other users' processes, or their files. There the kernel still
    answers signal 0: "no such process" is proof, any other answer means that something with this pid lives.
    """
    if os.path.exists(f"{root}/proc/{pid}"):
        return False
    if os.path.exists(f"{root}/proc/1"):
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False
