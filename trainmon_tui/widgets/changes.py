"""What changed between two drawings of a row, so that only that is sent to the terminal."""

from typing import get_args

from trainmon_tui.render.cells import Role, Row, row_width
from trainmon_tui.render.safe import is_single

Span = tuple[int, int]
"""First and one past the last column of a stretch of cells."""

BLOCK = 8
"""Cells that are compared, and sent, together: moving the cursor and setting colours anew costs about as many."""

_CODES = {role: chr(0x21 + index) for index, role in enumerate(get_args(Role))}
"""One character for each role."""


def changed_cells(old: Row, new: Row) -> list[Span]:
    """The stretches of columns in which two rows of the same width differ, from the left; [] where they are equal."""
    if old == new:
        return []
    text, after = "".join([run[0] for run in old]), "".join([run[0] for run in new])
    if len(text) != len(after) or not (is_single(text) and is_single(after)):
        return [(0, max(row_width(old), row_width(new)))]
    roles, roles_after = _role_codes(old), _role_codes(new)
    spans: list[Span] = []
    for first in range(0, len(text), BLOCK):
        last = first + BLOCK
        if text[first:last] == after[first:last] and roles[first:last] == roles_after[first:last]:
            continue
        last = min(last, len(text))
        if spans and spans[-1][1] == first:
            spans[-1] = (spans[-1][0], last)
        else:
            spans.append((first, last))
    return spans


def _role_codes(cells: Row) -> str:
    """The role of each cell, a character for each."""
    return "".join([_CODES[role] * len(text) for text, role in cells])
