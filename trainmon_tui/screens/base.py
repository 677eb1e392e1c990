"""A screen of panels: places them, hands them what they draw, and colours them."""

from collections.abc import Callable, Mapping
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from trainmon_tui.keys import KeysScreen
from trainmon_tui.screens.plan import Plan
from trainmon_tui.sight.sight import Sight
from trainmon_tui.theme import Palette
from trainmon_tui.visit.memory import Kept
from trainmon_tui.widgets.footer import FooterPanel, Keys
from trainmon_tui.widgets.rows import Box, Panel
from trainmon_tui.widgets.status import StatusPanel

Report = Callable[[str, str], None]
"""Is told of a bug in a panel: the panel's name and where it was raised."""

FAR = 1_000_000
"""More lines than there are: leads to either end."""

SCROLLING: list[BindingType] = [
    Binding("down", "lines(1)", "down", show=False),
    Binding("up", "lines(-1)", "up", show=False),
    Binding("pagedown", "pages(1)", "page down", show=False),
    Binding("pageup", "pages(-1)", "page up", show=False),
    Binding("home", f"lines({-FAR})", "top", show=False),
    Binding("end", f"lines({FAR})", "bottom", show=False),
]
"""Keys of a screen that scrolls by `action_lines` and `action_pages`."""


class PanelScreen(KeysScreen):
    """A screen that looks at a run; a subclass says where its panels stand."""

    AUTO_FOCUS = None

    OWN_KEYS: ClassVar[Keys] = ()
    """The keys that mean something here and not everywhere, for the help."""

    def __init__(self, id: str, panels: Mapping[str, Panel]) -> None:
        """A screen without anything to show yet.

        Args:
            id: Of the screen.
            panels: By name; those without a box are hidden.
        """
        super().__init__(id=id)
        self._panels = dict(panels)
        self._sight: Sight | None = None
        self._placed: Plan = {}

    def boxes(self, width: int, height: int) -> Plan:
        """Where the panels stand on a screen of this size."""
        raise NotImplementedError

    def restore(self, kept: Kept) -> None:
        """Takes what was set here when the folder was watched last; another folder is shown from now on."""

    def keep(self, kept: Kept) -> Kept:
        """What is to be kept, with what is set here."""
        return kept

    def compose(self) -> ComposeResult:
        """All panels; they are placed before they are mounted, to be laid out once."""
        self.place_panels(*self.app.size)
        yield from self._panels.values()

    def place_panels(self, width: int, height: int) -> None:
        """Places the panels, where that changes anything."""
        if not width or not height:
            return
        boxes = self.boxes(width, height)
        if boxes == self._placed:
            return
        for name, panel in self._panels.items():
            box = boxes.get(name)
            panel.display = box is not None
            if box is not None and box != self._placed.get(name):
                panel.place(box)
        self._placed = boxes

    def show(self, sight: Sight) -> None:
        """Hands the sight to all panels that are shown."""
        self._sight = sight
        self.place_panels(*self.size)
        for panel in self._panels.values():
            if panel.display:
                panel.show(sight)

    def paint(self, palette: Palette, receding: Palette) -> None:
        """Takes other colours; the receding ones are for panels that do not matter once a run is dead."""
        for panel in self._panels.values():
            panel.paint(palette)

    def on_resize(self, _event: events.Resize) -> None:
        """Places the panels anew."""
        self.place_panels(*self.size)
        if self._sight is not None:
            self.show(self._sight)


def edges(report: Report, keys: Keys, tab: str, *, ascii_only: bool) -> dict[str, Panel]:
    """The status line and the bottom line of a screen.

    Args:
        report: As for `OverviewScreen`.
        keys: What the bottom line says.
        tab: The key of the view that it marks.
        ascii_only: As there.
    """
    footer = FooterPanel(report, ascii_only=ascii_only, id="footer")
    footer.keys, footer.tab = keys, tab
    return {"status": StatusPanel(report, ascii_only=ascii_only, id="status"), "footer": footer}


def framed(name: str, width: int, height: int) -> Plan:
    """The panel `name` between the status line and the keys, which go where there is no room for them."""
    if height <= 3:
        return {name: Box(0, 0, width, height)}
    return {
        "status": Box(0, 0, width, 1),
        name: Box(0, 1, width, height - 2),
        "footer": Box(0, height - 1, width, 1),
    }


def centred(width: int, height: int, box_width: int, box_height: int) -> Plan:
    """One panel, called "panel", in the middle of a screen, as large as wanted or as the screen allows."""
    wide, high = min(width, box_width), min(height, box_height)
    return {"panel": Box((width - wide) // 2, (height - high) // 2, wide, high)}
