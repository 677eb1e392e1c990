"""Sums over a stream of any length in bounded memory: thinned lists, quantiles, courses, counts by name."""

import math
from collections import Counter
from statistics import median
from typing import Generic, TypeVar

Item = TypeVar("Item")

ACCURACY = 0.01
"""A quantile is within 1 % of the value at its rank."""

_GAMMA = (1 + ACCURACY) / (1 - ACCURACY)
_LOG_GAMMA = math.log(_GAMMA)
_SMALLEST = 1e-9


class Thinned(Generic[Item]):
    """Every n-th item of a stream, evenly, at most `capacity` of them; n doubles whenever that is reached."""

    def __init__(self, capacity: int = 2_048) -> None:
        """Makes an empty one.

        Args:
            capacity: An even number.
        """
        self.items: list[Item] = []
        self.count = 0
        """Items that came."""
        self.stride = 1
        """n: the items kept are those with the numbers 0, n, 2n, …"""
        self._capacity = capacity

    def add(self, item: Item) -> None:
        """Takes the next item."""
        if self.count % self.stride == 0:
            if len(self.items) == self._capacity:
                del self.items[1::2]
                self.stride *= 2
            if self.count % self.stride == 0:
                self.items.append(item)
        self.count += 1


class Quantiles:
    """Quantiles of positive numbers: counts in buckets that grow by 2 % (DDSketch: Masson, Rim and Lee, VLDB 2019).

    At most some 3,500 buckets between 1e-9 and the largest float; what is smaller counts as 0.
    """

    def __init__(self) -> None:
        self._buckets: Counter[int] = Counter()
        self._zeros = 0
        self.count = 0

    def add(self, value: float) -> None:
        """Takes a finite number; negative ones count as 0."""
        self.count += 1
        if value < _SMALLEST:
            self._zeros += 1
        else:
            self._buckets[math.ceil(math.log(value) / _LOG_GAMMA)] += 1

    def at(self, fraction: float) -> float | None:
        """The value below which that fraction (0 to 1) of the numbers lies, within 1 %; None where there are none."""
        if not self.count:
            return None
        rank = fraction * (self.count - 1)
        seen = self._zeros
        if rank < seen:
            return 0.0
        for bucket in sorted(self._buckets):
            seen += self._buckets[bucket]
            if rank < seen:
                break
        return 2 * math.exp(bucket * _LOG_GAMMA) / (_GAMMA + 1)

    def above(self, value: float) -> int:
        """How many numbers were greater, within the accuracy of the buckets."""
        limit = math.ceil(math.log(max(value, _SMALLEST)) / _LOG_GAMMA)
        return sum(count for bucket, count in self._buckets.items() if bucket > limit)


class Course:
    """How a ratio went over a stream: (amount, weight) pairs in at most 64 stretches of equally many pairs."""

    STRETCHES = 64

    def __init__(self) -> None:
        self._sums: list[tuple[float, float]] = []
        self._width = 1
        self._in_last = 0

    def add(self, amount: float, weight: float) -> None:
        """Takes a pair of finite numbers."""
        if self._in_last in (0, self._width):
            if len(self._sums) == self.STRETCHES:
                self._merge()
            self._sums.append((0.0, 0.0))
            self._in_last = 0
        total, weights = self._sums[-1]
        self._sums[-1] = (total + amount, weights + weight)
        self._in_last += 1

    def _merge(self) -> None:
        pairs = zip(self._sums[::2], self._sums[1::2], strict=True)
        self._sums = [(one[0] + two[0], one[1] + two[1]) for one, two in pairs]
        self._width *= 2

    def recent(self) -> float | None:
        """The ratio in the newest quarter of the stretches; None where they have no weight."""
        quarter = self._sums[-max(1, len(self._sums) // 4) :]
        weight = sum(part[1] for part in quarter)
        return sum(part[0] for part in quarter) / weight if weight > 0 else None

    def trend(self) -> float | None:
        """The ratio in the newest quarter against the oldest, less 1: 0.1 is a tenth more; None for fewer than 32.

        Of each quarter the median stretch counts, so that one outlier makes no trend.
        """
        ratios = [total / weight for total, weight in self._sums if weight > 0]
        quarter = len(ratios) // 4
        if quarter < 8:
            return None
        first, last = median(ratios[:quarter]), median(ratios[-quarter:])
        return last / first - 1 if first > 0 else None


class Extent:
    """Count, mean, extremes and newest of a stream of numbers; those that are not finite are only counted."""

    def __init__(self) -> None:
        self.count = 0
        self.nonfinite = 0
        self.total = 0.0
        self.minimum: float | None = None
        self.maximum: float | None = None
        self.first: float | None = None
        self.last: float | None = None

    def add(self, value: float) -> None:
        """Takes a number."""
        if self.first is None:
            self.first = value
        self.last = value
        if not math.isfinite(value):
            self.nonfinite += 1
            return
        self.count += 1
        self.total += value
        if self.minimum is None or value < self.minimum:
            self.minimum = value
        if self.maximum is None or value > self.maximum:
            self.maximum = value

    @property
    def mean(self) -> float | None:
        """Of the finite ones; None where there are none."""
        return self.total / self.count if self.count else None
