"""`trainmon/meaning/deadline.py`: whether a run ends in time, and which checkpoint is the last that does."""

import pytest

from tests.builders import START, Journal
from tests.conftest import OpenLogger
from trainmon.meaning.deadline import Deadline, deadline_of, name, outlook, words


def a_run(
    steps: int = 450,
    *,
    allocation_end: float | None = None,
    deadline: float | None = None,
    checkpoints: bool = True,
) -> Journal:
    """1,000 steps wanted, one a second; a checkpoint every 100, which takes ten seconds."""
    journal = Journal().opened(allocation_end=allocation_end, deadline=deadline)
    journal.started(total_epochs=None, total_steps=1_000)
    for first in range(1, steps + 1, 100):
        last = min(first + 99, steps)
        journal.steps(last, first, every=1.0, total_steps=1_000)
        if checkpoints and last % 100 == 0:
            journal.span("checkpoint", 10.0).checkpoint(last)
    return journal


def test_a_run_without_a_deadline_has_no_outlook() -> None:
    journal = a_run()

    assert outlook(journal.state(), journal.now) is None


def test_the_earlier_of_allocation_and_deadline_counts() -> None:
    """Whoever asks for another deadline cannot lengthen the allocation."""
    state = a_run(10, allocation_end=START + 5_000, deadline=START + 3_000).state()

    assert deadline_of(state) == Deadline(START + 3_000, allocation=False)
    assert deadline_of(state, START + 4_000) == Deadline(START + 4_000, allocation=False)
    assert deadline_of(state, START + 9_000) == Deadline(START + 5_000, allocation=True)


def test_a_run_that_ends_in_time_says_what_is_spare() -> None:
    """550 steps and five checkpoints, the one at the end apart, are about ten minutes."""
    journal = a_run()

    found = outlook(journal.state(), journal.now, journal.now + 4_200)

    assert found is not None
    assert found.fits
    assert found.spare == pytest.approx(3_600, abs=30)
    assert found.last_checkpoint is None
    assert words(found).startswith(("fits, 59m", "fits, 1h"))


@pytest.mark.parametrize(
    ("left", "last"), [(30.0, 400), (59.0, 400), (62.0, 500), (165.0, 500), (175.0, 600), (400.0, 800)]
)
def test_a_run_that_ends_too_late_names_the_last_checkpoint_that_fits(left: float, last: int) -> None:
    """At step 450 the next is reached after 50 s and whole after 60, the one behind it after 170, and so on."""
    journal = a_run()

    found = outlook(journal.state(), journal.now, journal.now + left)

    assert found is not None
    assert found.fits is False
    assert found.last_checkpoint == last


def test_where_checkpoints_are_not_known_the_newest_is_named_or_none() -> None:
    """Nothing is made up: one checkpoint says no distance."""
    none, one = a_run(checkpoints=False), a_run(150)

    assert outlook(none.state(), none.now, none.now + 60).last_checkpoint is None
    assert outlook(one.state(), one.now, one.now + 60).last_checkpoint == 100


def test_before_the_first_steps_only_the_time_is_known() -> None:
    journal = Journal().opened(allocation_end=START + 60).started()

    found = outlook(journal.state(), START + 10)

    assert found is not None
    assert (found.left, found.fits, words(found)) == (50.0, None, "")


def test_what_has_passed_is_said_so() -> None:
    journal = a_run(allocation_end=START + 100)

    found = outlook(journal.state(), START + 400)

    assert found is not None
    assert name(found.deadline) == "allocation ends"
    assert words(found) == "passed 5m 0s ago"


def test_a_run_that_is_over_has_no_outlook() -> None:
    journal = a_run(deadline=START + 10).ended()

    assert outlook(journal.state(), journal.now) is None


def test_a_trainer_records_what_its_surroundings_say(
    open_logger: OpenLogger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A viewer on another host has no other way to know."""
    monkeypatch.setenv("SLURM_JOB_ID", "88213")
    monkeypatch.setenv("SLURM_JOB_END_TIME", "1795400000")
    monkeypatch.setenv("TRAINMON_DEADLINE", "1795390000")
    logger = open_logger()
    logger.log_training_start("DemoModel", 1, 3, 32, 1e-3, "Adam")

    assert logger.recorder.drained()

    opened = logger.recorder.state().opened
    assert opened is not None
    assert (opened.job, opened.allocation_end, opened.deadline) == (
        "slurm 88213",
        1_795_400_000.0,
        1_795_390_000.0,
    )
