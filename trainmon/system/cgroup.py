"""What the control groups of a process allow it and have counted: memory, CPU and kills, in versions 1 and 2.

The one thing to know: the limit of every ancestor counts too, so each reading walks from the process's own
group up to the mount and takes the level that is tightest. A "level" is a folder; version 1 and 2 differ only
in the names of the files in it, and a host may use both at once, for different controllers. Sources:
cgroups(7), Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst of Linux.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from trainmon.system.proc import ROOT

UNIFIED = ""
"""The key of the version 2 hierarchy, which has no controller in its /proc line (`0::/path`)."""

UNLIMITED = 1 << 60
"""From here on a version 1 limit means none: the kernel's own "none" is 2**63 rounded down to a page."""


class CgroupFolders(msgspec.Struct, frozen=True):
    """The levels that hold a process, for each thing that is read: its own group first, the mount last."""

    memory: tuple[Path, ...] = ()
    """Levels of the memory controller; () where there is none."""
    cpu: tuple[Path, ...] = ()
    """Levels of the CPU controller, which holds the quota."""
    cpu_usage: tuple[Path, ...] = ()
    """Levels at which used CPU time is counted: version 1 may mount `cpuacct` apart from `cpu`."""


class CgroupReading(msgspec.Struct, frozen=True, kw_only=True):
    """Limits, and the use that counts against them."""

    memory_limit: int | None = None
    """Bytes at which the out-of-memory killer comes; None: no level sets a limit."""
    memory_used: int | None = None
    """Bytes counted against that limit, inactive page cache left out because it is dropped first."""
    cpu_limit: float | None = None
    """CPUs that the quota allows, as 2.5; None: no level sets a quota."""
    cpu_seconds: float | None = None
    """CPU seconds used so far at the level of that quota, or by the process's own group."""
    oom_kills: int | None = None
    """Processes of the own group that the out-of-memory killer ended so far; None where it is not counted."""


def find_folders(pid: int | None = None, root: Path = ROOT) -> CgroupFolders:
    """The levels of process `pid` (None: of this process); everything empty where it cannot be known."""
    paths = _paths(pid, root)
    mounts = _mounts(root)

    def levels(controller: str) -> tuple[Path, ...]:
        key = controller if controller in paths else UNIFIED
        if key not in paths or key not in mounts:
            return ()
        return _levels(paths[key], *mounts[key], root)

    return CgroupFolders(memory=levels("memory"), cpu=levels("cpu"), cpu_usage=levels("cpuacct"))


def read(folders: CgroupFolders) -> CgroupReading:
    """What those levels say now; each value fails alone, into None."""
    memory_level, memory_limit = _tightest(folders.memory, _memory_limit)
    cpu_level, cpu_limit = _tightest(folders.cpu, _cpu_limit)
    return CgroupReading(
        memory_limit=None if memory_limit is None else int(memory_limit),
        memory_used=None if memory_level is None else _memory_used(memory_level),
        cpu_limit=cpu_limit,
        cpu_seconds=_cpu_seconds(_level_like(cpu_level, folders)),
        oom_kills=_oom_kills(folders.memory[0]) if folders.memory else None,
    )


def version(folders: CgroupFolders) -> int | None:
    """1 or 2, of the hierarchy that limits memory, else of that of the CPU; None where neither can be seen."""
    levels = folders.memory or folders.cpu
    if not levels:
        return None
    return 2 if os.path.exists(levels[0] / "cgroup.controllers") else 1


def memory_path(pid: int | None = None, root: Path = ROOT) -> str | None:
    """The group that the memory of `pid` (None: this process) counts in, as /proc names it; None: unknown."""
    paths = _paths(pid, root)
    return paths.get("memory", paths.get(UNIFIED))


def oom_kills(path: str, root: Path = ROOT) -> int | None:
    """Processes of the group `path` that the out-of-memory killer ended so far, also after they are gone.

    Args:
        path: A group as `memory_path` named it while the process lived.
        root: Where `proc` and `sys` are.

    Returns:
        The count since the group was made; None where it is not counted, or the group was removed.
    """
    mounts = _mounts(root)
    mount = mounts.get("memory", mounts.get(UNIFIED))
    levels = _levels(path, *mount, root) if mount is not None else ()
    return _oom_kills(levels[0]) if levels else None


def _paths(pid: int | None, root: Path) -> dict[str, str]:
    """Controller to group path, from lines such as `4:memory:/job` and `0::/job`."""
    file = f"{root}/proc/{'self' if pid is None else pid}/cgroup"
    found: dict[str, str] = {}
    for line in _text(file).splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        for controller in controllers.split(","):
            found[controller] = path
    return found


