"""The base of all panels: rows of cells on the screen, where only the cells that changed are sent again.

A panel is two pure functions, `pick` (from a sight to the slice that it draws) and `draw` (from the slice to rows), and
nothing else. What either raises is shown in the panel and reported; the other panels live on.
"""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

from rich.segment import Segment
from rich.style import Style
from textual.filter import LineFilter
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from trainmon_tui.render.cells import Role, Row, fit_row, row, row_width
from trainmon_tui.render.safe import safe, to_ascii
from trainmon_tui.sight.sight import Sight
from trainmon_tui.theme import Palette


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


class RowsPanel(Panel, Generic[Slice]):
    """A panel that shows rows. A subclass says which slice it takes and how it is drawn."""

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
        self._styles_of: dict[Role, Style] = {}
        self._filters: Sequence[LineFilter] = ()

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
        """Draws the slice again and has the rows that differ shown."""
        _, _, width, height = self._box
        if not width or not height:
            return
        rows = self._draw_guarded(width, height)
        old, self._rows = self._rows, rows
        if len(old) != len(rows):
            self._repaint()
            return
        changed = [y for y, (before, after) in enumerate(zip(old, rows, strict=True)) if before != after]
        for y in changed:
            self._strips.pop(y, None)
        if changed:
            self.refresh(*(Region(0, y, width, 1) for y in changed))

    def _repaint(self) -> None:
        self._strips.clear()
        self._styles_of.clear()
        self.refresh()

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
        """Puts the panel where the box says."""
        self.styles.offset = (box.x, box.y)
        self.styles.width, self.styles.height = box.width, box.height
        self._box = box
        self._rows = []
        self.redraw()

    def notify_style_update(self) -> None:
        """The colours of the theme are others."""
        super().notify_style_update()
        self._strips.clear()
        self._styles_of.clear()

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines of a part of the widget.

        Textual asks for all lines of all widgets whenever one of them changed, and would compose each anew with borders
        and margins, of which there are none here: that was half of what drawing cost.
        """
        strips = [self._strip(y) for y in crop.line_range]
        if crop.column_span == (0, self._box.width):
            return strips
        return [strip.crop_extend(*crop.column_span, self.rich_style) for strip in strips]

    def render_line(self, y: int) -> Strip:
        """Line `y` of the widget."""
        return self._strip(y)

    def _strip(self, y: int) -> Strip:
        """Row `y` in the colours of the theme."""
        strip = self._strips.get(y)
        if strip is None:
            cells = self._rows[y] if y < len(self._rows) else fit_row((), self._box.width)
            styles = self._styles_of or self._find_styles()
            plain = styles["plain"]
            segments = [Segment(text, styles.get(role, plain)) for text, role in cells]
            strip = Strip(segments, self._box.width)
            for line_filter in self._filters:
                strip = strip.apply_filter(line_filter, self.background_colors[1])
            self._strips[y] = strip
        return strip

    def _find_styles(self) -> dict[Role, Style]:
        base = self.rich_style
        self._filters = self.get_line_filters()
        self._styles_of = {role: base + style for role, style in self._palette.items()}
        self._styles_of.setdefault("plain", base)
        return self._styles_of

    def text(self) -> str:
        """The characters that stand on the screen, for copying and for tests."""
        return "\n".join("".join(text for text, _ in cells) for cells in self._rows)
