"""One chart of one column: a line with its name and its newest values, and the curves below it.

The loss chart, the grid and the full-size chart draw the same `ChartPiece`, so they look alike and share a cursor.
"""

import math

import msgspec

from trainmon.reading.range_rows import Key
from trainmon.words.scalars import decode_number
from trainmon.words.units import clock, duration, number
from trainmon_tui.render.axis import Bounds, log_bounds, stable_bounds
from trainmon_tui.render.cells import Row, row
from trainmon_tui.render.plot import Chart, Line, Marks
from trainmon_tui.sight.chart_view import LABELS, NAMES, ChartView, Ruler
from trainmon_tui.sight.curves import Curve, Readout, curve, finite_points, readout, redone, series_of
from trainmon_tui.sight.sight import Sight
from trainmon_tui.widgets import others
from trainmon_tui.widgets.lines import join
from trainmon_tui.widgets.others import Other

SPIKE = 8.0
"""How many times further from the middle than nearly all values one must lie to be drawn on the edge."""

FEW = 50
"""Values below which none is taken for a spike."""


class ChartPiece(msgspec.Struct, frozen=True):
    """What one chart shows."""

    key: Key
    """Its name is untrusted."""
    view: ChartView
    extent: Bounds
    """The x that the run has."""
    utc_offset: int
    """Seconds that the run's local time is ahead of UTC."""
    start: float
    """Unix seconds of the first step."""
    curve: Curve | None
    """None before the first value."""
    validation: Curve | None
    """Points that belong to it; None without any."""
    newest: float | None
    """None before the first value; may be NaN or infinite."""
    best: tuple[float, float] | None = None
    """x and y of the best validation, where it is a point of this chart."""
    checkpoints: tuple[float, ...] = ()
    """Where x had one."""
    readout: Readout | None = None
    """None without a cursor."""
    validation_readout: Readout | None = None
    redone: Curve | None = None
    """The loss of steps that were done again; None: nothing was."""
    others: tuple[Other, ...] = ()
    """The same column of compared runs."""


def pick(sight: Sight, key: Key, ruler: Ruler, *, checkpoints: bool = False) -> ChartPiece:
    """The part of a sight that a chart of this column shows."""
    view, raw, state = sight.options.chart, sight.raw, sight.state
    own = curve(state, key, view, ruler, raw)
    beside = validation_of(key)
    points = curve(state, beside, view, ruler, raw) if beside is not None else None
    if key.series == "validation":
        own, points = None, own
    extent = ruler.extent(view.kind)
    saved = state.checkpoints if checkpoints else []
    return ChartPiece(
        key=key,
        view=view,
        extent=(extent.low, extent.high),
        utc_offset=sight.utc_offset,
        start=ruler.start,
        curve=own,
        validation=points,
        newest=_newest(sight, key),
        best=_best(sight, key if key.series == "validation" else beside, ruler),
        checkpoints=tuple(ruler.x(view.kind, entry.run_step, entry.time) for entry in saved),
        readout=readout(own, key, view, ruler, raw) if own is not None else None,
        validation_readout=readout(points, beside or key, view, ruler, raw) if points is not None else None,
        redone=redone(state, view, ruler) if key.series == "loss" else None,
        others=others.pick(sight.beside, key, view),
    )


def validation_of(key: Key) -> Key | None:
    """The column of validations that is drawn in the chart of a training metric; None: there is none."""
    if key.series == "loss":
        return Key("validation", "val_loss")
    return Key("validation", key.name) if key.series == "metrics" else None


def _newest(sight: Sight, key: Key) -> float | None:
    series = series_of(sight.state, key)
    progress = sight.state.progress
    if progress is not None and key.series != "validation":
        said = progress.loss if key.series == "loss" else progress.metrics.get(key.name)
        if said is None and key == Key("metrics", "learning_rate"):
            said = progress.learning_rate
        if said is not None:
            return decode_number(said)
    if key.name not in series.names:
        return None
    column = series.column(key.name)
    known = zip(reversed(column.last), reversed(column.count), reversed(column.nonfinite), strict=True)
    return next((last for last, finite, bad in known if finite or bad), None)


def _best(sight: Sight, key: Key | None, ruler: Ruler) -> tuple[float, float] | None:
    """Where the best validation stands in the chart of a column of validations."""
    best, configuration = sight.state.best, sight.state.configuration
    if best is None or key is None:
        return None
    metric = configuration.best_metric if configuration is not None else "loss"
    # The loss chart marks it, too, whichever metric decided: it is the model that one would take.
    value = best.val_loss if key.name == "val_loss" else best.val_metrics.get(key.name)
    if value is None or key.name not in ("val_loss", metric):
        return None
    return ruler.x(sight.options.chart.kind, best.run_step, best.time), decode_number(value)


class Axes(msgspec.Struct, frozen=True):
    """Bounds of the last drawing, so that the next one moves them as seldom as possible."""

    x: Bounds | None = None
    y: Bounds | None = None
    view: ChartView = ChartView()
    """How it was looked at: another view has other bounds."""


