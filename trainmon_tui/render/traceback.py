"""A traceback as rows: your own frames stand out, the exception too, and nothing in it is trusted.

Reads the text that `traceback.format_exception` makes, chains and exception groups included; any other text
comes out as plain rows.
"""

import re

from trainmon_tui.render.cells import Role, Row, fit_row, row
from trainmon_tui.render.safe import CUT, cell_width, cut, safe_lines, to_ascii

MOST_LINES = 2_000
"""Lines of one traceback that are drawn; a traceback in the journal has at most 256 KiB."""

_GROUP_PREFIX = re.compile(r"[ |+\-]*[|+][ \-]*(?:\d+ -+)?")
"""What stands before the lines of an exception group: "  | ", "  +-+---------------- 1 ----------------"."""

_FRAME = re.compile(r'(\s*File ")([^"]*)(", line \d+.*)')
_FOREIGN = re.compile(
    r"[/\\](?:site-packages|dist-packages)[/\\]|[/\\]python3[.\d]*[/\\]|^<frozen |[/\\]Lib[/\\]"
)
"""Paths of code that the user did not write: installed packages and the standard library."""

_CHAINED = ("The above exception was the direct cause", "During handling of the above exception")


def traceback_rows(
    text: str, width: int, *, wrap: bool = False, ascii: bool = False, own_root: str | None = None
) -> list[Row]:
    """The traceback in rows of exactly `width` cells.

    Frames of the user's own code and their source lines have the role "own", other frames "frame" and
    "source", the exception "headline", the words between two chained exceptions "separator".

    Args:
        text: From a log; made safe here.
        width: Cells of a row; below 1 there are no rows.
        wrap: Whether long lines go on in further rows; else they are cut, paths from their beginning.
        ascii: Draw with characters up to 0x7f only.
        own_root: A folder whose code is the user's; None: all but installed packages and the standard
            library.
    """
    if width < 1:
        return []
    rows: list[Row] = []
    own = in_message = False
    for line in safe_lines(text, limit=262_144, most_lines=MOST_LINES):
        role, own, in_message = _role(line, own, in_message, own_root)
        shown = to_ascii(line) if ascii else line
        pieces = _wrapped(shown, width) if wrap else [_shortened(shown, width, "~" if ascii else CUT)]
        rows.extend(fit_row(row((piece, role)), width) for piece in pieces)
    return rows


def _role(line: str, own: bool, in_message: bool, own_root: str | None) -> tuple[Role, bool, bool]:
    """The role of a line, whether it belongs to own code, and whether an exception's message goes on."""
    prefix = _GROUP_PREFIX.match(line)
    content = line[prefix.end() :] if prefix else line
    # Inside a group all lines are indented by the bars; the two spaces of a frame come after them.
    indented = (
        line[: prefix.end()].endswith("  ") or content.startswith(" ") if prefix else line.startswith("  ")
    )
    frame = _FRAME.match(content)
    if frame:
        own = _is_own(frame[2], own_root)
        return "own" if own else "frame", own, False
    if content.startswith(_CHAINED) or (prefix and not content and "--" in line):
        return "separator", False, False
    if not content.strip():
        return "plain", own, in_message
    if content.lstrip().startswith(
        ("Traceback (most recent", "Exception Group Traceback", "+ Exception Group")
    ):
        return "dim", False, False
    if indented and not in_message:
        return (
            ("dim" if content.lstrip().startswith("[Previous line") else "own" if own else "source"),
            own,
            False,
        )
    return ("plain" if in_message else "headline"), False, True


def _is_own(path: str, own_root: str | None) -> bool:
    """Whether the file of a frame is the user's."""
    if own_root is not None and path.startswith(own_root):
        return True
    return own_root is None and not _FOREIGN.search(path)


def _shortened(line: str, width: int, ellipsis: str) -> str:
    """The line in at most `width` cells; a frame loses the beginning of its path, other lines their end."""
    excess = cell_width(line) - width
    if excess <= 0:
        return line
    frame = _FRAME.search(line)
    if frame and len(frame[2]) > excess + len(ellipsis):
        return line[: frame.start(2)] + ellipsis + frame[2][excess + len(ellipsis) :] + frame[3]
    room = width - cell_width(ellipsis)
    return cut(line, room) + ellipsis if room >= 0 else cut(line, width)


def _wrapped(line: str, width: int) -> list[str]:
    """The line in pieces of at most `width` cells; a character wider than that is left out."""
    pieces: list[str] = []
    rest = line
    while cell_width(rest) > width:
        piece = cut(rest, width)
        pieces.append(piece)
        rest = rest[len(piece) or 1 :]
    return [*pieces, rest]
