"""What panels with charts have in common: they say where on which chart the mouse was used."""

from typing import Literal, NamedTuple, TypeVar

from textual import events
from textual.message import Message

from trainmon.fold.state import RunState
from trainmon.reading.range_rows import Key
from trainmon_tui.render.plot import Chart, x_at
from trainmon_tui.sight.sight import Sight
from trainmon_tui.widgets.rows import Box, RowsPanel

Slice = TypeVar("Slice")

Gesture = Literal["click", "nearer", "further"]
"""What the mouse did: a click, or the wheel turned one way or the other."""


class Drawn(NamedTuple):
    """A chart on the screen."""

    key: Key
    box: Box
    """Of its plot, labels included, inside the panel."""
    chart: Chart


class Pointed(Message):
    """The mouse was used on a chart."""

    def __init__(self, key: Key, x: float, gesture: Gesture) -> None:
        """A gesture on the chart of this column, at this x."""
        super().__init__()
        self.key = key
        self.x = x
        self.gesture: Gesture = gesture


def same_curves(before: RunState, after: RunState) -> bool:
    """Whether surely no step, validation, checkpoint or start came from one state to the next; readings may have."""
    return before is after or (
        before.progress == after.progress
        and before.run_number == after.run_number
        and before.configuration == after.configuration
        and before.bookmark.journal == after.bookmark.journal
        and before.best == after.best
        and before.validations == after.validations
        and before.checkpoints == after.checkpoints
    )


class ChartsPanel(RowsPanel[Slice]):
    """A panel of charts; `draw` sets `drawn`."""

    drawn: tuple[Drawn, ...] = ()
    """Where the charts are."""

    def show(self, sight: Sight) -> None:
        """Draws what changed; raw points and compared runs, which somebody waits for, at once."""
        before = self._sight
        if before is not None and (sight.raw is not before.raw or sight.beside is not before.beside):
            self._sight = None
        super().show(sight)

    def same(self, before: Sight, after: Sight) -> bool:
        """See `RowsPanel.same`."""
        return same_curves(before.state, after.state)

    def on_click(self, event: events.Click) -> None:
        """Puts the cursor there."""
        self._point(event, "click")

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Shows more detail."""
        self._point(event, "nearer")

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Shows more of the run."""
        self._point(event, "further")

    def _point(self, event: events.MouseEvent, gesture: Gesture) -> None:
        # Of the panel, not of the column of it that the mouse is over.
        column, line = int(event.screen_x) - self.region.x, int(event.screen_y) - self.region.y
        for drawn in self.drawn:
            x, y, width, height = drawn.box
            if x <= column < x + width and y <= line < y + height:
                event.stop()
                at = x_at(drawn.chart, width, height, column - x)
                self.post_message(Pointed(drawn.key, at, gesture))
