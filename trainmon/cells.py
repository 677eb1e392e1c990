"""One column of a `Series`: what it keeps of each bucket, and how that is packed into text.

Its law is that of the `Series`: what is added in two parts leaves the same bits as what is added at once.
"""

from __future__ import annotations  # array.array cannot be subscripted at run time before Python 3.12

import math
import sys
from array import array
from binascii import a2b_base64, b2a_base64
from collections.abc import Sequence
from functools import reduce
from itertools import compress
from operator import add
from typing import TypeAlias, TypeGuard, TypeVar

Value: TypeAlias = float | str | None
"""A number, the text of one that is not finite ("NaN", "Infinity", "-Infinity"), or None where absent."""

Entry = TypeVar("Entry", int, float)

_NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
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

    def copy(self, keep: Sequence[bool] | None = None) -> Cells:
        """The full buckets that are marked in `keep` (None: all), and the open one."""
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

    def packed(self) -> str:
        """As `SeriesDocument.columns` says."""
        open_numbers = array("d", [self.low, self.high, self.total, self.last])
        return packed(*self.numbers, *self.counts, open_numbers, array("q", [self.finite, self.nonfinite]))

    @classmethod
    def unpacked(cls, packed: Packed, buckets: int, width: int, open_rows: int) -> Cells:
        """What `packed` wrote; ValueError where it holds something else."""
        cells = cls()
        cells.numbers = [packed.take(array("f"), buckets) for _ in range(4)]
        cells.counts = [packed.take(array("I"), buckets) for _ in range(2)]
        cells.low, cells.high, cells.total, cells.last = packed.take(array("d"), 4)
        cells.finite, cells.nonfinite = packed.take(array("q"), 2)
        packed.end()
        most = max(map(add, *cells.counts), default=0)
        if (
            most > width
            or min(cells.finite, cells.nonfinite) < 0
            or cells.finite + cells.nonfinite > open_rows
        ):
            raise ValueError(f"series: {packed.what} counts more values than there are rows")
        return cells


class Packed:
    """Takes arrays off the front of a text of a `SeriesDocument`."""

    def __init__(self, what: str, text: str) -> None:
        self.what = what
        try:
            self.data = a2b_base64(text, strict_mode=True)
        except ValueError as error:
            raise ValueError(f"series: {what} is not base64: {error}") from None

    def take(self, entries: array[Entry], count: int) -> array[Entry]:
        """Fills the empty array with the next `count` entries."""
        size = max(0, count) * entries.itemsize
        if len(self.data) < size:
            raise ValueError(
                f"series: {self.what} has {len(self.data)} bytes left where {size} were expected"
            )
        entries.frombytes(self.data[:size])
        self.data = self.data[size:]
        _swap_on_big_endian(entries)
        return entries

    def end(self) -> None:
        """ValueError where something is left."""
        if self.data:
            raise ValueError(f"series: {self.what} has {len(self.data)} bytes too many")


def packed(*arrays: array[int] | array[float]) -> str:
    """The arrays, one after another and little-endian, as base64; `Packed` takes them out again."""
    copies = [entries[:] for entries in arrays]
    for entries in copies:
        _swap_on_big_endian(entries)
    return b2a_base64(b"".join(copies), newline=False).decode("ascii")


def _swap_on_big_endian(entries: array[int] | array[float]) -> None:
    if sys.byteorder == "big":
        entries.byteswap()


def picked(entries: array[Entry], keep: Sequence[bool] | None) -> array[Entry]:
    """The entries that are marked in `keep`; None: all."""
    if keep is None:
        return entries[:]
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
