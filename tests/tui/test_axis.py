"""`trainmon_tui.render.axis`: bounds seldom move, ticks are round, labels never overlap."""

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainmon_tui.render.axis import (
    ROUNDING,
    LabelKind,
    log_bounds,
    nice_bounds,
    nice_step,
    place_labels,
    stable_bounds,
    ticks,
    usable_bounds,
    x_ticks,
    y_ticks,
)

ANY = st.floats()
ORDINARY = st.floats(-1e12, 1e12)
KINDS: list[LabelKind] = ["count", "elapsed", "clock"]


def labels_of_x(
    low: float, high: float, width: int, kind: LabelKind = "count", utc_offset: float = 0.0
) -> str:
    """The line of labels as `plot` places it."""
    labelled = x_ticks((low, high), width, kind, utc_offset)
    return place_labels(
        [(round((x - low) / (high - low) * (width - 1)), label) for x, label in labelled], width
    )


def test_a_constant_that_was_rounded_to_32_bits_stands_in_the_middle_of_round_bounds() -> None:
    """A learning rate of 0.001 is 0.0010000000475 there."""
    value = struct.unpack("f", struct.pack("f", 0.001))[0]

    assert nice_bounds(value, value) == pytest.approx((0.0009, 0.0011))


def test_steps_are_one_two_or_five_times_a_power_of_ten() -> None:
    assert [nice_step(span, 5) for span in (1.0, 4.9, 10.0, 23.0, 182_400.0)] == [
        0.2,
        1.0,
        2.0,
        5.0,
        50_000.0,
    ]


def test_bounds_are_round_and_a_loss_gets_no_negative_axis() -> None:
    assert nice_bounds(1.184, 6.97) == (1.0, 7.0)
    assert nice_bounds(0.02, 0.97) == (0.0, 1.0)
    assert nice_bounds(0.0, 182_400) == (0.0, 200_000.0)
    assert nice_bounds(-6.97, -1.184) == (-7.0, -1.0)


def test_a_single_value_stands_in_the_middle() -> None:
    low, high = nice_bounds(5.0, 5.0)

    assert low < 5.0 < high
    assert (low + high) / 2 == pytest.approx(5.0)


def test_bounds_stay_until_outgrown_and_then_only_widen() -> None:
    bounds = stable_bounds(None, 1.2, 6.9)

    assert stable_bounds(bounds, 1.1, 6.95) == bounds
    assert stable_bounds(bounds, 3.0, 6.0) == bounds
    assert stable_bounds(bounds, 0.8, 6.9) == (0.0, 7.0)


def test_a_loss_that_falls_does_not_push_its_upper_bound_away() -> None:
    """The bound of a first small span, rounded again for each larger one, left a third of the chart empty."""
    bounds = None
    for low in (4.05, 3.9, 3.6, 3.3, 2.9, 2.4, 2.2):
        bounds = stable_bounds(bounds, low, 4.08)

    assert bounds is not None
    assert bounds[1] <= 4.5


def test_bounds_shrink_only_when_most_of_the_chart_would_be_empty() -> None:
    assert stable_bounds((0.0, 100.0), 1.0, 45.0) == (0.0, 100.0)
    assert stable_bounds((0.0, 100.0), 1.0, 7.0) == (1.0, 7.0)


def test_a_run_of_ten_million_steps_moves_the_axis_a_few_dozen_times() -> None:
    """Each move repaints the whole chart over a slow link."""
    bounds, moves = None, 0
    for step in range(1_000, 10_000_001, 1_000):
        extended = stable_bounds(bounds, 0.0, float(step))
        moves += extended != bounds
        bounds = extended

    assert moves <= 60


def test_within_two_decades_a_logarithmic_axis_wastes_no_half_of_a_chart() -> None:
    assert log_bounds(None, 0.09, 0.78) == (0.05, 1.0)
    assert log_bounds((0.05, 1.0), 0.04, 0.78) == (0.02, 1.0)
    assert log_bounds((0.05, 1.0), 0.06, 0.9) == (0.05, 1.0)
    assert log_bounds(None, 3.0, 3.0) == (2.0, 5.0)
    assert log_bounds(None, 10.0, 10.0) == (10.0, 100.0)


def test_logarithmic_bounds_of_more_are_powers_of_ten() -> None:
    assert log_bounds(None, 0.03, 7.0) == (0.01, 10.0)
    assert log_bounds((0.01, 10.0), 0.5, 2.0) == (0.01, 10.0)
    assert log_bounds(None, 0.0, 7.0) == (0.1, 10.0)


