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
from textual.app import ComposeResult
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

SHORT_OF_A_TICK = 0.9
"""Seconds, less than between two ticks of the clock: what may wait for the next tick."""

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

    @abstractmethod
    def paint(self, palette: Palette) -> None:
        """Takes other colours."""


class _Column(Widget):
    """Some columns of a panel; a widget of its own, because Textual sends a changed row from its widget's left edge."""

    def __init__(self, line: Callable[[int], Strip]) -> None:
        """Columns without a place yet.

        Args:
            line: A row of the whole panel.
        """
        super().__init__()
        self._line = line
        self.first = 0
        """The first column of the panel that stands here."""
        self.last = 0
        """One past the last."""

    def render_line(self, y: int) -> Strip:
        """Row `y` of these columns."""
        return self._line(y).crop(self.first, self.last)


class RowsPanel(Panel, Generic[Slice]):
    """A panel that shows rows. A subclass says which slice it takes and how it is drawn."""

    COLUMNS = 1
    """In how many parts side by side a row is sent; more for wide panels in which single numbers change often."""
    LEAST_GAP = 0.0
    """Seconds between two drawings, at least; for panels that cost more than they tell at four a second."""
    TICKS = False
    """Whether the panel shows ages or the time, and so changes without news."""

    def __init__(
        self, report: Callable[[str, str], None], *, ascii_only: bool = False, id: str | None = None
    ) -> None:
        """As for `Panel`."""
        super().__init__(report, ascii_only=ascii_only, id=id)
        self._slice: Slice | None = None
        self._failure: str | None = None
        self._rows: list[Row] = []
        self._strips: dict[int, Strip] = {}
        self._sight: Sight | None = None
        self._columns = [_Column(self._strip) for _ in range(self.COLUMNS if self.COLUMNS > 1 else 0)]

    def compose(self) -> ComposeResult:
        """The columns; a panel that is sent whole has none."""
        yield from self._columns

    def same(self, before: Sight, after: Sight) -> bool:
        """Whether what this panel draws, ages aside, is surely the same; saves work, and may always say False."""
        return before.state is after.state and before.note == after.note and before.files == after.files

    @abstractmethod
    def pick(self, sight: Sight) -> Slice:
        """The part of the sight that this panel draws; pure."""

    @abstractmethod
    def draw(self, piece: Slice, width: int, height: int) -> list[Row]:
        """The piece as at most `height` rows of at most `width` cells; pure."""

    def show(self, sight: Sight) -> None:
        """Draws what changed since the last sight."""
        if not self._is_due(sight):
            return
        self._sight = sight
        before = self._slice
        try:
            self._slice = self.pick(sight)
            self._failure = None
        except Exception as error:  # noqa: BLE001 - a bug in one panel must not take the others with it
            self._fail(error)
        if self._failure is not None or not self._rows or self._slice != before:
            self.redraw()

    def _is_due(self, sight: Sight) -> bool:
        before = self._sight
        if before is None or not self._rows:
            return True
        if before.options != sight.options or before.verdict.status is not sight.verdict.status:
            return True
        since = sight.now - before.now
        if self.same(before, sight):
            return self.TICKS and not 0 <= since < SHORT_OF_A_TICK
        return not 0 <= since < self.LEAST_GAP

    def redraw(self) -> None:
        """Draws the slice again and sends the cells that differ."""
        width, height = self.size
        if not width or not height:
            return
        rows = self._draw_guarded(width, height)
        old, self._rows = self._rows, rows
        if len(old) != len(rows):
            self._repaint()
            return
        for y, (before, after) in enumerate(zip(old, rows, strict=True)):
            spans = changed_cells(before, after)
            if spans:
                self._strips.pop(y, None)
                self._send(y, spans)

    def _send(self, y: int, spans: list[Span]) -> None:
        """Marks stretches of a row as changed, in the columns that hold them."""
        if not self._columns:
            self.refresh(Region(spans[0][0], y, spans[-1][1] - spans[0][0], 1))
        for column in self._columns:
            inside = [
                (max(first, column.first), min(last, column.last))
                for first, last in spans
                if first < column.last and last > column.first
            ]
            if inside:
                first, last = inside[0][0], inside[-1][1]
                column.refresh(Region(first - column.first, y, last - first, 1))

    def _repaint(self) -> None:
        self._strips.clear()
        self.refresh()
        for column in self._columns:
            column.refresh()

    def paint(self, palette: Palette) -> None:
        """Takes other colours."""
        if palette is not self._palette:
            self._palette = palette
            self._repaint()

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
        width, height = self.size
        for index, column in enumerate(self._columns):
            column.first, column.last = (width * at // self.COLUMNS for at in (index, index + 1))
            column.styles.offset = (column.first, 0)
            column.styles.width = column.last - column.first
            column.styles.height = height
            column.display = column.last > column.first
        self._rows = []
        self.redraw()

    def render_line(self, y: int) -> Strip:
        """Line `y` of the widget; blank where columns stand before it."""
        return Strip.blank(self.size.width, self.rich_style) if self._columns else self._strip(y)

    def _strip(self, y: int) -> Strip:
        """Row `y` of the panel in the colours of the theme."""
        strip = self._strips.get(y)
        if strip is None:
            cells = self._rows[y] if y < len(self._rows) else fit_row((), self.size.width)
            base, styles = self.rich_style, self._palette
            segments = [
                Segment(text, base + styles[role] if role in styles else base) for text, role in cells
            ]
            strip = self._strips[y] = Strip(segments, self.size.width)
        return strip

    def text(self) -> str:
        """The characters that stand on the screen, for copying and for tests."""
        return "\n".join("".join(text for text, _ in cells) for cells in self._rows)
