"""`trainmon.fold.series`: a curve of any length in few buckets, the same however it was cut into batches."""

import contextlib
import json
import math
import random
from array import array
from collections.abc import ItemsView, Sequence
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainmon.fold.cells import Value
from trainmon.fold.packing import SeriesDocument, pack
from trainmon.fold.series import FEWEST_BUCKETS, Series

VALUES = st.one_of(
    st.none(),
    st.floats(),
    st.integers(-(10**6), 10**6),
    st.sampled_from(["NaN", "Infinity", "-Infinity", "no number", 10**400, -(10**400), 1e308, -1e308, 1e-45]),
)
ROWS = st.lists(st.tuples(VALUES, VALUES, VALUES), max_size=120)


def extend(series: Series, names: Sequence[str], rows: Sequence[Sequence[Value]], first: int = 0) -> None:
    """Adds rows as steps `first`, `first` + 1, ...; a column that is absent in all of them is not given."""
    steps = range(first, first + len(rows))
    columns = {name: [row[place] for row in rows] for place, name in enumerate(names)}
    given_columns = {name: values for name, values in columns.items() if values.count(None) < len(values)}
    series.extend(steps, [step * 0.5 for step in steps], [step * 100 for step in steps], given_columns)


def a_series(losses: Sequence[Value], *, capacity: int = 1024) -> Series:
    series = Series(capacity=capacity)
    extend(series, ["loss"], [(loss,) for loss in losses])
    return series


def through_json(series: Series) -> Series:
    text = msgspec.json.encode(series.document())
    return Series.from_document(msgspec.json.decode(text, type=SeriesDocument))


@settings(max_examples=150, deadline=None)
@given(rows=ROWS, cuts=st.lists(st.integers(0, 120), max_size=6), capacity=st.sampled_from([2, 8, 32]))
def test_the_series_does_not_depend_on_how_rows_were_cut_into_batches(
    rows: list[tuple[Value, ...]], cuts: list[int], capacity: int
) -> None:
    """The law that a snapshot of the fold rests on; a batch may also end in a save and a load."""
    whole, parts = Series(capacity=capacity, max_columns=2), Series(capacity=capacity, max_columns=2)

    extend(whole, ["a", "b", "c"], rows)
    edges = sorted({0, len(rows), *(cut for cut in cuts if cut < len(rows))})
    for begin, end in pairwise(edges):
        extend(parts, ["a", "b", "c"], rows[begin:end], first=begin)
        parts = through_json(parts)

    assert parts.document() == whole.document()
    assert parts.columns_refused == whole.columns_refused


@settings(max_examples=40, deadline=None)
@given(data=st.data(), length=st.integers(1, 700))
def test_columns_that_come_late_keep_the_law(data: st.DataObject, length: int) -> None:
    """A new column lowers the number of buckets at its row and not at the edge of the batch."""
    births = data.draw(st.lists(st.integers(0, 700), min_size=4, max_size=4))
    cut = data.draw(st.integers(0, length))
    rows = [tuple(float(row) if row >= birth else None for birth in births) for row in range(length)]
    whole, parts = Series(capacity=256, cells=256), Series(capacity=256, cells=256)

    extend(whole, "abcd", rows)
    extend(parts, "abcd", rows[:cut])
    extend(parts, "abcd", rows[cut:], first=cut)

    assert parts == whole
    assert len(whole) <= max(FEWEST_BUCKETS, 256 // max(1, len(whole.names)))


@settings(max_examples=60, deadline=None)
@given(losses=st.lists(VALUES, min_size=1, max_size=200))
def test_no_extreme_and_no_count_is_lost(losses: list[Value]) -> None:
    """However often buckets merge, the ends of the curve's band and the number of values are exact."""
    series = a_series([0.0, *losses], capacity=8)
    limit = (2 - 2**-23) * 2.0**127
    words = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf, "no number": None}
    known = [words[loss] if isinstance(loss, str) else loss for loss in [0.0, *losses]]
    present = [max(-(10**309), min(10**309, loss)) if isinstance(loss, int) else loss for loss in known]
    finite = [
        float(max(-limit, min(limit, v))) for v in present if v is not None and abs(v) != math.inf and v == v
    ]

    column = series.column("loss")

    lows = [low for low in column.minimum if not math.isnan(low)]
    highs = [high for high in column.maximum if not math.isnan(high)]
    assert sum(column.count) == len(finite)
    assert sum(column.nonfinite) == sum(1 for v in present if v is not None) - len(finite)
    assert min(lows) == pytest.approx(min(finite), rel=1e-6, abs=1e-44)
    assert max(highs) == pytest.approx(max(finite), rel=1e-6, abs=1e-44)
    for low, mean, high in zip(column.minimum, column.mean, column.maximum, strict=True):
        assert low <= mean <= high or math.isnan(low)


