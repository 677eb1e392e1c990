"""`trainmon.fold.pace`: speed is remembered without pauses, the same however rows were cut into batches."""

from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainmon.fold.pace import BLOCKS, Pace
from trainmon.fold.pauses import UNEXPLAINED

SPANS = st.lists(
    st.one_of(
        st.sampled_from([0.0, 0.001, 0.1, 0.5, 1.0, 2.5, 30.0]),
        st.floats(-0.5, 20.0),
    ),
    max_size=150,
)


def a_pace(spans: Iterable[float], *, steps_a_row: int = 1, first: int = 0) -> Pace:
    """Rows at 0 and after each span."""
    monos = list(accumulate(spans, initial=0.0))
    pace = Pace()
    pace.extend([first + place * steps_a_row for place in range(len(monos))], monos)
    return pace


def goes_on(pace: Pace, spans: Iterable[float]) -> None:
    """Adds a row after each span, each with one step."""
    assert pace.mono is not None
    monos = list(accumulate(spans, initial=pace.mono))[1:]
    pace.extend(range(pace.step + 1, pace.step + 1 + len(monos)), monos)


def through_json(pace: Pace) -> Pace:
    return msgspec.json.decode(msgspec.json.encode(pace), type=Pace)


@settings(max_examples=200, deadline=None)
@given(spans=SPANS, jumps=st.data(), cuts=st.lists(st.integers(0, 150), max_size=6))
def test_the_pace_does_not_depend_on_how_rows_were_cut_into_batches(
    spans: list[float], jumps: st.DataObject, cuts: list[int]
) -> None:
    """Also where clocks and steps go back, and where a batch ends in a save and a load."""
    monos = list(accumulate(spans, initial=0.0))
    size = len(monos)
    strides = jumps.draw(st.lists(st.sampled_from([1, 1, 1, 50, 0, -3, 2**60]), min_size=size, max_size=size))
    steps = list(accumulate(strides))
    whole, parts = Pace(), Pace()

    whole.extend(steps, monos)
    for begin, end in pairwise(sorted({0, size, *(cut for cut in cuts if cut < size)})):
        parts.extend(steps[begin:end], monos[begin:end])
        parts = through_json(parts)

    assert parts == whole


@settings(max_examples=60, deadline=None)
@given(spans=SPANS, seconds=st.floats(0.0, 40.0), cut=st.integers(0, 40))
def test_the_law_holds_behind_a_pause_too(spans: list[float], seconds: float, cut: int) -> None:
    whole = a_pace([0.1] * 40)
    whole.pause(seconds, "validation")
    parts = through_json(whole)
    monos = list(accumulate(spans, initial=whole.mono or 0.0))[1:]
    steps = range(41, 41 + len(monos))

    whole.extend(steps, monos)
    parts.extend(steps[:cut], monos[:cut])
    parts = through_json(parts)
    parts.extend(steps[cut:], monos[cut:])

    assert parts == whole


def test_the_blocks_hold_all_steps_and_all_seconds_of_a_short_run() -> None:
    pace = a_pace([0.1] * 201)

    assert sum(pace.block_steps) + pace.step - pace.start_step == 200
    assert pace.training + pace.open_seconds() == pytest.approx(20.0)
    assert pace.rows == 200


def test_the_window_covers_the_last_few_percent_of_a_long_run() -> None:
    for rows in (5_000, 20_000, 80_000, 200_000):
        pace = a_pace([0.1] * rows)

        assert len(pace.block_steps) == BLOCKS
        assert 0.03 * rows * 0.1 <= sum(pace.block_seconds) <= max(40.0, 0.13 * rows * 0.1)


def test_the_state_stays_small() -> None:
    """A part of every snapshot, however long the run and however many kinds of pauses."""
    pace = a_pace([0.37] * 100_000)
    for place in range(1000):
        pace.pause(0.01, f"kind {place}")
    goes_on(pace, [1.0])

    assert len(msgspec.json.encode(pace)) < 8_000
    assert len(pace.paused) <= 18


def test_the_first_step_is_not_speed() -> None:
    """Compilation takes minutes once."""
    pace = Pace()

    pace.anchor(0, 1000.0)
    pace.extend([1, 2, 3], [1120.0, 1120.5, 1121.0])

    assert pace.startup == 120.0
    assert (pace.block_steps, pace.block_seconds) == ([1, 1], [0.5, 0.5])


def test_an_announced_pause_is_not_step_time() -> None:
    pace = a_pace([0.1] * 40)

    pace.pause(7.0, "validation")
    goes_on(pace, [7.1, *[0.1] * 20])

    assert pace.paused["validation"].seconds == 7.0
    assert pace.paused["validation"].last_step == 40
    assert pace.training + pace.open_seconds() == pytest.approx(6.0)


