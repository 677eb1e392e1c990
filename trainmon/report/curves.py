"""From the series of a state to charts: the loss, each metric, the machine."""

import math
from collections.abc import Callable, Sequence

import msgspec

from trainmon.fold.series import Column, Series
from trainmon.fold.state import RunState
from trainmon.fold.state_entries import ValidationEntry
from trainmon.meaning.derived import shown_epoch
from trainmon.report.axis import Axis, from_zero, linear, padded, tick_text, times
from trainmon.report.chart import Band, Chart, Flag, Line, Mark, Point
from trainmon.words.scalars import decode_number
from trainmon.words.units import clock, count, fine_duration, number, short_count

SMALL = (420.0, 190.0)
"""Width and height of a small chart."""

MOST_FLAGS = 60
"""Steps with a loss that is not finite that are marked; more would be a wall."""


class Panel(msgspec.Struct, frozen=True):
    """A small chart with its words."""

    title: str
    newest: str
    note: str
    chart: Chart


def loss_chart(state: RunState) -> Chart | None:
    """Training loss with its band, validations and the best one; None before the first of either."""
    column = state.loss.column("loss") if "loss" in state.loss.names else None
    validations = _validation_points(state.validation, "val_loss")
    if column is None and not validations:
        return None
    train = _means(column) if column is not None else []
    redone = (
        state.redone.column("loss") if state.redone is not None and "loss" in state.redone.names else None
    )
    means = [value for _, value in (*train, *validations) if math.isfinite(value)]
    y = padded(means, 5, room_for=_usual(column))
    best = state.best.val_loss if state.best is not None else None
    marks = [
        Mark(x, value, "validation", f"validation: {number(value)} at step {count(x)}")
        for x, value in validations
    ]
    if state.best is not None and best is not None and not isinstance(best, str):
        marks.append(
            Mark(float(state.best.run_step), best, "best", _best_words(state, state.best, best), 5.0)
        )
    lines = [Line(_means(redone), "redone")] if redone is not None else []
    return Chart(
        x=_steps_axis(state, [x for x, _ in (*train, *validations)]),
        y=y,
        x_text=short_count,
        y_text=tick_text(y),
        label="Training loss with its least and greatest values, and validation loss, over steps",
        bands=[Band(_extremes(column), "train")] if column is not None else [],
        flags=_not_finite(column) if column is not None else [],
        lines=[*lines, Line(train, "train"), Line(validations, "validation")],
        marks=marks,
    )


def metric_panels(state: RunState, most: int) -> tuple[list[Panel], int]:
    """(a panel for each metric of training and validation, how many more there are)."""
    panels: list[Panel] = []
    more = 0
    sources = ((state.metrics, "train", ""), (state.validation, "validation", "validation "))
    for series, style, prefix in sources:
        for name in series.names:
            if name == "val_loss" and state.loss.names:
                continue  # It is in the chart of the loss.
            if len(panels) >= most:
                more += 1
                continue
            panel = _metric(state, series, name, style, prefix)
            if panel is not None:
                panels.append(panel)
    return panels, more


def _metric(state: RunState, series: Series, name: str, style: str, prefix: str) -> Panel | None:
    column = series.column(name)
    points = _means(column)
    finite = [value for _, value in points if math.isfinite(value)]
    if not finite:
        return None
    is_validation = style == "validation"
    room_for = () if is_validation else _usual(column)
    y = padded(finite, 4, room_for=room_for, may_be_log=name not in ("learning_rate", "waited"))
    marks = (
        [Mark(x, value, style, f"{number(value)} at step {count(x)}", 2.6) for x, value in points]
        if is_validation
        else []
    )
    title = "waited for data" if name == "waited" and not is_validation else f"{prefix}{name}"
    chart = Chart(
        x=_steps_axis(state, [x for x, _ in points], 4), y=y, x_text=short_count, y_text=tick_text(y),
        label=f"{title} over steps", bands=[] if is_validation else [Band(_extremes(column), style)],
        lines=[Line(points, style)], marks=[mark for mark in marks if math.isfinite(mark.y)],
        width=SMALL[0], height=SMALL[1],
    )  # fmt: skip
    low, high = _range(column)
    say = fine_duration if title == "waited for data" else number
    return Panel(title, say(_newest(column)), f"{say(low)} to {say(high)}", chart)


def machine_panels(state: RunState, utc_offset: int) -> list[Panel]:
    """A panel for each reading of the machine that has a course."""
    panels = (_reading(state.machine, name, utc_offset) for name in state.machine.names)
    return [panel for panel in panels if panel is not None]


