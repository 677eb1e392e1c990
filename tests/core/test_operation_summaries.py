"""Timed operations are summed up over the whole run, in bounded memory, the same for every cut of the journal."""

import math
from statistics import quantiles

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import START, Journal
from trainmon.fold.operation_summaries import BUCKETS, LONGEST, MOST, STRETCHES, OperationSummary, add
from trainmon.fold.reducer import fold
from trainmon.fold.state import RunState
from trainmon.storage import snapshot
from trainmon.storage.snapshot import Texts
from trainmon.words.scalars import Number


def summed_up(*durations: Number | None) -> OperationSummary:
    """What is known after records of these durations."""
    summaries: dict[str, OperationSummary] = {}
    for number, duration in enumerate(durations):
        add(summaries, "op", duration=duration, throughput=None, memory={}, time=START + number)
    return summaries["op"]


def test_count_total_mean_extremes_and_newest_are_of_the_whole_run() -> None:
    journal = Journal().opened().started()
    for number in range(1, 501):
        journal.performance("forward", float(number), 1_000.0 / number)

    (summary,) = journal.state().operation_summaries.values()

    assert (summary.count, summary.timed, summary.total) == (500, 500, 125_250.0)
    assert (summary.mean, summary.minimum, summary.maximum, summary.last) == (250.5, 1.0, 500.0, 500.0)
    assert (summary.throughput, summary.throughput_count) == (2.0, 500)
    assert summary.memory == {"cpu_percent": 75.0, "gpu_memory": 2.5}


def test_what_is_no_measurement_is_counted_and_not_summed() -> None:
    summary = summed_up(1.0, "NaN", None, -5.0, "Infinity", 2 * LONGEST)

    assert (summary.count, summary.timed, summary.total, summary.last) == (6, 1, 1.0, 2 * LONGEST)
    assert math.isfinite(summary.total)


@settings(max_examples=100, derandomize=True, deadline=None)
@given(st.lists(st.floats(0.010, 0.100), min_size=50, max_size=300))
def test_percentiles_of_durations_that_lie_close_together_are_within_one_percent(
    durations: list[float],
) -> None:
    """The longest is at most 12 times the shortest, so no buckets were joined."""
    summary = summed_up(*durations)
    ordered = sorted(durations)

    assert summary.durations.halvings == 0
    for part in (0.5, 0.95, 0.99):
        exact = ordered[int(part * (len(ordered) - 1))]
        assert summary.percentile(part) == pytest.approx(exact, rel=0.0101)


def test_durations_of_any_spread_stay_in_few_buckets_at_a_known_cost() -> None:
    durations = [1e-6 * 1.01**number for number in range(2_500)]

    summary = summed_up(*durations)

    assert len(summary.durations.buckets) <= BUCKETS
    assert summary.durations.halvings == 4
    assert summary.percentile(0.5) == pytest.approx(quantiles(durations, n=2)[0], rel=0.17)
    assert summary.percentile(0.0) == pytest.approx(durations[0], rel=0.17)
    assert summary.percentile(1.0) == pytest.approx(durations[-1], rel=0.17)


def test_a_course_keeps_few_stretches_of_the_whole_run() -> None:
    summary = summed_up(*(float(number) for number in range(1_000)))

    means = summary.course.means()

    assert STRETCHES // 2 <= len(means) <= STRETCHES
    assert means == sorted(means)
    assert means[0] < 40.0
    assert means[-1] > 950.0


def test_of_too_many_names_those_that_took_the_least_time_go_and_are_counted() -> None:
    journal = Journal().opened().started().performance("heavy", 100.0)
    for number in range(2 * MOST):
        journal.performance(f"made up {number}", 0.001 * (1 + number))

    state = journal.state()

    assert len(state.operation_summaries) == MOST
    assert "heavy" in state.operation_summaries
    assert state.totals.unsummarised == MOST + 1


def test_a_new_run_begins_anew_and_keeps_what_came_just_before_its_start() -> None:
    journal = (
        Journal().opened().started().performance("old").after(1.0).ended().after(1.0).performance("load", 3.0)
    )

    state = journal.started().state()

    assert {name: summary.total for name, summary in state.operation_summaries.items()} == {"load": 3.0}


def test_it_survives_a_snapshot_and_goes_on_from_there() -> None:
    journal = Journal().opened().started()
    for number in range(300):
        journal.performance("a", 0.01 * 1.05**number).performance("b", "NaN")
    events, half = journal.events, len(journal.events) // 2
    whole = journal.state()

    saved = snapshot.decode(
        snapshot.encode(fold(RunState(), events[:half], [-1] * half), Texts(), START)
    ).state
    after = fold(saved, events[half:], [-1] * (len(events) - half))

    assert after.operation_summaries == whole.operation_summaries


def test_a_hundred_operations_fit_the_snapshot() -> None:
    journal = Journal().opened().started()
    for number in range(100):
        for factor in range(40):
            journal.performance(f"operation {number}", 0.001 * 1.5**factor)

    assert len(snapshot.encode(journal.state(), Texts(), START)) < 512 << 10
