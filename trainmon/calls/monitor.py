"""Readings of the machine into the journal, every few seconds, so that their history survives the trainer.

A thread of its own, and what may hang is asked in others still: a silent driver or disk holds up nobody.
"""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from trainmon.facts.readings import MachineReading
from trainmon.system.host import guarded
from trainmon.system.machine_reader import MachineReader
from trainmon.system.stats import allocators

FIRST_AFTER = 0.3
"""Seconds until the first look, which imports psutil: a training's first moments are busy enough."""

FIRST_SPAN = 0.2
"""Seconds from there to the first reading: without a span there are no rates."""


RECORDED_CORES = 64
"""CPUs up to which each is recorded: 400 bytes a reading; a screen on the same host tells more apart."""

MOST_OF_A_CORE = 0.002
"""Of a core that readings may use on average: where one costs more, they come less often."""


class Monitor:
    """Reads host, process and GPUs in the background."""

    def __init__(
        self,
        every: float,
        folder: Path,
        report: Callable[[MachineReading], None],
        pid: int | None = None,
        checkpoint: Callable[[], str | None] = lambda: None,
    ) -> None:
        """Starts nothing yet.

        Args:
            every: Seconds between two readings.
            folder: Whose file system is measured.
            report: Takes each reading, in the monitor's thread.
            pid: The process that is read with its children; None: this one.
            checkpoint: The path of the newest checkpoint, whose file system is measured too; None: there is none.
        """
        self._pid = pid
        self._every = every
        self._folder = folder
        self._report = report
        self._checkpoint = checkpoint
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="trainmon-monitor", daemon=True)

    def start(self) -> None:
        """Starts the thread; where the system has no room for one there are no readings."""
        try:
            self._thread.start()
        except RuntimeError:
            return

    def stop(self) -> None:
        """Lets the thread end after the reading that it is at; waits for nothing."""
        self._stop.set()

    def _run(self) -> None:
        if self._stop.wait(FIRST_AFTER):
            return
        reader = MachineReader(self._folder, self._pid or os.getpid(), per_core=RECORDED_CORES)
        # Begins the rates; and what it costs, importing psutil and loading a driver, is paid once.
        reader.sample()
        stopped = self._stop.wait(FIRST_SPAN)
        while not stopped:
            begin = time.monotonic()
            reader.folders = self._folders()
            reading = reader.sample()
            own = allocators()
            if self._stop.is_set():
                break
            self._report(replace(reading, allocators=own) if own else reading)
            stopped = self._stop.wait(pause(self._every, time.monotonic() - begin, reader.cost))
        reader.close()

    def _folders(self) -> tuple[Path, ...]:
        """The log folder, and the folder of the newest checkpoint."""
        newest = self._checkpoint()
        if newest is None or "://" in newest:  # None yet, or in a store that is no file system.
            return (self._folder,)
        # `abspath` asks for the working folder, which may be gone.
        parent = guarded(lambda: Path(os.path.abspath(newest)).parent)
        return (self._folder,) if parent is None or parent == self._folder else (self._folder, parent)


def pause(every: float, took: float, cost: float) -> float:
    """Seconds until the next reading.

    Args:
        every: Seconds between two readings, as wished.
        took: Seconds that the last one took.
        cost: Seconds of CPU time that it took.
    """
    return max(0.1, max(every, cost / MOST_OF_A_CORE) - took)
