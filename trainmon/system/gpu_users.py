"""Who the processes on GPUs are, and what they use of the host, from /proc; for a screen, never for a journal.

The one thing to know: a driver numbers processes as the host does, so this tells the truth only for who does the same.
"""

from pathlib import Path

from msgspec.structs import replace

from trainmon.facts.readings import GpuProcess, GpuReading
from trainmon.system.proc import ROOT, command_of, read_stat, user_of

COMMAND_LIMIT = 200
"""Characters of a command line that are kept; no column is wider."""


class GpuUsers:
    """Who the processes on GPUs are, and what they use of the host; for one thread."""

    def __init__(self, root: Path = ROOT) -> None:
        """Knows nobody yet.

        Args:
            root: Where `proc` is.
        """
        self._root = root
        self._before: dict[tuple[int, int], tuple[float, float]] = {}
        """Monotonic and CPU seconds at the reading before, by process id and start."""

    def name(self, cards: tuple[GpuReading, ...], mono: float) -> tuple[GpuReading, ...]:
        """The cards with user, command, memory and CPU of every process, as far as they may be known."""
        found: dict[int, GpuProcess] = {}
        used: dict[tuple[int, int], tuple[float, float]] = {}
        named = []
        for card in cards:
            processes = []
            for process in card.processes or ():
                if process.pid not in found:
                    found[process.pid] = self._known(process, mono, used)
                known = found[process.pid]
                processes.append(replace(known, memory_used=process.memory_used, own=process.own))
            named.append(replace(card, processes=tuple(processes)) if processes else card)
        self._before = used
        return tuple(named)

    def _known(
        self, process: GpuProcess, mono: float, used: dict[tuple[int, int], tuple[float, float]]
    ) -> GpuProcess:
        pid = process.pid
        stat, command = read_stat(pid, self._root), command_of(pid, self._root)
        cpu = None
        if stat is not None:
            key = pid, stat.start_ticks
            used[key] = mono, stat.cpu_seconds
            before = self._before.get(key)
            if before is not None and mono > before[0]:
                cpu = round(100 * max(0.0, stat.cpu_seconds - before[1]) / (mono - before[0]), 1)
        return GpuProcess(
            pid,
            user=user_of(pid, self._root),
            command=None if command is None else command[:COMMAND_LIMIT],
            rss=None if stat is None else stat.rss,
            cpu_percent=cpu,
        )
