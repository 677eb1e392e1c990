"""One look at a run folder: what the reader knows by now, whether its checkpoints are there, the folders inside.

For commands that look once and go; the screen follows a folder with `trainmon_tui.feeds.feed`. Nothing is written.
"""

import math
import os
import stat
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from trainmon.facts.events import Opened
from trainmon.fold.state import RunState
from trainmon.fold.state_entries import CheckpointEntry
from trainmon.reading.reader import RunReader, View
from trainmon.system.slurm import Accounts
from trainmon.words.paths import BUSY, JOURNAL, RANKS

PATIENCE = 60.0
"""Seconds that reading all folders may take: a journal of 20 million events without a snapshot, or those of hundreds of
ranks; what comes later is read for a quarter of a second each. The run folder itself comes first."""

ACCOUNTS_PATIENCE = 3.0
"""Seconds that a look at dead trainings waits for the batch system's word, all of them together; usually some 0.1 s."""

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


def look(
    folder: Path,
    *,
    monotonic: Callable[[], float] = time.monotonic,
    accounts: Accounts | None = None,
) -> Look:
    """The folder and those inside it, as they are now; it need not exist.

    Args:
        folder: The run folder.
        monotonic: Monotonic seconds.
        accounts: Asks the batch system, for whoever looks again and again; None: it is asked anew.
    """
    eye = _Eye(monotonic, accounts or Accounts())
    ranks, busy = folders_in(folder / RANKS), folders_in(folder / BUSY)
    shown = _most_telling(ranks)
    return msgspec.structs.replace(
        eye.look(folder),
        ranks=tuple(map(eye.look, shown)),
        busy=tuple(map(eye.look, busy[:MOST_INSIDE])),
        left_out=len(ranks) - len(shown) + len(busy[MOST_INSIDE:]),
    )


def _most_telling(folders: list[Path]) -> list[Path]:
    """Of more folders than are looked at the first, and those that fell silent first: whoever failed is among them."""
    if len(folders) <= MOST_INSIDE:
        return folders
    first, rest = folders[: MOST_INSIDE // 2], folders[MOST_INSIDE // 2 :]
    return first + sorted(sorted(rest, key=_last_change)[: MOST_INSIDE - len(first)])


def _last_change(folder: Path) -> float:
    """When its journal was written last, in Unix seconds; infinite where there is none."""
    found = _status(folder / JOURNAL)
    return found.st_mtime if found is not None else math.inf


def folders_in(folder: Path) -> list[Path]:
    """The folders in a folder, by name, links not followed; empty where it is missing or may not be read."""
    try:
        with os.scandir(folder) as entries:
            return sorted(Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False))
    except OSError:
        return []


class _Eye:
    """Looks at one folder after another, and waits for the batch system once for all of them."""

    def __init__(self, monotonic: Callable[[], float], accounts: Accounts) -> None:
        self._monotonic = monotonic
        self._accounts = accounts
        self._patience = ACCOUNTS_PATIENCE
        self._deadline = monotonic() + PATIENCE

    def look(self, folder: Path) -> Look:
        """A folder without those inside it."""
        reader = RunReader(folder, accounts=self._accounts)
        try:
            view = self._read_up(reader)
            before = self._monotonic()
            if self._patience > 0 and self._accounts.wait(self._patience):
                self._patience -= self._monotonic() - before
                view = reader.poll()
        finally:
            reader.close()
        return Look(folder, view, files_of(view.state))

    def _read_up(self, reader: RunReader) -> View:
        """Polls until the end of the journal: one poll of a long one stops after a quarter of a second."""
        view = reader.poll()
        before = 0
        # A poll on a busy machine may stop after any part; only one that reads nothing is at the end.
        while view.bytes_read > before and self._monotonic() < self._deadline:
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
    if "://" in path:
        return None  # In a store, such as s3://bucket/model.pt.
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


def size_of(path: Path) -> int:
    """Bytes of a checkpoint: a file, or a folder with files in it.

    Raises:
        OSError: It is not there, or cannot be looked at.
    """
    if path.is_dir():
        return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return path.stat().st_size


def _status(path: Path) -> os.stat_result | None:
    try:
        return os.stat(path)
    except (OSError, ValueError):  # ValueError: a NUL or a lone surrogate in the path
        return None
