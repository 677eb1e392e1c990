"""The machine in one dictionary, with the keys that `get_system_stats()` promises, and PyTorch's memory.

The one thing to know: nothing here raises, and a part that cannot be read is absent rather than 0. PyTorch is
never imported and CUDA never started: only a training that already uses them sees its GPU memory here.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

from trainmon.facts.readings import AllocatorReading, HostReading
from trainmon.system.host import HostSampler, guarded

GpuStats: TypeAlias = dict[str, dict[str, float]]
Stats: TypeAlias = dict[str, float | str | GpuStats]
"""JSON: numbers, the timestamp, and `gpu_stats` by device."""

GIB = 2.0**30
"""What the keys that end in `_gb` count in, as torch's own reports do."""

SHORTEST_SPAN = 0.1
"""Seconds that a CPU percentage must cover to mean anything: the kernel counts in hundredths of a second."""


class SystemStats:
    """Makes the dictionary and keeps what a CPU percentage needs; asked again too soon, it repeats itself."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, wait: Callable[[float], None] = time.sleep
    ) -> None:
        """Measures nothing yet.

        Args:
            clock: Monotonic seconds now.
            wait: Lets so many seconds pass.
        """
        self._clock = clock
        self._wait = wait
        self._sampler: HostSampler | None = None
        self._latest: tuple[float, HostReading] | None = None

    def read(self, now: float) -> Stats:
        """See `system_stats`.

        Args:
            now: Unix seconds for the timestamp.
        """
        stats: Stats = {"timestamp": datetime.fromtimestamp(now).isoformat(timespec="seconds")}
        host = guarded(self._host)
        if host is not None:
            stats.update(_host_stats(host))
        gpus = {f"gpu_{reading.device}": _gigabytes(reading) for reading in allocators()}
        if gpus:
            stats["gpu_stats"] = gpus
        return stats

    def _host(self) -> HostReading:
        if self._sampler is None:
            self._sampler = HostSampler(".")
            self._sampler.sample(self._clock())
            self._wait(SHORTEST_SPAN)
        mono = self._clock()
        if self._latest is None or mono - self._latest[0] >= SHORTEST_SPAN:
            self._latest = mono, self._sampler.sample(mono)
        return self._latest[1]


_system_stats = SystemStats()


def system_stats() -> Stats:
    """CPU, memory, disk and CUDA memory of this process's share of the machine.

    `timestamp` is ISO 8601 in local time; `cpu_percent` 0-100 of the usable CPUs since the call before, for
    which the first call of a process waits a tenth of a second; `memory_percent`, `memory_used_gb` and
    `memory_total_gb` are against the cgroup's limit where that is smaller; `disk_percent` is of the working
    folder's file system. Where the training uses CUDA, `gpu_stats` holds `gpu_0` and so on, each with
    `memory_allocated_gb`, `memory_reserved_gb` and `max_memory_allocated_gb`.
    """
    return _system_stats.read(time.time())


def allocators() -> tuple[AllocatorReading, ...]:
    """PyTorch's allocator on each CUDA device; () unless torch is loaded and has started CUDA."""
    return guarded(_allocators) or ()


def _host_stats(host: HostReading) -> Stats:
    stats: Stats = {}
    if host.cpu_percent is not None:
        stats["cpu_percent"] = host.cpu_percent
    if host.memory_used is not None and host.memory_total:
        stats["memory_percent"] = round(100 * host.memory_used / host.memory_total, 1)
        stats["memory_used_gb"] = round(host.memory_used / GIB, 2)
        stats["memory_total_gb"] = round(host.memory_total / GIB, 2)
    if host.disk_free is not None and host.disk_total:
        stats["disk_percent"] = round(100 * (1 - host.disk_free / host.disk_total), 1)
    return stats


def _gigabytes(reading: AllocatorReading) -> dict[str, float]:
    sizes = {
        "memory_allocated_gb": reading.allocated,
        "memory_reserved_gb": reading.reserved,
        "max_memory_allocated_gb": reading.peak,
    }
    return {key: round(size / GIB, 3) for key, size in sizes.items() if size is not None}


def _allocators() -> tuple[AllocatorReading, ...]:
    """One question a device; its keys are documented at `torch.cuda.memory_stats`."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return ()
    readings = []
    for device in range(torch.cuda.device_count()):
        stats = torch.cuda.memory_stats(device)
        allocated, peak = stats.get("allocated_bytes.all.current"), stats.get("allocated_bytes.all.peak")
        reserved = stats.get("reserved_bytes.all.current")
        readings.append(AllocatorReading(device=device, allocated=allocated, reserved=reserved, peak=peak))
    return tuple(readings)
