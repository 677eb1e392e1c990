"""A journal as a table: rows one after another, in memory that does not grow with the journal.

The journal is read twice: once for the names of the columns, which nobody announces, and once for the rows.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from trainmon.export.export_tables import HEAD, TABLES, Cell, Column, Table, What, head
from trainmon.facts.events import Number
from trainmon.reading.walk import Walk
from trainmon.words.scalars import decode_number

MOST_COLUMNS = 4_096
"""Columns of values; a program that makes up names must not make a file of nothing but separators."""

Row = tuple[Cell, ...]
"""As many cells as there are columns."""


class Exported(msgspec.Struct):
    """A table that is read while it is written."""

    columns: tuple[Column, ...]
    rows: Iterator[Row]
    """To be taken once."""
    refused: int
    """Names of values that got no column, because there were `MOST_COLUMNS`."""


@contextmanager
def export(folder: Path, what: What, points: int | None = None) -> Iterator[Exported]:
    """The table, for as long as the journal is open.

    Args:
        folder: A run folder.
        what: Which table.
        points: About how many rows; equally many neighbours of one run and phase become one row, with the mean, the
            least and the greatest of each value, and the place of the last. None: every row.

    Raises:
        FolderError: There is no journal, or it cannot be read.
        ValueError: `points` for a table whose rows cannot be put together.
    """
    table = TABLES[what]
    if points is not None and not table.thinned:
        raise ValueError(f"{what.value}: only metrics and system can have fewer points")
    with Walk(folder) as walk:
        names, refused, count = _value_names(walk, table)
        rows = _rows(walk, table, names)
        plain = (*HEAD, *table.fixed)
        columns = (*plain, *(Column(name, "float") for name in names))
        if points is not None:
            size = max(1, math.ceil(count / points))
            rows = _thinned(rows, len(plain), size, [column.name for column in plain].index("run_step"))
            columns = (*plain, Column("rows", "int"), *_three(names))
        yield Exported(_distinct(columns), rows, refused)


def _value_names(walk: Walk, table: Table) -> tuple[tuple[str, ...], int, int]:
    """(names of the values, in the order in which they came; how many more there are; how many rows there are)."""
    names = dict.fromkeys(table.always)
    refused: set[int] = set()
    count = 0
    for event in walk.events():
        if not isinstance(event, table.kinds):
            continue
        count += 1
        for name, value in table.values(event).items():
            if name in names or value is None:
                continue
            if len(names) < MOST_COLUMNS:
                names[name] = None
            elif len(refused) < MOST_COLUMNS:
                refused.add(hash(name))
    return tuple(names), len(refused), count


def _distinct(columns: Sequence[Column]) -> tuple[Column, ...]:
    """The columns; a later one that has the name of another gets `metrics.` in front."""
    named: dict[str, Column] = {}
    for column in columns:
        name = column.name
        while name in named:
            name = f"metrics.{name}"
        named[name] = Column(name, column.kind)
    return tuple(named.values())


def _rows(walk: Walk, table: Table, names: Sequence[str]) -> Iterator[Row]:
    for told in walk:
        if isinstance(told.event, table.kinds):
            values = table.values(told.event)
            fixed = table.cells(told.event, walk.state, told)
            yield (*head(told, walk.state), *fixed, *_numbers(values, names))


def _numbers(values: Mapping[str, Number | None], keys: Sequence[str]) -> Iterator[Cell]:
    for key in keys:
        value = values.get(key)
        yield decode_number(value) if isinstance(value, str) else value


def _three(names: Sequence[str]) -> Iterator[Column]:
    for name in names:
        yield from (Column(name, "float"), Column(f"{name}.min", "float"), Column(f"{name}.max", "float"))


class _Bucket:
    """Neighbouring rows that become one."""

    def __init__(self, width: int) -> None:
        self.rows = 0
        self.last: Row = ()
        self._values: list[list[float]] = [[] for _ in range(width)]
        self._nonfinite = [0] * width

    def add(self, fixed: Row, values: Row) -> None:
        self.rows += 1
        self.last = fixed
        for index, value in enumerate(values):
            if isinstance(value, int | float):
                if math.isfinite(value):
                    _grow(self._values[index], float(value))
                else:
                    self._nonfinite[index] += 1

    def row(self) -> Row:
        cells: list[Cell] = [*self.last, self.rows]
        for sums, nonfinite in zip(self._values, self._nonfinite, strict=True):
            if sums:
                count, total, least, greatest = sums
                cells += [total / count, least, greatest]
            else:
                cells += [math.nan if nonfinite else None, None, None]
        return tuple(cells)


def _grow(sums: list[float], value: float) -> None:
    """Adds a value to [count, sum, least, greatest], which is empty before the first."""
    if not sums:
        sums += [1.0, value, value, value]
        return
    sums[0] += 1.0
    sums[1] += value
    sums[2] = min(sums[2], value)
    sums[3] = max(sums[3], value)


def _thinned(rows: Iterator[Row], width: int, size: int, run_step: int) -> Iterator[Row]:
    """One row for each `size` neighbours; a bucket ends where run or phase change, or steps are done again.

    Args:
        rows: As in the journal.
        width: Cells of a row that are no values.
        size: Rows of a bucket.
        run_step: Index of that cell.
    """
    bucket: _Bucket | None = None
    for row in rows:
        fixed, values = row[:width], row[width:]
        if bucket is not None and (bucket.rows >= size or _breaks(bucket.last, fixed, run_step)):
            yield bucket.row()
            bucket = None
        if bucket is None:
            bucket = _Bucket(len(values))
        bucket.add(fixed, values)
    if bucket is not None:
        yield bucket.row()


def _breaks(last: Row, row: Row, run_step: int) -> bool:
    """Whether two rows may not become one; texts behind the step are the phase."""
    before, step = last[run_step], row[run_step]
    again = isinstance(before, int) and isinstance(step, int) and step < before
    return again or last[0] != row[0] or last[run_step + 1 :] != row[run_step + 1 :]
