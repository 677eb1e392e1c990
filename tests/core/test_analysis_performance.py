"""`analyze_performance`: how long operations took; and the sums behind it."""

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.test_analysis_progress import golden
from trainmon.analysis import PerformanceAnalysis, analyze_performance
from trainmon.analysis.tallies import Course, Quantiles, Thinned


def analysis_of(folder: Path, text: str) -> PerformanceAnalysis:
    path = folder / "performance.log"
    path.write_text(text, "utf-8")
    return analyze_performance(path)


def timed(operation: str, duration: float) -> str:
    return (
        f"[2024-01-15 10:00:00] PERFORMANCE - INFO - Performance - {operation}: Duration: {duration:.3f}s\n"
    )


def test_the_sample_of_the_spec_has_duration_memory_and_throughput(tmp_path: Path) -> None:
    found = analysis_of(tmp_path, golden("spec_lines.txt", "performance.log"))

    operation = found.operations[0]
    assert (operation.operation, operation.count, operation.mean) == ("inference", 1, 2.345)
    assert (operation.p50, operation.p95) == (2.345, 2.345)
    assert operation.throughput_mean == 13.62
    assert {memory.name: memory.last for memory in operation.memory} == {
        "cpu_percent": 75.0,
        "gpu_memory": 2.5,
    }
    assert found.unread == 0


def test_percentiles_are_within_one_percent_and_the_costly_operation_comes_first(tmp_path: Path) -> None:
    durations = [index / 100 for index in range(1, 1_001)]
    text = "".join(timed("step", duration) for duration in durations) + timed("load", 3.0)

    found = analysis_of(tmp_path, text)

    step, load = found.operations
    assert (step.operation, load.operation) == ("step", "load")
    assert step.mean == pytest.approx(5.005)
    assert step.p50 == pytest.approx(5.0, rel=0.011)
    assert step.p95 == pytest.approx(9.5, rel=0.011)
    assert (step.minimum, step.maximum) == (0.01, 10.0)


def test_one_slow_start_is_no_trend_and_a_slow_down_is(tmp_path: Path) -> None:
    steady = "".join(timed("steady", 30.0 if index == 0 else 1.0) for index in range(64))
    slower = "".join(timed("slower", 1.0 + index / 63) for index in range(64))

    found = analysis_of(tmp_path, steady + slower)

    trends = {operation.operation: operation.trend for operation in found.operations}
    assert trends["steady"] == 0.0
    assert trends["slower"] == pytest.approx(0.67, abs=0.05)


def test_a_name_that_looks_like_a_line_stays_a_name_and_an_untimed_operation_counts(tmp_path: Path) -> None:
    text = timed("a: Duration: 5.000s", 1.0)
    text += "[2024-01-15 10:00:00] PERFORMANCE - INFO - Performance - load\n"

    found = analysis_of(tmp_path, text)

    assert {operation.operation: operation.timed for operation in found.operations} == {
        "a: Duration: 5.000s": 1,
        "load": 0,
    }


def test_operations_are_bounded(tmp_path: Path) -> None:
    found = analysis_of(tmp_path, "".join(timed(f"op {index}", 1.0) for index in range(600)))

    assert (len(found.operations), found.further, found.records) == (512, 88, 600)


@given(st.lists(st.floats(min_value=1e-6, max_value=1e9), min_size=1), st.floats(min_value=0, max_value=1))
def test_a_quantile_is_near_the_value_at_its_rank(values: list[float], fraction: float) -> None:
    quantiles = Quantiles()
    for value in values:
        quantiles.add(value)

    found = quantiles.at(fraction)

    exact = sorted(values)[math.floor(fraction * (len(values) - 1))]
    assert found == pytest.approx(exact, rel=0.0101)


@given(st.integers(min_value=0, max_value=500))
def test_a_thinned_list_is_every_nth_item(count: int) -> None:
    thinned: Thinned[int] = Thinned(capacity=16)
    for index in range(count):
        thinned.add(index)

    assert thinned.items == list(range(0, count, thinned.stride))
    assert len(thinned.items) <= 16
    assert thinned.count == count


def test_a_course_knows_its_newest_quarter() -> None:
    course = Course()
    for index in range(1_000):
        course.add(2.0 if index >= 700 else 1.0, 1.0)

    assert course.recent() == pytest.approx(2.0)
    assert course.trend() == pytest.approx(1.0)
