"""Readings of the machine into the journal, every few seconds, so that their history survives the trainer.

A thread of its own: a driver that hangs, or a disk that does not answer, holds up nobody else.
"""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from trainmon.readings import MachineReading
from trainmon.system.gpu import GpuReader
from trainmon.system.host import HostSampler, ProcessSampler
from trainmon.system.stats import allocators

FIRST_AFTER = 0.5
"""Seconds until the first reading: a training's first moments are busy enough."""

GPU_RETRY = 60.0
"""Seconds between two tries to load a driver that was not there."""


class Monitor:
    """Reads host, process and GPUs in the background."""

    def __init__(
        self, every: float, folder: Path, report: Callable[[MachineReading], None], pid: int | None = None
    ) -> None:
        """Starts nothing yet.

        Args:
            every: Seconds between two readings.
            folder: Whose file system is measured.
            report: Takes each reading, in the monitor's thread.
            pid: The process that is read with its children; None: this one.
        """
        self._pid = pid
        self._every = every
        self._folder = folder
        self._report = report
        self._stop = threading.Event()
        self._gpus = GpuReader()
        self._gpu_note: str | None = "not looked yet"
        self._gpus_at = float("-inf")
        self._thread = threading.Thread(target=self._run, name="trainmon-monitor", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Lets the thread end after the reading that it is at; waits for nothing."""
        self._stop.set()

    def _run(self) -> None:
        if self._stop.wait(FIRST_AFTER):
            return
        host, process = HostSampler(self._folder), ProcessSampler(self._pid or os.getpid())
        while True:
            begin = time.monotonic()
            self._open_gpus(begin)
            reading = MachineReading(
                time=time.time(),
                host=host.sample(begin),
                process=process.sample(begin),
                gpus=self._gpus.sample() if self._gpu_note is None else (),
                allocators=allocators(),
                gpu_note=self._gpu_note,
            )
            if self._stop.is_set():
                return
            self._report(reading)
            if self._stop.wait(max(0.1, self._every - (time.monotonic() - begin))):
                return

    def _open_gpus(self, now: float) -> None:
        """Loads the driver; where there is none, tries again now and then."""
        if self._gpu_note is not None and now - self._gpus_at >= GPU_RETRY:
            self._gpus_at = now
            self._gpu_note = self._gpus.open()
