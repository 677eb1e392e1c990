"""The base of all panels: rows of cells on the screen, where only the cells that changed are sent again.

A panel is two pure functions, `pick` (from a sight to the slice that it draws) and `draw` (from the slice to rows), and
nothing else. What either raises is shown in the panel and reported; the other panels live on.
"""

import re
from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from rich.segment import Segment
from textual import events
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from trainmon_tui.render.cells import Row, fit_row, row, row_width
from trainmon_tui.render.safe import cell_width, safe, to_ascii
from trainmon_tui.sight import Sight
from trainmon_tui.theme import Palette

Slice = TypeVar("Slice")

_SINGLE = re.compile("[\x20-\u02ff\u2010-\u2027\u2190-\u28ff]*")
"""Characters of which none combines with another; with as many cells as characters, none is wide either."""


Span = tuple[int, int]
"""First and one past the last column of a stretch of cells."""

NEAR = 8
"""Equal cells between two changes that are sent along: moving the cursor and setting colours anew costs as much."""


def changed_cells(old: Row, new: Row) -> list[Span]:
    """The stretches of columns in which two rows of the same width differ, from the left; [] where they are equal."""
    if old == new:
        return []
    before, after = _cells(old), _cells(new)
    if before is None or after is None or len(before) != len(after):
        return [(0, max(row_width(old), row_width(new)))]
    spans: list[Span] = []
    for column in (index for index, (was, now) in enumerate(zip(before, after, strict=True)) if was != now):
        if spans and column - spans[-1][1] <= NEAR:
            spans[-1] = (spans[-1][0], column + 1)
        else:
            spans.append((column, column + 1))
    return spans


def _cells(cells: Row) -> list[tuple[str, str]] | None:
    """A (character, role) for each column; None where a character takes none or two."""
    flat: list[tuple[str, str]] = []
    for text, role in cells:
        if not text.isascii() and (not _SINGLE.fullmatch(text) or cell_width(text) != len(text)):
            return None
        flat.extend((character, role) for character in text)
    return flat


def _only_ascii(cells: Row) -> Row:
    """The last defence where only ASCII may be drawn: a panel should have drawn it so itself."""
    if all(text.isascii() for text, _ in cells):
        return cells
    return row(*((to_ascii(text), role) for text, role in cells))


def where(error: BaseException) -> str:
    """The kind of an exception and the innermost line that raised it; no message and no values of variables."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(error).__name__
    name = trace.tb_frame.f_code.co_filename.rpartition("/")[2]
    return f"{type(error).__name__} at {name}:{trace.tb_lineno}"


class Panel(Widget):
    """What a screen knows of a panel."""

    def __init__(
        self, report: Callable[[str, str], None], *, ascii_only: bool = False, id: str | None = None
    ) -> None:
        """A panel without anything to show yet.

        Args:
            report: Is told of a bug in this panel: the panel's name and where it was raised.
            ascii_only: Whether nothing above 0x7f may be drawn.
            id: Of the widget.
        """
        super().__init__(id=id)
        self._report = report
        self._ascii = ascii_only
        self._palette: Palette = {}

    @abstractmethod
    def show(self, sight: Sight) -> None:
        """Draws what changed since the last sight."""

    def paint(self, palette: Palette) -> None:
        """Takes other colours."""
        if palette is not self._palette:
            self._palette = palette
            self.refresh()


class RowsPanel(Panel, Generic[Slice]):
    """A panel that shows rows. A subclass says which slice it takes and how it is drawn."""

    LEAST_GAP = 0.0
    """Seconds between two drawings, at least; for panels that cost more than they tell at four a second."""

    def __init__(
        self, report: Callable[[str, str], None], *, ascii_only: bool = False, id: str | None = None
    ) -> None:
        """As for `Panel`."""
        super().__init__(report, ascii_only=ascii_only, id=id)
        self._slice: Slice | None = None
        self._failure: str | None = None
        self._rows: list[Row] = []
        self._sight: Sight | None = None

    def _too_early(self, before: Sight, after: Sight) -> bool:
        """Whether the panel was drawn so recently that what came since can wait for the next tick of the clock."""
        same = before.options == after.options and before.verdict.status is after.verdict.status
        return same and 0 <= after.now - before.now < self.LEAST_GAP

    def unchanged(self, _before: Sight, _after: Sight) -> bool:
        """Whether the second sight surely draws the same as the first; saves the work, never needed."""
        return False

    @abstractmethod
    def pick(self, sight: Sight) -> Slice:
        """The part of the sight that this panel draws; pure."""

    @abstractmethod
    def draw(self, piece: Slice, width: int, height: int) -> list[Row]:
        """The piece as at most `height` rows of at most `width` cells; pure."""

    def show(self, sight: Sight) -> None:
        """Draws what changed since the last sight."""
        before = self._sight
        if before is not None and self._rows and (self._too_early(before, sight) or self.unchanged(before, sight)):
            return
        self._sight = sight
        try:
            self._slice = self.pick(sight)
            self._failure = None
        except Exception as error:  # noqa: BLE001 - a bug in one panel must not take the others with it
            self._fail(error)
        self.redraw()

    def redraw(self) -> None:
        """Draws the slice again and sends the cells that differ."""
        width, height = self.size
        if not width or not height:
            return
        rows = self._draw_guarded(width, height)
        old, self._rows = self._rows, rows
        if len(old) != len(rows):
            self.refresh()
            return
        regions = [
            Region(first, y, last - first, 1)
            for y, (before, after) in enumerate(zip(old, rows, strict=True))
            for first, last in changed_cells(before, after)
        ]
        if regions:
            self.refresh(*regions)

    def _draw_guarded(self, width: int, height: int) -> list[Row]:
        rows: Sequence[Row] = ()
        if self._failure is None and self._slice is not None:
            try:
                rows = self.draw(self._slice, width, height)
            except Exception as error:  # noqa: BLE001 - as in `show`
                self._fail(error)
        if self._failure is not None:
            name = self.id or type(self).__name__
            rows = (row((f"error in the panel {safe(name)}: {safe(self._failure)}", "bad")),)
        if self._ascii:
            rows = [_only_ascii(cells) for cells in rows]
        fitted = [fit_row(cells, width) for cells in rows[:height]]
        return fitted + [fit_row((), width)] * (height - len(fitted))

    def _fail(self, error: Exception) -> None:
        failure = where(error)
        if failure != self._failure:
            self._failure = failure
            self._report(self.id or type(self).__name__, failure)

    def on_resize(self, _event: events.Resize) -> None:
        """Draws for the new size."""
        self._rows = []
        self.redraw()

    def render_line(self, y: int) -> Strip:
        """Line `y` of the widget."""
        width = self.size.width
        if y >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        base = self.rich_style
        styles = self._palette
        segments = [
            Segment(text, base + styles[role] if role in styles else base) for text, role in self._rows[y]
        ]
        return Strip(segments, width)

    def text(self) -> str:
        """The characters that stand on the screen, for copying and for tests."""
        return "\n".join("".join(text for text, _ in cells) for cells in self._rows)
