"""Samples of the host (psutil and control groups) and of the trainer's process with its children (/proc).

The one thing to know: rates and CPU percentages are differences between two samples of one sampler, so the
first sample has none. A sampler keeps its own counters and so does not disturb what the training script asks
of psutil. Every value fails alone, into None. A sample takes about a millisecond, but as long as it
likes where `disk_path` lies on a network file system that hangs: call it from a thread that nobody waits for.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from trainmon.readings import HostReading, ProcessReading
from trainmon.system import cgroup
from trainmon.system.proc import ROOT, count_open_files, descendants, read_stat

T = TypeVar("T")

NETWORK_DEVICES = "/sys/class/net"
"""Linux lists its network devices here; those with hardware behind them have a `device` link."""


class CpuTime(NamedTuple):
    """What one CPU has done since the host started, in seconds."""

    busy: float
    total: float


class _Counters(NamedTuple):
    """What the host has counted up to one moment."""

    mono: float
    cpus: tuple[CpuTime, ...]
    totals: Mapping[str, float | None]


class HostSampler:
    """Reads the host; for one thread."""

    def __init__(self, disk_path: str | Path, *, per_core: bool = False, root: Path = ROOT) -> None:
        """Finds this process's control groups; measures nothing yet.

        Args:
            disk_path: A folder on the file system to measure; while it does not exist, the disk is unknown.
            per_core: Whether each CPU is told apart, which makes a long reading on a large host.
            root: Where `proc` and `sys` of the control groups are.
        """
        self._disk_path = Path(disk_path)
        self._per_core = per_core
        self._folders = cgroup.find_folders(root=root)
        self._previous: _Counters | None = None

    def sample(self, mono: float) -> HostReading:
        """The host now.

        Args:
            mono: Monotonic seconds now: rates are taken over the difference to the call before.
        """
        group = cgroup.read(self._folders)
        totals = {"group_cpu": group.cpu_seconds} | _network_totals() | _disk_totals()
        counters = _Counters(mono, cpu_times(), totals)
        rates = _rates(self._previous, counters)
        cores = cpu_percents(self._previous.cpus, counters.cpus) if self._previous is not None else ()
        self._previous = counters
        used, total = memory(group)
        swap_used, swap_total = guarded(_swap) or (None, None)
        disk_free, disk_total = guarded(lambda: _disk_space(self._disk_path)) or (None, None)
        return HostReading(
            cpu_percent=_cpu_percent(cores, rates["group_cpu"], group.cpu_limit),
            cpu_per_core=cores if cores and self._per_core else None,
            cpu_count=_cpu_count(group.cpu_limit),
            load_1m=guarded(lambda: os.getloadavg()[0]),
            memory_used=used,
            memory_total=total,
            swap_used=swap_used,
            swap_total=swap_total,
            disk_free=disk_free,
            disk_total=disk_total,
            disk_path=os.fsencode(self._disk_path).decode("utf-8", "backslashreplace"),
            network_sent=rates.get("sent"),
            network_received=rates.get("received"),
            disk_read=rates.get("read"),
            disk_written=rates.get("written"),
            oom_kills=group.oom_kills,
        )


class ProcessSampler:
    """Reads one process and its descendants; for one thread."""

    def __init__(self, pid: int, *, root: Path = ROOT) -> None:
        """Notes which process it is; measures nothing yet.

        Args:
            pid: The trainer, in this process's pid namespace. If the number is given to another process
                later, that one is never read in its place.
            root: Where `proc` is.
        """
        self._pid = pid
        self._root = root
        stat = read_stat(pid, root)
        self._start_ticks = None if stat is None else stat.start_ticks
        self._previous: tuple[float, dict[tuple[int, int], float]] | None = None

    def sample(self, mono: float) -> ProcessReading | None:
        """The process now; None where it is gone or a zombie, and elsewhere than on Linux.

        Args:
            mono: Monotonic seconds now: CPU percentages are taken over the difference to the call before.
        """
        own = read_stat(self._pid, self._root)
        if own is None or own.start_ticks != self._start_ticks or own.state in "ZX":
            return None
        read = ((pid, read_stat(pid, self._root)) for pid in descendants(self._pid, self._root))
        children = {pid: stat for pid, stat in read if stat is not None and stat.state not in "ZX"}
        cpu = {(pid, stat.start_ticks): stat.cpu_seconds for pid, stat in children.items()}
        own_key = (self._pid, own.start_ticks)
        previous, self._previous = self._previous, (mono, {own_key: own.cpu_seconds, **cpu})
        return ProcessReading(
            pid=self._pid,
            cpu_percent=_percent_of_a_cpu(previous, mono, {own_key: own.cpu_seconds}),
            rss=own.rss,
            threads=own.threads,
            open_files=count_open_files(self._pid, self._root),
            children=len(children),
            children_rss=sum(stat.rss for stat in children.values()),
            children_cpu_percent=_percent_of_a_cpu(previous, mono, cpu),
        )


def guarded(ask: Callable[[], T]) -> T | None:
    """What `ask` returns; None where it raises."""
    try:
        return ask()
    except Exception:  # noqa: BLE001 - psutil raises much for a /proc it does not know
        return None


def cpu_times() -> tuple[CpuTime, ...]:
    """What each CPU has done so far, those that this process may run on only; () where it is not told."""
    import psutil  # Deferred: saves 24 ms at `import trainmon`.

    times = guarded(lambda: psutil.cpu_times(percpu=True)) or []
    usable = _usable_cpus()
    if usable and max(usable) < len(times):
        # Where CPUs are off line, or a container shows fewer than there are, numbers and rows do not match.
        times = [times[cpu] for cpu in sorted(usable)]
    found = []
    for time in times:
        # Linux counts the time of guests in `user` and `nice` as well.
        total = sum(time) - getattr(time, "guest", 0.0) - getattr(time, "guest_nice", 0.0)
        found.append(CpuTime(total - time.idle - getattr(time, "iowait", 0.0), total))
    return tuple(found)


def cpu_percents(before: Sequence[CpuTime], after: Sequence[CpuTime]) -> tuple[float, ...]:
    """Percent 0-100 that each CPU was busy between two calls of `cpu_times`; () where that is not known."""
    if len(before) != len(after):
        return ()
    spans = [(new.busy - old.busy, new.total - old.total) for old, new in zip(before, after, strict=True)]
    if any(total <= 0 for _, total in spans):
        return ()
    return tuple(round(min(100.0, max(0.0, 100 * busy / total)), 1) for busy, total in spans)


def memory(group: cgroup.CgroupReading) -> tuple[int | None, int | None]:
    """Bytes in use and bytes there are: the cgroup's where it limits below the host, else the host's."""
    import psutil  # Deferred: saves 24 ms at `import trainmon`.

    host = guarded(psutil.virtual_memory)
    if group.memory_limit is not None and (host is None or group.memory_limit < host.total):
        return group.memory_used, group.memory_limit
    return (None, None) if host is None else (host.total - host.available, host.total)


def _usable_cpus() -> set[int]:
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()


def _cpu_count(quota: float | None) -> float | None:
    known = [count for count in (quota, len(_usable_cpus()) or os.cpu_count()) if count is not None]
    return min(known, default=None)


def _cpu_percent(cores: Sequence[float], group_cpus: float | None, quota: float | None) -> float | None:
    """Percent of what may be used: of the quota where it is the limit, else the mean of the usable CPUs."""
    count = _cpu_count(quota)
    if quota is not None and quota == count:
        return None if group_cpus is None else round(min(100.0, 100 * group_cpus / quota), 1)
    return round(sum(cores) / len(cores), 1) if cores else None


def _swap() -> tuple[int, int]:
    import psutil  # Deferred: saves 24 ms at `import trainmon`.

    swap = psutil.swap_memory()
    return swap.used, swap.total


def _disk_space(path: Path) -> tuple[int, int]:
    """Bytes free for an ordinary user, and in all."""
    space = os.statvfs(path)
    return space.f_bavail * space.f_frsize, space.f_blocks * space.f_frsize


def _network_totals() -> dict[str, float | None]:
    """Bytes sent and received so far by the devices with hardware behind them.

    Bridges, bonds and tunnels pass on what a real device counts too. A container has only a virtual device,
    so where no device is real, all but loopback count.
    """
    import psutil  # Deferred: saves 24 ms at `import trainmon`.

    # psutil's `nowrap` would keep state that the training script shares.
    devices = guarded(lambda: psutil.net_io_counters(pernic=True, nowrap=False)) or {}
    real = [name for name in devices if os.path.exists(f"{NETWORK_DEVICES}/{name}/device")]
    counted = [devices[name] for name in real or devices if not name.startswith("lo")]
    if not counted:
        return {"sent": None, "received": None}
    return {
        "sent": float(sum(device.bytes_sent for device in counted)),
        "received": float(sum(device.bytes_recv for device in counted)),
    }


def _disk_totals() -> dict[str, float | None]:
    """Bytes read from and written to the host's disks so far, partitions not counted twice."""
    import psutil  # Deferred: saves 24 ms at `import trainmon`.

    disks = guarded(lambda: psutil.disk_io_counters(nowrap=False))
    if disks is None:
        return {"read": None, "written": None}
    return {"read": float(disks.read_bytes), "written": float(disks.write_bytes)}


def _rates(before: _Counters | None, after: _Counters) -> dict[str, float | None]:
    """Each total's growth a second; None at the first sample, without time between, after a counter fell."""
    rates: dict[str, float | None] = dict.fromkeys(after.totals)
    seconds = after.mono - before.mono if before is not None else 0.0
    for name, total in after.totals.items():
        old = before.totals[name] if before is not None else None
        if old is not None and total is not None and seconds > 0 and total >= old:
            rates[name] = (total - old) / seconds
    return rates


def _percent_of_a_cpu(
    before: tuple[float, Mapping[tuple[int, int], float]] | None,
    mono: float,
    now: Mapping[tuple[int, int], float],
) -> float | None:
    """Percent of one CPU that these processes used since; one that is new has used all of its time since."""
    if before is None or mono <= before[0]:
        return None
    used: Iterable[float] = (seconds - before[1].get(key, 0.0) for key, seconds in now.items())
    return round(100 * max(0.0, sum(used)) / (mono - before[0]), 1)
