"""One line of a text log as rows of cells: level by sign and colour, search highlighted, wrapped or shifted."""

from collections.abc import Callable, Sequence

from trainmon.facts.line_values import severity
from trainmon_tui.expression import Span
from trainmon_tui.logs.log_page import LogLine, head_of
from trainmon_tui.render.cells import Role, Row, fit_row, row, row_width
from trainmon_tui.render.safe import CUT, cell_width, cut, safe, to_ascii

GUTTER = 2
"""Cells before a line: its sign, and whether it is the line that was found."""

FULL_HEADS = 110
"""Columns from which the whole beginning of a record is shown; below, the time of day and what is not ordinary."""

LIMIT = 4_096
"""Characters of a line that are drawn; a screen of 500 columns and 8 wrapped rows."""

Mark = Callable[[str], Sequence[Span]]
"""Finds the stretches of a line that are highlighted."""

_SIGNS = {"WARNING": "!", "ERROR": "✖", "CRITICAL": "✖", "DEBUG": "·"}

_TIME = slice(11, 19)
"""The time of day in a stamp."""


def role_of(level: str) -> Role:
    """The role of what a record of that level says."""
    if not level or severity(level) == severity("INFO"):
        return "plain"
    if severity(level) >= severity("ERROR"):
        return "bad"
    return "warn" if severity(level) >= severity("WARNING") else "dim"


def line_rows(
    line: LogLine, width: int, *, mark: Mark | None = None, is_found: bool = False, wrap: bool = False,
    shift: int = 0, ascii_only: bool = False,
) -> list[Row]:  # fmt: skip
    """A line as one row, or as several where it is wrapped.

    Args:
        line: What the file holds; untrusted.
        width: Cells, the gutter included.
        mark: Says what is highlighted; None: nothing is.
        is_found: Whether a search or a jump came to this line.
        wrap: Whether it goes on in further rows.
        shift: Characters that are left out at the left where it is not wrapped.
        ascii_only: Whether only ASCII may be drawn.
    """
    cells = highlighted(_said(line, width, ascii_only), mark)
    gutter = _gutter(line, is_found, ascii_only)
    room = max(1, width - GUTTER)
    if not wrap:
        return [row(*gutter, *_cut(_shifted(cells, shift, ascii_only), room, ascii_only))]
    return [
        row(*(gutter if not index else _BLANK), *part) for index, part in enumerate(_wrapped(cells, room))
    ]


def rows_of(text: str, width: int, *, wrap: bool, ascii_only: bool) -> int:
    """Rows that a line takes."""
    if not wrap:
        return 1
    return len(line_rows(LogLine(0, text, "", head_of(text)), width, wrap=True, ascii_only=ascii_only))


_BLANK: Row = ((" " * GUTTER, "plain"),)


def _gutter(line: LogLine, is_found: bool, ascii_only: bool) -> Row:
    sign = _SIGNS.get(line.level, " ") if line.head is not None else " "
    found = ">" if ascii_only else "▶"
    return row(
        (to_ascii(sign) if ascii_only else sign, role_of(line.level)), (found if is_found else " ", "cursor")
    )


def _said(line: LogLine, width: int, ascii_only: bool) -> Row:
    def shown(text: str) -> str:
        clean = safe(text, LIMIT)
        return to_ascii(clean) if ascii_only else clean

    rest: Row = ()
    if line.cut:
        mark = "..." if ascii_only else CUT
        rest = ((f" {mark} {line.cut:,} more bytes", "dim"),)
    if line.head is None:
        role: Role = "dim" if role_of(line.level) == "dim" else "plain"
        return row((shown(line.text), role), *rest)
    role = role_of(line.level)
    if width >= FULL_HEADS:
        head = shown(line.text[: line.head.length])
    else:
        head = line.head.stamp[_TIME] + (" " if role == "plain" else f" {shown(line.head.level)} ")
    return row((head, "dim"), (shown(line.text[line.head.length :]), role), *rest)


def highlighted(cells: Row, mark: Mark | None) -> Row:
    """The cells with what is marked in the role "match"."""
    if mark is None:
        return cells
    text = "".join(part for part, _ in cells)
    spans = mark(text[:LIMIT])
    return _marked(cells, spans) if spans else cells


def _marked(cells: Row, spans: Sequence[Span]) -> Row:
    runs: list[tuple[str, Role]] = []
    begin = 0
    for text, role in cells:
        end = begin + len(text)
        at = begin
        for first, last in spans:
            low, high = max(first, at), min(last, end)
            if low < high:
                runs += [(text[at - begin : low - begin], role), (text[low - begin : high - begin], "match")]
                at = high
        runs.append((text[at - begin :], role))
        begin = end
    return row(*runs)


def _shifted(cells: Row, shift: int, ascii_only: bool) -> Row:
    if not shift or not cells:
        return cells
    runs: list[tuple[str, Role]] = [("<" if ascii_only else "‹", "dim")]
    for text, role in cells:
        runs.append((text[shift:], role))
        shift = max(0, shift - len(text))
    return row(*runs)


def _cut(cells: Row, room: int, ascii_only: bool) -> Row:
    """As much as there is room for, with a mark at the end where that is not all."""
    if row_width(cells) <= room:
        return cells
    return row(*fit_row(cells, room - 1), (">" if ascii_only else "›", "dim"))


def _wrapped(cells: Row, width: int) -> list[Row]:
    lines: list[list[tuple[str, Role]]] = [[]]
    room = width
    for text, role in cells:
        rest = text
        while rest:
            part = cut(rest, room)
            if not part and room == width:
                part = rest[0]  # A wide character in a screen of one column.
            if part:
                lines[-1].append((part, role))
                room -= cell_width(part)
                rest = rest[len(part) :]
            if rest:
                lines.append([])
                room = width
    return [row(*line) for line in lines]
