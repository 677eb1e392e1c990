"""The names of the files in a run folder; the one place that knows them."""

import os
from enum import StrEnum
from pathlib import Path

JOURNAL = "journal.jsonl"
"""The truth: one JSON object a line."""

SNAPSHOT = "snapshot.json"
"""`monitoring_data` and the bookmark of readers; a projection of the journal."""

SNAPSHOT_TEMPORARY = ".snapshot.json.tmp"
"""Fixed, because a new name for each snapshot delays watchfiles' batches from 0.1 s to 1.7 s."""

LOCK = ".journal.lock"
"""Held by the one process that writes the journal; names it."""

RANKS = "ranks"
"""Folder of the ranks above 0, one folder each, `00001` and so on."""

BUSY = "busy"
"""Folder of trainings that found their folder taken, one folder each."""

FAULTS = "faulthandler"
"""Stem of the files that C-level crashes write their stacks to, `faulthandler.PID.log`."""

EXIT = "exit.json"
"""How the program ended, from the parent that waited for it: `trainmon run`."""

OUTPUT = "output.log"
"""What the program printed under `trainmon run`, a time before each line; older parts have `.1`, `.2` behind."""


class LogFile(StrEnum):
    """The five text logs of the spec, by what they hold; the general one is named after the application."""

    GENERAL = "general"
    PROGRESS = "training_progress"
    ERRORS = "errors"
    PERFORMANCE = "performance"
    OPERATIONS = "model_operations"

    def name_in(self, app_name: str) -> str:
        """The file's name in a run folder, where `app_name` names the general log."""
        return f"{app_name if self is LogFile.GENERAL else self.value}.log"


def absolute(path: str | os.PathLike[str]) -> Path:
    """The path from the root, `~` being the home folder; where the working folder was deleted, from where it was."""
    whole = Path(os.path.expanduser(path))  # That of `Path` raises where there is no home.
    try:
        return whole.absolute()
    except FileNotFoundError:
        return Path(os.readlink("/proc/self/cwd").removesuffix(" (deleted)")) / whole


_BYTES = "bytes:"
"""What a recorded path begins with whose name is no UTF-8; an absolute path begins with a slash."""


def recorded(path: str | os.PathLike[str]) -> str:
    """An absolute path as JSON can hold it: itself, or its bytes in hexadecimal; `named` is the inverse."""
    try:
        os.fspath(path).encode()
    except UnicodeEncodeError:
        return _BYTES + os.fsencode(path).hex()
    return os.fspath(path)


def named(text: str) -> Path:
    """The path that was `recorded`."""
    if text.startswith(_BYTES):
        try:
            return Path(os.fsdecode(bytes.fromhex(text.removeprefix(_BYTES))))
        except ValueError:
            return Path(text)  # Of somebody else's making.
    return Path(text)


def rank_folder(folder: Path, rank: int | None) -> Path:
    """Where a rank records: the folder itself for rank 0 and where ranks are unknown, else a folder inside."""
    return folder / RANKS / f"{rank:05d}" if rank else folder