def axes(piece: ChartPiece, before: Axes) -> Axes:
    """The bounds for a drawing, wider than those before where the data outgrew them."""
    view = piece.view
    if before.view.kind != view.kind:
        before = Axes()
    if before.view.log_y != view.log_y or before.view.window != view.window:
        before = Axes(before.x, None, view)
    compared = [other.curve for other in piece.others]
    curves = [found for found in (piece.curve, piece.validation, *compared) if found is not None]
    if not any(found.x for found in curves):
        return Axes(view.window, None, view)
    x = view.window
    if x is None:
        # That of the run and not of the column, so that charts side by side can be compared.
        ends = [*piece.extent, *(end for found in curves for end in (*found.x[:1], *found.x[-1:]))]
        x = stable_bounds(before.x, min(ends), max(ends))
    values = [value for found in curves for value in _in_view(found, view.window)]
    if view.log_y:
        positive = [value for value in values if value > 0]
        y = log_bounds(before.y, min(positive), max(positive)) if positive else None
    else:
        y = stable_bounds(before.y, *_without_outliers(values)) if values else None
    return Axes(x, y, view)


def _in_view(curve: Curve, window: Bounds | None) -> list[float]:
    """The least and the greatest values of the points in the window; what is beside it must not stretch the axis."""
    low, high = window or (-math.inf, math.inf)
    values = [
        value
        for side in (curve.low, curve.high)
        for x, value in zip(curve.x, side, strict=True)
        if low <= x <= high
    ]
    return [value for value in values if value - value == 0.0]


def _without_outliers(values: list[float]) -> Bounds:
    """The range of the values; a few that lie far above the rest are drawn on the edge and do not flatten it."""
    ordered = sorted(values)
    low, high = ordered[0], ordered[-1]
    usual = ordered[int(len(ordered) * 0.98)]
    middle = ordered[len(ordered) // 2]
    if len(ordered) >= FEW and high - middle > SPIKE * max(usual - middle, 1e-12):
        high = usual
    return low, high


def chart(piece: ChartPiece, bounds: Axes, empty: str) -> Chart:
    """What is drawn.

    Args:
        piece: What the chart shows.
        bounds: From `axes`.
        empty: Said where there is nothing to draw.
    """
    lines: list[Line] = []
    marks: list[Marks] = []
    if (before := piece.redone) is not None:
        lines.append(Line(*finite_points(before.x, before.smoothed or before.mean), "raw"))
    if (own := piece.curve) is not None:
        band = (own.low, own.high) if own.banded else (None, None)
        raw = [Line(own.x, own.mean, "raw", *band)] if own.smoothed else []
        curve = Line(own.x, own.smoothed, "train") if own.smoothed else Line(own.x, own.mean, "train", *band)
        lines += [*raw, *others.lines(piece.others), curve]
    else:
        lines += others.lines(piece.others)
    if (points := piece.validation) is not None:
        if own is None:
            lines.append(Line(points.x, points.last, "validation"))
        marks.append(Marks(points.x, points.last, "o", "validation"))
    if piece.best is not None:
        marks.append(Marks(piece.best[:1], piece.best[1:], "*", "best"))
    if piece.checkpoints:
        marks.insert(0, Marks(piece.checkpoints, None, "▴", "checkpoint"))
    marks += others.marks(piece.others)
    return Chart(
        lines=tuple(lines),
        marks=tuple(marks),
        x_bounds=bounds.x,
        y_bounds=bounds.y,
        log_y=piece.view.log_y,
        x_label_kind=LABELS[piece.view.kind],
        utc_offset=piece.utc_offset,
        not_finite=own.broken if own is not None else (),
        cursor=piece.view.cursor,
        empty=empty,
    )


def value_cells(value: float | None) -> Row:
    """A value of a curve; one that is not finite is not only coloured, but says so itself."""
    broken = value is not None and not math.isfinite(value)
    return row((number(value), "nan" if broken else "value"))


def modes(view: ChartView) -> list[Row]:
    """What is unusual about the view, and the smoothing: each a word or two."""
    return [
        row(("zoomed", "key")) if view.window is not None else (),
        row((f"x {NAMES[view.kind]}", "key")) if view.kind != "step" else (),
        row(("log y", "key")) if view.log_y else (),
        row((f"smoothing {view.smoothing:g}" if view.smoothing > 0 else "raw", "dim")),
    ]


def readout_alternatives(piece: ChartPiece) -> list[Row]:
    """What the cursor says, fuller first; nothing without a cursor or a curve."""
    found = piece.readout or piece.validation_readout
    if found is None:
        is_asked = piece.view.cursor is not None and (piece.curve or piece.validation) is not None
        return [row(("no value yet at the cursor", "dim"))] if is_asked else []
    step = row(("step ", "label"), (f"{found.step:,}", "cursor"))
    parts = []
    if piece.readout is not None:
        what = "raw " if found.rows == 1 else f"mean of {found.rows:,} "
        parts.append(row((what, "label"), *value_cells(found.value)))
        if found.smoothed is not None:
            parts.append(row(("smooth ", "label"), (number(found.smoothed), "train")))
    if (point := piece.validation_readout) is not None:
        at = f" at {point.step:,}" if point.step != found.step else ""
        parts.append(row(("o val ", "validation"), *value_cells(point.value), (at, "label")))
    time = row(
        (clock(found.time, piece.utc_offset), "value"), (f" +{duration(found.time - piece.start)}", "label")
    )
    return [
        join(step, *parts, time, gap="  "),
        join(step, *parts[:2], time, gap="  "),
        join(step, *parts[:2], gap="  "),
        join(step, *parts[:1], gap="  "),
        *parts[:1],
    ]
