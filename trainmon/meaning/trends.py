"""Trends in bounded histories: growth, gain, means. Pure functions of a state; what cannot be said is None."""

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

import msgspec

from trainmon.facts.events import Number
from trainmon.fold.series import Column, Series
from trainmon.fold.state import RunState

FEW = 16
"""Buckets below which a trend is not spoken of."""

RECENT = 180.0
"""Seconds that "the last minutes" are."""

LEAST_SPAN = 30.0
"""Seconds below which a share of the time says nothing."""

WARMED_UP = 300.0
"""Seconds after a start in which memory may grow without being a leak: caches, loader workers, compilation."""

STEADY = 0.9
"""Part of the variance that a straight line must explain (R²) for growth to be steady."""

CONSIDERABLE = 0.02
"""Part of the total memory by which it must have grown."""


class Growth(msgspec.Struct, frozen=True):
    """A quantity that grows steadily."""

    rate: float
    """Units a second; above 0."""
    since: float
    """Unix seconds from which on it was looked at."""


def median(values: Sequence[float]) -> float:
    """The middle of at least one value; `statistics` would take 10 ms to import, in every command."""
    ordered, half = sorted(values), len(values) // 2
    return ordered[half] if len(values) % 2 else (ordered[half - 1] + ordered[half]) / 2


def _column(series: Series, name: str) -> Column | None:
    return series.column(name) if name in series.names else None


def time_of_step(series: Series, step: int | None) -> float | None:
    """Unix seconds when a run step was recorded, to the bucket."""
    column = _column(series, "loss")
    if column is None or step is None:
        return None
    return next(
        (t for t, last in zip(column.first_time, column.last_step, strict=True) if last >= step), None
    )


def _means(column: Column) -> list[tuple[int, float]]:
    """(last step, mean) of the buckets that have one."""
    pairs = zip(column.last_step, column.mean, strict=True)
    return [(step, mean) for step, mean in pairs if math.isfinite(mean)]


def mean_around(series: Series, step: int) -> float | None:
    """The mean loss of the two buckets around a step."""
    column = _column(series, "loss")
    means = _means(column) if column is not None else []
    index = next((i for i, (last, _) in enumerate(means) if last >= step), None)
    if index is None:
        return None
    near = means[max(0, index - 1) : index + 1]
    return sum(mean for _, mean in near) / len(near)


def newest_mean(series: Series) -> float | None:
    """The mean loss of the newest four buckets."""
    column = _column(series, "loss")
    means = _means(column)[-4:] if column is not None else []
    return sum(mean for _, mean in means) / len(means) if means else None


BLOCKS = 8
"""Parts of a stretch whose medians tell how uncertain its level is: noise that lasts shorter than a part is counted."""


class Gain(msgspec.Struct, frozen=True):
    """How much the loss came down lately, as a part of all that it came down by."""

    share: float
    """0: it stands still; below 0: it rose."""
    doubt: float
    """Standard error of that, from the noise of the losses."""


