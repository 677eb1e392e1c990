"""How the screen reads its own host: as the trainer's share of it, with the processes on GPUs by name.

The one thing to know: drivers and file systems are asked by one thread each for as long as the screen lives, whichever
run is looked at, so that a hanging one never piles up threads.
"""

import time
from collections.abc import Mapping
from pathlib import Path

from msgspec.structs import replace

from trainmon.facts.readings import AllocatorReading, GpuReading, MachineReading
from trainmon.fold.state import RunState
from trainmon.reading.evidence import identity_in
from trainmon.system.cuda_visible import visible_gpus
from trainmon.system.gpu_users import GpuUsers
from trainmon.system.gpus import AnyMaker, Gpus, marked
from trainmon.system.identity import alive, own_identity
from trainmon.system.kernel_log import HOST_PIDS
from trainmon.system.machine_reader import Disks, MachineReader, parent_of
from trainmon.system.proc import descendants, environment_of
from trainmon.words.exits import LAUNCHER_APP
from trainmon_tui.sight.live import Want, is_fresh

MOST_CORES = 1_024
"""CPUs that are told apart in the view of the machine; more would fill a screen."""


class LiveReader:
    """Reads this host for whatever run is looked at; for one thread."""

    def __init__(self) -> None:
        """Reads nothing yet."""
        # Not by the environment of this process, which is not the trainer's.
        self._gpus = Gpus(AnyMaker({}))
        self._disks = Disks()
        self._reader: MachineReader | None = None
        self._key: tuple[str, int | None] | None = None
        self._users = GpuUsers()
        self._named = own_identity().pid_namespace == HOST_PIDS

    def read(self, wanted: Want) -> MachineReading:
        """The machine now."""
        state = wanted.state
        pid, ticks = trainer(state)
        if self._reader is None or (pid is not None and self._key != (wanted.folder, pid)):
            # Kept beyond the trainer's death: its share of the host is still what one looks at.
            self._key = wanted.folder, pid
            self._reader = MachineReader(
                Path(wanted.folder), pid, start_ticks=ticks, gpus=self._gpus, disks=self._disks
            )
        elif self._key is not None and self._key[0] != wanted.folder:
            self._key = wanted.folder, None
            self._reader = MachineReader(Path(wanted.folder), None, gpus=self._gpus, disks=self._disks)
        reader = self._reader
        reader.host.per_core = MOST_CORES if wanted.details else 0
        reader.folders = folders(wanted.folder, state)
        reading = reader.sample()
        cards = marked(reading.gpus, None, seen_by_trainer(reading.gpus, state, pid))
        if wanted.details and self._named:
            cards = self._users.name(cards, time.monotonic())
        return replace(reading, gpus=cards, allocators=_allocators(state, reading.time))


def trainer(state: RunState) -> tuple[int | None, int | None]:
    """Process id and start of the trainer, where it lives and can be told apart from here; else None."""
    opened = state.opened
    if opened is None or not alive(identity_in(opened)):
        return None, None
    if opened.app_name == LAUNCHER_APP:
        # The journal of a program that knows nothing of us is written by its parent.
        children = descendants(opened.pid)
        return (children[0], None) if children else (None, None)
    return opened.pid, opened.process_start


def folders(folder: str, state: RunState) -> tuple[Path, ...]:
    """The log folder, and that of the newest checkpoint where it is known."""
    parent = parent_of(state.checkpoints[-1].checkpoint_path) if state.checkpoints else None
    return (Path(folder),) if parent is None else (Path(folder), parent)


def seen_by_trainer(
    cards: tuple[GpuReading, ...], state: RunState, pid: int | None
) -> Mapping[str, bool | None]:
    """By UUID, which cards the trainer sees: as it recorded itself, else by the environment it was started with."""
    if state.reading is not None and state.reading.gpus:
        return {card.uuid: card.visible for card in state.reading.gpus if card.uuid is not None}
    environment = environment_of(pid) if pid is not None else None
    if environment is None:
        return {}
    seen = visible_gpus(environment, [card.uuid for card in cards], [card.name for card in cards])
    return {card.uuid: visible for card, visible in zip(cards, seen, strict=True) if card.uuid is not None}


def _allocators(state: RunState, now: float) -> tuple[AllocatorReading, ...]:
    """What only the trainer can say of itself, while it does."""
    return state.reading.allocators if state.reading is not None and is_fresh(state, now) else ()