@pytest.mark.parametrize(
    ("bounds", "height", "labels"),
    [
        ((1.0, 7.0), 9, ["1", "4", "7"]),
        ((1.0, 7.0), 19, ["1", "3", "5", "7"]),
        ((0.0, 7.0), 9, ["0", "3.5", "7.0"]),
        ((0.0, 0.5), 9, ["0", "0.25", "0.50"]),
        ((0.0, 40_000.0), 9, ["0", "20k", "40k"]),
        ((0.0, 2e-6), 9, ["0", "1.0e-06", "2.0e-06"]),
        ((0.3, 6.7), 9, ["2", "4", "6"]),
        ((1.0, 7.0), 1, []),
    ],
)
def test_y_is_labelled_at_both_ends_and_at_equal_distances(
    bounds: tuple[float, float], height: int, labels: list[str]
) -> None:
    assert [label for _, label in y_ticks(bounds, height)] == labels


def test_logarithmic_labels_are_powers_of_ten_or_within_one_1_2_5() -> None:
    assert [label for _, label in y_ticks((1e-3, 10.0), 19, log=True)] == ["0.001", "0.01", "0.1", "1", "10"]
    assert [label for _, label in y_ticks((1.0, 10.0), 9, log=True)] == ["1", "2", "5", "10"]
    assert [label for _, label in y_ticks((1e-8, 1e4), 9, log=True)] == ["1e-08", "0.01", "1e+04"]


@pytest.mark.parametrize(
    ("low", "high", "kind", "line"),
    [
        (0, 200_000, "count", "0                           100k                        200k"),
        (0, 5, "count", "0                       2                      4            "),
        (0, 28_800, "elapsed", "0                    3h                    6h               "),
        (
            1_795_387_267,
            1_795_396_267,
            "clock",
            "     00:00                   01:00                   02:00  ",
        ),
    ],
)
def test_labels_of_x_are_aligned(low: float, high: float, kind: LabelKind, line: str) -> None:
    assert labels_of_x(low, high, 60, kind, utc_offset=3_600.0) == line


def test_labels_that_would_overlap_are_left_out_and_the_ends_win() -> None:
    assert place_labels([(0, "100"), (4, "200"), (9, "300")], 10) == "100    300"
    assert place_labels([(0, "10,000")], 3) == "   "


@given(ANY, ANY)
def test_any_two_numbers_give_bounds_that_can_be_divided_by(low: float, high: float) -> None:
    for first, last in (usable_bounds(low, high), nice_bounds(low, high), log_bounds(None, low, high)):
        assert -1e308 <= first < last <= 1e308
        assert math.isfinite(last - first)


@given(ANY, ANY)
def test_nice_bounds_hold_the_values(low: float, high: float) -> None:
    first, last = nice_bounds(low, high)
    usable = usable_bounds(low, high)

    slack = (last - first) * ROUNDING
    assert first <= usable[0] + slack
    assert last >= usable[1] - slack


@given(ORDINARY, ORDINARY, ORDINARY, ORDINARY)
def test_stable_bounds_hold_the_values_and_are_stable(a: float, b: float, c: float, d: float) -> None:
    before = stable_bounds(None, min(a, b), max(a, b))
    bounds = stable_bounds(before, min(c, d), max(c, d))

    slack = (bounds[1] - bounds[0]) * ROUNDING
    assert bounds[0] - slack <= min(c, d) <= max(c, d) <= bounds[1] + slack
    assert stable_bounds(bounds, min(c, d), max(c, d)) == bounds


@given(ANY, ANY, st.integers(-1, 60), st.integers(-1, 220), st.sampled_from(KINDS), st.booleans())
def test_ticks_lie_inside_and_their_labels_fit(
    low: float, high: float, height: int, width: int, kind: LabelKind, log: bool
) -> None:
    bounds = usable_bounds(low, high)
    slack = (bounds[1] - bounds[0]) * 1e-5

    ys = y_ticks((low, high), height, log=log)
    xs = x_ticks((low, high), width, kind)

    assert len(ys) <= max(height, 0)
    for value, label in [*ys, *xs]:
        assert bounds[0] - slack <= value <= bounds[1] + slack
        assert label.isascii()
    assert len(place_labels([(index * 3, label) for index, (_, label) in enumerate(xs)], width)) == max(
        width, 0
    )


@given(ORDINARY, ORDINARY, st.integers(1, 20))
def test_ticks_rise_in_equal_steps(low: float, high: float, most: int) -> None:
    values = ticks(min(low, high), max(low, high), most)

    assert len(values) <= most + 1
    assert values == sorted(set(values))
