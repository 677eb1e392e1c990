"""What follows from a state and the time: bars, speed, what is left. Verdicts are in test_verdict.py."""

from typing import Literal

import pytest

from tests.builders import START, Journal
from trainmon.fold.state import RunState
from trainmon.meaning import derived


def test_nothing_follows_from_nothing() -> None:
    state = RunState()

    assert derived.run_bar(state) == derived.Bar(0, None)
    assert derived.run_bar(state).fraction is None
    assert derived.epoch_bar(state) == derived.Bar(0, None)
    assert derived.estimate(state, START) is None
    assert derived.steps_per_second(state) is None
    assert derived.elapsed(state, START) is None


@pytest.mark.parametrize(
    ("done", "total", "fraction"),
    [
        (0, 100, 0.0),
        (50, 100, 0.5),
        (150, 100, 1.0),
        (-5, 100, 0.0),
        (5, 0, None),
        (5, -1, None),
        (5, None, None),
    ],
)
def test_a_fraction_is_between_0_and_1_or_unknown(
    done: int, total: int | None, fraction: float | None
) -> None:
    assert derived.Bar(done, total).fraction == fraction


def test_bars_of_a_run_that_counts_over_all() -> None:
    state = Journal().opened().started(total_epochs=4, total_steps=400).steps(250).state()

    assert derived.run_bar(state) == derived.Bar(250, 400)
    assert derived.epoch_bar(state) == derived.Bar(50, 100)


def test_bars_of_a_run_that_counts_per_epoch() -> None:
    journal = Journal().opened().started(total_epochs=4, total_steps=100)
    for epoch in (1, 2):
        for step in range(1, 101):
            journal.after(0.1).progress(step, epoch=epoch, total_steps=100)

    state = journal.state()

    assert derived.run_bar(state) == derived.Bar(200, 400)
    assert derived.epoch_bar(state) == derived.Bar(100, 100)


@pytest.mark.parametrize("declared", [40, None])
@pytest.mark.parametrize("first", [0, 1])
def test_bars_of_a_run_that_counts_per_epoch_with_the_total_of_the_run(
    declared: int | None, first: int
) -> None:
    journal = Journal().opened().started(total_epochs=5, total_steps=200, steps_per_epoch=declared)
    for epoch in range(5):
        for step in range(first, first + 40):
            journal.after(0.1).progress(step, epoch=epoch, total_steps=200)
            state = journal.state() if step in (first, first + 39) else None
            if state is not None:
                assert derived.run_bar(state) == derived.Bar(epoch * 40 + step - first + 1, 200)
                assert derived.epoch_bar(state) == derived.Bar(step - first + 1, 40)

    assert derived.steps_per_second(journal.state()) == pytest.approx(10, rel=0.01)


def an_epoch(
    last: int,
    *,
    total: int,
    epochs: int = 5,
    steps_per_epoch: int | None = None,
    steps_count: Literal["unknown", "run", "epoch"] = "unknown",
) -> RunState:
    """The first steps of the first epoch."""
    journal = (
        Journal()
        .opened()
        .started(
            total_epochs=epochs, total_steps=total, steps_per_epoch=steps_per_epoch, steps_count=steps_count
        )
    )
    for step in range(last):
        journal.after(0.1).progress(step, epoch=0, total_steps=total)
    return journal.state()


def test_the_total_of_an_epoch_is_found_out_long_before_the_epoch_ends() -> None:
    """A fifth of 40 steps is done, and the first of five epochs goes on."""
    state = an_epoch(33, total=40)

    assert derived.run_bar(state) == derived.Bar(33, 200)
    assert derived.epoch_bar(state) == derived.Bar(33, 40)


@pytest.mark.parametrize(("last", "total"), [(7, 40), (33, 40), (33, 200)])
def test_the_range_takes_in_both_meanings_of_a_total_while_nothing_shows_which_is_true(
    last: int, total: int
) -> None:
    state = an_epoch(last, total=total)

    found = derived.estimate(state, START + 0.1 * last)

    assert found is not None
    assert found.low is not None
    assert found.high is not None
    assert found.low <= (total - last) * 0.1 + 0.1
    assert found.high >= (5 * total - last) * 0.1 - 0.2


def test_the_range_is_narrow_where_it_is_said_what_the_total_means() -> None:
    for state in (
        an_epoch(33, total=200, steps_per_epoch=40),
        an_epoch(33, total=40, steps_per_epoch=40),
        an_epoch(33, total=40, steps_count="epoch"),
        an_epoch(33, total=200, epochs=1),
    ):
        found = derived.estimate(state, START + 3.3)

        assert derived.run_bar(state) == derived.Bar(33, 200)
        assert found is not None
        assert found.high is None or found.high < 20


def test_steps_that_go_on_in_the_second_epoch_count_over_the_run() -> None:
    journal = Journal().opened().started(total_epochs=5, total_steps=200)
    for step in range(1, 42):
        journal.after(0.1).progress(step, epoch=1 + (step > 40), total_steps=200)

    assert derived.run_bar(journal.state()) == derived.Bar(41, 200)
    assert journal.state().counting.other_total(200, 5) is None


def test_a_run_that_is_taken_up_by_hand_in_a_later_epoch_has_the_total_that_was_said() -> None:
    journal = Journal().opened().started(total_epochs=5, total_steps=200)
    for step in range(121, 140):
        journal.after(0.1).progress(step, epoch=4, total_steps=200)

    assert derived.run_bar(journal.state()) == derived.Bar(139, 200)


def test_a_full_epoch_is_full_and_not_empty() -> None:
    state = Journal().opened().started(total_epochs=4, total_steps=400).steps(100).state()

    assert derived.epoch_bar(state).fraction == 1.0


def test_speed_and_samples_count_all_ranks() -> None:
    state = Journal().opened(world_size=8).started(batch_size=32).steps(300, every=0.1).state()

    assert derived.steps_per_second(state) == pytest.approx(10, rel=0.01)
    assert derived.samples_per_second(state) == pytest.approx(10 * 32 * 8, rel=0.01)


def test_the_time_that_is_left_shrinks_while_a_step_takes_its_time() -> None:
    journal = Journal().opened().started(total_steps=400).steps(300, every=1.0)
    state = journal.state()

    now, later = derived.estimate(state, journal.now), derived.estimate(state, journal.now + 0.5)

    assert now is not None
    assert later is not None
    assert now.seconds == pytest.approx(100, rel=0.05)
    assert later.seconds is not None
    assert later.seconds <= now.seconds


def test_w29_a_clock_that_was_set_back_makes_no_negative_time() -> None:
    journal = Journal().opened().started().steps(50)
    state = journal.state()

    estimate = derived.estimate(state, START - 86_400)

    assert estimate is not None
    assert estimate.seconds is not None
    assert estimate.seconds >= 0
    assert derived.elapsed(state, START - 86_400) == 0.0


def test_a_run_that_ended_has_nothing_left_and_its_clock_stands() -> None:
    journal = Journal().opened().started().after(60).ended()
    state = journal.state()

    assert derived.estimate(state, journal.now) is None
    assert derived.elapsed(state, journal.now + 9_999) == 60.0


def test_the_newest_loss_decides_whether_the_loss_is_bad() -> None:
    journal = Journal().opened().started().progress(1, "NaN")
    bad, healed = journal.state(), journal.progress(2, 1.0).state()

    assert derived.loss_is_bad(bad)
    assert not derived.loss_is_bad(healed)
