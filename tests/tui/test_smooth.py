"""`trainmon_tui.render.smooth`: the average follows the values, without a bias to zero and without NaN."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainmon_tui.render.smooth import smooth


def test_the_average_is_bias_corrected() -> None:
    """Worked by hand: m1 = 0.1 * 4, m2 = 0.9 * 0.4 + 0.1 * 2; divided by 1 - 0.9 and 1 - 0.81."""
    assert smooth([4.0, 2.0], 0.9) == pytest.approx([4.0, 0.56 / 0.19])


def test_a_constant_series_stays_exactly_constant() -> None:
    assert smooth([0.1] * 50, 0.97) == [0.1] * 50


def test_without_weight_the_values_come_back() -> None:
    assert smooth([3.0, 1.0, 2.0], 0.0) == [3.0, 1.0, 2.0]
    assert smooth([3.0, 1.0, 2.0], math.nan) == [3.0, 1.0, 2.0]


def test_a_value_that_is_not_finite_stays_and_does_not_enter_the_average() -> None:
    smoothed = smooth([2.0, math.nan, math.inf, 2.0], 0.9)

    assert smoothed[0] == smoothed[3] == 2.0
    assert math.isnan(smoothed[1])
    assert smoothed[2] == math.inf


@given(st.lists(st.floats()), st.floats())
def test_every_average_lies_within_the_values_so_far(values: list[float], weight: float) -> None:
    seen: list[float] = []

    for value, average in zip(values, smooth(values, weight), strict=True):
        if math.isfinite(value):
            seen.append(value)
            assert min(seen) <= average <= max(seen)
        else:
            assert not math.isfinite(average)
