"""Hints: what changed in a run folder makes a descriptor readable, also where files and folders are replaced."""

import os
import select
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from watchfiles import Change

from trainmon.words.paths import JOURNAL, OUTPUT, SNAPSHOT, SNAPSHOT_TEMPORARY
from trainmon_tui.feeds import hints as module
from trainmon_tui.feeds.hints import Hints, matters

PATIENCE = 20.0
"""Seconds until a wait gives up; nothing takes that long unless it fails."""

Open = Callable[[Path], Hints]


def tells(hints: Hints, seconds: float) -> bool:
    """Whether something is told within so many seconds; what was told is taken."""
    descriptor = hints.descriptor
    assert descriptor is not None
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    told = bool(poll.poll(1_000 * seconds))
    hints.settle()
    return told


def is_told(hints: Hints, change: Callable[[], object]) -> bool:
    """Whether a change is told, made again and again, because nobody knows when watching has begun."""
    for _ in range(int(PATIENCE / 0.2)):
        change()
        if tells(hints, 0.2):
            return True
    return False


def append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"{}\n")


@pytest.fixture
def open_hints(monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    monkeypatch.setattr(module, "RETRY", 0.1)
    opened: list[Hints] = []

    def open_one(folder: Path) -> Hints:
        opened.append(Hints(folder))
        opened[-1].open()
        return opened[-1]

    yield open_one
    for hints in opened:
        assert hints.close(PATIENCE)


@pytest.mark.parametrize("name", [JOURNAL, OUTPUT])
def test_a_file_that_grows_is_told_of_each_time(tmp_path: Path, open_hints: Open, name: str) -> None:
    append(tmp_path / name)
    hints = open_hints(tmp_path)
    assert is_told(hints, lambda: append(tmp_path / name))

    append(tmp_path / name)

    assert tells(hints, PATIENCE)


def test_a_file_that_is_new_and_one_that_is_replaced_are_told_of(tmp_path: Path, open_hints: Open) -> None:
    def replace() -> None:
        append(tmp_path / SNAPSHOT_TEMPORARY)
        os.replace(tmp_path / SNAPSHOT_TEMPORARY, tmp_path / SNAPSHOT)

    assert is_told(open_hints(tmp_path), replace)


def test_a_text_log_that_grows_does_not_matter() -> None:
    """It grows with the journal, and would wake us for each line a second time."""
    assert matters(Change.modified, f"/runs/a/{JOURNAL}")
    assert not matters(Change.modified, "/runs/a/training_progress.log")
    assert not matters(Change.added, f"/runs/a/{SNAPSHOT_TEMPORARY}")


def test_a_folder_that_comes_late_and_one_that_is_made_again_are_watched(
    tmp_path: Path, open_hints: Open
) -> None:
    folder = tmp_path / "logs"
    hints = open_hints(folder)
    folder.mkdir()
    assert is_told(hints, lambda: append(folder / JOURNAL))

    (folder / JOURNAL).unlink()
    folder.rmdir()
    folder.mkdir()

    assert is_told(hints, lambda: append(folder / JOURNAL))


def test_where_nothing_can_be_watched_there_is_no_hint_and_no_error(
    tmp_path: Path, open_hints: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The package may be broken, inotify's instances used up: all the same."""
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    hints = open_hints(tmp_path)

    assert hints.close(PATIENCE)
    assert hints.descriptor is None