def _reading(series: Series, name: str, utc_offset: int) -> Panel | None:
    column = series.column(name)
    unit = _unit(name)
    rows = [
        (float(second), low / unit.size, high / unit.size)
        for second, low, high in zip(column.last_step, column.minimum, column.maximum, strict=True)
    ]
    points = [
        (float(second), value / unit.size)
        for second, value in zip(column.last_step, column.mean, strict=True)
    ]
    if sum(math.isfinite(value) for _, value in points) < 2:
        return None
    usual = [value / unit.size for value in _usual(column)]
    y = from_zero(usual, unit.at_least or max(usual) or 1.0)
    x = times(points[0][0], points[-1][0], utc_offset, 4)
    title = _machine_name(name)
    chart = Chart(
        x=x, y=y, x_text=_clock_text(x, utc_offset), y_text=tick_text(y), label=f"{title} in {unit.name} over time",
        bands=[Band(rows, "other")], lines=[Line(points, "other")], width=SMALL[0], height=SMALL[1],
    )  # fmt: skip
    low, high = _range(column)
    return Panel(title, unit.words(_newest(column)), f"{unit.words(low)} to {unit.words(high)}", chart)


def _means(column: Column) -> list[Point]:
    """The middle of each bucket and its mean; NaN where it has no finite value."""
    return [
        ((first + last) / 2, value)
        for first, last, value in zip(column.first_step, column.last_step, column.mean, strict=True)
    ]


def _extremes(column: Column) -> list[tuple[float, float, float]]:
    rows = zip(column.first_step, column.last_step, column.minimum, column.maximum, strict=True)
    return [((first + last) / 2, low, high) for first, last, low, high in rows]


def _usual(column: Column | None) -> list[float]:
    """Values that the axis has to show: all means, and the extremes but for their outermost hundredth."""
    if column is None:
        return []
    low, high = (sorted(filter(math.isfinite, values)) for values in (column.minimum, column.maximum))
    outer = len(low) // 100
    return [*filter(math.isfinite, column.mean), *low[outer : outer + 1], *high[len(high) - 1 - outer :][:1]]


def _range(column: Column) -> tuple[float | None, float | None]:
    low = [value for value in column.minimum if math.isfinite(value)]
    high = [value for value in column.maximum if math.isfinite(value)]
    return min(low, default=None), max(high, default=None)


def _newest(column: Column) -> float | None:
    """The last value that came, NaN and infinities included."""
    for finite, nonfinite, last in zip(
        reversed(column.count), reversed(column.nonfinite), reversed(column.last), strict=True
    ):
        if finite or nonfinite:
            return last
    return None


def _validation_points(series: Series, name: str) -> list[Point]:
    return (
        [point for point in _means(series.column(name)) if math.isfinite(point[1])]
        if name in series.names
        else []
    )


def _not_finite(column: Column) -> list[Flag]:
    """A flag for each bucket with losses that were NaN or infinite."""
    flags = [
        Flag(
            (first + last) / 2,
            "bad",
            f"{count(bad)} not finite between steps {count(first)} and {count(last)}",
        )
        for first, last, bad in zip(column.first_step, column.last_step, column.nonfinite, strict=True)
        if bad
    ]
    every = max(1, math.ceil(len(flags) / MOST_FLAGS))
    return flags[::every]


def _best_words(state: RunState, best: ValidationEntry, value: float) -> str:
    epoch = shown_epoch(state, best.epoch)
    return f"best: {number(decode_number(value))} in epoch {epoch}, at step {count(best.run_step)}"


def _steps_axis(state: RunState, xs: Sequence[float], ticks: int = 8) -> Axis:
    """From the first step that is drawn, or 0, to the newest."""
    low = min(xs, default=0.0)
    return linear(0.0 if low <= 0.05 * state.run_step else low, max([float(state.run_step), *xs]), ticks)


def _clock_text(axis: Axis, utc_offset: int) -> Callable[[float], str]:
    seconds = axis.high - axis.low < 300
    return lambda time: clock(time, utc_offset, seconds=seconds)


def _machine_name(name: str) -> str:
    plain = {
        "cpu": "CPU", "memory": "machine memory", "trainer": "trainer memory", "workers": "worker memory",
        "read": "disk read", "written": "disk written", "sent": "network sent", "received": "network received",
        "free": "disk free",
    }  # fmt: skip
    if name in plain:
        return plain[name]
    device, dot, rest = name.partition(".")
    return f"{device.upper()} {rest}" if dot and device.startswith("gpu") else name


class _Unit(msgspec.Struct, frozen=True):
    """How readings are written."""

    name: str
    size: float
    """Of the unit, in the reading's own."""
    decimals: int
    at_least: float | None = None
    """What an axis reaches in any case, in this unit."""

    def words(self, value: float | None) -> str:
        """A reading with its unit."""
        return f"{value / self.size:,.{self.decimals}f} {self.name}" if value is not None else "?"


_GIB = _Unit("GiB", 2.0**30, 1)
_RATE = _Unit("MB/s", 1e6, 1)
_UNITS = {
    "cpu": _Unit("%", 1.0, 0, 100.0), "utilisation": _Unit("%", 1.0, 0, 100.0),
    "memory": _GIB, "trainer": _GIB, "workers": _GIB, "free": _Unit("GB", 1e9, 1),
    "read": _RATE, "written": _RATE, "sent": _RATE, "received": _RATE,
    "temperature": _Unit("°C", 1.0, 0), "power": _Unit("W", 1.0, 0),
}  # fmt: skip
"""By the last part of the column's name, see `trainmon.fold.machine`."""


def _unit(name: str) -> _Unit:
    return _UNITS.get(name.rpartition(".")[2], _Unit("", 1.0, 2))
