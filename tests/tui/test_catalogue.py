"""The catalogue: which runs it finds under a folder, what it says of each, and how seldom it reads."""

import os
from pathlib import Path

import pytest

from tests.builders import Journal, a_run
from trainmon.meaning.statuses import Status
from trainmon.storage import snapshot
from trainmon.storage.journal import bookmark
from trainmon.storage.snapshot import Texts, encode
from trainmon.words.paths import JOURNAL, SNAPSHOT
from trainmon_tui.feeds import catalogue
from trainmon_tui.feeds.catalogue import (
    FRESH_EVERY,
    MOST,
    SILENT_EVERY,
    Catalogue,
    first_runs,
    newest_run,
    runs_under,
)
from trainmon_tui.sight import listing
from trainmon_tui.sight.listing import POINTS


class Time:
    """Both clocks of a catalogue, which stand until they are moved."""

    def __init__(self, now: float) -> None:
        self.now = now

    def clock(self) -> float:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += seconds


def a_catalogue(root: Path, time: Time) -> Catalogue:
    return Catalogue(root, clock=time.clock, monotonic=time.clock)


def names(root: Path) -> list[str]:
    return [str(path.relative_to(root)) for path in runs_under(root) if path is not None]


def write_snapshot(folder: Path, journal: Journal) -> None:
    """A snapshot that knows the whole journal of the folder."""
    path = journal.write(folder)
    state = journal.state()
    with path.open("rb") as file:
        state.bookmark = bookmark(file.fileno(), path.stat().st_size, journal.writer)
    snapshot.write(folder, encode(state, Texts(), journal.now))


def test_runs_in_nested_folders_ranks_and_busy_are_found(tmp_path: Path) -> None:
    for name in ("a", "b/c", "b/d/e", "a/ranks/00001", "a/busy/20261122"):
        a_run(5).write(tmp_path / name)

    assert names(tmp_path) == ["a", "a/busy/20261122", "a/ranks/00001", "b/c", "b/d/e"]


def test_ranks_of_a_run_at_the_deepest_level_are_found_and_nothing_below_that_level_else(
    tmp_path: Path,
) -> None:
    a_run(5).write(tmp_path / "1/2/3/4")
    a_run(5).write(tmp_path / "1/2/3/4/ranks/00001")
    a_run(5).write(tmp_path / "1/2/3/4/5")

    assert names(tmp_path) == ["1/2/3/4", "1/2/3/4/ranks/00001"]


def test_links_and_hidden_folders_are_not_followed(tmp_path: Path) -> None:
    a_run(5).write(tmp_path / "real")
    a_run(5).write(tmp_path / ".hidden")
    (tmp_path / "real" / "loop").symlink_to(tmp_path, target_is_directory=True)

    assert names(tmp_path) == ["real"]


