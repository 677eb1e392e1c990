"""The last that the program printed: where a death left no record, often the only words about it."""

import msgspec

from trainmon.storage.output import OutputLine
from trainmon.words.units import clock
from trainmon_tui.render.cells import Row, row
from trainmon_tui.sight.sight import Sight
from trainmon_tui.widgets.lines import ago, clip, title_row, words
from trainmon_tui.widgets.rows import RowsPanel


class OutputSlice(msgspec.Struct, frozen=True):
    """Lines of output; texts are untrusted."""

    lines: tuple[OutputLine, ...]
    """Oldest first."""
    over: bool
    """Whether nothing more will come."""
    now: float
    utc_offset: int


def pick(sight: Sight) -> OutputSlice:
    """The output's part of a sight."""
    return OutputSlice(sight.output, sight.verdict.status.over, sight.now, sight.utc_offset)


def rows(piece: OutputSlice, width: int, height: int, ascii_only: bool) -> list[Row]:
    """A title and the newest lines, the newest last; one line takes one row, whatever is in it.

    For a height of 1 or 2 the newest line alone.
    """
    if height < 3:
        return [_line(piece, piece.lines[-1], "out   ", width, ascii_only)] if piece.lines else []
    newest = piece.lines[-1].time if piece.lines else None
    age = [row((ago(max(0.0, piece.now - newest)), "label"))] if newest is not None else []
    drawn = [title_row("last output", age, width, ascii_only=ascii_only)]
    after = [row(("  (nothing after this)", "dim"))] if piece.over and height > 3 else []
    room = max(0, height - 1 - len(after))
    drawn += [_line(piece, line, "  ", width, ascii_only) for line in (piece.lines[-room:] if room else ())]
    return [*drawn, *after][:height]


def _line(piece: OutputSlice, line: OutputLine, label: str, width: int, ascii_only: bool) -> Row:
    at = clock(line.time, piece.utc_offset) if line.time is not None else " " * 8
    room = width - len(label) - len(at) - 1
    text = clip(words(line.text, ascii_only=ascii_only), room, ascii_only=ascii_only)
    return row((f"{label}{at} ", "label"), (text, "plain"))


class OutputPanel(RowsPanel[OutputSlice]):
    """The newest lines of output."""

    TICKS = True

    def pick(self, sight: Sight) -> OutputSlice:
        """See `pick`."""
        return pick(sight)

    def draw(self, piece: OutputSlice, width: int, height: int) -> list[Row]:
        """See `rows`."""
        return rows(piece, width, height, self._ascii)

    def same(self, before: Sight, after: Sight) -> bool:
        """See `RowsPanel.same`."""
        return before.output is after.output
