"""Hints: what changed in a run folder makes a descriptor readable, also where files and folders are replaced."""

import ctypes
import os
import select
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from trainmon.paths import JOURNAL, OUTPUT, SNAPSHOT
from trainmon_tui.hints import Hints

Open = Callable[[Path], Hints]


def tells(hints: Hints) -> bool:
    """Whether something was told since it settled last; inotify tells before the system call that does it returns."""
    descriptor = hints.descriptor
    assert descriptor is not None
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


@pytest.fixture
def open_hints() -> Iterator[Open]:
    opened: list[Hints] = []

    def open_one(folder: Path) -> Hints:
        opened.append(Hints(folder))
        opened[-1].open()
        return opened[-1]

    yield open_one
    for hints in opened:
        hints.close()


def append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"{}\n")


@pytest.mark.parametrize("name", [JOURNAL, OUTPUT])
def test_a_file_that_grows_is_told_of_each_time(tmp_path: Path, open_hints: Open, name: str) -> None:
    append(tmp_path / name)
    hints = open_hints(tmp_path)
    assert not tells(hints)

    for _ in range(2):
        append(tmp_path / name)
        assert tells(hints)
        hints.settle()
        assert not tells(hints)


def test_a_file_that_is_new_is_told_of_and_then_watched(tmp_path: Path, open_hints: Open) -> None:
    hints = open_hints(tmp_path)

    append(tmp_path / JOURNAL)
    assert tells(hints)
    hints.settle()

    append(tmp_path / JOURNAL)
    assert tells(hints)


def test_a_file_that_is_replaced_is_told_of(tmp_path: Path, open_hints: Open) -> None:
    hints = open_hints(tmp_path)
    append(tmp_path / f"{SNAPSHOT}.tmp")
    hints.settle()

    os.replace(tmp_path / f"{SNAPSHOT}.tmp", tmp_path / SNAPSHOT)

    assert tells(hints)


def test_a_text_log_that_grows_is_not_told_of(tmp_path: Path, open_hints: Open) -> None:
    """It grows with the journal, and would wake us for each line a second time."""
    append(tmp_path / "training.log")
    hints = open_hints(tmp_path)

    append(tmp_path / "training.log")

    assert not tells(hints)


def test_a_folder_that_is_made_again_is_watched_again(tmp_path: Path, open_hints: Open) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    hints = open_hints(folder)
    folder.rmdir()
    assert tells(hints)
    folder.mkdir()
    hints.settle()

    append(folder / JOURNAL)

    assert tells(hints)


def test_a_folder_that_is_not_there_is_no_error(tmp_path: Path, open_hints: Open) -> None:
    hints = open_hints(tmp_path / "logs")
    (tmp_path / "logs").mkdir()
    hints.settle()

    append(tmp_path / "logs" / JOURNAL)

    assert tells(hints)


def test_without_inotify_there_is_no_hint_and_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: object())
    hints = Hints(tmp_path)

    hints.open()
    hints.settle()
    hints.close()

    assert hints.descriptor is None
