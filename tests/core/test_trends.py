"""`trainmon/meaning/trends.py`: what is a trend and what is noise."""

import math
import random
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainmon.fold.series import Series
from trainmon.fold.state import RunState
from trainmon.meaning import trends
from trainmon.meaning.trends import Gain, gain, rise


def a_loss(values: list[float]) -> Series:
    """A loss of so many steps."""
    series = Series()
    steps = list(range(1, len(values) + 1))
    series.extend(steps, [float(step) for step in steps], [0] * len(steps), {"loss": values})
    return series


def noisy(seed: int, level: float, size: float, count: int) -> list[float]:
    rng = random.Random(seed)
    return [level * (1 + size * rng.gauss(0, 1)) for _ in range(count)]


def test_what_the_newest_quarter_brought_is_a_part_of_all_progress() -> None:
    """From 4 to 1 in a straight line: each quarter brings a quarter of it, and the levels at both ends are means."""
    found = gain(a_loss([4.0 - 3.0 * step / 1_000 for step in range(1_000)]), 0.25)

    assert found is not None
    assert found.share == pytest.approx(0.3, abs=0.02)


def test_noise_makes_the_gain_doubtful_and_not_smaller() -> None:
    """The same course, once clean and once under noise of a tenth."""
    clean = [1.0 + 4.0 * math.exp(-step / 60) for step in range(1_000)]
    rng = random.Random(3)

    sure = gain(a_loss(clean), 0.25)
    unsure = gain(a_loss([value * (1 + 0.1 * rng.gauss(0, 1)) for value in clean]), 0.25)

    assert sure is not None
    assert unsure is not None
    assert sure.doubt < 1e-4 < unsure.doubt
    assert abs(unsure.share) < 4 * unsure.doubt


def test_a_spike_is_no_gain() -> None:
    values = [1.0 + 4.0 * math.exp(-step / 60) for step in range(1_000)]
    values[600:605] = [50.0] * 5

    assert gain(a_loss(values), 0.25) == Gain(pytest.approx(0.0, abs=1e-3), pytest.approx(0.0, abs=1e-3))


@pytest.mark.parametrize("values", [[], [1.0] * 100, [1.0] * 600, [float(step) for step in range(600)]])
def test_of_a_short_run_and_of_one_that_learned_nothing_no_gain_is_known(values: list[float]) -> None:
    assert gain(a_loss(values), 0.25) is None


def test_a_rise_is_told_in_units_of_the_noise_of_the_validations() -> None:
    """The same rise of a tenth: five times the noise is much, half of it is nothing."""
    quiet = [*noisy(1, 1.0, 0.005, 10), *noisy(2, 1.1, 0.005, 3)]
    loud = [*noisy(1, 1.0, 0.2, 10), *noisy(2, 1.1, 0.2, 3)]

    assert (rise(quiet, 3) or 0.0) > 10
    assert (rise(loud, 3) or 0.0) < 5


def test_a_steady_rise_is_not_taken_for_noise() -> None:
    """Its differences are large, and all alike."""
    assert (rise([1.0, 0.9, 0.8, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2], 3) or 0.0) > 10


@pytest.mark.parametrize("values", [[], [1.0, 2.0, 3.0], [1.0] * 5 + ["NaN"], [1.0] * 5 + [None]])
def test_of_few_or_missing_validations_no_rise_is_known(values: list[float]) -> None:
    assert rise(values, 3) is None


def test_validations_that_stand_still_do_not_rise() -> None:
    assert rise([1.0] * 12, 3) == 0.0


@given(st.lists(st.floats(-1e6, 1e6) | st.integers(-1_000, 1_000), min_size=1, max_size=9))
def test_the_median_is_that_of_the_standard_library(values: list[float]) -> None:
    """Which takes 10 ms to import."""
    assert trends.median(values) == statistics.median(values)


def test_the_loss_around_a_step_and_the_newest_are_means_of_few_values() -> None:
    series = a_loss([9.0, 9.0, 9.0, 9.0, 1.0, 2.0, 3.0, 4.0])

    assert trends.mean_around(series, 6) == 1.5
    assert trends.mean_around(series, 9) is None
    assert trends.newest_mean(series) == 2.5
    assert trends.newest_mean(Series()) is None


def test_a_distance_is_usual_once_there_are_two_of_it() -> None:
    assert trends.usual_distance([100, 200]) is None
    assert trends.usual_distance([100, 200, 200, 400, 500]) == 100


def test_a_rise_over_known_noise_has_a_known_height() -> None:
    """Losses that go up and down by one; the last two stand ten above."""
    found = rise([1.0, -1.0] * 10 + [11.0, 9.0], 2)

    assert found == pytest.approx(10 * math.sqrt(2) / (4 / 1.652))


def memory_of(growth: float, noise: float) -> Series:
    """Fifteen minutes of a memory of 100 that grows by so much after the first five, and goes up and down."""
    series, times = Series(), [10.0 * row for row in range(91)]
    values = [
        100.0 + growth * max(0.0, time - 300.0) / 600.0 + noise * (-1) ** row
        for row, time in enumerate(times)
    ]
    series.extend(range(91), times, [0] * 91, {"rss": values})
    return series


@pytest.mark.parametrize(
    ("growth", "noise", "grows"),
    [(30.0, 0.0, True), (30.0, 1.0, True), (30.0, 5.0, False), (1.0, 0.0, False)],
)
def test_memory_grows_where_a_line_explains_it_and_it_is_considerable(
    growth: float, noise: float, grows: bool
) -> None:
    """Three quarters of the variance are not enough, nor is one percent."""
    found = trends.steady_growth(memory_of(growth, noise), "rss")

    assert (found is not None) is grows
    if found is not None:
        assert found.rate == pytest.approx(growth / 600.0, rel=0.05)
        assert found.since == 300.0


def test_of_a_long_run_the_newest_two_buckets_tell_the_share_of_waiting() -> None:
    """Each spans more than the last minutes."""
    state = RunState(first_step_time=0.0)
    state.metrics.extend([1, 2, 3], [0.0, 200.0, 400.0], [0, 0, 0], {"waited": [100.0, 20.0, 20.0]})

    assert trends.waiting_share(state) == pytest.approx(40.0 / 200.0)
