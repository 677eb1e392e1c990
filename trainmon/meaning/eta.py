"""How long the rest of a run takes: pure functions of a `Pace`; nothing is stored.

The one thing to know: remaining time = remaining steps x recent step time + pauses that come again. The step
time is a discounted mean of recent blocks (exponential smoothing: Brown 1959, *Statistical Forecasting for
Inventory Control*; Roberts 1959, Technometrics 1(3)): sums of seconds and of steps, both halved every
`HALF_LIFE` blocks. The range is that of a sum of steps with the variance seen between blocks, widened where
neighbouring blocks are alike: n values with correlation r say as much as n (1 - r) / (1 + r) independent ones
(Bartlett 1946, Supplement to the JRSS 8(1)).
"""

import math
from operator import mul

import msgspec

from trainmon.fold.pace import BLOCKS, Pace
from trainmon.fold.pauses import UNEXPLAINED, Pauses

COVERAGE = 0.8
"""Fraction of cases in which the truth lies between `low` and `high`, if a run goes on as it lately did."""

HALF_LIFE = 16.0
"""Blocks after which a block counts half; after 64, when it is forgotten, a sixteenth."""

FEWEST_INTERVALS = 2
"""Below so many measured intervals nothing is said."""

FEWEST_BLOCKS = 3
"""Below so many blocks no range is said: there is no spread to speak of."""

_QUANTILE = 1.2815515655446004  # of the normal distribution at (1 + COVERAGE) / 2
_MOST_ALIKE = 0.9  # widens the range 4.4 times; more comes from a change of speed and not from noise
_UNKNOWN_SPREAD = 0.5  # of a pause that came once, as a fraction of its length
_FEWEST_UNEXPLAINED = 3  # fewer may be hiccups that never come again
_EARLY = 0.05  # of a period: a pause due so shortly before the last step is the one at the end


class Estimate(msgspec.Struct, frozen=True):
    """What can be said about the rest of a run; None each where it cannot."""

    seconds: float | None
    """Until the last step is done; 0 when it is."""
    low: float | None
    """The truth is above this ..."""
    high: float | None
    """... and below this, in seconds, in `COVERAGE` of all cases."""
    steps_per_second: float | None
    """Recent speed in training, without pauses."""
    seconds_per_step: float | None
    """The same the other way round."""


class _Ahead(msgspec.Struct, frozen=True):
    """Pauses that are still to come."""

    seconds: float
    variance: float
    longest: float
    """The mean of the longest kind that comes again, in seconds."""


def estimate(pace: Pace, done: int, total: int | None, elapsed: float = 0.0) -> Estimate:
    """The time that is left, from the moment that is `elapsed` seconds after the newest progress.

    While progress is late the time holds: of `elapsed` no more counts than an interval and a pause usually
    take, so that it neither grows nor runs down during a validation or a hang.

    Args:
        pace: Of the process that trains.
        done: Steps of the run that are done.
        total: Steps of the whole run as known now; None where nobody said it.
        elapsed: Seconds since the newest progress event, by any clock; below 0 counts as 0.
    """
    step_time = seconds_per_step(pace)
    speed = 1.0 / step_time if step_time else None
    if total is not None and done >= total:
        return Estimate(0.0, 0.0, 0.0, speed, step_time)
    if total is None or step_time is None:
        return Estimate(None, None, None, speed, step_time)
    ahead = _pauses_ahead(pace, total)
    seconds = _rest(pace, total - done, step_time, ahead, elapsed)
    spread = _spread(pace, total - done, step_time, ahead.variance)
    if spread is None:
        return Estimate(max(0.0, seconds), None, None, speed, step_time)
    low, high = max(0.0, seconds - spread), max(0.0, seconds + spread)
    return Estimate(max(0.0, seconds), low, high, speed, step_time)


def seconds_left(pace: Pace, done: int, total: int | None, elapsed: float = 0.0) -> float | None:
    """`Estimate.seconds` by itself, a fifth of the work of `estimate`: for lines of text, which show no range."""
    if total is not None and done >= total:
        return 0.0
    step_time = seconds_per_step(pace)
    if total is None or step_time is None:
        return None
    return max(0.0, _rest(pace, total - done, step_time, _pauses_ahead(pace, total), elapsed))


def _rest(pace: Pace, steps: int, step_time: float, ahead: _Ahead, elapsed: float) -> float:
    most = (pace.interval() or 0.0) + ahead.longest
    return steps * step_time + ahead.seconds - max(0.0, min(elapsed, most))


def steps_per_second(pace: Pace) -> float | None:
    """Recent speed in training, without pauses; None before it is known."""
    step_time = seconds_per_step(pace)
    return 1.0 / step_time if step_time else None


