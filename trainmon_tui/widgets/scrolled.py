"""Panels of more lines than there is room for: a title that says where one is, and the lines from there on."""

from abc import abstractmethod
from typing import TypeVar

from trainmon_tui.render.cells import Row, row
from trainmon_tui.widgets.lines import title_row
from trainmon_tui.widgets.rows import RowsPanel

Slice = TypeVar("Slice")

WHEEL = 3
"""Lines that a notch of the mouse wheel scrolls."""


def scrolled_rows(
    title: str, body: list[Row], width: int, height: int, ascii_only: bool, top: int = 0
) -> list[Row]:
    """A title and the lines of `body` from `top` on; the title says which, where not all of them are shown."""
    shown = body[top : top + height - 1]
    note: Row = ()
    if len(body) > len(shown):
        note = row((f"lines {top + 1}-{top + len(shown)} of {len(body)}", "dim"))
    return [title_row(title, [note], width, ascii_only=ascii_only), *shown][:height]


class Scrolling(RowsPanel[Slice]):
    """A panel that scrolls. A subclass draws the lines from `_top` on, and keeps that among them."""

    _top = 0

    def scroll_lines(self, lines: int) -> None:
        """Moves down by so many lines; up where negative."""
        self._top = max(0, self._top + lines)
        self.redraw()

    def scroll_pages(self, pages: int) -> None:
        """Moves down by so many pages; a line of the last page stays."""
        self.scroll_lines(pages * max(1, self._box.height - 2))


class WheelScrolling(Scrolling[Slice]):
    """The same with the mouse wheel, where the screen does not look at it."""

    def on_mouse_scroll_down(self) -> None:
        """Moves down by some lines."""
        self.scroll_lines(WHEEL)

    def on_mouse_scroll_up(self) -> None:
        """Moves up by some lines."""
        self.scroll_lines(-WHEEL)


class ScrolledPanel(WheelScrolling[Slice]):
    """A title and lines that scroll. A subclass says which slice it takes, its lines, and its title."""

    HEADING = ""
    """Its title."""

    @abstractmethod
    def lines(self, piece: Slice, width: int) -> list[Row]:
        """All lines; pure."""

    def draw(self, piece: Slice, width: int, height: int) -> list[Row]:
        """The lines that are in view."""
        body = self.lines(piece, width)
        self._top = max(0, min(self._top, len(body) - (height - 1)))
        return scrolled_rows(self.HEADING, body, width, height, self._ascii, self._top)
