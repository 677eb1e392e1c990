"""Axes: bounds that seldom move, round tick values, labels that never overlap.

A moving axis redraws the whole chart over a slow link and hides what changed. So bounds are round numbers,
grow in steps, and shrink only when most of the chart would be empty: `stable_bounds` takes the bounds of the
last drawing and gives them back whenever they still serve.
"""

import math
from collections.abc import Sequence
from typing import Literal

from trainmon.words.units import clock, number
from trainmon_tui.render.safe import cell_width

Bounds = tuple[float, float]
"""The lowest and the highest value of an axis; finite, the second is larger."""

LabelKind = Literal["count", "elapsed", "clock"]
"""What x means: a number (steps, epochs), seconds since the start, or Unix seconds."""

Tick = tuple[float, str]
"""A value on an axis and its label."""

LIMIT = 8e307
"""The largest magnitude on an axis: the span between two such values is still finite. What lies beyond
is drawn on the edge."""

SHRINK_BELOW = 0.3
"""The share of the old axis under which data must fall before the axis shrinks; below 1/2, so that a value
that wanders around a round number does not move the axis back and forth."""

WIDEN_FROM = 0.75
"""The share of a widened axis that data must fill for the old bounds to count in it: a bound that was rounded for
a smaller span, rounded again for each larger one, would move away from a loss that falls from it."""

ROUNDING = 1e-5
"""Part of a step that a value may lie beyond a bound: values in a series are 32-bit floats, and what their rounding
adds must not push an axis to its next step."""

COLUMNS_A_LABEL = 16
"""Columns of a chart for each label of x, about: denser ones are read no better."""

_LABEL_GAP = 2
"""Spaces between two labels, at least."""

_DECADES_ON_TOP = 2
"""From this many decades on, a logarithmic axis is labelled at powers of ten alone."""

_TIME_STEPS = (
    1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0,
    3_600.0, 7_200.0, 10_800.0, 21_600.0, 43_200.0, 86_400.0,
)  # fmt: skip
"""Round steps of time in seconds: parts of a minute, an hour, a day."""


def nice_step(span: float, most: int) -> float:
    """The smallest 1, 2 or 5 times a power of ten of which at most `most` fit into the span.

    Args:
        span: Above 0, finite.
        most: Steps that there is room for, at least 1.
    """
    least = max(span / max(most, 1), 1e-300)
    power = 10.0 ** min(math.floor(math.log10(least)), 307)
    # The tolerance keeps a span of exactly `most` steps from taking the next step because of rounding.
    return next((f * power for f in (1.0, 2.0, 5.0) if f * power * (1 + 1e-9) >= least), 10.0 * power)


def usable_bounds(low: float, high: float) -> Bounds:
    """Bounds that can be divided by: finite, ordered and apart; (0, 1) for what makes no sense.

    A single value gets room on both sides, so that a constant series is drawn in the middle.
    """
    if math.isnan(low) or math.isnan(high):
        return 0.0, 1.0
    low, high = (min(max(value, -LIMIT), LIMIT) for value in sorted((low, high)))
    magnitude = max(abs(low), abs(high))
    if high - low > max(magnitude * 1e-9, 1e-290):
        return low, high
    room = magnitude * 0.1 if magnitude > 1e-280 else 1.0
    return max(low - room, -LIMIT), min(high + room, LIMIT)


def nice_bounds(low: float, high: float) -> Bounds:
    """Round bounds around the values; values that are not negative get no negative axis, and vice versa."""
    low, high = usable_bounds(low, high)
    step = nice_step(high - low, 8)
    first, last = math.floor(low / step + ROUNDING), math.ceil(high / step - ROUNDING)
    return max(first * step, -LIMIT), min(last * step, LIMIT)


def stable_bounds(previous: Bounds | None, low: float, high: float) -> Bounds:
    """Bounds for values between `low` and `high` that move as seldom as possible.

    The previous ones while they hold the values; wider ones when the values have outgrown them; new ones when the
    values would fill less than `SHRINK_BELOW` of the axis, or less than `WIDEN_FROM` of a wider one.

    Args:
        previous: What this function returned for the last drawing; None for the first.
        low: The least finite value.
        high: The greatest finite value.
    """
    if previous is None:
        return nice_bounds(low, high)
    bounds = usable_bounds(*previous)
    low, high = usable_bounds(low, high)
    # The slack of `nice_bounds`, or its own result could look outgrown.
    slack = (bounds[1] - bounds[0]) * ROUNDING
    if low < bounds[0] - slack or high > bounds[1] + slack:
        bounds = nice_bounds(min(low, bounds[0]), max(high, bounds[1]))
        if high - low < WIDEN_FROM * (bounds[1] - bounds[0]):
            return nice_bounds(low, high)
    return bounds if high - low >= SHRINK_BELOW * (bounds[1] - bounds[0]) else nice_bounds(low, high)


