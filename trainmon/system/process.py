"""Samples of the trainer's process and of its descendants, from /proc.

The one thing to know: CPU percentages are differences between two samples of one sampler, so the first sample has none.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from trainmon.facts.readings import ProcessReading
from trainmon.system.proc import ROOT, count_open_files, descendants, read_stat

SCAN_SHARE = 0.0005
"""Of a core that looking for descendants may use: with 64 workers of some threads each it takes milliseconds."""


class ProcessSampler:
    """Reads one process and its descendants; for one thread."""

    def __init__(
        self,
        pid: int,
        *,
        start_ticks: int | None = None,
        root: Path = ROOT,
        cpu_clock: Callable[[], float] = time.thread_time,
    ) -> None:
        """Notes which process it is; measures nothing yet.

        Args:
            pid: The trainer, in this process's pid namespace. If the number is given to another process
                later, that one is never read in its place.
            start_ticks: When it started, as in /proc/PID/stat; None: it is the one that has the number now.
            root: Where `proc` is.
            cpu_clock: Seconds of CPU time that this thread has used.
        """
        self._pid = pid
        self._root = root
        self._cpu_clock = cpu_clock
        if start_ticks is None:
            stat = read_stat(pid, root)
            start_ticks = None if stat is None else stat.start_ticks
        self._start_ticks = start_ticks
        self._previous: tuple[float, dict[tuple[int, int], float]] | None = None
        self._scan_due = float("-inf")
        self._known: list[int] = []
        self._open_files: int | None = None
        self._children: frozenset[int] = frozenset()

    def sample(self, mono: float) -> ProcessReading | None:
        """The process now; None where it is gone or a zombie, and elsewhere than on Linux.

        Args:
            mono: Monotonic seconds now: CPU percentages are taken over the difference to the call before.
        """
        own = read_stat(self._pid, self._root)
        if own is None or own.start_ticks != self._start_ticks or own.state in "ZX":
            return None
        read = ((pid, read_stat(pid, self._root)) for pid in self._descendants(mono))
        children = {pid: stat for pid, stat in read if stat is not None and stat.state not in "ZX"}
        self._children = frozenset(children)
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
            children_threads=sum(stat.threads for stat in children.values()),
            children_open_files=self._open_files if children else None,
            children_cpu_percent=_percent_of_a_cpu(previous, mono, cpu),
        )

    def _descendants(self, mono: float) -> list[int]:
        """Process ids of the descendants, looked for, and their files counted, as often as `SCAN_SHARE` allows."""
        if mono >= self._scan_due:
            before = self._cpu_clock()
            self._known = descendants(self._pid, self._root)
            counted = [count_open_files(pid, self._root) for pid in self._known]
            known = [count for count in counted if count is not None]
            self._open_files = sum(known) if known else None
            self._scan_due = mono + (self._cpu_clock() - before) / SCAN_SHARE
        return self._known

    @property
    def family(self) -> frozenset[int]:
        """Process ids of the process and of the descendants that it had at the newest sample."""
        return self._children | {self._pid}


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