def test_a_short_curve_is_kept_point_by_point() -> None:
    column = a_series([2.0, 1.5, 1.25]).column("loss")

    assert column.last == column.mean == column.minimum == column.maximum == (2.0, 1.5, 1.25)
    assert column.first_step == column.last_step == (0, 1, 2)
    assert column.first_time == column.last_time == (0.0, 0.5, 1.0)
    assert column.offset == (0, 100, 200)


def test_when_all_buckets_are_full_neighbours_merge() -> None:
    column = a_series([4.0, 2.0, 3.0, 1.0, 7.0], capacity=4).column("loss")

    assert column.minimum == (2.0, 1.0, 7.0)
    assert column.maximum == (4.0, 3.0, 7.0)
    assert column.mean == (3.0, 2.0, 7.0)
    assert column.last == (2.0, 1.0, 7.0)
    assert (column.first_step, column.last_step) == ((0, 2, 4), (1, 3, 4))
    assert column.offset == (0, 200, 400)
    assert column.count == (2, 2, 1)


def test_a_diverged_loss_is_counted_and_kept_as_last_but_moves_no_mean() -> None:
    column = a_series([1.0, "NaN", "Infinity", 3.0, "-Infinity"], capacity=2).column("loss")

    assert (column.minimum[0], column.mean[0], column.maximum[0]) == (1.0, 2.0, 3.0)
    assert column.count == (2, 0)
    assert column.nonfinite == (2, 1)
    assert column.last == (3.0, -math.inf)
    assert math.isnan(column.mean[1])


def test_numbers_beyond_float32_saturate() -> None:
    column = a_series([1e300, -1e300, 10**400]).column("loss")

    limit = (2 - 2**-23) * 2.0**127
    assert column.maximum == column.last == (limit, -limit, limit)


def test_a_column_that_comes_late_is_absent_in_the_buckets_before() -> None:
    series = Series()
    extend(series, ["loss", "accuracy"], [(1.0, None), (1.0, None), (1.0, 0.5)])

    column = series.column("accuracy")

    assert series.names == ("loss", "accuracy")
    assert column.count == (0, 0, 1)
    assert math.isnan(column.last[0])
    assert column.last[2] == 0.5


def test_more_columns_keep_fewer_buckets() -> None:
    series = Series(capacity=1024, cells=2816)
    row = tuple(float(place) for place in range(11))

    extend(series, [f"m{place}" for place in range(11)], [row] * 5000)

    assert 128 < len(series) <= 256


def test_a_program_that_makes_up_names_does_not_grow_the_series() -> None:
    series = Series(max_columns=3)

    for row in range(2000):
        series.extend([row], [0.0], [0], {f"name {row}": [1.0]})

    assert len(series.names) == 3
    assert series.columns_refused == 512


def test_lengths_that_differ_are_refused_whole() -> None:
    series = Series()

    with pytest.raises(ValueError, match="series"):
        series.extend([1, 2], [0.0, 1.0], [0, 1], {"loss": [1.0]})

    assert len(series) == 0


def test_bounds_out_of_range_are_refused() -> None:
    for bounds in [(3, 1, 1), (0, 1, 1), (1024, 0, 1), (1024, 1, 0)]:
        with pytest.raises(ValueError, match="out of range"):
            Series(*bounds)


@settings(max_examples=60, deadline=None)
@given(length=st.integers(0, 200), step=st.integers(-5, 210), more=st.integers(0, 50))
def test_a_resume_takes_off_what_it_does_again_and_goes_on(length: int, step: int, more: int) -> None:
    """Buckets before the step stay as they are, the others are handed out, and both can go on."""
    series = a_series([float(place) for place in range(length)], capacity=32)
    before = series.column("loss") if length else None

    removed = series.truncate_from(step)
    kept = len(series)

    if before is not None:
        assert series.column("loss").last + removed.column("loss").last == before.last
        assert all(last < step for last in series.column("loss").last_step)
        assert all(last >= step for last in removed.column("loss").last_step)
    extend(series, ["loss"], [(1.0,)] * more, first=max(0, step))
    assert len(series) >= min(kept, 16)
    assert through_json(series) == series
    assert through_json(removed) == removed


def test_steps_beyond_64_bits_are_cut() -> None:
    series = Series()

    series.extend([-(10**30), 10**30], [0.0, 1.0], [0, 10**30], {"loss": [1.0, 1.0]})

    assert series.column("loss").first_step == (-(2**63) + 1, 2**63 - 1)


def test_forgotten_offsets_are_not_reachable() -> None:
    series = a_series([1.0, 2.0])

    series.forget_offsets()

    assert series.column("loss").offset == (-1, -1)


def test_a_copy_goes_its_own_way() -> None:
    series = a_series([1.0, 2.0, 3.0], capacity=2)
    twin = series.copy()

    extend(twin, ["loss"], [(9.0,)] * 5, first=3)

    assert series == a_series([1.0, 2.0, 3.0], capacity=2)
    assert twin == a_series([1.0, 2.0, 3.0, *[9.0] * 5], capacity=2)
    assert series != twin
    assert series != "a series"


