"""Dead spools: those that nobody will come for are removed in the end, and no others."""

import os
import threading
import time
from pathlib import Path

import pytest

from tests.builders import a_run
from tests.run_folders import write_run
from trainmon.facts.codec import encode_line
from trainmon.spool.spool import Spool
from trainmon.spool.spool_header import SpoolHeader
from trainmon.storage import dead_spools as module
from trainmon.storage.dead_spools import (
    AGE,
    DeadSpool,
    dead_spools,
    remove_orphans,
    remove_orphans_aside,
    words,
)
from trainmon.system.private_files import UNFINISHED
from trainmon.words.paths import JOURNAL

OLD = AGE + 60.0


def leave(folder: Path, *, journal_id: str | None = None, device: int | None = -1, age: float = OLD) -> Path:
    """A dead spool of a run folder, whose last line is so many seconds old; -1: the device of the tests' folders."""
    device = folder.parent.stat().st_dev if device == -1 else device
    spool = Spool(SpoolHeader(str(folder / JOURNAL), journal_id, a_run().writer, 1, device))
    spool.open()
    spool.append(encode_line(a_run().events[0]))
    path = spool.path
    assert path is not None
    spool.leave()
    made_old(path, age)
    return path


def made_old(path: Path, age: float) -> None:
    os.utime(path, (time.time() - age, time.time() - age))


def removed() -> list[Path]:
    return [spool.path for spool in remove_orphans(time.time())]


def test_a_spool_whose_folder_was_deleted_is_removed_after_a_week(tmp_path: Path) -> None:
    old, young = leave(tmp_path / "gone"), leave(tmp_path / "gone", age=AGE - 60.0)

    assert removed() == [old]
    assert not old.exists()
    assert young.exists()


def test_the_folder_of_a_mount_that_is_away_is_not_gone(tmp_path: Path) -> None:
    """What stands under its name meanwhile is on another device."""
    path = leave(tmp_path / "gone", device=tmp_path.stat().st_dev + 1)

    assert removed() == []
    assert path.exists()


def test_of_a_folder_that_could_never_be_opened_nothing_is_removed(tmp_path: Path) -> None:
    """Nobody knows on which device it would have been."""
    leave(tmp_path / "gone", device=None)

    assert removed() == []


def test_a_spool_with_a_run_folder_waits_for_the_next_opener(tmp_path: Path) -> None:
    """With its journal, with none yet, and with a journal whose name the spool did not know."""
    run = write_run(tmp_path / "run", a_run())
    (tmp_path / "empty").mkdir()
    leave(run, journal_id=a_run().writer)
    leave(run, journal_id=None)
    leave(tmp_path / "empty", journal_id="ffffffffffff")

    assert removed() == []


def test_a_spool_is_removed_where_another_journal_stands_in_the_folder(tmp_path: Path) -> None:
    """`rm -r logs`, and a new training: the records of the old one belong nowhere."""
    run = write_run(tmp_path / "run", a_run())
    spool = Spool(SpoolHeader(str(run / JOURNAL), "ffffffffffff", "eeeeeeeeeeee", 1, tmp_path.stat().st_dev))
    spool.open()
    path = spool.path
    assert path is not None
    spool.leave()
    made_old(path, OLD)

    assert removed() == [path]


def test_a_living_spool_is_never_removed(tmp_path: Path) -> None:
    """A training that has said nothing for a week, and whose folder was deleted, makes it again with its next line."""
    spool = Spool(SpoolHeader(str(tmp_path / "gone" / JOURNAL), None, "a", 1, tmp_path.stat().st_dev))
    spool.open()
    assert spool.path is not None
    made_old(spool.path, OLD)

    assert removed() == []
    assert list(dead_spools(time.time())) == []


def test_what_a_process_left_that_was_killed_opening_a_segment_goes_too(tmp_path: Path) -> None:
    folder = leave(tmp_path / "gone", age=0.0).parent
    old, young = folder / f".a{UNFINISHED}", folder / f".b{UNFINISHED}"
    old.touch()
    young.touch()
    made_old(old, OLD)

    remove_orphans(time.time())

    assert (old.exists(), young.exists()) == (False, True)


def test_a_logger_removes_them_aside_and_says_what_it_removed(tmp_path: Path) -> None:
    leave(tmp_path / "gone")
    reports: list[list[DeadSpool]] = []

    thread = remove_orphans_aside(reports.append)

    assert thread is not None
    thread.join()
    (report,) = reports
    assert words(report).startswith("removed 1 spool (")
    assert str(tmp_path / "gone") in words(report)


def test_no_thread_is_started_for_nothing(tmp_path: Path) -> None:
    leave(tmp_path / "gone", age=0.0)
    before = set(threading.enumerate())

    assert remove_orphans_aside(lambda removed: None) is None
    assert set(threading.enumerate()) <= before


def test_a_folder_that_cannot_be_looked_at_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = leave(tmp_path / "gone")

    def refuse(path: Path) -> int:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(module.journal, "open_shared", refuse)

    assert removed() == []
    assert path.exists()
