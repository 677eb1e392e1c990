"""One column of a `Series`: what it keeps of each bucket.

Its law is that of the `Series`: what is added in two parts leaves the same bits as what is added at once.
"""

from __future__ import annotations  # array.array cannot be subscripted at run time before Python 3.12

import math
import sys
from array import array
from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import compress, islice
from operator import add
from typing import TypeAlias, TypeGuard, TypeVar

Value: TypeAlias = float | str | None
"""A number, the text of one that is not finite ("NaN", "Infinity", "-Infinity"), or None where absent."""

Entry = TypeVar("Entry", int, float)

Part: TypeAlias = slice | Sequence[bool]
"""Which of the entries of an array: a stretch of them, or those that are marked."""
WHOLE = slice(None)

_NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_INT64_MAX = 2**63 - 1
_FLOAT32_MAX = (2 - 2**-23) * 2.0**127


class Cells:
    """One column: arrays with an entry for each full bucket, and the running numbers of the open one."""

    __slots__ = ("counts", "finite", "high", "last", "low", "nonfinite", "numbers", "total")

    def __init__(self, buckets: int = 0) -> None:
        self.numbers = [array("f", [math.nan]) * buckets for _ in range(4)]  # minimum, maximum, mean, last
        self.counts = [array("I", [0]) * buckets for _ in range(2)]  # finite, non-finite
        self.clear()

    def clear(self) -> None:
        """Empties the open bucket."""
        self.low, self.high, self.total, self.last = math.inf, -math.inf, 0.0, math.nan
        self.finite = self.nonfinite = 0

    def copy(self, keep: Part = WHOLE) -> Cells:
        """A part of the full buckets, and the open one."""
        twin = Cells()
        twin.numbers = [picked(entries, keep) for entries in self.numbers]
        twin.counts = [picked(entries, keep) for entries in self.counts]
        twin.low, twin.high, twin.total, twin.last = self.low, self.high, self.total, self.last
        twin.finite, twin.nonfinite = self.finite, self.nonfinite
        return twin

    def add(self, values: Sequence[Value]) -> None:
        """Takes the next values, at least one, into the open bucket."""
        try:
            # Not `sum`: its float algorithm differs between versions of Python.
            total = reduce(add, values, self.total)
        except (TypeError, OverflowError):
            present = [value for value in values if value is not None]
            if len(present) == len(values):
                self._add_mixed(values)
            elif present:
                self.add(present)
            return
        if not _all_finite(values, total):
            self._add_mixed(values)
            return
        low, high = min(values), max(values)
        if low < self.low:
            self.low = float(low)
        if high > self.high:
            self.high = float(high)
        self.total, self.last = total, float(values[-1])
        self.finite += len(values)

    def _add_mixed(self, values: Sequence[Value]) -> None:
        numbers = [number for number in map(_number, values) if number is not None]
        finite = [number for number in numbers if math.isfinite(number)]
        if finite:
            self.low, self.high = min(self.low, *finite), max(self.high, *finite)
            self.total = reduce(add, finite, self.total)
        if numbers:
            self.last = numbers[-1]
        self.finite += len(finite)
        self.nonfinite += len(numbers) - len(finite)

    def close(self) -> None:
        """Makes the open bucket the last full one."""
        low = high = mean = math.nan
        last = self.last
        if self.finite:
            low, high = self.low, self.high
            if low < -_FLOAT32_MAX or high > _FLOAT32_MAX:
                low, high, last = _saturated(low), _saturated(high), _saturated(last)
            mean = self.total / self.finite
            if not low <= mean <= high:  # the sum has rounded, or overflowed
                mean = low if mean < low else high
        lows, highs, means, lasts = self.numbers
        lows.append(low)
        highs.append(high)
        means.append(mean)
        lasts.append(last)
        finite, nonfinite = self.counts
        finite.append(self.finite)
        nonfinite.append(self.nonfinite)
        self.clear()

    def merge(self) -> None:
        """Makes one bucket of each two; an odd last one goes to the front of the open one."""
        if len(self.counts[0]) % 2:
            self._reopen()
        lows, highs, means, lasts = ((entries[::2], entries[1::2]) for entries in self.numbers)
        finite, nonfinite = ((counts[::2], counts[1::2]) for counts in self.counts)
        numbers: tuple[list[float], ...] = (
            # a != a: it is NaN, there was no finite value.
            [b if a != a or b < a else a for a, b in zip(*lows, strict=True)],
            [b if a != a or b > a else a for a, b in zip(*highs, strict=True)],
            [
                a if not n else b if not m else (a * m + b * n) / (m + n)
                for a, b, m, n in zip(*means, *finite, strict=True)
            ],
            [b if n or k else a for a, b, n, k in zip(*lasts, finite[1], nonfinite[1], strict=True)],
        )
        self.numbers = [array("f", entries) for entries in numbers]
        self.counts = [array("I", map(add, *finite)), array("I", map(add, *nonfinite))]

    def _reopen(self) -> None:
        low, high, mean, last = (entries.pop() for entries in self.numbers)
        finite, nonfinite = (counts.pop() for counts in self.counts)
        if finite:
            self.low, self.high = min(low, self.low), max(high, self.high)
            self.total = mean * finite + self.total
        if not self.finite + self.nonfinite:
            self.last = last
        self.finite, self.nonfinite = self.finite + finite, self.nonfinite + nonfinite

    def full(self) -> tuple[array[int] | array[float], ...]:
        """The arrays of the full buckets, as `SeriesDocument.full` has them."""
        return (*self.numbers, *self.counts)

    def open(self) -> tuple[array[float], array[int]]:
        """The open bucket, as `SeriesDocument.open` has it."""
        return (
            array("d", [self.low, self.high, self.total, self.last]),
            array("q", [self.finite, self.nonfinite]),
        )

    @classmethod
    def restored(cls, full: Iterator[bytes], open_: Iterator[bytes]) -> Cells:
        """A column of what `full` and `open` gave, as bytes."""
        cells = cls()
        cells.numbers = [array("f", next(full)) for _ in range(4)]
        cells.counts = [array("I", next(full)) for _ in range(2)]
        cells.low, cells.high, cells.total, cells.last = array("d", b"".join(islice(open_, 4)))
        cells.finite, cells.nonfinite = array("q", b"".join(islice(open_, 2)))
        return cells

    def fits(self, width: int, open_rows: int) -> bool:
        """Whether there are no more values than rows."""
        most = max(map(add, *self.counts), default=0)
        inside = min(self.finite, self.nonfinite) >= 0 and self.finite + self.nonfinite <= open_rows
        return most <= width and inside


