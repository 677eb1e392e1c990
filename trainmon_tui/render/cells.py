"""The vocabulary of all drawings: a drawing is rows, a row is runs, a run is text with a role.

A role says what a piece of text is; the app maps roles to the colours of its theme, so nothing here knows a
colour. Texts are safe (see `safe.py`) and contain no line break. A drawing never relies on colour alone:
without it the characters must still tell the story.
"""

from collections.abc import Iterable, Sequence
from typing import Literal

from trainmon_tui.render.safe import cell_width, cut

Role = Literal[
    "plain",  # text without a meaning of its own, blanks included
    "title", "label", "value", "unit", "dim", "key",  # words and numbers of a panel
    "train", "raw", "band", "validation", "best", "checkpoint", "nan",  # curves and their marks
    "other", "other2", "other3",  # curves of other runs, to compare with
    "match",  # what a search found
    "axis", "cursor",  # the frame of a chart
    "bar", "track",  # bars and sparklines
    "good", "warn", "bad",  # judgements
    "headline", "own", "frame", "source", "separator",  # tracebacks
]  # fmt: skip
"""What a piece of text is; finite, so that a theme without a colour for one of them fails type-checking."""

Run = tuple[str, Role]
"""A piece of one row: its text and its role."""

Row = tuple[Run, ...]
"""One row of cells, from the left; neighbouring runs differ in their role."""


def row(*runs: Run) -> Row:
    """A row of the runs: empty ones left out, neighbours of one role joined."""
    joined: list[Run] = []
    for text, role in runs:
        if not text:
            continue
        if joined and joined[-1][1] == role:
            joined[-1] = (joined[-1][0] + text, role)
        else:
            joined.append((text, role))
    return tuple(joined)


def row_of_cells(characters: Sequence[str], roles: Sequence[Role]) -> Row:
    """A row from one character and one role a cell; both of the same length."""
    runs: list[Run] = []
    start = 0
    for index in range(1, len(characters) + 1):
        if index == len(characters) or roles[index] != roles[start]:
            runs.append(("".join(characters[start:index]), roles[start]))
            start = index
    return tuple(runs)


def row_width(cells: Row) -> int:
    """Terminal cells that the row takes."""
    return sum(cell_width(text) for text, _ in cells)


def fit_row(cells: Row, width: int) -> Row:
    """The row in exactly `width` cells: cut at the right, or padded with plain spaces."""
    kept: list[Run] = []
    room = max(width, 0)
    for text, role in cells:
        part = cut(text, room)
        kept.append((part, role))
        room -= cell_width(part)
        if part != text:
            break
    return row(*kept, (" " * room, "plain"))


def plain(rows: Iterable[Row]) -> str:
    """The characters alone, one line a row; for tests, pipes and copying."""
    return "\n".join("".join(text for text, _ in cells) for cells in rows)
