"""Where a training that broke off goes on: at its newest checkpoint whose file is not known to be gone."""

import os
from typing import Literal

import msgspec

from trainmon.calls import checks
from trainmon.errors import ArgumentError
from trainmon.facts.given import as_flag
from trainmon.facts.values import as_text
from trainmon.fold.state import RunState
from trainmon.fold.state_entries import CheckpointEntry
from trainmon.meaning.saved import newest_there
from trainmon.reading.look import files_of
from trainmon.system.aside import Aside

Resume = bool | Literal["auto"]
"""Whether the last run of the folder is continued; `auto`: if it has the same `run_id`."""

PATIENCE = 5.0
"""Seconds that a file system may take to say which files are there; a server that wakes up its disks needs some."""

RUN_ID_LIMIT = 200
"""Characters of a `run_id` that are recorded."""


class Resumption(msgspec.Struct, frozen=True):
    """What a run goes on from."""

    checkpoint: CheckpointEntry | None = None
    """None: from the beginning."""
    said: str | None = None
    """What the program should know: that checkpoints are gone."""

    @property
    def step(self) -> int:
        """Steps that are done."""
        return self.checkpoint.run_step if self.checkpoint is not None else 0

    @property
    def path(self) -> str | None:
        """The checkpoint's file or folder, absolute where that is known, or its address in a store."""
        entry = self.checkpoint
        if entry is None:
            return None
        if "://" in entry.checkpoint_path:
            return entry.checkpoint_path
        return os.path.join(entry.folder or "", entry.checkpoint_path)


def check_resume(resume: object, run_id: object) -> tuple[Resume, str | None]:
    """`resume` and `run_id` as they are recorded.

    Raises:
        ArgumentError: One of them is not what it has to be.
    """
    name = None if run_id is None else as_text(checks.check_text("run_id", run_id), RUN_ID_LIMIT)
    if isinstance(resume, str):
        if resume != "auto":
            raise ArgumentError(f"resume: expected True, False or 'auto', got {resume!r}")
        if name is None:
            raise ArgumentError("resume='auto': expected a run_id, which tells whether it is the same run")
        return "auto", name
    if resume not in (False, True):
        raise ArgumentError(f"resume: expected True, False or 'auto', got {resume!r}")
    return as_flag(resume), name


def continued(state: RunState | None, resume: Resume, run_id: str | None) -> RunState | None:
    """The run that is continued; None where a new one begins."""
    if not resume or state is None or state.run_id is None:
        return None
    return state if resume is True or state.run_id == run_id else None


def resumption(state: RunState | None) -> Resumption:
    """Where the run goes on that a state tells of; a file system that does not answer counts as having the files."""
    if state is None or not state.checkpoints:
        return Resumption()
    aside = Aside("trainmon-checkpoints", lambda: files_of(state))
    files = aside.ask(PATIENCE) or {}
    aside.close()
    newest, found = state.checkpoints[-1], newest_there(state.checkpoints, files)
    if found is newest:
        return Resumption(found)
    gone = f"the newest checkpoint, {_name(newest)} of step {newest.run_step:,}, is gone"
    if found is None:
        rest = "as are all before it: steps count from 0; initial_step= says where you go on"
    else:
        rest = f"the run goes on from {_name(found)} of step {found.run_step:,}"
    return Resumption(found, f"{gone}; {rest}")


def _name(entry: CheckpointEntry) -> str:
    return os.path.basename(entry.checkpoint_path.rstrip("/")) or "without a name"
