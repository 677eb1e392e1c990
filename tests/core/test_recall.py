"""One error read from the journal: whole, and only from the journal that it is in."""

from pathlib import Path

import pytest

from tests.builders import Journal
from tests.run_folders import state_of, write_run
from trainmon.fold.entries import TRACEBACK_LIMIT
from trainmon.fold.state import Bookmark
from trainmon.fold.state_entries import FULL_ENTRIES
from trainmon.reading.recall import recall_error
from trainmon.words.paths import JOURNAL


def test_an_error_whose_traceback_the_state_has_let_go_is_whole_in_the_journal(tmp_path: Path) -> None:
    long = "first line\n" + "x" * 2 * TRACEBACK_LIMIT
    journal = Journal().opened().started().error(error_type="Old", traceback=long)
    for step in range(2 * FULL_ENTRIES):
        journal.progress(step).error(error_type=f"Newer{step}")
    folder = write_run(tmp_path / "run", journal)
    state = state_of(folder)

    old = next(entry for entry in state.errors if entry.error_type == "Old")
    found = recall_error(folder, state.bookmark, old.offset)

    assert old.traceback == ""
    assert found is not None
    assert found.traceback == long


def test_a_group_leads_to_its_newest_error_however_many_came_since(tmp_path: Path) -> None:
    journal = (
        Journal().opened().started().error("first", error_type="Rare").error("second", error_type="Rare")
    )
    for step in range(300):
        journal.progress(step).error(error_type="Common")
    folder = write_run(tmp_path / "run", journal)
    state = state_of(folder)

    rare = next(group for group in state.error_groups if group.error_type == "Rare")
    found = recall_error(folder, state.bookmark, rare.offset)

    assert all(entry.error_type != "Rare" for entry in state.errors)
    assert found is not None
    assert found.message == "second"


@pytest.mark.parametrize("offset", [-1, 0, 5, 10**9])
def test_where_no_error_stands_there_is_none(tmp_path: Path, offset: int) -> None:
    folder = write_run(tmp_path / "run", Journal().opened().started().error())

    assert recall_error(folder, state_of(folder).bookmark, offset) is None


def test_another_journal_in_its_place_has_no_errors_of_ours(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", Journal().opened().started().error())
    state = state_of(folder)
    write_run(folder, Journal(writer="ba9876543210").opened(host="elsewhere").started().error().error())

    assert recall_error(folder, state.bookmark, state.errors[0].offset) is None
    (folder / JOURNAL).unlink()
    assert recall_error(folder, state.bookmark, state.errors[0].offset) is None
    assert recall_error(folder, Bookmark(), state.errors[0].offset) is None