@pytest.mark.parametrize(("columns", "limit"), [(1, 50), (2, 70), (11, 70), (200, 350)])
def test_a_full_document_stays_in_its_budget(columns: int, limit: int) -> None:
    """Kibibytes of JSON with random bytes in it; the snapshot may have 256 with 10 metrics."""
    numbers = random.Random(7)
    series = Series()
    names = [f"train/metric_{place}" for place in range(columns)]
    for begin in range(0, 4096, 512):
        values = {name: [numbers.random() for _ in range(512)] for name in names}
        times = [1.7e9 + numbers.random() for _ in range(512)]
        series.extend(
            range(begin, begin + 512), times, [numbers.randrange(2**40) for _ in range(512)], values
        )

    text = msgspec.json.encode(series.document())

    assert len(series) >= FEWEST_BUCKETS
    assert len(text) <= limit * 1024


DAMAGE = {
    "width no power of two": {"width": 3},
    "more open rows than fit": {"open_rows": 99},
    "negative open rows": {"open_rows": -1},
    "capacity": {"capacity": 0},
    "over the bounds": {"capacity": 2},
    "full buckets not base64": {"full": "%%%"},
    "full buckets not zlib": {"full": "AAAA"},
    "full buckets left out": {"full": ""},
    "fewer full buckets than said": {"buckets": 3},
    "fewer than none": {"buckets": -1},
    "open bucket not base64": {"open": "!"},
    "open bucket left out": {"open": ""},
    "a column more": {"names": ["loss", "x"]},
    "a column twice": {"names": ["loss", "loss"]},
    "counts beyond the rows": {
        "width": 1,
        "open_rows": 0,
        "open": pack(array("d", [0.0] * 4), array("q", [0, 0])),
    },
    "open counts beyond the rows": {
        "open": pack(array("q", [0] * 5), array("d", [0.0] * 4), array("q", [9, 9]))
    },
    "a bomb": {"full": pack(array("q", [0]) * 5_000_000)},
    "more than ever fits": {"buckets": 2**40, "capacity": 2**50, "cells": 2**50},
}


@pytest.mark.parametrize("change", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_document_is_a_clear_error(change: dict[str, object]) -> None:
    fields = json.loads(msgspec.json.encode(a_series([1.0] * 9, capacity=4).document()))

    document = msgspec.convert({**fields, **change}, SeriesDocument)

    with pytest.raises(ValueError, match=r"^series: "):
        Series.from_document(document)


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_a_document_with_any_text_is_read_or_refused(data: st.DataObject) -> None:
    """Nothing but ValueError, and what was read can go on."""
    fields = json.loads(msgspec.json.encode(a_series([1.0] * 9, capacity=4).document()))
    name = data.draw(st.sampled_from(["full", "open"]))
    text = fields[name]
    cut = data.draw(st.integers(0, len(text)))
    fields[name] = text[:cut] + data.draw(st.text("AB+/=%é", max_size=4)) + text[cut:]

    series = None
    with contextlib.suppress(ValueError):
        series = Series.from_document(msgspec.convert(fields, SeriesDocument))

    if series is not None:
        extend(series, ["loss"], [(1.0,)] * 20)
        assert through_json(series) == series


def test_w22_thousands_of_new_names_in_one_row_are_not_each_compared_with_all_others() -> None:
    """A dictionary of 10,000 numbers held the writer up for 50 s before this."""

    class Counted(dict[str, list[Value]]):
        looks = 0

        def items(self) -> ItemsView[str, list[Value]]:
            Counted.looks += 1
            return super().items()

    series = Series()
    series.extend([1], [0.0], [0], Counted({f"m{number}": [1.0] for number in range(10_000)}))

    assert Counted.looks == 1
    assert len(series.names) == 512


def test_a_column_that_comes_late_while_a_bucket_is_open_lets_none_grow_beyond_the_others() -> None:
    """An odd full bucket and the open one behind it become one: it takes only what is missing to it."""
    series = Series(capacity=2 * FEWEST_BUCKETS, cells=2 * FEWEST_BUCKETS)
    extend(series, ["loss"], [(1.0,)] * (2 * FEWEST_BUCKETS + 3))

    extend(series, ["loss", "accuracy"], [(1.0, 0.5)] * 20, first=2 * FEWEST_BUCKETS + 3)

    counts = series.column("loss").count
    assert set(counts[:-1]) == {4}
    assert sum(counts) == 2 * FEWEST_BUCKETS + 23


def test_what_a_resume_takes_off_is_not_in_the_next_document() -> None:
    """The text of full buckets is kept from one snapshot to the next."""
    series = a_series([float(step) for step in range(20)])
    series.document()

    series.truncate_from(10)

    assert through_json(series) == a_series([float(step) for step in range(10)])
