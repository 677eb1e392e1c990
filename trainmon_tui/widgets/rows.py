"""The base of all panels: rows of cells on the screen, where only the cells that changed are sent again.

A panel is two pure functions, `pick` (from a sight to the slice that it draws) and `draw` (from the slice to rows), and
nothing else. What either raises is shown in the panel and reported; the other panels live on.
"""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Generic, NamedTuple, TypeVar

from rich.segment import Segment
from textual.app import ComposeResult
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from trainmon_tui.render.cells import Row, fit_row, row, row_width
from trainmon_tui.render.safe import safe, to_ascii
from trainmon_tui.sight import Sight
from trainmon_tui.theme import Palette
from trainmon_tui.widgets.changes import Span, changed_cells


class Box(NamedTuple):
    """A rectangle of cells on the screen."""

    x: int
    y: int
    width: int
    height: int


Slice = TypeVar("Slice")

SHORT_OF_A_TICK = 0.9
"""Seconds, less than between two ticks of the clock: what may wait for the next tick."""

SHORT_OF_TWO_TICKS = 1.9
"""The same for what may wait for the tick after it."""


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

    @abstractmethod
    def place(self, box: Box) -> None:
        """Puts the panel where the box says."""

    @abstractmethod
    def text(self) -> str:
        """The characters that stand on the screen, for copying and for tests."""


class _Column(Widget):
    """Some columns of a panel; a widget of its own, because Textual sends a changed row from its widget's left edge."""

    def __init__(self, line: Callable[[int], Strip]) -> None:
        """Columns without a place yet.

        Args:
            line: A row of the whole panel.
        """
        super().__init__()
        self.visible = True
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

    WHILE_PAUSED = False
    """Whether the panel is drawn while the screen stands still."""

    def __init__(
        self, report: Callable[[str, str], None], *, ascii_only: bool = False, id: str | None = None
    ) -> None:
        """As for `Panel`."""
        super().__init__(report, ascii_only=ascii_only, id=id)
        self._box = Box(0, 0, 0, 0)
        self._slice: Slice | None = None
        self._failure: str | None = None
        self._rows: list[Row] = []
        self._strips: dict[int, Strip] = {}
        self._sight: Sight | None = None
        # Hidden behind its columns, it need not be drawn itself.
        self.visible = self.COLUMNS == 1
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
        if sight.options.paused and not self.WHILE_PAUSED:
            return False
        if before.options != sight.options or before.verdict.status is not sight.verdict.status:
            return True
        since = sight.now - before.now
        if self.same(before, sight):
            return self.TICKS and not 0 <= since < SHORT_OF_A_TICK
        return not 0 <= since < self.LEAST_GAP

    def redraw(self) -> None:
        """Draws the slice again and sends the cells that differ."""
        _, _, width, height = self._box
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
        fitted = [cells if row_width(cells) == width else fit_row(cells, width) for cells in rows[:height]]
        return fitted + [fit_row((), width)] * (height - len(fitted))

    def _fail(self, error: Exception) -> None:
        failure = where(error)
        if failure != self._failure:
            self._failure = failure
            self._report(self.id or type(self).__name__, failure)

    def place(self, box: Box) -> None:
        """Puts the panel, and its columns, where the box says."""
        self.styles.offset = (box.x, box.y)
        self.styles.width, self.styles.height = box.width, box.height
        ends = [0, *self.cuts(box.width), box.width]
        for column, (first, last) in zip(self._columns, pairwise(ends), strict=False):
            column.first, column.last = first, last
            column.styles.offset = (column.first, 0)
            column.styles.width, column.styles.height = column.last - column.first, box.height
            column.display = column.last > column.first
        self._box = box
        self._rows = []
        self.redraw()

    def cuts(self, width: int) -> list[int]:
        """Where the columns after the first begin in a panel of this width, rising; one less than `COLUMNS`."""
        return [width * at // self.COLUMNS for at in range(1, self.COLUMNS)]

    def render_line(self, y: int) -> Strip:
        """Line `y` of the widget; blank where columns stand before it."""
        return Strip.blank(self._box.width, self.rich_style) if self._columns else self._strip(y)

    def _strip(self, y: int) -> Strip:
        """Row `y` of the panel in the colours of the theme."""
        strip = self._strips.get(y)
        if strip is None:
            cells = self._rows[y] if y < len(self._rows) else fit_row((), self._box.width)
            base, styles = self.rich_style, self._palette
            segments = [
                Segment(text, base + styles[role] if role in styles else base) for text, role in cells
            ]
            strip = self._strips[y] = Strip(segments, self._box.width)
        return strip

    def text(self) -> str:
        """The characters that stand on the screen, for copying and for tests."""
        return "\n".join("".join(text for text, _ in cells) for cells in self._rows)
