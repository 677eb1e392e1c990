"""One reading of the whole machine: host, file systems, a process with its children, GPUs.

The one thing to know: what may hang, file systems and drivers, is asked aside; a sample waits half a second for each
of the two at most, and what did not answer is unknown this time.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from trainmon.facts.readings import FileSystemReading, HostReading, MachineReading
from trainmon.system.aside import Aside
from trainmon.system.disks import DiskSampler
from trainmon.system.gpus import Gpus, marked
from trainmon.system.host import HostSampler, guarded
from trainmon.system.identity import own_identity
from trainmon.system.kernel_log import HOST_PIDS
from trainmon.system.process import ProcessSampler

PATIENCE = 0.5
"""Seconds that a sample waits for file systems; an NFS server answers within some hundredths."""


class MachineReader:
    """Reads this host, again and again; for one thread."""

    def __init__(
        self,
        folder: Path,
        pid: int | None,
        *,
        start_ticks: int | None = None,
        per_core: int = 0,
        gpus: Gpus | None = None,
        disks: "Disks | None" = None,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Reads nothing yet.

        Args:
            folder: The log folder.
            pid: The trainer, whose share of the host is told and which is read with its children; None: there is
                none, and the host is read as this process may use it.
            start_ticks: When it started, as for `ProcessSampler`.
            per_core: Up to how many CPUs are told apart.
            gpus: Who asks for the GPUs; None: a new one.
            disks: Who asks for the file systems; None: a new one.
            clock: Unix seconds.
            monotonic: Monotonic seconds.
        """
        self.folders: tuple[Path, ...] = (folder,)
        """The folders whose file systems are measured: that of the logs, that of the checkpoints."""
        self._clock = clock
        self._monotonic = monotonic
        self.host = HostSampler(None, per_core=per_core, pid=pid)
        self.process = None if pid is None else ProcessSampler(pid, start_ticks=start_ticks)
        self._gpus = gpus if gpus is not None else Gpus()
        self._disks = disks if disks is not None else Disks()
        self.cost = 0.0
        """Seconds of CPU time that the newest sample took, in all threads."""
        # A driver numbers processes as the host does, and so tells them apart only for who does the same.
        self._comparable = pid is not None and own_identity().pid_namespace == HOST_PIDS

    def sample(self) -> MachineReading:
        """All of it now; each part fails alone, into unknown."""
        before = time.thread_time()
        time_, mono = self._clock(), self._monotonic()
        process = self.process
        found = guarded(lambda: process.sample(mono)) if process is not None else None
        own = process.family if process is not None and self._comparable else None
        host = guarded(lambda: self.host.sample(mono))
        file_systems = self._disks.sample(self.folders)
        cards, note = self._gpus.sample()
        reading = MachineReading(
            time=time_,
            host=_with_disk(host, file_systems),
            process=found,
            file_systems=file_systems,
            gpus=marked(cards, own),
            gpu_note=note,
        )
        self.cost = time.thread_time() - before + self._disks.cost + self._gpus.cost
        return reading

    def close(self) -> None:
        """Asks nothing any more."""
        self._gpus.close()
        self._disks.close()


class Disks:
    """The file systems of some folders, and the thread that asks for them; for one thread."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Asks nothing yet.

        Args:
            monotonic: Monotonic seconds.
        """
        self._monotonic = monotonic
        self._sampler = DiskSampler()
        self._folders: tuple[Path, ...] = ()
        self._aside: Aside[tuple[tuple[Path, ...], tuple[FileSystemReading, ...]]] = Aside(
            "trainmon-disks", self._ask
        )

    def sample(self, folders: tuple[Path, ...], patience: float = PATIENCE) -> tuple[FileSystemReading, ...]:
        """As `DiskSampler.sample`; () where they did not answer."""
        self._folders = folders
        answer = self._aside.ask(patience)
        # The answer may belong to the folders of before, if it was long in coming.
        return answer[1] if answer is not None and answer[0] == folders else ()

    @property
    def cost(self) -> float:
        """Seconds of CPU time that the newest answer took."""
        return self._aside.cost

    def close(self) -> None:
        """Asks nothing any more."""
        self._aside.close()

    def _ask(self) -> tuple[tuple[Path, ...], tuple[FileSystemReading, ...]]:
        folders = self._folders
        return folders, self._sampler.sample(folders, self._monotonic())


def _with_disk(host: HostReading | None, found: tuple[FileSystemReading, ...]) -> HostReading | None:
    """The host with the room on the log folder's file system, which has been part of it since the first version."""
    if host is None or not found:
        return host
    return replace(host, disk_free=found[0].free, disk_total=found[0].total, disk_path=found[0].path)


def parent_of(checkpoint: str) -> Path | None:
    """The folder of a checkpoint as its path was logged; None for one that may be anywhere."""
    folder = os.path.dirname(checkpoint)
    return Path(folder) if os.path.isabs(folder) else None
