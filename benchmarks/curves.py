"""Seeded generators of loss curves: healthy ones of many kinds, and ones that diverge.

They stand in the repository before any threshold was chosen; `benchmarks/alarm_quality.py` measures the alarms on them.
What real curves look like (power laws, heavy-tailed gradient noise, loss spikes that recover, humps after warm-up, warm
restarts, saw-teeth of epochs) is common knowledge of the field; the parameters are ours.
"""

import math
import random
from collections.abc import Callable
from typing import NamedTuple

LENGTH = 3_000
"""Steps of a curve."""


class Curve(NamedTuple):
    """One generated run."""

    kind: str
    losses: list[float]
    onset: int | None
    """The step at which it begins to diverge; None: it is healthy."""


def _power_law(rng: random.Random) -> Callable[[int], float]:
    """A trend: `floor + drop * (1 + step / time)^-power`, floors from near zero to far above the noise."""
    start = math.exp(rng.uniform(math.log(0.7), math.log(11.0)))
    floor = start * rng.choice((0.002, 0.05, 0.2, 0.5, 0.8)) * rng.uniform(0.7, 1.3)
    scale, power = math.exp(rng.uniform(math.log(20), math.log(800))), rng.uniform(0.4, 1.3)
    return lambda step: floor + (start - floor) * (1 + step / scale) ** -power


class _Noise:
    """Noise around a trend: a share of the level, perhaps correlated, perhaps with heavy tails."""

    def __init__(self, rng: random.Random, largest: float) -> None:
        self._rng = rng
        self._size = math.exp(rng.uniform(math.log(0.005), math.log(largest)))
        self._memory = rng.choice((0.0, 0.0, 0.5, 0.9, 0.98))
        self._tails = rng.random() < 0.3
        self._state = 0.0

    def __call__(self, level: float) -> float:
        draw = self._rng.gauss(0, 1)
        if self._tails:
            draw /= math.sqrt(
                self._rng.gammavariate(1.5, 2.0) / 3.0
            )  # Student's t with three degrees of freedom
        draw = max(-8.0, min(8.0, draw))
        self._state = self._memory * self._state + math.sqrt(1 - self._memory**2) * draw
        return max(level * 0.02, level * (1 + self._size * self._state))


def _plain(rng: random.Random) -> list[float]:
    trend, noise = _power_law(rng), _Noise(rng, 0.12)
    return [noise(trend(step)) for step in range(LENGTH)]


def _noisy(rng: random.Random) -> list[float]:
    trend, noise = _power_law(rng), _Noise(rng, 0.35)
    return [noise(trend(step)) for step in range(LENGTH)]


def _spiky(rng: random.Random) -> list[float]:
    """Spikes of up to five times the level that recover within some tens of steps."""
    trend, noise = _power_law(rng), _Noise(rng, 0.1)
    losses, lift, decay = [], 0.0, 0.8
    for step in range(LENGTH):
        if rng.random() < 0.003:
            lift, decay = rng.uniform(0.5, 4.0), rng.uniform(0.5, 0.95)
        losses.append(noise(trend(step) * (1 + lift)))
        lift *= decay
    return losses


def _hump(rng: random.Random) -> list[float]:
    """A rise of up to a fifth when the learning rate peaks after warm-up."""
    trend, noise = _power_law(rng), _Noise(rng, 0.1)
    peak, width, height = rng.uniform(100, 900), rng.uniform(40, 250), rng.uniform(0.03, 0.2)
    return [
        noise(trend(step) * (1 + height * math.exp(-(((step - peak) / width) ** 2))))
        for step in range(LENGTH)
    ]


def _restarts(rng: random.Random) -> list[float]:
    """Warm restarts: the loss rises by up to a fifth and comes down again."""
    trend, noise = _power_law(rng), _Noise(rng, 0.08)
    period, height = rng.randint(400, 1_200), rng.uniform(0.05, 0.2)
    return [noise(trend(step) * (1 + height * math.exp(-(step % period) / 80))) for step in range(LENGTH)]


def _epochs(rng: random.Random) -> list[float]:
    """Saw-teeth: hard examples come late in an epoch, easy ones early, or the other way round."""
    trend, noise = _power_law(rng), _Noise(rng, 0.1)
    period, height = rng.randint(60, 700), rng.uniform(-0.15, 0.15)
    return [noise(trend(step) * (1 + height * ((step % period) / period - 0.5))) for step in range(LENGTH)]


def _plateau(rng: random.Random) -> list[float]:
    """Comes down, then stands still for good."""
    trend, noise = _power_law(rng), _Noise(rng, 0.15)
    stand = rng.randint(200, 2_000)
    return [noise(trend(min(step, stand))) for step in range(LENGTH)]


def _overfitting(rng: random.Random) -> list[float]:
    """The training loss of a run that overfits: ever lower, towards nothing."""
    scale, noise = rng.uniform(200, 1_500), _Noise(rng, 0.2)
    start = rng.uniform(0.7, 8)
    return [noise(start * math.exp(-step / scale) + 1e-4) for step in range(LENGTH)]


HEALTHY = {
    "plain": _plain,
    "noisy": _noisy,
    "spiky": _spiky,
    "hump": _hump,
    "restarts": _restarts,
    "epochs": _epochs,
    "plateau": _plateau,
    "overfitting": _overfitting,
}


def _explosion(rng: random.Random, level: float, after: int) -> float:
    """Doubles every 15 to 60 steps."""
    return level * 2 ** min(60.0, after / _fixed(rng, "doubling", 15, 60))


def _to_chance(rng: random.Random, level: float, after: int) -> float:
    """Forgets everything within 5 to 60 steps and stays there."""
    height = _fixed(rng, "height", 2.0, 8.0)
    return level * (1 + (height - 1) * min(1.0, after / _fixed(rng, "time", 5, 60)))


def _climb(rng: random.Random, level: float, after: int) -> float:
    """Climbs steadily, by its own size within 40 to 120 steps."""
    return level * (1 + after / _fixed(rng, "climb", 40, 120))


_drawn: dict[tuple[int, str], float] = {}


def _fixed(rng: random.Random, name: str, low: float, high: float) -> float:
    """A parameter that is drawn once for a generator."""
    key = (id(rng), name)
    if key not in _drawn:
        _drawn[key] = rng.uniform(low, high)
    return _drawn[key]


DIVERGING = {"explosion": _explosion, "to chance": _to_chance, "climb": _climb}


def healthy(seed: int) -> Curve:
    """The healthy curve of a seed; the kinds take turns."""
    kind = list(HEALTHY)[seed % len(HEALTHY)]
    return Curve(kind, HEALTHY[kind](random.Random(1_000_003 * seed + 7)), None)


def diverging(seed: int) -> Curve:
    """The diverging curve of a seed: a trend with noise, and from its onset on one of three ways up."""
    rng = random.Random(2_000_003 * seed + 11)
    kind = list(DIVERGING)[seed % len(DIVERGING)]
    trend, noise = _power_law(rng), _Noise(rng, 0.15)
    onset = rng.randint(300, LENGTH - 400)
    _drawn.clear()
    losses = []
    for step in range(LENGTH):
        level = trend(min(step, onset))
        if step >= onset:
            level = DIVERGING[kind](rng, level, step - onset)
        losses.append(noise(level))
    return Curve(kind, losses, onset)
