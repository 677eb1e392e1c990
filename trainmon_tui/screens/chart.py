"""One chart on the whole screen, opened from the grid."""

from typing import ClassVar

from textual.binding import Binding, BindingType

from trainmon.reading.range_rows import Key
from trainmon_tui.render.plot import LABEL_CELLS
from trainmon_tui.screens.base import Report, edges, framed
from trainmon_tui.screens.charting import CHART_KEYS, ChartingScreen
from trainmon_tui.screens.plan import Plan
from trainmon_tui.sight.sight import Sight
from trainmon_tui.widgets.chart import validation_of
from trainmon_tui.widgets.footer import Keys
from trainmon_tui.widgets.full_chart import FullChartPanel

KEYS = (
    ("?", "keys"), ("escape", "back"), ("+ -", "zoom"), ("0", "all"), ("c", "cursor"), ("left right", "move"),
    ("n p", "next, previous"), ("x", "axis"), ("l", "log y"), ("s", "smoothing"), ("q", "quit"),
)  # fmt: skip
"""What the bottom line says."""


class ChartScreen(ChartingScreen):
    """Status line, chart, keys."""

    OWN_KEYS: ClassVar[Keys] = (("n p up down", "next, previous chart"), *CHART_KEYS)

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "back", show=False),
        Binding("n,down,pagedown", "turn(1)", "next chart"),
        Binding("p,up,pageup", "turn(-1)", "previous chart"),
    ]

    def __init__(self, report: Report, *, ascii_only: bool, columns: tuple[Key, ...], key: Key) -> None:
        """A screen without anything to show yet.

        Args:
            report: Is told of a bug in a panel.
            ascii_only: Whether nothing above 0x7f may be drawn.
            columns: The charts that one can go on to, in their order.
            key: The one that is shown first, one of them.
        """
        self._columns = columns
        self._index = columns.index(key)
        self._chart = FullChartPanel(report, ascii_only=ascii_only, id="chart")
        super().__init__(
            "chart-screen", edges(report, KEYS, "2", ascii_only=ascii_only) | {"chart": self._chart}
        )

    @property
    def key(self) -> Key:
        """The column that is shown."""
        return self._columns[self._index]

    def columns(self) -> tuple[Key, ...]:
        """The column, and the validations that are drawn with it."""
        beside = validation_of(self.key)
        return (self.key,) if beside is None else (self.key, beside)

    def cells(self) -> int:
        """The width of the screen without the labels."""
        return max(1, self.size.width - LABEL_CELLS - 1)

    def boxes(self, width: int, height: int) -> Plan:
        """One below the other."""
        return framed("chart", width, height)

    def show(self, sight: Sight) -> None:
        """Shows the sight."""
        self._sight = sight
        self._chart.ruler = self.ruler
        self._chart.turn(self.key, f"{self._index + 1} of {len(self._columns)}")
        super().show(sight)

    def action_turn(self, charts: int) -> None:
        """The next chart, or the previous one; the view stays."""
        self._index = (self._index + charts) % len(self._columns)
        if self._sight is not None:
            self.show(self._sight)
        self.ask()

    def action_back(self) -> None:
        """Back to the grid."""
        self.dismiss(None)