def gain(series: Series, share: float) -> Gain | None:
    """What the newest `share` of the buckets brought over the same stretch before it.

    None for a short run, or one that has learned nothing yet.
    """
    column = _column(series, "loss")
    means = [mean for _, mean in _means(column)] if column is not None else []
    part = int(len(means) * share)
    if len(means) < 16 * FEW or part < 2 * BLOCKS or len(means) < 2 * part:
        return None
    start = median(means[: max(1, part // 2)])
    before, before_doubt = _level(means[-2 * part : -part])
    newest, newest_doubt = _level(means[-part:])
    learned = start - min(before, newest)
    if learned <= 0:
        return None
    return Gain((before - newest) / learned, math.hypot(before_doubt, newest_doubt) / learned)


def _level(values: Sequence[float]) -> tuple[float, float]:
    """The level of a stretch and its standard error: of medians, which spikes do not move."""
    size = len(values) // BLOCKS
    medians = [median(values[index * size : (index + 1) * size]) for index in range(BLOCKS)]
    level = sum(medians) / BLOCKS
    variance = sum((value - level) ** 2 for value in medians) / (BLOCKS - 1)
    return level, math.sqrt(variance / BLOCKS)


def rise(values: Sequence[Number | None], window: int) -> float | None:
    """How far the newest `window` values stand above the lowest such stretch, in units of their own noise.

    The noise is that of second differences, which no steady course moves; at least `LEAST_NOISE` of the level. None
    where a value is missing or not finite, and where there are fewer than two stretches.
    """
    numbers = [value for value in values if value is not None and not isinstance(value, str)]
    if len(numbers) != len(values) or len(numbers) < max(5, 2 * window):
        return None
    levels = [sum(numbers[end - window : end]) / window for end in range(window, len(numbers) + 1)]
    bends = [
        abs(before - 2 * value + after)
        for before, value, after in zip(numbers, numbers[1:], numbers[2:], strict=False)
    ]
    # Of normal noise their median is 1.65 standard deviations; of a stretch's mean, the root of its length less.
    noise = max(median(bends) / 1.652, LEAST_NOISE * abs(min(levels)))
    return (levels[-1] - min(levels)) * math.sqrt(window) / noise if noise > 0 else 0.0


LEAST_NOISE = 0.002
"""Part of a validation loss that is taken for noise at least."""


def usual_step_time(state: RunState) -> float | None:
    """Seconds a step over the whole of this process's training, pauses left out; None before there is enough."""
    pace = state.pace
    steps = pace.step - pace.anchor_step if pace.step is not None and pace.anchor_step is not None else 0
    if pace.training < WARMED_UP or steps < 100:
        return None
    return pace.training / steps


def waiting_share(state: RunState) -> float | None:
    """Part of the last minutes spent waiting for data; None where it is not timed or too short.

    Of a long run a bucket may span more than the last minutes: then the newest two count.
    """
    column = _column(state.metrics, "waited")
    if column is None or state.first_step_time is None:
        return None
    rows = zip(column.first_time, column.last_time, column.count, column.mean, strict=True)
    known = [row for row in rows if row[0] >= state.first_step_time and math.isfinite(row[3])]
    if not known:
        return None
    newest = known[-1][1]
    recent = [row for row in known if row[1] > newest - RECENT]
    recent = recent if len(recent) > 1 else known[-2:]
    span = newest - recent[0][0]
    return min(1.0, sum(row[2] * row[3] for row in recent) / span) if span >= LEAST_SPAN else None


def usual_checkpoint_steps(state: RunState) -> int | None:
    """The median distance of checkpoints in steps; None for less than three."""
    return usual_distance(saved.run_step for saved in state.checkpoints)


def usual_distance(run_steps: Iterable[int]) -> int | None:
    """The median distance between steps at which something came; None for less than three of them."""
    steps = sorted(set(run_steps))
    gaps = [after - before for before, after in pairwise(steps)]
    return int(median(gaps)) if len(gaps) >= 2 else None


def recent_mean(series: Series, name: str) -> float | None:
    """The mean of the last minutes; None where they are not there yet."""
    column = _column(series, name)
    if column is None or not column.last_time:
        return None
    newest = column.last_time[-1]
    if newest - column.first_time[0] < RECENT:
        return None
    pairs = zip(column.last_time, column.mean, strict=True)
    means = [mean for time, mean in pairs if time > newest - RECENT and math.isfinite(mean)]
    return sum(means) / len(means) if means else None


def steady_growth(series: Series, name: str) -> Growth | None:
    """Growth that a straight line explains, after the first minutes; None where there is none."""
    column = _column(series, name)
    if column is None or not column.first_time:
        return None
    begin = column.first_time[0] + WARMED_UP
    triples = zip(column.first_time, column.mean, strict=True)
    points = [(time, mean) for time, mean in triples if time >= begin and math.isfinite(mean)]
    if len(points) < FEW or points[-1][0] - points[0][0] < WARMED_UP:
        return None
    mean_time = sum(time for time, _ in points) / len(points)
    mean = sum(value for _, value in points) / len(points)
    var_time = sum((time - mean_time) ** 2 for time, _ in points)
    var = sum((value - mean) ** 2 for _, value in points)
    both = sum((time - mean_time) * (value - mean) for time, value in points)
    if both <= 0 or not var or both * both / (var_time * var) < STEADY:
        return None
    if points[-1][1] - points[0][1] < CONSIDERABLE * points[-1][1]:
        return None
    return Growth(both / var_time, points[0][0])


def time_of_share(series: Series, share: float) -> float | None:
    """Unix seconds when the newest `share` of the buckets of the loss began."""
    column = _column(series, "loss")
    if column is None or not column.first_time:
        return None
    return column.first_time[-max(1, int(len(column.first_time) * share))]


def mean_between(series: Series, name: str, begin: float, end: float) -> float | None:
    """The mean of the first bucket that ends between two moments; None where there is none."""
    column = _column(series, name)
    if column is None:
        return None
    pairs = zip(column.last_time, column.mean, strict=True)
    return next((mean for last, mean in pairs if begin <= last < end and math.isfinite(mean)), None)