def test_a_folder_that_is_missing_or_a_file_holds_no_run(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")

    assert names(tmp_path / "missing") == []
    assert names(tmp_path / "file") == []
    assert first_runs(tmp_path / "missing") == ()


def test_the_list_is_wanted_where_several_runs_lie_below_and_none_in_the_folder(tmp_path: Path) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    a_run(5).write(a)
    a_run(5).write(a / "ranks" / "00001")
    assert first_runs(tmp_path) == (a,)

    a_run(5).write(b)
    a_run(5).write(tmp_path / "c")
    assert first_runs(tmp_path) == (a, b)

    a_run(5).write(tmp_path)
    assert first_runs(tmp_path) == ()


def test_the_run_that_was_written_to_last_is_the_newest(tmp_path: Path) -> None:
    for at, name in enumerate(("a", "nested/b", "c", "nested/b/ranks/00001")):
        a_run(5).write(tmp_path / name)
        moment = 1_000 if name == "c" else 1_000 + at
        os.utime(tmp_path / name / JOURNAL, (moment, moment))

    assert newest_run(tmp_path) == tmp_path / "nested" / "b"
    assert newest_run(tmp_path / "missing") == tmp_path / "missing"


def test_a_row_tells_status_progress_loss_and_best(tmp_path: Path) -> None:
    journal = a_run(250)
    journal.write(tmp_path / "a")

    [row] = a_catalogue(tmp_path, Time(journal.now + 5.0)).look().runs

    assert (row.name, row.model, row.bar.done, row.bar.total) == ("a", "DemoModel", 250, 400)
    assert a_catalogue(tmp_path / "a", Time(journal.now)).look().runs[0].name == "a"
    assert row.best == 0.8
    assert 2 <= len(row.loss) <= POINTS
    assert row.last_time is not None
    assert row.last_time <= journal.now


def test_a_snapshot_that_knows_all_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = a_run(250).ended()
    write_snapshot(tmp_path / "a", journal)
    monkeypatch.setattr(catalogue, "RunReader", None)

    [row] = a_catalogue(tmp_path, Time(journal.now + 5.0)).look().runs

    assert row.status is Status.FINISHED
    assert row.bar.done == 250


def test_where_the_trainer_is_gone_the_end_of_the_journal_counts_too(tmp_path: Path) -> None:
    journal = a_run(250)
    write_snapshot(tmp_path / "a", journal)
    journal.ended(success=False, reason="failed", error="boom").write(tmp_path / "a")

    [row] = a_catalogue(tmp_path, Time(journal.now + 5.0)).look().runs

    assert row.status is Status.FAILED


def test_a_broken_snapshot_is_passed_over_for_the_journal(tmp_path: Path) -> None:
    journal = a_run(250).ended()
    journal.write(tmp_path / "a")
    (tmp_path / "a" / SNAPSHOT).write_bytes(b"{torn")

    [row] = a_catalogue(tmp_path, Time(journal.now + 5.0)).look().runs

    assert row.status is Status.FINISHED


def test_earlier_runs_of_the_same_journal_are_listed_newest_first(tmp_path: Path) -> None:
    journal = Journal().opened()
    for name in ("first", "second", "third"):
        journal.started(name).steps(10).ended(
            success=name != "second", reason="failed" if name == "second" else "finished"
        )
    journal.write(tmp_path / "a")

    [row] = a_catalogue(tmp_path, Time(journal.now + 5.0)).look().runs

    assert row.model == "third"
    assert [(run.name, run.status, run.step) for run in row.earlier] == [
        ("second", Status.FAILED, 10),
        ("first", Status.FINISHED, 10),
    ]


def test_what_is_over_and_unchanged_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = a_run(50).ended()
    journal.write(tmp_path / "a")
    time = Time(journal.now + 5.0)
    known = a_catalogue(tmp_path, time)
    before = known.look().runs

    monkeypatch.setattr(catalogue, "run_row", None)
    time.pass_(10 * SILENT_EVERY)

    assert known.look().runs == before


def test_a_change_is_seen_after_a_while_and_not_at_once(tmp_path: Path) -> None:
    journal = a_run(50)
    journal.write(tmp_path / "a")
    time = Time(journal.now)
    known = a_catalogue(tmp_path, time)
    known.look()
    journal.steps(60, 51).write(tmp_path / "a")

    time.pass_(FRESH_EVERY / 2)
    assert known.look().runs[0].bar.done == 50

    time.pass_(FRESH_EVERY)
    assert known.look().runs[0].bar.done == 60


def test_a_run_that_comes_is_found_and_one_that_goes_is_dropped(tmp_path: Path) -> None:
    journal = a_run(5)
    old = journal.write(tmp_path / "old")
    time = Time(journal.now)
    known = a_catalogue(tmp_path, time)
    assert [row.name for row in known.look().runs] == ["old"]

    journal.write(tmp_path / "new")
    old.unlink()
    time.pass_(60.0)

    assert [row.name for row in known.look().runs] == ["new"]


def test_no_more_than_so_many_runs_are_listed_and_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MOST == 500
    monkeypatch.setattr(catalogue, "MOST", 3)
    for index in range(5):
        a_run(2).write(tmp_path / f"run{index}")

    found = a_catalogue(tmp_path, Time(0.0)).look()

    assert len(found.runs) == 3
    assert found.cut


def test_who_was_not_reached_in_one_round_comes_in_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for index in range(3):
        a_run(2).write(tmp_path / f"run{index}")
    time = Time(0.0)
    known = a_catalogue(tmp_path, time)
    read = listing.run_row

    def slow(*arguments: object) -> object:
        time.pass_(1.0)
        return read(*arguments)  # type: ignore[arg-type]  # handed on as they come

    monkeypatch.setattr(catalogue, "run_row", slow)

    assert [(len(found.runs), found.found) for found in (known.look(), known.look(), known.look())] == [
        (1, 3),
        (2, 3),
        (3, 3),
    ]
