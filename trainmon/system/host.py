"""Samples of the host: psutil, and control groups.

The one thing to know: rates and CPU percentages are differences between two samples of one sampler, so the
first sample has none. A sampler keeps its own counters and so does not disturb what the training script asks
of psutil. Every value fails alone, into None. A sample takes half a millisecond (measured 2026-11), but as long as it
likes where `disk_path` lies on a network file system that hangs: who cannot wait measures that aside, with
`trainmon.system.disks`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from trainmon.facts.readings import HostReading
from trainmon.system import cgroup
from trainmon.system.proc import ROOT

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

    def __init__(
        self,
        disk_path: str | Path | None,
        *,
        per_core: int = 0,
        pid: int | None = None,
        root: Path = ROOT,
    ) -> None:
        """Finds the control groups of a process; measures nothing yet.

        Args:
            disk_path: A folder on the file system to measure; while it does not exist, the disk is unknown. None:
                none is measured.
            per_core: Up to how many CPUs are told apart; a large host makes a long reading.
            pid: Whose share of the host is told, by its control groups and its CPUs; None: this process's.
            root: Where `proc` and `sys` of the control groups are.
        """
        self._disk_path = None if disk_path is None else Path(disk_path)
        self.per_core = per_core
        self._pid = pid
        self._folders = cgroup.find_folders(pid, root=root)
        self._previous: _Counters | None = None

    def sample(self, mono: float) -> HostReading:
        """The host now.

        Args:
            mono: Monotonic seconds now: rates are taken over the difference to the call before.
        """
        group = cgroup.read(self._folders)
        totals = {"group_cpu": group.cpu_seconds} | _network_totals() | _disk_totals()
        usable = _usable_cpus(self._pid)
        counters = _Counters(mono, cpu_times(usable), totals)
        rates = _rates(self._previous, counters)
        cores = cpu_percents(self._previous.cpus, counters.cpus) if self._previous is not None else ()
        self._previous = counters
        used, total, limited = memory(group)
        swap_used, swap_total = guarded(_swap) or (None, None)
        disk_path = self._disk_path
        disk = guarded(lambda: _disk_space(disk_path)) if disk_path is not None else None
        disk_free, disk_total = disk or (None, None)
        count = _cpu_count(group.cpu_limit, usable)
        return HostReading(
            cpu_percent=_cpu_percent(cores, rates["group_cpu"], group.cpu_limit, count),
            cpu_per_core=cores if cores and len(cores) <= self.per_core else None,
            cpu_count=count,
            cpu_limited=group.cpu_limit is not None and group.cpu_limit == count,
            cpus_of_host=os.cpu_count(),
            load_1m=guarded(lambda: os.getloadavg()[0]),
            memory_used=used,
            memory_total=total,
            memory_limited=limited,
            swap_used=swap_used,
            swap_total=swap_total,
            disk_free=disk_free,
            disk_total=disk_total,
            disk_path=None
            if disk_path is None
            else os.fsencode(disk_path).decode("utf-8", "backslashreplace"),
            network_sent=rates.get("sent"),
            network_received=rates.get("received"),
            disk_read=rates.get("read"),
            disk_written=rates.get("written"),
            oom_kills=group.oom_kills,
        )


def guarded(ask: Callable[[], T]) -> T | None:
    """What `ask` returns; None where it raises."""
    try:
        return ask()
    except Exception:  # noqa: BLE001 - psutil raises much for a /proc it does not know
        return None


def cpu_times(usable: set[int]) -> tuple[CpuTime, ...]:
    """What each of the usable CPUs has done so far, of all where none is known; () where it is not told."""
    import psutil  # Deferred: saves 24 ms at `import trainmon`.

    times = guarded(lambda: psutil.cpu_times(percpu=True)) or []
    if usable and max(usable) < len(times):
        # Where CPUs are off line, or a container shows fewer than there are, numbers and rows do not match.
        times = [times[cpu] for cpu in sorted(usable)]
    found = []
    for each in times:
        # Linux counts the time of guests in `user` and `nice` as well.
        total = sum(each) - getattr(each, "guest", 0.0) - getattr(each, "guest_nice", 0.0)
        found.append(CpuTime(total - each.idle - getattr(each, "iowait", 0.0), total))
    return tuple(found)


def cpu_percents(before: Sequence[CpuTime], after: Sequence[CpuTime]) -> tuple[float, ...]:
    """Percent 0-100 that each CPU was busy between two calls of `cpu_times`; () where that is not known."""
    if len(before) != len(after):
        return ()
    spans = [(new.busy - old.busy, new.total - old.total) for old, new in zip(before, after, strict=True)]
    if any(total <= 0 for _, total in spans):
        return ()
    return tuple(round(min(100.0, max(0.0, 100 * busy / total)), 1) for busy, total in spans)


def memory(group: cgroup.CgroupReading) -> tuple[int | None, int | None, bool]:
    """Bytes in use, bytes there are, and whether they are the cgroup's, which limits below the host."""
    import psutil  # Deferred: saves 24 ms at `import trainmon`.

    host = guarded(psutil.virtual_memory)
    if group.memory_limit is not None and (host is None or group.memory_limit < host.total):
        return group.memory_used, group.memory_limit, True
    return (None, None, False) if host is None else (host.total - host.available, host.total, False)


def _usable_cpus(pid: int | None) -> set[int]:
    """Numbers of the CPUs that a process may run on; empty where that is not told."""
    if not hasattr(os, "sched_getaffinity"):
        return set()
    try:
        return os.sched_getaffinity(pid or 0)
    except OSError:
        return os.sched_getaffinity(0)  # It is gone; its share of the host is unknown.


def _cpu_count(quota: float | None, usable: set[int]) -> float | None:
    known = [count for count in (quota, len(usable) or os.cpu_count()) if count is not None]
    return min(known, default=None)


def _cpu_percent(
    cores: Sequence[float], group_cpus: float | None, quota: float | None, count: float | None
) -> float | None:
    """Percent of what may be used: of the quota where it is the limit, else the mean of the usable CPUs."""
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
