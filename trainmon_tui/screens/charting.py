"""What screens with charts have in common: the keys that zoom, pan and move the cursor, and the raw points they need.

A key changes nothing here: it makes another view, which the app takes and shows on all charts.
"""

import math
from collections.abc import Mapping
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from trainmon.fold.state import RunState
from trainmon.reading.range_rows import Key
from trainmon_tui.screens.base import PanelScreen
from trainmon_tui.sight import chart_view
from trainmon_tui.sight.chart_view import ChartView, Extent, Ruler, ruler_of
from trainmon_tui.sight.raw import Request, request
from trainmon_tui.sight.sight import Options
from trainmon_tui.widgets.charts import Pointed
from trainmon_tui.widgets.footer import Keys
from trainmon_tui.widgets.rows import Panel

CHART_KEYS = (
    ("+ - wheel", "zoom in and out"),
    ("0", "the whole run, without a cursor"),
    ("c click", "cursor on all charts: reads out a point; the logs go there"),
    ("left right", "move the cursor; without one, the window"),
    ("ctrl+left ctrl+right", "move the cursor by 10 cells"),
    ("< > shift+left", "move the window"),
    ("x", "x axis: step, epoch, wall time, elapsed"),
    ("s", "smoothing: 0.9, 0.97, 0.99, none, 0.6"),
    ("l", "logarithmic y-axis"),
)
"""What the keys of charts do, for the help."""

STRIDE = 10
"""Cells that the cursor moves with ctrl."""


class ViewChanged(Message):
    """The user looks at the charts in another way."""

    def __init__(self, view: ChartView) -> None:
        """This way."""
        super().__init__()
        self.view = view


class OpenScreen(Message):
    """A screen wants another one shown on top of it."""

    def __init__(self, screen: PanelScreen) -> None:
        """This one."""
        super().__init__()
        self.screen = screen


class WantsRaw(Message):
    """Other points are in view, without another sight."""


class ChartingScreen(PanelScreen):
    """A screen with charts; a subclass says of which columns, and how wide they are."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "cursor", "cursor on all charts: read out a point"),
        Binding("x", "kind", "x axis of the charts: step, epoch, wall time, elapsed"),
        Binding("0", "whole", "zoom out to the whole run"),
        Binding("plus,equals_sign", "zoom(-1)", "zoom in"),
        Binding("minus,underscore", "zoom(1)", "zoom out"),
        Binding("s", "app.smoothing", "smoothing of the charts (EMA)"),
        Binding("l", "app.log_y", "logarithmic y-axis of the charts (log scale)"),
        Binding("left", "aside(-1)", "cursor or window to the left", show=False),
        Binding("right", "aside(1)", "cursor or window to the right", show=False),
        Binding("ctrl+left", f"aside({-STRIDE})", "cursor far to the left", show=False),
        Binding("ctrl+right", f"aside({STRIDE})", "cursor far to the right", show=False),
        Binding("shift+left,less_than_sign", "pan(-1)", "window to the left", show=False),
        Binding("shift+right,greater_than_sign", "pan(1)", "window to the right", show=False),
    ]

    OWN_KEYS: ClassVar[Keys] = CHART_KEYS

    def __init__(self, id: str, panels: Mapping[str, Panel]) -> None:
        """As for `PanelScreen`."""
        super().__init__(id, panels)
        self._ruled: tuple[RunState, Ruler] | None = None

    def columns(self) -> tuple[Key, ...]:
        """The columns that charts of this screen show now."""
        raise NotImplementedError

    def cells(self) -> int:
        """Cells from the left to the right end of x."""
        raise NotImplementedError

    @property
    def view(self) -> ChartView:
        """How charts are looked at."""
        return (self._sight.options if self._sight is not None else Options()).chart

    @property
    def ruler(self) -> Ruler:
        """The ruler of the run that is shown."""
        if self._sight is None:
            return Ruler()
        state = self._sight.state
        if self._ruled is None or self._ruled[0] is not state:
            self._ruled = (state, ruler_of(state))
        return self._ruled[1]

    @property
    def extent(self) -> Extent:
        """The x that the run has."""
        return self.ruler.extent(self.view.kind)

    def request(self) -> Request | None:
        """What is to be read so that every point in view can be shown; None: nothing."""
        sight = self._sight
        if sight is None or (self.view.window is None and self.view.cursor is None):
            return None
        return request(sight.folder, sight.state, self.columns(), self.view, self.ruler)

    def ask(self) -> None:
        """Says that `request` may have changed, where the app cannot know it."""
        self.post_message(WantsRaw())

    def choose(self, key: Key) -> None:
        """Takes note of the chart that the mouse was used on."""

    def change(self, view: ChartView) -> None:
        """Asks the app to look at all charts in this way."""
        if view != self.view:
            self.post_message(ViewChanged(view))

    def action_cursor(self) -> None:
        """Shows the cursor, or takes it away."""
        self.change(chart_view.toggle_cursor(self.view, self.extent))

    def action_kind(self) -> None:
        """The next x-axis."""
        self.change(chart_view.next_kind(self.view, self.ruler))

    def action_whole(self) -> None:
        """The whole run, without a cursor."""
        self.change(chart_view.reset(self.view))

    def action_zoom(self, direction: int) -> None:
        """More detail (-1) or more of the run (1)."""
        self.change(chart_view.zoom(self.view, self.extent, chart_view.ZOOM**-direction))

    def action_pan(self, direction: int) -> None:
        """Moves the window."""
        self.change(chart_view.pan(self.view, self.extent, direction * chart_view.PAN))

    def action_aside(self, cells: int) -> None:
        """Moves the cursor; where there is none, the window."""
        if self.view.cursor is None:
            self.action_pan(1 if cells > 0 else -1)
        else:
            self.change(chart_view.move_cursor(self.view, self.extent, cells, self.cells(), self.ruler))

    def on_pointed(self, message: Pointed) -> None:
        """The mouse was used on a chart."""
        message.stop()
        self.choose(message.key)
        if message.gesture == "click":
            self.change(chart_view.put_cursor(self.view, self.extent, message.x))
            return
        factor = math.sqrt(chart_view.ZOOM)
        factor = factor if message.gesture == "nearer" else 1 / factor
        self.change(chart_view.zoom(self.view, self.extent, factor, message.x))