def test_a_pause_that_claims_more_than_its_interval_is_cut_to_it() -> None:
    """Two spans that overlap, or a duration that the caller made up, must not make time run backwards."""
    pace = a_pace([0.1] * 40)

    pace.pause(6.0, "validation")
    pace.pause(2.0, "checkpoint")
    goes_on(pace, [4.0, *[0.1] * 20])

    assert pace.paused["validation"].seconds == pytest.approx(3.0)
    assert pace.paused["checkpoint"].seconds == pytest.approx(1.0)


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan"), float("inf")])
def test_a_pause_of_no_length_is_left_out(seconds: float) -> None:
    pace = a_pace([0.1] * 4)

    pace.pause(seconds, "validation")

    assert pace.pending == {}


def test_a_gap_that_nobody_announced_is_a_pause() -> None:
    pace = a_pace([0.1] * 40)

    goes_on(pace, [60.0, *[0.1] * 20])

    assert pace.paused[UNEXPLAINED].seconds == pytest.approx(59.9)
    assert pace.paused[UNEXPLAINED].last_step == 40
    assert max(s / n for s, n in zip(pace.block_seconds, pace.block_steps, strict=True)) < 0.2


def test_a_hiccup_below_a_second_is_part_of_the_speed() -> None:
    pace = a_pace([0.01] * 400)

    goes_on(pace, [0.9, *[0.01] * 20])

    assert pace.paused == {}


def test_three_long_intervals_in_a_row_mean_that_the_run_became_slower() -> None:
    pace = a_pace([0.1] * 40)

    goes_on(pace, [5.0] * 30)

    assert pace.paused == {}
    assert pace.training + pace.open_seconds() == pytest.approx(39 * 0.1 + 150.0)


def test_rows_of_many_steps_are_no_gaps() -> None:
    """A script that reports every 500th step."""
    pace = a_pace([50.0] * 30, steps_a_row=500)
    assert pace.mono is not None

    pace.extend([pace.step + 5000], [pace.mono + 500.0])

    assert pace.paused == {}
    assert pace.gaps == 0


def test_no_interval_leads_across_an_anchor() -> None:
    """Monotonic clocks of two processes, perhaps of two boots, have nothing in common."""
    pace = a_pace([0.1] * 100)

    pace.anchor(50_000, 3.0)
    pace.extend([50_000, 50_001, 50_002, 50_003], [3.0, 9.0, 9.5, 10.0])

    assert pace.startup == 6.0
    assert pace.block_seconds == [0.5, 0.5]
    assert pace.paused == {}


def test_usual_silence_outlasts_pauses() -> None:
    """The longest ordinary silence is a validation pass; ten usual silences are what a stall takes."""
    pace = a_pace([0.1] * 40)
    assert pace.usual_silence() == pytest.approx(0.1)

    goes_on(pace, [60.0, *[0.1] * 20])

    assert 2 * 59.9 <= 10 * pace.usual_silence() <= 3 * 60.0
    assert Pace().usual_silence() == 0.0


def test_a_copy_goes_its_own_way() -> None:
    pace = a_pace([0.1] * 40)
    before = through_json(pace)
    twin = pace.copy()

    twin.pause(3.0, "validation")
    goes_on(twin, [0.1] * 40)

    assert pace == before
    assert twin != before


def test_lengths_that_differ_are_refused() -> None:
    with pytest.raises(ValueError, match="pace"):
        Pace().extend([1, 2], [0.0])


@pytest.mark.parametrize("monos", [[-1e308, 1e308, 1.7e308], [0.0, 1e200, 1e201], [5.0, 1.0, 6.0]])
def test_absurd_clocks_leave_a_state_that_json_can_hold(monos: Sequence[float]) -> None:
    pace = Pace()

    pace.extend([1, 2, 3], monos)
    pace.pause(1e308, "validation")
    pace.pause(1e308, "validation")
    pace.extend([4, 5], [1e308, 1e308])

    assert through_json(pace) == pace


def test_two_long_intervals_are_pauses_and_the_third_says_that_they_are_none() -> None:
    pace = a_pace([0.1] * 40)

    goes_on(pace, [5.0, 5.0])
    held = len(pace.held)
    goes_on(pace, [5.0])

    assert (held, pace.held) == (2, [])
    assert pace.training + pace.open_seconds() == pytest.approx(39 * 0.1 + 15.0)


def test_the_usual_step_time_is_that_in_the_middle() -> None:
    """Neither the fastest block nor the slowest one."""
    pace = a_pace([0.5, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99])

    assert sorted(pace.block_seconds)[len(pace.block_seconds) // 2] == pace.usual


def test_a_pause_before_the_first_step_is_no_part_of_the_start() -> None:
    """A validation that checks all is well, before anything was learned."""
    pace = Pace()
    pace.anchor(0, 1_000.0)

    pace.pause(100.0, "validation")
    pace.extend([1, 2], [1_120.0, 1_120.5])

    assert pace.startup == 20.0
