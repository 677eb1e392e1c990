"""How many progress lines a text log gets."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from trainmon.storage.progress_rate import BACKWARD_SLACK, ProgressRate

NOON = 1_705_320_000.0


def test_a_burst_is_shown_whole_and_then_ten_lines_a_second() -> None:
    """A thousand steps at once are shown, the next ten seconds of a fast run add a hundred."""
    rate = ProgressRate()

    burst = sum(rate.admit(NOON) for _ in range(5_000))
    later = sum(rate.admit(NOON + step / 1_000) for step in range(1, 10_001))

    assert burst == 1_000
    assert later == 100


def test_what_is_left_out_is_counted_and_said_once() -> None:
    rate = ProgressRate(burst=1)

    admitted = [rate.admit(NOON + step / 1_000) for step in range(96)]

    assert admitted.count(True) == 1
    assert rate.take_left_out(NOON) == 95
    assert rate.take_left_out(NOON) == 0


def test_counts_between_steps_come_ten_seconds_apart_and_those_before_anything_else_at_once() -> None:
    rate = ProgressRate(burst=1)
    times = [NOON + step * 0.05 for step in range(1_000)]

    said = [rate.take_left_out(time) for time in times if rate.admit(time)]
    rest = rate.take_left_out(NOON + 50, at_once=True)

    assert sum(count > 0 for count in said) == 5
    assert sum(said) + rest == 1_000 - len(said)


def test_a_clock_that_is_set_back_keeps_no_count_waiting() -> None:
    rate = ProgressRate(burst=1, left_out=3, said=NOON)

    assert rate.take_left_out(NOON - 3_600) == 3


def test_a_pause_fills_the_bucket_and_not_more() -> None:
    rate = ProgressRate(burst=3)

    for hour in range(3):
        assert sum(rate.admit(NOON + 3_600 * hour) for _ in range(10)) == 3


def test_a_clock_that_is_set_back_freezes_nothing_and_gives_nothing() -> None:
    """After a step back of an hour the log goes on at ten lines a second, at once."""
    rate = ProgressRate()
    for _ in range(2_000):
        rate.admit(NOON)

    after = sum(rate.admit(NOON - 3_600 + step / 100) for step in range(1_001))

    assert 99 <= after <= 101


def test_a_clock_that_is_set_back_takes_no_lines_away() -> None:
    """What the bucket held before, it holds after."""
    rate = ProgressRate(burst=100)
    assert sum(rate.admit(NOON) for _ in range(40)) == 40

    after = sum(rate.admit(NOON - 3_600) for _ in range(200))

    assert after == 60


@given(st.lists(st.floats(0.0, 5.0), max_size=200), st.integers(1, 20), st.sampled_from([1.0, 10.0, 100.0]))
def test_no_stretch_of_time_gets_more_than_a_burst_and_its_rate(
    pauses: list[float], burst: int, per_second: float
) -> None:
    rate, now = ProgressRate(burst=burst, per_second=per_second), NOON

    admitted = 0
    for pause in pauses:
        now += pause
        admitted += rate.admit(now)

    assert admitted <= burst + (now - NOON) * per_second + 1e-3
    assert admitted + rate.left_out == len(pauses)


@given(st.lists(st.floats(-10.0, 5.0), max_size=100), st.integers(0, 100))
def test_a_rate_that_was_stored_decides_as_if_it_had_not_been(steps: list[float], cut: int) -> None:
    """A recovery from a snapshot leaves out the lines that were left out before, and says of as many at the same."""
    whole, stored = ProgressRate(burst=3), ProgressRate(burst=3)
    times = [NOON + sum(steps[: index + 1]) for index in range(len(steps))]

    expected = [whole.admit(time) and (whole.take_left_out(time),) for time in times]
    before = [stored.admit(time) and (stored.take_left_out(time),) for time in times[:cut]]
    again = msgspec.json.decode(msgspec.json.encode(stored), type=ProgressRate)
    after = [again.admit(time) and (again.take_left_out(time),) for time in times[cut:]]

    assert before + after == expected


def test_events_of_two_threads_may_be_a_little_out_of_order() -> None:
    """They give no line that an ordered stream would not get."""
    rate = ProgressRate(burst=1)
    late = BACKWARD_SLACK / 2

    admitted = sum(rate.admit(NOON + step / 1_000 - late * (step % 2)) for step in range(10_000))

    assert admitted <= 1 + 10 * 10 + 1
