"""From the steps that a caller counts to run steps: what is found out, and that nothing drawn has to move."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainmon.fold.counting import Counting


def counted(
    *parts: tuple[int, list[int], int | None],
    known: bool = False,
    steps_per_epoch: int | None = None,
    total_epochs: int | None = None,
) -> list[int]:
    """The run steps of stretches (epoch, steps, total_steps), each step as it came."""
    counting = Counting(known=known, steps_per_epoch=steps_per_epoch, total_epochs=total_epochs)
    out: list[int] = []
    for epoch, steps, total in parts:
        for step in steps:
            counting.observe(epoch, [step], total)
            out.append(counting.run_step(epoch, step))
    return out


def test_steps_over_the_run_stay_as_they_are() -> None:
    assert counted((1, [1, 2], None), (2, [3, 4], None)) == [1, 2, 3, 4]


def test_a_first_step_0_counts_from_0_so_that_the_last_one_is_100_percent() -> None:
    assert counted((0, [0, 1, 2], 3)) == [1, 2, 3]


def test_steps_that_start_again_with_the_epoch_are_added_up() -> None:
    assert counted((1, [1, 2, 3], None), (2, [1, 2, 3], None)) == [1, 2, 3, 4, 5, 6]


def test_steps_from_0_in_epochs_from_0_are_added_up() -> None:
    assert counted((0, [0, 1], None), (1, [0, 1], None)) == [1, 2, 3, 4]


def test_the_total_of_an_epoch_places_the_epochs_where_only_some_steps_are_logged() -> None:
    assert counted((1, [50, 90], 100), (2, [50, 90], 100), (4, [10], 100)) == [50, 90, 150, 190, 310]


def test_epochs_of_one_step_are_added_up() -> None:
    """Training on the whole data set at once: each epoch is one step, and called 0 or 1."""
    assert counted((1, [1], 1), (2, [1], 1), (3, [1], 1)) == [1, 2, 3]
    assert counted((1, [1], None), (2, [1, 2], None), (3, [1], None)) == [1, 2, 3, 5]
    assert counted((0, [0], None), (1, [0], None), (2, [0], None)) == [1, 2, 3]


def test_one_call_an_epoch_with_its_last_step_counts_per_epoch() -> None:
    assert counted((1, [100], 100), (2, [100], 100), (3, [100], 100)) == [100, 200, 300]
    assert counted((0, [99], 100), (1, [99], 100)) == [99, 99]  # From 0 or from 1? Nothing has shown it yet.


def test_a_step_over_the_run_may_be_logged_in_two_epochs() -> None:
    """At the end of one and at the beginning of the next."""
    assert counted((1, [9, 10], 30), (2, [10, 11], 30), (3, [20], 30)) == [9, 10, 10, 11, 20]


def test_a_longer_epoch_does_not_move_its_own_steps() -> None:
    """A law of the fold: what a step means must not depend on the steps behind it."""
    assert counted((1, [1, 2], None), (2, [1, 2, 3, 4], None), (3, [1], None)) == [1, 2, 3, 4, 5, 6, 9]


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize(("declared", "epochs"), [(4, 3), (4, None), (None, 3), (None, None)])
def test_steps_of_an_epoch_with_the_total_of_the_run_are_added_up(
    first: int, declared: int | None, epochs: int | None
) -> None:
    steps = list(range(first, first + 4))
    parts = [(epoch, steps, 12) for epoch in range(3)]

    assert counted(*parts, steps_per_epoch=declared, total_epochs=epochs) == list(range(1, 13))


def test_the_total_of_the_run_places_the_epochs_where_only_some_steps_are_logged() -> None:
    parts = [(epoch, [10, 30], 200) for epoch in range(5)]

    assert counted(*parts, total_epochs=5)[-2:] == [170, 190]


def test_a_declared_epoch_wins_over_every_total() -> None:
    assert counted((1, [1, 2], 1_000), (2, [1, 2], 1_000), steps_per_epoch=2, total_epochs=9) == [1, 2, 3, 4]
    assert counted((1, [1, 2], 2), (2, [1, 2], 2), steps_per_epoch=5) == [1, 2, 6, 7]


def test_an_epoch_that_has_no_room_in_the_run_shows_that_the_total_is_its_own() -> None:
    assert counted((1, [40, 90], 100), (2, [40], 100), total_epochs=3) == [40, 90, 140]


def test_a_total_of_the_run_may_be_rounded() -> None:
    """200 for five epochs of 41: the last batch of each is a short one."""
    assert counted((1, [1, 41], 200), (2, [1, 41], 200), total_epochs=5) == [1, 41, 42, 82]


@pytest.mark.parametrize(
    ("declared", "total", "whole"), [(40, 200, 200), (None, 200, 200), (40, 40, 200), (None, 40, 200)]
)
def test_the_whole_is_the_same_however_the_total_is_meant(
    declared: int | None, total: int, whole: int
) -> None:
    counting = Counting(steps_per_epoch=declared, total_epochs=5)
    for epoch in range(5):
        counting.observe(epoch, range(40), total)

    assert counting.run_step(4, 39) == counting.total(total, 5) == whole


def test_the_word_that_steps_count_per_epoch_is_taken_from_the_first_step_on() -> None:
    counting = Counting.told("epoch", None, 5)
    counting.observe(0, [0, 1], 40)

    assert counting.total(40, 5) == 200
    counting.observe(1, [0], 40)
    assert counting.run_step(1, 0) == 41


def test_steps_that_are_known_to_count_over_the_run_are_never_reinterpreted() -> None:
    assert counted((1, [5], None), (2, [3], None), known=True) == [5, 3]


def test_the_total_follows_from_what_was_found_out() -> None:
    counting = Counting()
    counting.observe(1, [1, 2, 3], 3)
    before = counting.total(3, 10)
    counting.observe(2, [1], 3)

    assert (before, counting.total(3, 10)) == (30, 30)
    assert counting.total(3, None) is None


def test_w30_numbers_of_any_size_make_steps_of_64_bits_and_a_bit() -> None:
    """A step of 2**63 or an absurd epoch must not break the snapshot."""
    counting = Counting()
    counting.observe(0, [2**62], None)
    counting.observe(2**62, [1], None)

    assert abs(counting.run_step(2**63, 2**63)) < 2**65


@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 30), st.sampled_from([None, 0, 10, 20])),
        min_size=1,
        max_size=30,
    ),
    st.sampled_from([None, 2, 4]),
)
def test_what_is_found_out_does_not_depend_on_how_many_steps_come_at_once(
    rows: list[tuple[int, int, int | None]], epochs: int | None
) -> None:
    one_by_one, together = Counting(total_epochs=epochs), Counting(total_epochs=epochs)
    for epoch, step, total in rows:
        one_by_one.observe(epoch, [step], total)

    begin = 0
    for end in range(1, len(rows) + 1):
        if end == len(rows) or (rows[end][0], rows[end][2]) != (rows[begin][0], rows[begin][2]):
            together.observe(rows[begin][0], [step for _, step, _ in rows[begin:end]], rows[begin][2])
            begin = end

    assert one_by_one == together
