"""Tables as CSV, JSON lines and Parquet.

Rows are written as they come. Texts of a CSV that a spreadsheet would take for a formula get an apostrophe in front,
because logs are not trusted.
"""

import csv
import importlib
import json
import math
from collections.abc import Iterator
from enum import StrEnum
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import IO, Protocol

from trainmon.errors import TrainmonError
from trainmon.export.export import Exported, Row
from trainmon.export.export_tables import Cell, Column
from trainmon.words.scalars import encode_number
from trainmon.words.visible import valid

CELLS_AT_ONCE = 262_144
"""Cells of a row group of Parquet: some 30 MB while it is put together."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Format(StrEnum):
    """The file formats."""

    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"


class MissingExtraError(TrainmonError):
    """A library is missing that is not installed by default; the message says how to get it."""


class _Writer(Protocol):
    """What is used of `pyarrow.parquet.ParquetWriter`."""

    def write_table(self, table: object) -> None: ...
    def close(self) -> None: ...


class Sink(Protocol):
    """What rows are written to, one a call."""

    def write(self, text: str, /) -> object:
        """Takes a row with its line end."""


def write_csv(table: Exported, file: Sink) -> int:
    """Writes a header and the rows; returns how many. NaN and infinities are words, absent cells are empty."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([_harmless(column.name) for column in table.columns])
    count = 0
    for row in table.rows:
        writer.writerow([_csv_cell(cell) for cell in row])
        count += 1
    return count


def _csv_cell(cell: Cell) -> str | int | float:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return encode_number(cell)
    if isinstance(cell, int):
        return cell
    return _harmless(cell if isinstance(cell, str) else json.dumps(cell))


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def write_jsonl(table: Exported, file: IO[str]) -> int:
    """Writes an object a row, without its absent cells; returns how many. NaN and infinities are strings."""
    names = [column.name for column in table.columns]
    count = 0
    for row in table.rows:
        count += 1
        cells = {
            name: encode_number(cell) if isinstance(cell, float) else cell
            for name, cell in zip(names, row, strict=True)
            if cell is not None
        }
        file.write(json.dumps(cells, allow_nan=False).replace("\x7f", "\\u007f") + "\n")
    return count


def parquet_library() -> tuple[ModuleType, ModuleType]:
    """Pyarrow and its `parquet`.

    Raises:
        MissingExtraError: It is not installed.
    """
    try:
        return importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise MissingExtraError(
            "Parquet needs pyarrow, which is not installed: pip install 'trainmon[parquet]'"
        ) from error


def write_parquet(table: Exported, path: Path) -> int:
    """Writes the rows in groups; returns how many. Objects are JSON texts.

    Raises:
        MissingExtraError: pyarrow is not installed.
        OSError: The file cannot be written.
    """
    arrow, parquet = parquet_library()
    types = {"int": arrow.int64(), "float": arrow.float64(), "bool": arrow.bool_()}
    schema = arrow.schema(
        [(valid(column.name), types.get(column.kind, arrow.string())) for column in table.columns]
    )
    writer: _Writer = parquet.ParquetWriter(str(path), schema)
    count = 0
    try:
        for rows in _groups(table.rows, max(64, CELLS_AT_ONCE // len(table.columns))):
            count += len(rows)
            cells = zip(*rows, strict=True)
            arrays = [
                arrow.array([_parquet_cell(cell, column) for cell in column_cells], type=field.type)
                for column, field, column_cells in zip(table.columns, schema, cells, strict=True)
            ]
            writer.write_table(arrow.Table.from_arrays(arrays, schema=schema))
    finally:
        writer.close()
    return count


def _groups(rows: Iterator[Row], size: int) -> Iterator[list[Row]]:
    while group := list(islice(rows, size)):
        yield group


def _parquet_cell(cell: Cell, column: Column) -> Cell:
    if cell is None:
        return None
    if column.kind == "float":
        return float(cell) if isinstance(cell, int | float) else math.nan
    if isinstance(cell, dict):
        return json.dumps(cell)
    return valid(cell) if isinstance(cell, str) else cell