def log_bounds(previous: Bounds | None, low: float, high: float) -> Bounds:
    """The same for a logarithmic axis; (0.1, 10) without positive values.

    From one power of ten to another; within two decades from 1, 2 or 5 times one, or half a chart may be empty.

    Args:
        previous: What this function returned for the last drawing; None for the first.
        low: The least positive finite value.
        high: The greatest positive finite value.
    """
    if not (low > 0 and math.isfinite(low) and high >= low):
        return previous or (0.1, 10.0)
    first = min(max(math.floor(math.log10(low) + 1e-9), -307), 306)
    last = min(math.ceil(math.log10(min(high, LIMIT)) - 1e-9), 307)
    last = max(last, first + 1)
    bounds = 10.0**first, 10.0**last
    if last - first <= _DECADES_ON_TOP:
        marks = [f * 10.0**exponent for exponent in range(first, last + 1) for f in (1.0, 2.0, 5.0)]
        below = max((mark for mark in marks if mark <= low * (1 + 1e-9)), default=bounds[0])
        above = min((mark for mark in marks if mark >= high * (1 - 1e-9)), default=bounds[1])
        bounds = (below, above) if below < above else bounds
    if previous is not None and previous[0] > 0:
        wide = min(bounds[0], previous[0]), max(bounds[1], previous[1])
        if last - first >= SHRINK_BELOW * math.log10(wide[1] / wide[0]):
            return wide
    return bounds


def ticks(low: float, high: float, most: int) -> list[float]:
    """Multiples of a round step between the bounds, ends included, rising; at most `most + 1`."""
    low, high = usable_bounds(low, high)
    return _multiples(low, high, nice_step(high - low, most))


