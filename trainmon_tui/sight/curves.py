"""From what is known of a column to what a chart draws of it: in view, smoothed, with raw points where there are."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

import msgspec

from trainmon.fold.series import Column, Series
from trainmon.fold.state import RunState
from trainmon.reading.range_rows import Key
from trainmon.reading.ranges import Range
from trainmon_tui.render.smooth import smooth
from trainmon_tui.sight.chart_view import ChartView, Ruler
from trainmon_tui.sight.raw import Raw

SETTLED = 8.0
"""Times 1 / (1 - weight): points before the view after which smoothing has forgotten where it began (e^-8)."""

_Point = tuple[int, float, float, float, float, float, int, int, int]
"""Last step, last time, minimum, maximum, mean, last, finite values, values that are not finite, first step."""


class Curve(msgspec.Struct, frozen=True):
    """The points of a column in view, and one more on either side, by rising step; all sequences equally long."""

    x: tuple[float, ...]
    step: tuple[int, ...]
    first: tuple[int, ...]
    """The step from which on each point stands for its values; that of a single value is its own."""
    time: tuple[float, ...]
    """Unix seconds."""
    low: tuple[float, ...]
    """The least finite value behind each point; NaN where there is none. So below."""
    high: tuple[float, ...]
    mean: tuple[float, ...]
    last: tuple[float, ...]
    """The newest value behind each point; may be NaN or infinite."""
    rows: tuple[int, ...]
    """How many values each point stands for."""
    broken: tuple[float, ...]
    """Where x had values that are not finite; shorter than the others."""
    smoothed: tuple[float, ...] = ()
    """Empty where nothing is smoothed."""

    @property
    def banded(self) -> bool:
        """Whether points stand for several values."""
        return any(rows > 1 for rows in self.rows)


class Readout(msgspec.Struct, frozen=True):
    """What a chart says at the cursor."""

    step: int
    time: float
    """Unix seconds."""
    value: float
    """As it was logged where `rows` is 1, else the mean."""
    smoothed: float | None
    """None where nothing is smoothed."""
    rows: int


def series_of(state: RunState, key: Key) -> Series:
    """The series that holds the column."""
    match key.series:
        case "loss":
            return state.loss
        case "metrics":
            return state.metrics
        case "validation":
            return state.validation


def curve(state: RunState, key: Key, view: ChartView, ruler: Ruler, raw: Raw) -> Curve | None:
    """The curve of a column in view; None where the run has none."""
    series = series_of(state, key)
    if key.name not in series.names:
        return None
    points = _with_raw(_points(series.column(key.name)), raw.window, key)
    # Validations are few and far between: smoothing them would hide them.
    return _in_view(points, view, ruler, view.smoothing if key.series != "validation" else 0.0)


def redone(state: RunState, view: ChartView, ruler: Ruler) -> Curve | None:
    """The loss that was taken off the curve because its steps were done again, in view; None: nothing was."""
    if state.redone is None or "loss" not in state.redone.names:
        return None
    return _in_view(_points(state.redone.column("loss")), view, ruler, view.smoothing)


def _in_view(points: list[_Point], view: ChartView, ruler: Ruler, smoothing: float) -> Curve:
    """The points in view, smoothed with this weight of the past; 0: not smoothed."""
    x = [ruler.x(view.kind, point[0], point[1]) for point in points]
    low, high = view.window or (-math.inf, math.inf)
    begin, end = max(0, bisect_left(x, low) - 1), bisect_right(x, high) + 1
    smoothed: tuple[float, ...] = ()
    if smoothing > 0:
        settling = max(0, begin - math.ceil(SETTLED / (1 - min(smoothing, 0.9999))))
        smoothed = tuple(smooth([point[4] for point in points[settling:end]], smoothing)[begin - settling :])
    points, x = points[begin:end], x[begin:end]
    step, time, least, greatest, mean, last, finite, bad, first = (
        zip(*points, strict=True) if points else ((),) * 9
    )
    rows = tuple([good + broken for good, broken in zip(finite, bad, strict=True)])
    return Curve(
        x=tuple(x),
        step=step,
        first=tuple(
            [at if count == 1 else begun for at, begun, count in zip(step, first, rows, strict=True)]
        ),
        time=time,
        low=least,
        high=greatest,
        mean=mean,
        last=last,
        rows=rows,
        broken=tuple([at for at, count in zip(x, bad, strict=True) if count]),
        smoothed=smoothed,
    )


def _points(column: Column) -> list[_Point]:
    """The entries of a column that have a value: a gap is where values are not finite, not where there are none."""
    rows = zip(
        column.last_step, column.last_time, column.minimum, column.maximum, column.mean, column.last, column.count,
        column.nonfinite, column.first_step, strict=True,
    )  # fmt: skip
    return [row for row in rows if row[6] or row[7]]


def _with_raw(points: list[_Point], read: Range | None, key: Key) -> list[_Point]:
    """The points, with those in the range replaced by what was read there."""
    if read is None or key not in read.columns:
        return points
    steps = [point[0] for point in points]
    before, behind = bisect_left(steps, read.first), bisect_right(steps, read.last)
    return points[:before] + _points(read.columns[key]) + points[behind:]


def finite_points(xs: Sequence[float], values: Sequence[float]) -> tuple[list[float], list[float]]:
    """The points whose value is finite, for a curve that lies behind: what is not finite is marked for one alone."""
    kept = [(x, value) for x, value in zip(xs, values, strict=True) if math.isfinite(value)]
    return [x for x, _ in kept], [value for _, value in kept]


def readout(curve: Curve, key: Key, view: ChartView, ruler: Ruler, raw: Raw) -> Readout | None:
    """What the curve says at the cursor: what it was then, and nothing that came later.

    None without a cursor, and before the first point.
    """
    if view.cursor is None:
        return None
    step = round(ruler.step(view.kind, view.cursor))
    index = _known_at(curve.first, curve.step, step)
    if index is None:
        return None
    smoothed = curve.smoothed[index] if curve.smoothed else None
    rows = curve.rows[index]
    value = curve.last[index] if rows == 1 else curve.mean[index]
    found = Readout(curve.step[index], curve.time[index], value, smoothed, rows)
    exact = _points(raw.cursor.columns[key]) if raw.cursor is not None and key in raw.cursor.columns else []
    at = _known_at([point[8] for point in exact], [point[0] for point in exact], step)
    if at is None or (rows == 1 and exact[at][0] != found.step):
        return found
    last_step, time, *_, last, finite, bad, _first = exact[at]
    return Readout(last_step, time, last, smoothed, finite + bad)


def _known_at(first: Sequence[int], last: Sequence[int], step: int) -> int | None:
    """The index of the point that a step lies in, else of the last one before it; None where all come later."""
    index = bisect_left(last, step)
    if index < len(last) and first[index] <= step:
        return index
    return index - 1 if index else None