def tick(time: float) -> float:
    """Rounded to 1/1,024 s, exactly: the clock's noise below that would be a tenth of a snapshot."""
    return round(time * 1024.0) / 1024.0


def int64(value: int) -> int:
    """Cut to 64 bits."""
    return value if -_INT64_MAX <= value <= _INT64_MAX else max(-_INT64_MAX, min(_INT64_MAX, value))


def picked(entries: array[Entry], keep: Part) -> array[Entry]:
    """A part of the entries, as an array of its own."""
    if isinstance(keep, slice):
        return entries[keep]
    picked = entries[:0]
    picked.extend(compress(entries, keep))
    return picked


def every_second(entries: array[Entry]) -> array[Entry]:
    """The last of each two; of an odd one left, itself."""
    return entries[1::2] + entries[len(entries) - len(entries) % 2 :]


def _number(value: Value) -> float | None:
    if isinstance(value, str):
        return _NOT_FINITE.get(value)
    try:
        return None if value is None else float(value)
    except OverflowError:  # an int beyond every float, which JSON allows
        return sys.float_info.max if value is not None and value > 0 else -sys.float_info.max


def _all_finite(values: Sequence[Value], total: float) -> TypeGuard[Sequence[float]]:
    """Whether all are finite numbers; one that is not would show in `total`, a sum that they are all in."""
    return math.isfinite(total)


def _saturated(value: float) -> float:
    """A finite number cut to the limits of float32."""
    return max(-_FLOAT32_MAX, min(_FLOAT32_MAX, value)) if math.isfinite(value) else value
