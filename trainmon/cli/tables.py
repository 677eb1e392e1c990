"""Tables of text: columns as wide as their widest cell, numbers to the right; every cell is made harmless."""

from collections.abc import Sequence

from trainmon.words.visible import visible

CELL_LIMIT = 60
"""Characters of a cell; a longer text is cut."""

GAP = "  "


def table(title: str, names: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 1) -> list[str]:
    """The lines of a table; empty where it has no rows.

    Args:
        title: Stands above it.
        names: Of the columns.
        rows: Cells, as many as there are names; may hold anything.
        left: The first so many columns are flush left, and the last is too where it is a text of any length.
    """
    if not rows:
        return []
    cells = [list(names), *([visible(cell, CELL_LIMIT) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [title]
    for row in cells:
        parts = [
            cell.ljust(width) if index < left else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append(f"  {GAP.join(parts)}".rstrip())
    return [*lines, ""]


def pairs(title: str, facts: Sequence[tuple[str, str]]) -> list[str]:
    """A title and a line for each (label, text) whose text is not empty."""
    shown = [(label, text) for label, text in facts if text]
    width = max((len(label) for label, _ in shown), default=0)
    return [title, *(f"  {label:<{width}}{GAP}{visible(text, 200)}" for label, text in shown), ""]
