"""Free data, as JSON has it, as lines: a name and a value each, nested ones indented under their name."""

from collections.abc import Iterator

from trainmon_tui.render.cells import Row, row
from trainmon_tui.render.safe import safe, to_ascii

DEPTH = 8
"""Levels that are unfolded; what is deeper stands in one line."""

ITEMS = 50
"""Items of one level that are shown; a line says how many more there are."""

LINES = 400
"""Lines of a whole tree."""

_INDENT = 2


def tree_rows(value: object, *, ascii: bool = False) -> list[Row]:
    """The items of a dictionary or a list, one a row, at most `LINES`; a plain value as one row.

    Args:
        value: JSON: dictionaries, lists, texts, numbers, True, False, None. Names and texts are untrusted.
        ascii: Whether only characters up to 0x7f may be drawn.
    """
    rows: list[Row] = []
    for cells in _rows(value, 0, ascii):
        rows.append(cells)
        if len(rows) >= LINES:
            break
    return rows


def _rows(value: object, depth: int, ascii: bool) -> Iterator[Row]:
    items = _items(value) if depth < DEPTH else []
    if not items:
        yield row((" " * _INDENT * depth + _text(value, ascii), "value"))
        return
    margin = " " * _INDENT * depth
    for name, item in items[:ITEMS]:
        label = row((f"{margin}{_text(name, ascii)}:", "label"))
        if depth + 1 < DEPTH and _items(item):
            yield label
            yield from _rows(item, depth + 1, ascii)
        else:
            yield row(*label, (" " + _text(item, ascii), "value"))
    if len(items) > ITEMS:
        yield row((f"{margin}{len(items) - ITEMS:,} more", "dim"))


def _items(value: object) -> list[tuple[object, object]]:
    if isinstance(value, dict):
        return list(value.items())
    if isinstance(value, list | tuple):
        return list(enumerate(value))
    return []


def _text(value: object, ascii: bool) -> str:
    text = safe(value)
    return to_ascii(text) if ascii else text
