"""The points of a range: gathered while it is read, then handed out one by one, or in cells where they are many."""

import math
from collections.abc import Sequence

from trainmon.fold.cells import Value
from trainmon.fold.series import Column
from trainmon.reading.range_rows import Key
from trainmon.words.scalars import decode_number


class Points:
    """Columns that grow together; a row takes some 40 bytes and as many for each column, until it is read out."""

    def __init__(self, keys: Sequence[Key]) -> None:
        """No points yet."""
        self.keys = tuple(keys)
        """The columns, in the order in which `add` takes their values."""
        self._steps: list[int] = []
        self._times: list[float] = []
        self._values: list[list[Value]] = [[] for _ in keys]

    def add(self, steps: Sequence[int], times: Sequence[float], values: Sequence[Sequence[Value]]) -> None:
        """Adds rows by their run steps, with a sequence of values for each of `keys`."""
        self._steps += steps
        self._times += times
        for known, more in zip(self._values, values, strict=True):
            known += more

    def cut(self, run_step: int) -> None:
        """Forgets the steps from `run_step` on: they are done again."""
        kept = [index for index, step in enumerate(self._steps) if step < run_step]
        if len(kept) < len(self._steps):
            self._steps = [self._steps[index] for index in kept]
            self._times = [self._times[index] for index in kept]
            self._values = [[column[index] for index in kept] for column in self._values]

    def columns(self, most: int) -> dict[Key, Column]:
        """The columns that have a value, each with at most `most` entries."""
        found: dict[Key, Column] = {}
        for key, values in zip(self.keys, self._values, strict=True):
            steps, times = self._steps, self._times
            if None in values:
                kept = [index for index, value in enumerate(values) if value is not None]
                steps, times = [steps[index] for index in kept], [times[index] for index in kept]
            numbers = [
                value if type(value) is float else decode_number(value)
                for value in values
                if value is not None
            ]
            if numbers:
                width = math.ceil(len(numbers) / most)
                found[key] = (
                    _exact(steps, times, numbers) if width == 1 else _merged(steps, times, numbers, width)
                )
        return found


def _exact(steps: Sequence[int], times: Sequence[float], values: Sequence[float]) -> Column:
    """An entry for each row."""
    last = tuple(values)
    finite, count = last, (1,) * len(last)
    if not all(map(math.isfinite, last)):
        finite = tuple([value if value - value == 0.0 else math.nan for value in last])
        count = tuple([int(value - value == 0.0) for value in last])
    return Column(
        first_step=tuple(steps),
        last_step=tuple(steps),
        offset=(-1,) * len(last),
        first_time=tuple(times),
        last_time=tuple(times),
        minimum=finite,
        maximum=finite,
        mean=finite,
        last=last,
        count=count,
        nonfinite=tuple([1 - finite_ for finite_ in count]),
    )


def _merged(steps: Sequence[int], times: Sequence[float], values: Sequence[float], width: int) -> Column:
    """An entry for each `width` rows."""
    cells = [values[begin : begin + width] for begin in range(0, len(values), width)]
    finite = cells
    if not all(map(math.isfinite, values)):
        finite = [[value for value in cell if value - value == 0.0] for cell in cells]
    first, final = (
        slice(None, None, width),
        [min(begin + width, len(values)) - 1 for begin in range(0, len(values), width)],
    )
    return Column(
        first_step=tuple(steps[first]),
        last_step=tuple([steps[index] for index in final]),
        offset=(-1,) * len(cells),
        first_time=tuple(times[first]),
        last_time=tuple([times[index] for index in final]),
        minimum=tuple([min(cell, default=math.nan) for cell in finite]),
        maximum=tuple([max(cell, default=math.nan) for cell in finite]),
        mean=tuple([_mean(cell) for cell in finite]),
        last=tuple([cell[-1] for cell in cells]),
        count=tuple(map(len, finite)),
        nonfinite=tuple([len(cell) - len(kept) for cell, kept in zip(cells, finite, strict=True)]),
    )


def _mean(values: Sequence[float]) -> float:
    """The mean of finite values, which lies within them whatever rounds or overflows; NaN where there is none."""
    if not values:
        return math.nan
    mean = sum(values) / len(values)
    if not math.isfinite(mean):  # The sum has overflowed.
        mean = sum(value / len(values) for value in values)
    return min(max(mean, min(values)), max(values))
