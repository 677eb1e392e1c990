"""Lines of text in a given width: what fits, what is left out first, titles and columns; shared by all panels."""

from collections.abc import Sequence

from trainmon.words.units import duration
from trainmon_tui.render.cells import Role, Row, fit_row, row, row_width
from trainmon_tui.render.safe import CUT, cell_width, fit, safe, to_ascii

GAP = "  "
"""Between two things on a line."""


def words(text: object, *, ascii_only: bool = False, limit: int = 1_000) -> str:
    """Untrusted text as one safe line, in ASCII where nothing else may be drawn."""
    line = safe(text, limit)
    return to_ascii(line) if ascii_only else line


def clip(text: str, width: int, *, ascii_only: bool = False) -> str:
    """The safe text in at most `width` cells, with an ellipsis where it was cut; not padded."""
    if cell_width(text) <= width:
        return text
    return fit(text, width, ellipsis="~" if ascii_only else CUT).rstrip(" ")


def clip_end(text: str, width: int, *, ascii_only: bool = False) -> str:
    """The end of the safe text in at most `width` cells: of a path, the file."""
    if cell_width(text) <= width:
        return text
    mark = "~" if ascii_only else CUT
    start = max(0, len(text) - max(width - 1, 0))
    while start < len(text) and cell_width(text[start:]) > width - 1:
        start += 1
    return mark + text[start:] if width > 0 else ""


def short_command(command: Sequence[str]) -> str:
    """A command line as one types it: without the folder of the program, whose path says least; untrusted text.

    An interpreter before a script of its own folder (`torchrun`, `trainmon`) is left out: that is how scripts start.
    """
    parts = list(command)
    if not parts:
        return ""
    folder, _, name = parts[0].rpartition("/")
    if folder and len(parts) > 1 and parts[1].rpartition("/")[0] == folder:
        parts = parts[1:]
        name = parts[0].rpartition("/")[2]
    return " ".join([name or parts[0], *parts[1:]])


def missing(hint: str, *, over: bool) -> str:
    """A hint as "no metrics yet: …", of what makes something appear; of a run that is over only what it has not had."""
    return hint.partition(" yet")[0] if over else hint


def first_that_fits(alternatives: Sequence[Row], width: int) -> Row:
    """The first of the alternatives, longest first, that is not wider than `width`; the empty row if none is."""
    return next((cells for cells in alternatives if row_width(cells) <= width), ())


def spread(left: Row, right: Sequence[Row], width: int) -> Row:
    """The left text, and at the right end the first alternative for which there is room."""
    room = width - row_width(left)
    chosen = first_that_fits(right, room - len(GAP)) if room > 0 else ()
    blank = max(0, room - row_width(chosen))
    return fit_row(row(*left, (" " * blank, "plain"), *chosen), width)


def title_row(title: str, notes: Sequence[Row], width: int, *, ascii_only: bool = False) -> Row:
    """A line that opens a panel, `─ loss ──── train 2.604 ─`.

    Args:
        title: Safe text.
        notes: What stands at the right end: alternatives, longest first.
        width: Cells.
        ascii_only: Whether the line is drawn with "-".
    """
    dash = "-" if ascii_only else "─"
    left = row((dash + " ", "axis"), (title, "title"), (" ", "plain"))
    room = width - row_width(left)
    chosen = first_that_fits(notes, room - 4)
    if not chosen:
        return fit_row(row(*left, (dash * max(0, room), "axis")), width)
    fill = room - row_width(chosen) - 3
    return fit_row(row(*left, (dash * fill + " ", "axis"), *chosen, (" " + dash, "axis")), width)


def join(*parts: Row, gap: str = GAP) -> Row:
    """The parts that are not empty, side by side."""
    runs: list[tuple[str, Role]] = []
    for part in parts:
        if part:
            if runs:
                runs.append((gap, "plain"))
            runs.extend(part)
    return row(*runs)


def coming(what: str, seconds: float, role: Role = "value") -> Row:
    """`next validation in 1m 5s`, or `next validation due` where less than a second is left."""
    label = row((f"{what} ", "label"))
    return (
        row(*label, ("due", role))
        if seconds < 1
        else row(*label, ("in ", "label"), (duration(seconds), role))
    )


def wrap(text: str, width: int, most: int, *, ascii_only: bool = False) -> list[str]:
    """The safe text in at most `most` lines of at most `width` cells, broken at spaces where possible."""
    if width < 1 or most < 1:
        return []
    lines: list[str] = []
    rest = text
    while rest and len(lines) < most - 1 and cell_width(rest) > width:
        head = fit(rest, width, ellipsis="").rstrip(" ")
        cut_at = head.rfind(" ") if len(head) < len(rest) and rest[len(head)] != " " else len(head)
        if cut_at < width // 3:
            cut_at = len(head)
        lines.append(rest[: max(cut_at, 1)].rstrip())
        rest = rest[max(cut_at, 1) :].lstrip()
    if rest:
        lines.append(clip(rest, width, ascii_only=ascii_only))
    return lines


def bracketed(seconds: float) -> str:
    """A duration behind what took it, " (5s)"; "" below a second, of which it would say nothing."""
    return f" ({duration(seconds)})" if seconds >= 1 else ""


def ago(seconds: float) -> str:
    """How long ago, "8s ago"; what lies in the future by a clock that differs is "now"."""
    return f"{duration(seconds)} ago" if seconds >= 1 else "now"
