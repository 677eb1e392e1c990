"""What the app asks of each of its screens."""

from trainmon_tui.sight import Sight
from trainmon_tui.theme import Palette
from trainmon_tui.widgets.errors import ErrorsPanel


class RunView:
    """A screen that looks at a run; mixed into Textual's `Screen`."""

    @property
    def scrolling(self) -> ErrorsPanel | None:
        """The pane that scrolls; None where there is none."""
        return None

    def show(self, sight: Sight) -> None:
        """Hands the sight to the panels."""
        raise NotImplementedError

    def paint(self, palette: Palette, receding: Palette) -> None:
        """Takes other colours; the receding ones are for panels that do not matter once a run is dead."""
        raise NotImplementedError
