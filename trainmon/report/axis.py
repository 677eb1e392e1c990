"""Axes: the range of a chart, round ticks on it, and where a value lies. Pure numbers."""

import math
from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

LOG_FROM = 50.0
"""How many times the least value the greatest has to be for a logarithmic axis: a loss from 7 to 0.1."""

LOG_UNTIL = 1e12
"""And at most: beyond it the least is a rounding error and no loss."""

_TIME_STEPS = (
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800,
    604_800, 1_209_600, 2_592_000,
)  # fmt: skip
"""Seconds between ticks that people find round."""


class Axis(msgspec.Struct, frozen=True):
    """A direction of a chart."""

    low: float
    high: float
    """Above `low`."""
    ticks: tuple[float, ...]
    scale: Literal["linear", "log"] = "linear"

    def at(self, value: float) -> float:
        """Where a value lies, 0 at `low` and 1 at `high`; beyond them it is outside of 0 to 1."""
        if self.scale == "log":
            if value <= 0:
                return -1.0
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


def linear(low: float, high: float, count: int = 5) -> Axis:
    """An axis that ends where its values end, with about `count` round ticks."""
    low, high = _apart(low, high)
    step = _round_step((high - low) / max(1, count))
    return Axis(low, high, _multiples(low, high, step))


def padded(
    values: Sequence[float], count: int = 4, *, room_for: Sequence[float] = (), may_be_log: bool = True
) -> Axis:
    """An axis with a little room around finite values; logarithmic where they span much and are positive.

    Args:
        values: What is drawn as a line.
        count: About how many ticks.
        room_for: Further values that are to be seen; they do not decide what kind of axis it is.
        may_be_log: False for what falls to 0 by plan: its end would fill a logarithmic axis.
    """
    if not values:
        return linear(0.0, 1.0, count)
    low, high = min(values), max(values)
    if may_be_log and low > 1e-300 and LOG_FROM <= high / low <= LOG_UNTIL:
        return _logarithmic(low / 1.15, high * 1.15)
    low, high = _apart(min([low, *room_for]), max([high, *room_for]))
    room = 0.06 * (high - low)
    axis = linear(low - room, high + room, count)
    if low >= 0 > axis.low:
        return msgspec.structs.replace(axis, low=0.0, ticks=tuple(tick for tick in axis.ticks if tick >= 0))
    return axis


def from_zero(values: Sequence[float], at_least: float, count: int = 3) -> Axis:
    """An axis from 0, for amounts."""
    return linear(0.0, max([at_least, *values]) * 1.04, count)


def times(low: float, high: float, utc_offset: int, count: int = 5) -> Axis:
    """An axis of Unix seconds with ticks at round local times."""
    low, high = _apart(low, high)
    wanted = (high - low) / max(1, count)
    step = next((each for each in _TIME_STEPS if each >= wanted), _TIME_STEPS[-1])
    ticks = _multiples(low + utc_offset, high + utc_offset, float(step))
    return Axis(low, high, tuple(tick - utc_offset for tick in ticks))


def tick_text(axis: Axis) -> Callable[[float], str]:
    """Writes ticks with as many decimals as tell them apart."""
    gaps = [after - before for before, after in zip(axis.ticks, axis.ticks[1:], strict=False)]
    step = min(gaps, default=1.0)
    largest = max((abs(tick) for tick in axis.ticks), default=0.0)
    if axis.scale == "log" or largest >= 1e5 or 0 < largest < 1e-3:
        return lambda value: f"{value:g}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")
    decimals = max(0, -math.floor(math.log10(step) + 1e-9)) if step > 0 else 0
    return lambda value: f"{value:z,.{min(decimals, 6)}f}"


def _apart(low: float, high: float) -> tuple[float, float]:
    """The same, or a little around it where both are one."""
    if high > low:
        return low, high
    room = abs(low) * 0.1 or 1.0
    return low - room, low + room


def _round_step(wanted: float) -> float:
    """The least of 1, 2, 2.5, 5 times a power of ten that is not below `wanted`."""
    power = 10.0 ** math.floor(math.log10(wanted)) if wanted > 0 else 1.0
    return next(
        factor * power for factor in (1.0, 2.0, 2.5, 5.0, 10.0, 20.0) if factor * power >= wanted * 0.999
    )


def _multiples(low: float, high: float, step: float) -> tuple[float, ...]:
    first = math.ceil(low / step - 1e-9)
    count = min(64, math.floor((high - first * step) / step + 1e-9) + 1)
    return tuple((first + index) * step for index in range(max(0, count)))


def _logarithmic(low: float, high: float) -> Axis:
    """Ticks at 1, 2 and 5 of each power of ten, or at every n-th power where there are many."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    powers = range(first, last + 1)
    factors = (1.0, 2.0, 5.0) if len(powers) <= 4 else (1.0,)
    every = max(1, len(powers) // 6)
    ticks = tuple(
        factor * 10.0**power
        for power in powers
        if (power - first) % every == 0
        for factor in factors
        if low <= factor * 10.0**power <= high
    )
    return Axis(low, high, ticks, "log")