def _mounts(root: Path) -> dict[str, tuple[str, str]]:
    """Controller to (group at the mount's root, mount point), from this process's mountinfo; see proc(5)."""
    found: dict[str, tuple[str, str]] = {}
    for line in _text(f"{root}/proc/self/mountinfo").splitlines():
        mount, _, file_system = line.partition(" - ")
        fields, kind = mount.split(" "), file_system.split(" ")
        if len(fields) < 5 or len(kind) < 3 or not kind[0].startswith("cgroup"):
            continue
        for controller in (UNIFIED,) if kind[0] == "cgroup2" else kind[2].split(","):
            # A container runtime may mount the same hierarchy again further down; the first is the usual.
            found.setdefault(controller, (fields[3], fields[4]))
    return found


def _levels(path: str, mounted: str, mount_point: str, root: Path) -> tuple[Path, ...]:
    """The folder of group `path` and its ancestors up to the mount; () where this process cannot see it."""
    if ".." in path.split("/"):
        return ()  # The group lies outside this process's cgroup namespace.
    # Without a cgroup namespace a container sees the host's path, but only its own part of the tree.
    top = mounted.rstrip("/")
    relative = path[len(top) :] if path == top or path.startswith(f"{top}/") else ""
    mount = root / mount_point.strip("/")
    leaf = mount / relative.strip("/")
    if not os.path.isdir(leaf):  # Unlike Path.is_dir, False where a folder may not be entered.
        return ()
    return tuple(level for level in (leaf, *leaf.parents) if level.is_relative_to(mount))


def _tightest(
    levels: tuple[Path, ...], limit_of: Callable[[Path], float | None]
) -> tuple[Path | None, float | None]:
    """The level with the smallest limit, and that limit; the first level and None where nothing is limited.

    Of equal limits the upper one is taken: it counts the neighbours too, so it is reached first.
    """
    level, smallest = (levels[0] if levels else None), None
    for candidate in levels:
        limit = limit_of(candidate)
        if limit is not None and (smallest is None or limit <= smallest):
            level, smallest = candidate, limit
    return level, smallest


def _memory_limit(level: Path) -> float | None:
    if (text := _text(f"{level}/memory.max")) != "":
        limit = text.strip()
        return int(limit) if limit.isdecimal() else None
    limits = (
        _number(f"{level}/memory.limit_in_bytes"),
        # Version 1 tells the limit of ancestors too, also of those that a container cannot see.
        _number(f"{level}/memory.stat", "hierarchical_memory_limit"),
    )
    return min((limit for limit in limits if limit is not None and limit < UNLIMITED), default=None)


def _memory_used(level: Path) -> int | None:
    used, file_cache = _number(f"{level}/memory.current"), "inactive_file"
    if used is None:
        used, file_cache = _number(f"{level}/memory.usage_in_bytes"), "total_inactive_file"
    droppable = _number(f"{level}/memory.stat", file_cache)
    return None if used is None else max(0, used - (droppable or 0))


def _cpu_limit(level: Path) -> float | None:
    """CPUs allowed: version 2 has `QUOTA PERIOD` in one file, version 1 two files; `max` and -1 are none."""
    quota, _, period = _text(f"{level}/cpu.max").strip().partition(" ")
    if not period:
        quota = _text(f"{level}/cpu.cfs_quota_us").strip()
        period = _text(f"{level}/cpu.cfs_period_us").strip()
    if not quota.isdecimal() or not period.isdecimal() or int(period) == 0:
        return None
    return int(quota) / int(period)


def _level_like(cpu_level: Path | None, folders: CgroupFolders) -> Path | None:
    """The level of `cpu_usage` that is the group of `cpu_level`; the process's own where no level is meant.

    None where that group does not count its time: a process may be in different groups of the two controllers.
    """
    if not folders.cpu_usage or cpu_level is None:
        return next(iter(folders.cpu_usage), None)
    group = cpu_level.relative_to(folders.cpu[-1])
    same = (level for level in folders.cpu_usage if level.relative_to(folders.cpu_usage[-1]) == group)
    return next(same, None)


def _cpu_seconds(level: Path | None) -> float | None:
    if level is None:
        return None
    microseconds = _number(f"{level}/cpu.stat", "usage_usec")
    if microseconds is not None:
        return microseconds / 1e6
    nanoseconds = _number(f"{level}/cpuacct.usage")
    return None if nanoseconds is None else nanoseconds / 1e9


def _oom_kills(level: Path) -> int | None:
    kills = _number(f"{level}/memory.events", "oom_kill")
    return _number(f"{level}/memory.oom_control", "oom_kill") if kills is None else kills


def _number(file: str, key: str | None = None) -> int | None:
    """The number in the file, or after `key` in a file of `key number` lines; None where there is none."""
    for line in _text(file).splitlines():
        name, _, value = line.rpartition(" ")
        if name == (key or "") and value.isdecimal():
            return int(value)
    return None


def _text(file: str) -> str:
    """The file's text; "" where it cannot be read, which all that is asked here takes as "not told"."""
    try:
        with open(file, "rb", buffering=0) as opened:  # noqa: PTH123 - a dozen of these every two seconds
            return opened.read().decode("utf-8", "backslashreplace")
    except OSError:
        return ""
