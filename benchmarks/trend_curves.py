"""Seeded generators for the alarms about trends: losses that stand still or fall, validations that rise or do not.

As in `benchmarks/curves.py`, they stand here before the thresholds that are tuned on them.
"""

import math
import random
from typing import NamedTuple

from benchmarks.curves import LENGTH, Curve, _Noise, _power_law

FALLING = 0.04
"""Part of all progress that comes in the newest quarter of a run that still falls: twice what counts as standing."""

EVERY = 100
"""Steps between two validations."""


def standing(seed: int) -> Curve:
    """Comes down, then stands still; `onset` is where."""
    rng = random.Random(3_000_017 * seed + 3)
    trend, noise = _power_law(rng), _Noise(rng, 0.15)
    stand = rng.randint(200, 1_200)
    return Curve("standing", [noise(trend(min(step, stand))) for step in range(LENGTH)], stand)


def falling(seed: int) -> Curve:
    """A power law that still brings at least `FALLING` of all progress in each newest quarter."""
    rng = random.Random(4_000_037 * seed + 5)
    while True:
        trend = _power_law(rng)
        quarters = [
            (trend(3 * end // 4) - trend(end)) / (trend(0) - trend(end))
            for end in range(500, LENGTH + 1, 500)
        ]
        if min(quarters) >= FALLING:
            break
    noise = _Noise(rng, 0.15)
    return Curve("falling", [noise(trend(step)) for step in range(LENGTH)], None)


class Validated(NamedTuple):
    """A run with validations, one every `EVERY` steps."""

    losses: list[float]
    validations: list[float]
    turn: int | None
    """Index of the validation from which on they rise; None: they do not."""


def _training(rng: random.Random) -> list[float]:
    """A training loss that falls to the end."""
    scale, noise = rng.uniform(600, 2_500), _Noise(rng, 0.1)
    start = rng.uniform(0.7, 8)
    return [noise(start * math.exp(-step / scale) + 1e-3) for step in range(LENGTH)]


def overfitting(seed: int) -> Validated:
    """Validations that come down, and from their turn on rise by 1 to 8 percent each."""
    rng = random.Random(5_000_011 * seed + 13)
    losses, count = _training(rng), LENGTH // EVERY
    turn, slope, size = rng.randint(4, count - 10), rng.uniform(0.01, 0.08), rng.uniform(0.001, 0.03)
    start, floor, scale = rng.uniform(1, 8), rng.uniform(0.2, 0.8), rng.uniform(1.5, 6)
    out = []
    for index in range(count):
        level = floor * start + (1 - floor) * start * math.exp(-min(index, turn) / scale)
        out.append(level * (1 + slope * max(0, index - turn)) * (1 + size * rng.gauss(0, 1)))
    return Validated(losses, out, turn)


def generalising(seed: int) -> Validated:
    """Validations that come down, and stand or fall to the end, with noise of 0.1 to 10 percent."""
    rng = random.Random(6_000_101 * seed + 17)
    losses, count = _training(rng), LENGTH // EVERY
    size = math.exp(rng.uniform(math.log(0.001), math.log(0.1)))
    start, floor, scale = rng.uniform(1, 8), rng.uniform(0.05, 0.8), rng.uniform(1.5, 30)
    out = [
        (floor * start + (1 - floor) * start * math.exp(-index / scale)) * (1 + size * rng.gauss(0, 1))
        for index in range(count)
    ]
    return Validated(losses, out, None)
