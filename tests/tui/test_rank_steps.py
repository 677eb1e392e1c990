"""How far the ranks of a living run are, as the screen of rank 0 says it."""

import time
from pathlib import Path

from msgspec.structs import replace

from tests.builders import START, Journal
from tests.tui.apps import a_frame, an_app, panel_text
from trainmon.system.identity import own_place
from trainmon_tui.feeds.rank_steps import RankStep, StepsLook, read_rank, summary
from trainmon_tui.sight.sight import RankSteps

LIMIT = 10.0

NOBODY = 2**22 + 1
"""A process id above all that Linux gives out."""


def a_rank(rank: int, step: int, *, later: float = 0.0, epoch: int = 1, gone: str | None = None) -> RankStep:
    return RankStep(rank, epoch, step, START + later, gone)


def a_journal(rank: int, steps: int = 5) -> Journal:
    return Journal().opened(rank=rank, world_size=4).started().steps(steps)


def text_of(*ranks: RankStep) -> str:
    found = summary(ranks)
    return found.text if found is not None else ""


def test_the_slowest_rank_is_said_with_how_far_it_is_behind() -> None:
    """Not with the numbers of its steps: seconds later the bar of rank 0 would contradict them."""
    assert text_of(a_rank(0, 102), a_rank(3, 99), a_rank(1, 100)) == "ranks 3: rank 3 is 3 steps behind"
    assert (
        text_of(a_rank(0, 900, later=48), a_rank(1, 7))
        == "ranks 2: rank 1 is 893 steps behind, silent for 48s"
    )


def test_steps_that_were_made_between_two_reads_are_none_behind() -> None:
    found = summary([a_rank(0, 160, later=2.0), a_rank(1, 100)], 10.0)

    assert found is not None
    assert found.text == "ranks 2: rank 1 is 40 steps behind"


def test_ranks_that_only_were_read_one_after_another_are_in_step() -> None:
    """At 30 steps a second, half a second between two newest records makes 15 steps."""
    ranks = [a_rank(0, 102), a_rank(1, 117, later=0.5)]

    together, apart = summary(ranks, 30.0), summary([*ranks, a_rank(2, 40)], 30.0)

    assert together is not None
    assert together.text == "ranks 2, in step"
    assert apart is not None
    assert apart.text == "ranks 3: rank 2 is 62 steps behind"


def test_a_rank_that_is_gone_is_said_before_all_else() -> None:
    failed = replace(a_rank(1, 99, gone="failed"), why="ValueError: no label 17")
    found = summary([a_rank(0, 102), failed, a_rank(2, 99, gone="dead")])

    assert found == RankSteps(
        "ranks 3: rank 1 failed and 1 more",
        "rank 1 failed and 1 more",
        bad=True,
        why="ValueError: no label 17",
    )


def test_steps_that_begin_anew_are_not_compared_while_an_epoch_changes() -> None:
    assert text_of(a_rank(0, 1, epoch=2), a_rank(1, 100, epoch=1)) == "ranks 2"


def test_a_run_of_one_has_no_ranks_to_tell_of() -> None:
    assert summary([a_rank(0, 1)]) is None


def test_the_newest_step_is_read_from_the_end_of_a_journal_however_long(tmp_path: Path) -> None:
    a_journal(1, steps=2_000).system().write(tmp_path)

    found = read_rank(tmp_path, 1)

    assert found is not None
    assert (found.step, found.gone) == (2_000, None)


def test_a_rank_that_said_that_it_failed_and_one_without_a_process_are_gone(tmp_path: Path) -> None:
    a_journal(1).ended(success=False, reason="failed", error="x").closed().write(tmp_path / "failed")
    a_journal(1).ended().closed().write(tmp_path / "well")
    dead, here = a_journal(1), own_place()
    dead.events[0] = replace(
        dead.events[0], host=here.host, pid=NOBODY, boot_id=here.boot_id, pid_namespace=here.pid_namespace
    )
    dead.write(tmp_path / "dead")

    found = {name: read_rank(tmp_path / name, 1) for name in ("failed", "well", "dead")}

    assert {name: rank and rank.gone for name, rank in found.items()} == {
        "failed": "failed",
        "well": None,
        "dead": "dead",
    }
    assert found["failed"] is not None
    assert found["failed"].why == "x"


def test_damaged_and_missing_journals_and_those_of_earlier_trainings_tell_nothing(tmp_path: Path) -> None:
    journal = a_journal(1)
    path = journal.write(tmp_path / "old")
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / path.name).write_bytes(b"\x00" * 40_000 + b"\n")

    damaged = read_rank(tmp_path / "damaged", 1)

    assert read_rank(tmp_path / "missing", 1) is None
    assert read_rank(tmp_path / "old", 1, since=journal.now + 1.0) is None
    assert damaged is None or damaged.step is None


def test_all_ranks_of_this_training_are_looked_at_in_a_thread(tmp_path: Path) -> None:
    """A rank beyond the world size is left from a larger training; what is no number is none of a rank."""
    own = a_journal(0, steps=210)
    (tmp_path / "ranks" / "²").mkdir(parents=True)
    own.write(tmp_path)
    for rank in (1, 2, 9):
        a_journal(rank, steps=5 if rank < 9 else 1).write(tmp_path / "ranks" / f"{rank:05}")
    look, deadline, found = StepsLook(tmp_path), time.monotonic() + LIMIT, None

    while found is None and time.monotonic() < deadline:
        found = look.look(own.state(), 0.0)
        time.sleep(0.01)
    look.close()

    assert found is not None
    assert found.text == "ranks 3: rank 1 is 205 steps behind, silent for 20s"


async def test_the_status_line_tells_of_the_ranks_at_every_size() -> None:
    ranks = RankSteps("ranks 8: rank 3 is 12 steps behind", "rank 3 is 12 steps behind", bad=False)
    journal = Journal().opened(rank=0, world_size=8).started().steps(50)
    for size, said in (((160, 45), ranks.text), ((80, 24), ranks.short)):
        app = an_app(journal, frame=replace(a_frame(journal), ranks=ranks))
        async with app.run_test(size=size):
            assert said in panel_text(app, "status")
