"""The line above the grid: how many metrics there are, which of them are shown, and why a filter cannot be used."""

import msgspec

from trainmon_tui.render.cells import Row, row, row_width
from trainmon_tui.sight.chart_view import ChartView
from trainmon_tui.sight.sight import Sight
from trainmon_tui.widgets.chart import modes
from trainmon_tui.widgets.lines import clip, clip_end, join, title_row, words
from trainmon_tui.widgets.others import names
from trainmon_tui.widgets.rows import RowsPanel

_LEAST_NAME = 24
"""Cells that a name takes here at least; with fewer it says no more than the title of its chart."""


class HeadSlice(msgspec.Struct, frozen=True):
    """What is shown."""

    shown: int = 0
    """Metrics that the filter let through."""
    total: int = 0
    """Metrics that have a curve."""
    left_out: int = 0
    """Metrics that have none, because a run made up too many names; counted to 512 of each kind."""
    page: int = 1
    """From 1."""
    pages: int = 0
    filter: str = ""
    """As it was typed; untrusted, it may have been pasted. Empty: none."""
    fault: str | None = None
    """Why the filter cannot be used; safe text. None: it can."""
    view: ChartView = ChartView()
    at: str = ""
    """Where the cursor stands; safe text. Empty: there is none."""
    compared: tuple[tuple[str, str], ...] = ()
    """Letters and names of the runs whose curves stand in the charts, too; the names are untrusted."""
    chosen: str = ""
    """The name of the chosen chart, where it may have been shortened there; untrusted."""


def rows(piece: HeadSlice, width: int, height: int, ascii_only: bool) -> list[Row]:
    """One line."""
    count = f"{piece.shown:,} of {piece.total:,}" if piece.filter else f"{piece.total:,}"
    page = row((f"page {piece.page} of {piece.pages}", "value")) if piece.pages > 1 else ()
    filtered: Row = ()
    if piece.filter:
        text = clip(words(piece.filter, ascii_only=ascii_only), max(4, width // 4), ascii_only=ascii_only)
        filtered = row(("filter ", "label"), (text, "key"))
    if piece.fault is not None:
        fault = clip(words(piece.fault, ascii_only=ascii_only), max(4, width - 32), ascii_only=ascii_only)
        filtered = row((fault, "bad"))
    modes_ = join(*modes(piece.view))
    compared = names(piece.compared, ascii_only=ascii_only)
    at = row((piece.at, "cursor"))
    notes = [
        *(
            [join(compared, filtered, modes_, at, page), join(compared, filtered, at, page)]
            if compared
            else []
        ),
        join(filtered, modes_, at, page),
        join(filtered, at, page),
        join(filtered, at or page),
        filtered or at or page,
    ]
    title = f"metrics {count}" + (f", {piece.left_out:,} more in the journal only" if piece.left_out else "")
    room = width - len(title) - row_width(notes[0]) - 12
    if piece.chosen and room >= _LEAST_NAME:
        title += f"  {clip_end(words(piece.chosen, ascii_only=ascii_only), room, ascii_only=ascii_only)}"
    return [title_row(title, notes, width, ascii_only=ascii_only)][:height]


class GridHead(RowsPanel[HeadSlice]):
    """The line above the grid."""

    _head = HeadSlice()

    def turn(self, head: HeadSlice) -> None:
        """Shows this from the next sight on."""
        if head != self._head:
            self._head = head
            self._sight = None

    def pick(self, _sight: Sight) -> HeadSlice:
        """What the screen said."""
        return self._head

    def draw(self, piece: HeadSlice, width: int, height: int) -> list[Row]:
        """See `rows`."""
        return rows(piece, width, height, self._ascii)
