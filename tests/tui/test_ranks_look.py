"""The rank that failed first is the one that the screen of rank 0 names."""

import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.builders import Journal, a_run
from tests.tui.apps import a_frame, an_app, panel_text
from trainmon.fold.state import RunState
from trainmon.meaning.blame import RankVerdict, named
from trainmon.meaning.statuses import Status, Verdict
from trainmon.reading.reader import RunReader, View
from trainmon_tui.feeds import ranks_look
from trainmon_tui.feeds.ranks_look import RanksLook
from trainmon_tui.sight.sight import FailedRank

LIMIT = 10.0

KILLED = Verdict(Status.OUT_OF_MEMORY, "cgroup oom_kill 0 → 1", 100.0)


def failed(rank: int, error: str, later: float) -> Journal:
    """A rank that says how it failed, some seconds after the last step."""
    journal = Journal().opened(rank=rank).started().steps(5).after(later)
    return journal.ended(success=False, reason="failed", error=error).closed()


def view_of(folder: Path) -> View:
    reader = RunReader(folder)
    view = reader.poll()
    reader.close()
    return view


def looked(folder: Path) -> RankVerdict | None:
    """What is found once the thread has looked."""
    ranks = RanksLook(folder)
    deadline = time.monotonic() + LIMIT
    found = None
    while found is None and time.monotonic() < deadline:
        found = ranks.look(view_of(folder), 0.0)
        time.sleep(0.01)
    ranks.close()
    return found


def test_a_rank_that_failed_before_the_others_complained_is_named(tmp_path: Path) -> None:
    failed(0, "DistBackendError: NCCL error, remote process exited", 3.0).write(tmp_path)
    failed(1, "RuntimeError: NCCL communicator was aborted", 2.0).write(tmp_path / "ranks" / "00001")
    failed(2, "ZeroDivisionError: division by zero", 4.0).write(tmp_path / "ranks" / "00002")

    found = looked(tmp_path)

    assert found is not None
    assert found.rank == 2
    assert "ZeroDivisionError" in (found.verdict.why or "")


def test_a_run_that_goes_well_has_nobody_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Journal().opened(rank=0).started().steps(5).ended(success=True).write(tmp_path)
    (tmp_path / "ranks" / "00001").mkdir(parents=True)
    asked = list[Path]()
    monkeypatch.setattr(ranks_look, "look", asked.append)
    ranks = RanksLook(tmp_path)

    assert ranks.look(view_of(tmp_path), 0.0) is None
    ranks.close()
    assert asked == []


def test_where_no_other_rank_failed_rank_0_speaks_for_itself() -> None:
    own = Verdict(Status.FAILED, "ValueError: x", 1.0)

    assert named(own, None) is own


def test_the_verdict_of_all_is_that_of_the_first_and_a_stall_says_who_is_missing() -> None:
    dead = named(Verdict(Status.FAILED, "NCCL error", 101.0), RankVerdict(3, KILLED))
    stalled = named(Verdict(Status.STALLED, "waits for its GPU", 90.0), RankVerdict(3, KILLED))

    assert (dead.status, dead.why) == (Status.OUT_OF_MEMORY, "rank 3: cgroup oom_kill 0 → 1")
    assert stalled.status is Status.STALLED
    assert (stalled.why or "").startswith("rank 3 is gone: killed by the out-of-memory killer: cgroup")


async def test_the_status_line_names_the_rank() -> None:
    journal = a_run(50)
    first = FailedRank(3, KILLED, "logs/ranks/00003", RunState())
    app = an_app(journal, frame=replace(a_frame(journal, alive=False), first=first))
    async with app.run_test(size=(120, 40)):
        assert "KILLED by the out-of-memory killer" in panel_text(app, "status")
        assert "rank 3: cgroup oom_kill" in panel_text(app, "status")
