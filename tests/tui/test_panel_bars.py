"""The bars, as text."""

import pytest

from tests.builders import START, Journal, a_run, epochs_from_0
from trainmon_tui.render.cells import plain, row_width
from trainmon_tui.sight.sight import Sight
from trainmon_tui.widgets.bars import pick, rows


def lines(sight: Sight, width: int = 80, height: int = 4) -> list[str]:
    return plain(rows(pick(sight), width, height, False)).split("\n")


def test_run_and_epoch_show_share_and_counts() -> None:
    run, epoch, *_ = lines(a_run(250).sight())

    assert "62.5 %" in run
    assert "250/400" in run
    assert "50.0 %" in epoch
    assert "50/100" in epoch


def test_a_finished_run_with_epochs_from_0_shows_the_last_one() -> None:
    run, epoch, *_ = lines(epochs_from_0(5).ended().sight())

    assert "200/200" in run
    assert "5/5" in epoch


def test_what_is_left_is_a_time_with_its_end_and_the_speed() -> None:
    left = lines(a_run(250).sight())[2]

    assert left.startswith("left   1")
    assert "ends 23:41" in left
    assert "10.0 steps/s   320 samples/s" in left


def test_without_a_total_there_is_no_percentage_and_no_eta() -> None:
    journal = Journal().opened().started(total_steps=None, total_epochs=None)
    for step in range(1, 40):
        journal.after(0.1).progress(step, total_steps=None)

    run, _, left, _ = lines(journal.sight())

    assert "39 steps" in run
    assert "%" not in run
    assert "no ETA: total_steps is not known" in left


def test_a_living_run_at_or_beyond_its_total_has_no_eta_of_zero() -> None:
    at, beyond = (lines(a_run(steps).sight())[2] for steps in (400, 430))

    assert "all steps are done" in at
    assert "30 steps beyond total_steps" in beyond


def test_a_wide_screen_says_whether_the_run_ends_in_time() -> None:
    """The allocation that the trainer recorded, or the deadline of whoever looks."""
    journal = Journal().opened(allocation_end=START + 7_200).started(total_steps=2_000)
    journal.steps(500, every=1.0, total_steps=2_000)

    allocation = lines(journal.sight(), width=160)[2]
    late = lines(journal.sight(deadline=journal.now + 600.0), width=160)[2]

    assert "ends Mon 00:14   allocation ends Mon 01:41: fits, 1h 26m spare" in allocation
    assert "deadline 23:59: ends 15m 0s too late" in late
    assert late.rstrip().endswith("samples/s")


def test_a_validation_that_should_come_now_is_due_and_not_in_zero_seconds() -> None:
    soon, now = (lines(a_run(steps).sight(), width=160)[2] for steps in (350, 399))

    assert "next validation in " in soon
    assert "next validation due" in now


@pytest.mark.parametrize("width", [160, 80])
def test_a_run_that_hangs_shows_no_eta_and_no_speed_but_the_silence_and_who_can_tell(width: int) -> None:
    journal = Journal().opened().started().steps(250)

    left = lines(journal.sight(later=25.0), width)[2]

    assert left.startswith("left   no step for 25s (usual 0.1s)")
    assert "[X] X-ray" in left
    assert "ends" not in left
    assert "steps/s" not in left


def test_before_the_first_steps_the_allocation_is_said_all_the_same() -> None:
    left = lines(Journal().opened(allocation_end=START + 7_200).started().sight(), width=160)[2]

    assert "allocation ends Mon 01:41" in left


def test_a_dead_trainer_has_no_eta_and_stands_still() -> None:
    early, late = (lines(a_run().sight(alive=False, later=later)) for later in (1.0, 5_000.0))

    assert "no ETA: the trainer is dead" in early[2]
    assert early == late


def test_a_finished_run_says_how_long_it_took() -> None:
    left = lines(a_run(400).ended().closed().sight(alive=False))[2]

    assert "finished in 4" in left


def test_before_the_first_step_it_says_what_is_awaited() -> None:
    assert "waiting for log_training_start" in lines(Journal().sight())[2]
    assert "waiting for the first step" in lines(Journal().opened().started().sight())[2]


def test_a_slow_run_counts_seconds_a_step() -> None:
    journal = Journal().opened().started()
    for step in range(1, 30):
        journal.after(3.2).progress(step)

    assert "3.20 s/step" in lines(journal.sight())[2]


@pytest.mark.parametrize("width", [1, 7, 20, 44, 60, 80, 100, 160, 300])
@pytest.mark.parametrize("height", [1, 2, 3, 4])
def test_rows_have_exactly_their_width(width: int, height: int) -> None:
    drawn = rows(pick(a_run().sight()), width, height, False)

    assert len(drawn) == height
    assert {row_width(cells) for cells in drawn} == {width}


def test_with_two_rows_run_and_time_left_are_shown() -> None:
    run, left = lines(a_run().sight(), height=2)

    assert run.startswith("run")
    assert left.startswith("left")


def test_the_time_is_split_by_what_it_was_spent_on() -> None:
    time = lines(a_run(250).sight(), 160)[3]

    assert "step 90.6" in time
    assert "val 7.0" in time
    assert "ckpt 2.1" in time
