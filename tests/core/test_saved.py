"""What a run that broke off loses: a checkpoint whose file is gone saves nothing."""

import os
from pathlib import Path

from msgspec.structs import replace

from tests.builders import Journal, a_run
from tests.core.test_status_document import a_look
from tests.run_folders import write_run
from trainmon.meaning.saved import newest_there, unsaved
from trainmon.reading.look import FILES, Look, files_of, look
from trainmon.status.document import document
from trainmon.status.text import status_lines

FIRST, SECOND = "/ckpt/epoch_001.pt", "/ckpt/epoch_002.pt"


def lost(**files: bool | None) -> str:
    """The line of a status of a dead run of 250 steps with checkpoints at 100 and 200."""
    dead = a_look(a_run(), alive=False)
    known = {FIRST: files.get("first"), SECOND: files.get("second")}
    lines = status_lines(document(replace(dead, files=known), a_run().now + 60.0))
    return next(line[14:] for line in lines if line.startswith("  lost "))


def test_it_is_counted_from_the_newest_checkpoint_that_may_be_there() -> None:
    """What is not known counts as there: of another host nobody here can know more."""
    assert lost(first=True, second=True) == "50 steps since the newest checkpoint"
    assert lost(first=None, second=None) == "50 steps since the newest checkpoint"
    assert (
        lost(first=True, second=False) == "150 steps since step 100, the newest checkpoint that may be there"
    )
    assert lost(first=False, second=False) == "250 steps since the start"


def test_a_run_without_checkpoints_loses_all() -> None:
    assert newest_there([], {}) is None
    assert unsaved(250, None) == 250


def test_where_the_newest_files_are_gone_older_ones_are_looked_for(tmp_path: Path) -> None:
    """Also beyond the newest dozen, until one is found."""
    (tmp_path / "1.pt").touch()
    journal = Journal().opened(host=os.uname().nodename).started().steps(50)
    for step in range(FILES + 3):
        journal.checkpoint(50, str(tmp_path / f"{step}.pt"))
    state = journal.state()

    newest = newest_there(state.checkpoints, files_of(state))

    assert newest is not None
    assert newest.checkpoint_path == str(tmp_path / "1.pt")


def test_a_look_knows_its_newest_checkpoint(tmp_path: Path) -> None:
    found: Look = look(write_run(tmp_path / "run", a_run()))

    assert found.checkpoint_there == found.files[SECOND]