def seconds_per_step(pace: Pace) -> float | None:
    """Recent time of a step, without pauses; None before two intervals were measured."""
    if pace.rows < FEWEST_INTERVALS:
        return None
    weights = _weights(pace)
    steps = max(0, pace.step - pace.start_step) + math.fsum(map(mul, weights, pace.block_steps))
    seconds = pace.open_seconds() + math.fsum(map(mul, weights, pace.block_seconds))
    return seconds / steps if steps > 0 else None


_WEIGHTS = [0.5 ** ((BLOCKS - place) / HALF_LIFE) for place in range(BLOCKS)]
"""Of so many blocks, oldest first: 64 powers for each line of text cost more than the rest of it."""


def _weights(pace: Pace) -> list[float]:
    """Of the blocks, oldest first; the open block has 1."""
    count = len(pace.block_steps)
    return _WEIGHTS[BLOCKS - count :] if count <= BLOCKS else [0.0] * (count - BLOCKS) + _WEIGHTS


def _spread(pace: Pace, remaining: int, step_time: float, pause_variance: float) -> float | None:
    """Half the width of the range, in seconds; None where there are too few blocks.

    With x the step time of a block of n steps and w its weight, the variance of a step is the weighted mean
    of n (x - mean)^2. The rest is uncertain because the mean is, and because its own steps vary.
    """
    if len(pace.block_steps) < FEWEST_BLOCKS:
        return None
    weights = _weights(pace)
    deviations = [s / n - step_time for s, n in zip(pace.block_seconds, pace.block_steps, strict=True)]
    counted = math.fsum(map(mul, weights, pace.block_steps))
    squared = math.fsum(w * w * n for w, n in zip(weights, pace.block_steps, strict=True))
    total = math.fsum(weights)
    freedom = total - squared / counted
    if freedom <= 0:
        return None
    squares = zip(weights, pace.block_steps, deviations, strict=True)
    step_variance = math.fsum(w * n * d * d for w, n, d in squares) / freedom
    alike = _alikeness(deviations)
    rest = remaining * remaining * squared / counted**2 + remaining
    variance = step_variance * rest * (1 + alike) / (1 - alike) + pause_variance
    blocks = total * total / math.fsum(w * w for w in weights)
    return _student(blocks - 1) * math.sqrt(variance)


def _alikeness(deviations: list[float]) -> float:
    """Correlation of neighbouring blocks; cut to 0 .. 0.9, where a trend would make it senseless."""
    squares = math.fsum(d * d for d in deviations)
    if squares <= 0:
        return 0.0
    products = math.fsum(map(mul, deviations, deviations[1:]))
    return max(0.0, min(_MOST_ALIKE, products / squares))


def _student(freedom: float) -> float:
    """The quantile of Student's t for `COVERAGE`; first terms of Abramowitz and Stegun (1964) 26.7.5."""
    z = _QUANTILE
    first = (z**3 + z) / (4 * freedom)
    second = (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
    return z + first + second


def _pauses_ahead(pace: Pace, total: int) -> _Ahead:
    seconds = variance = longest = 0.0
    for kind, pauses in pace.paused.items():
        count = _count_ahead(pace, kind, pauses, total)
        if not count:
            continue
        spread = (_UNKNOWN_SPREAD * pauses.mean) ** 2
        if pauses.count > 1:
            spread = pauses.squares / (pauses.count - 1)
        seconds += count * pauses.mean
        variance += spread * (count + count * count / pauses.count)
        if kind == UNEXPLAINED:
            # Not by plan: their number is uncertain too, as that of Poisson's.
            variance += count * pauses.mean**2
        longest = max(longest, pauses.mean)
    return _Ahead(seconds, variance, longest)


def _count_ahead(pace: Pace, kind: str, pauses: Pauses, total: int) -> int:
    """How many more pauses of a kind come before the last step, if they come as often as so far."""
    if pauses.count < (_FEWEST_UNEXPLAINED if kind == UNEXPLAINED else 1):
        return 0
    if pauses.count > 1:
        period = (pauses.last_step - pauses.first_step) / (pauses.count - 1)
    else:
        period = float(pauses.first_step - pace.anchor_step)
    if period <= 0:
        return 0
    # Two in quick succession and then none for long do not come again soon.
    period = max(period, (pace.step - pace.anchor_step) / (pauses.count + 1))
    # One that is held is not recorded before the next interval, but it has come.
    last_step = pace.held_step if kind == UNEXPLAINED and pace.held else pauses.last_step
    newest = max(float(last_step), pace.step - period)
    return max(0, math.ceil((total - newest) / period - _EARLY) - 1)
