"""One look at a run folder: what the reader knows by now, whether its checkpoints are there, the folders inside.

For commands that look once and go; the screen follows a folder with `trainmon_tui.feed`. Nothing is written.
"""

import os
import stat
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from trainmon.events import Opened
from trainmon.paths import BUSY, RANKS
from trainmon.reader import RunReader, View
from trainmon.state import RunState
from trainmon.state_entries import CheckpointEntry

PATIENCE = 60.0
"""Seconds that reading one folder may take: a journal of 20 million events without a snapshot."""

ACCOUNTS_PATIENCE = 3.0
"""Seconds that a look at a dead training waits for the batch system's word; usually it takes some 0.1 s."""

FILES = 12
"""Checkpoints, the newest, whose files are looked for; more only where all of these are gone."""

MOST_INSIDE = 256
"""Folders inside `ranks` and `busy` that are looked at; a status line for more would not be read."""


class Look(msgspec.Struct, frozen=True):
    """A run folder as it was found."""

    folder: Path
    view: View
    files: Mapping[str, bool | None] = {}
    """See `files_of`."""
    ranks: tuple["Look", ...] = ()
    """The ranks above 0, by rising number."""
    busy: tuple["Look", ...] = ()
    """Trainings that found the folder taken, oldest first."""
    left_out: int = 0
    """Folders inside that were not looked at, because there are more than `MOST_INSIDE`."""

    @property
    def checkpoint_there(self) -> bool | None:
        """Whether the newest checkpoint's file is there; None: there is none, or it cannot be known from here."""
        newest = self.view.state.checkpoints[-1:]
        return self.files.get(newest[0].checkpoint_path) if newest else None


def look(folder: Path, *, monotonic: Callable[[], float] = time.monotonic) -> Look:
    """The folder and those inside it, as they are now; it need not exist."""
    ranks, more_ranks = _inside(folder / RANKS, monotonic)
    busy, more_busy = _inside(folder / BUSY, monotonic)
    return _look_at(folder, monotonic, ranks, busy, more_ranks + more_busy)


def _inside(folder: Path, monotonic: Callable[[], float]) -> tuple[tuple[Look, ...], int]:
    found = folders_in(folder)
    shown = found[:MOST_INSIDE]
    return tuple(_look_at(each, monotonic) for each in shown), len(found) - len(shown)


def folders_in(folder: Path) -> list[Path]:
    """The folders in a folder, by name, links not followed; empty where it is missing or may not be read."""
    try:
        with os.scandir(folder) as entries:
            return sorted(Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False))
    except OSError:
        return []


def _look_at(
    folder: Path,
    monotonic: Callable[[], float],
    ranks: tuple[Look, ...] = (),
    busy: tuple[Look, ...] = (),
    left_out: int = 0,
) -> Look:
    reader = RunReader(folder)
    try:
        view = _read_up(reader, monotonic)
        if reader.wait_for_accounts(ACCOUNTS_PATIENCE):
            view = reader.poll()
    finally:
        reader.close()
    return Look(folder, view, files_of(view.state), ranks, busy, left_out)


def _read_up(reader: RunReader, monotonic: Callable[[], float]) -> View:
    """Polls until the end of the journal: one poll of a long one stops after a quarter of a second."""
    deadline = monotonic() + PATIENCE
    view = reader.poll()
    before = 0
    # A poll on a busy machine may stop after any part; only one that reads nothing is at the end.
    while view.bytes_read > before and monotonic() < deadline:
        before = view.bytes_read
        view = reader.poll()
    return view


def files_of(state: RunState) -> dict[str, bool | None]:
    """Whether files of checkpoints are there, by path: of the best, the newest, and back to one that is not gone.

    Of several checkpoints with one path, each written over the one before, the newest counts.
    """
    found: dict[str, bool | None] = {}
    for place, entry in enumerate(reversed(state.checkpoints)):
        if place >= FILES and any(there is not False for there in found.values()):
            break
        if entry.checkpoint_path not in found:
            found[entry.checkpoint_path] = is_there(entry, state.opened)
    best = state.best_checkpoint
    if best is not None and best.checkpoint_path not in found:
        found[best.checkpoint_path] = is_there(best, state.opened)
    return found


def is_there(entry: CheckpointEntry, opened: Opened | None) -> bool | None:
    """Whether the file or folder of a checkpoint is there; None where this cannot be known from here.

    Args:
        entry: A relative path counts from the folder that was recorded with it. Where none was, it is tried from the
            trainer's folder, known while it lives on this host, from here, from the run folder and from beside that.
            A file of another size than was recorded is perhaps another one.
        opened: Who recorded it; None: not known.
    """
    path = entry.checkpoint_path
    local = opened is not None and opened.host == os.uname().nodename
    known = os.path.isabs(path) or entry.folder is not None
    candidates = [Path(entry.folder or "", path)]
    if not known and opened is not None:
        if opened.folder is not None:
            candidates += [Path(opened.folder) / path, Path(opened.folder).parent / path]
        if local:
            candidates.append(Path(f"/proc/{opened.pid}/cwd") / path)
    found = next((status for each in candidates if (status := _status(each)) is not None), None)
    if found is None:
        return False if local and known else None
    is_other = stat.S_ISREG(found.st_mode) and entry.size is not None and found.st_size != entry.size
    return None if is_other else True


def _status(path: Path) -> os.stat_result | None:
    try:
        return os.stat(path)
    except (OSError, ValueError):  # ValueError: a NUL or a lone surrogate in the path
        return None