def y_ticks(bounds: Bounds, height: int, *, log: bool = False) -> list[Tick]:
    """Values and labels for an axis of `height` rows, about one in five rows, never two in one row.

    Bounds that `nice_bounds` made are labelled at both ends and in between at equal distances.
    """
    low, high = usable_bounds(*bounds)
    if height < 2:
        return []
    if log and low > 0:
        return _log_ticks(low, high, max(1, (height - 1) // 3))
    unit = nice_step(high - low, 10)
    units = round((high - low) / unit)
    if units % 2:
        unit, units = unit / 2, units * 2
    # Labels four to six rows apart are pleasant; an even number of units has a middle to label.
    parts = [n for n in range(1, units + 1) if units % n == 0 and n <= max(1, (height - 1) / 3.5)]
    on_grid = abs(low / unit - round(low / unit)) < 1e-6 and abs((high - low) / unit - units) < 1e-6
    if on_grid and parts:
        stride = units // parts[-1]
        return _labelled([(round(low / unit) + index) * unit for index in range(0, units + 1, stride)], unit)
    step = nice_step(high - low, max(1, (height - 1) // 2))
    return _labelled(_multiples(low, high, step), step)


def x_ticks(bounds: Bounds, width: int, kind: LabelKind = "count", utc_offset: float = 0.0) -> list[Tick]:
    """As many round values and labels as fit side by side into `width` columns, by rising value.

    Args:
        bounds: Steps or epochs ("count"), seconds ("elapsed") or Unix seconds ("clock").
        width: Columns of the plot.
        kind: What the values mean.
        utc_offset: Seconds that the run's local time is ahead of UTC; for "clock".
    """
    low, high = usable_bounds(*bounds)
    for most in range(max(2, width // COLUMNS_A_LABEL), 1, -1):
        labelled = _x_ticks(low, high, most, kind, utc_offset)
        if sum(cell_width(label) + 3 for _, label in labelled) <= width + 3:
            return labelled
    return _x_ticks(low, high, 1, kind, utc_offset)


def _x_ticks(low: float, high: float, most: int, kind: LabelKind, utc_offset: float) -> list[Tick]:
    """Values and labels for about `most` steps of x."""
    if kind == "count":
        # Steps and epochs are whole numbers; half a step has no label.
        step = max(nice_step(high - low, most), 1.0 if high - low >= 1.0 else 0.0)
        return _labelled(_multiples(low, high, step), step)
    step = _time_step(high - low, most)
    shift = utc_offset if kind == "clock" else 0.0
    values = [value - shift for value in _multiples(low + shift, high + shift, step)]
    return [(value, _time_label(value, step, kind, utc_offset)) for value in values]


def place_labels(positions: Sequence[tuple[int, str]], width: int) -> str:
    """One line of `width` cells with each label centred on its column; what would overlap is left out.

    Labels at the ends are moved inside. The first and the last win over those between.

    Args:
        positions: (column, label) pairs by rising column, columns from 0.
        width: Cells of the line.
    """
    line = [" "] * max(width, 0)
    taken: list[tuple[int, int]] = []
    order = [*positions[:1], *positions[:0:-1]]
    for column, label in order:
        start = max(0, min(column - len(label) // 2, width - len(label)))
        end = start + len(label)
        if end > width or any(
            start < last + _LABEL_GAP and first < end + _LABEL_GAP for first, last in taken
        ):
            continue
        taken.append((start, end))
        line[start:end] = label
    return "".join(line)


def _multiples(low: float, high: float, step: float) -> list[float]:
    """Multiples of the step from low to high, both included up to rounding; at most a thousand."""
    first, last = math.ceil(low / step - 1e-6), math.floor(high / step + 1e-6)
    return [index * step for index in range(first, min(last, first + 999) + 1)]


def _labelled(values: Sequence[float], step: float) -> list[Tick]:
    """The values with labels of one style, just precise enough: "0", "0.25", "50k", "2.5M", "5.0e-07"."""
    # Multiples of a step carry rounding errors; without this the zero of an axis would be "1.4e-17".
    exact = [0.0 if abs(value) < step * 1e-6 else value for value in values]
    top = max(map(abs, exact), default=0.0)
    if top == 0.0:
        return [(value, "0") for value in exact]
    for suffix, unit in (("T", 1e12), ("B", 1e9), ("M", 1e6), ("k", 1e3)):
        decimals = _decimals(exact, step, unit)
        if max(unit, 1e4) <= top < 1e3 * unit and decimals <= 2:
            return [(value, f"{value / unit:.{decimals}f}{suffix}" if value else "0") for value in exact]
    decimals = _decimals(exact, step, 1.0)
    if decimals <= 4 and top < 1e9:
        return [(value, f"{value:,.{decimals}f}" if value else "0") for value in exact]
    digits = min(max(math.ceil(math.log10(top / step)), 0), 3)
    return [(value, f"{value:.{digits}e}" if value else "0") for value in exact]


def _decimals(values: Sequence[float], step: float, unit: float) -> int:
    """Digits after the point that show every value exactly in the unit; 9 when eight do not."""
    tolerance = step / unit * 1e-4
    for decimals in range(9):
        scale = 10.0**decimals
        scaled = [value / unit * scale for value in values]
        if all(abs(value - round(value)) <= tolerance * scale for value in scaled):
            return decimals
    return 9


def _log_ticks(low: float, high: float, most: int) -> list[Tick]:
    """Powers of ten between the bounds, thinned to `most + 1`; within two decades also 2 and 5 of them."""
    first, last = math.floor(math.log10(low) + 1e-9), math.ceil(math.log10(high) - 1e-9)
    if last - first > _DECADES_ON_TOP or most <= last - first:
        stride = max(1, math.ceil((last - first) / most))
        values = [10.0**exponent for exponent in range(first, last + 1, stride)]
    else:
        values = [f * 10.0**exponent for exponent in range(first, last + 1) for f in (1.0, 2.0, 5.0)]
    inside = [value for value in values if low * (1 - 1e-9) <= value <= high * (1 + 1e-9)]
    return [(value, _log_label(value)) for value in inside]


def _log_label(value: float) -> str:
    """The label of one value on a logarithmic axis: "1e-05", "0.01", "1", "500", "1e+06"."""
    return f"{value:g}" if 0.999e-3 <= value < 1e4 else f"{value:.0e}"


def _time_step(span: float, most: int) -> float:
    """The smallest round step of time of which at most `most` fit into the span, in seconds."""
    least = span / max(most, 1)
    fitting = next((step for step in _TIME_STEPS if step >= least * (1 - 1e-9)), None)
    if fitting is not None:
        return fitting if least > 0.5 else nice_step(span, most)
    return nice_step(span / 86_400.0, most) * 86_400.0


def _time_label(value: float, step: float, kind: LabelKind, utc_offset: float) -> str:
    """The label of a moment or of a span: "23:40", "23:40:30"; "0", "45s", "1h30", "3d"."""
    if kind == "clock":
        return clock(value, utc_offset, seconds=step < 60.0)
    if abs(value) < step * 1e-6:
        return "0"
    if step < 1.0 or abs(value) >= 1e12:
        return number(value)
    sign, whole = ("-" if value < 0 else ""), round(abs(value))
    days, hours, minutes, seconds = whole // 86_400, whole // 3_600 % 24, whole // 60 % 60, whole % 60
    if days and step >= 3_600.0:
        return f"{sign}{days}d{hours}h" if hours else f"{sign}{days}d"
    hours += 24 * days
    if hours:
        return f"{sign}{hours}h{minutes:02}" if minutes else f"{sign}{hours}h"
    if minutes:
        return f"{sign}{minutes}m{seconds:02}" if seconds else f"{sign}{minutes}m"
    return f"{sign}{seconds}s"
