"""The machine on a whole screen: host, trainer and GPUs with their courses."""

from typing import ClassVar

from textual.binding import Binding, BindingType

from trainmon_tui.screens.base import PanelScreen, Report
from trainmon_tui.screens.plan import Plan
from trainmon_tui.widgets.footer import FooterPanel
from trainmon_tui.widgets.machine_page import MachinePage
from trainmon_tui.widgets.rows import Box
from trainmon_tui.widgets.status import StatusPanel

KEYS = (
    ("?", "keys"), ("escape", "back"), ("up down pgup pgdn", "scroll the GPUs"), ("space", "pause"), ("q", "quit"),
)  # fmt: skip
"""What the bottom line says."""

PAGE = 8
"""GPUs that a page key scrolls: a host has that many."""


class MachineScreen(PanelScreen):
    """Status line, machine, keys."""

    OWN_KEYS = (("up down pgup pgdn home end", "scroll the GPUs"),)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,1", "app.overview", "back", show=False),
        Binding("down", "move(1)", "down", show=False),
        Binding("up", "move(-1)", "up", show=False),
        Binding("pagedown", f"move({PAGE})", "page down", show=False),
        Binding("pageup", f"move({-PAGE})", "page up", show=False),
        Binding("home", "move(-1000000)", "top", show=False),
        Binding("end", "move(1000000)", "bottom", show=False),
    ]

    def __init__(self, report: Report, *, ascii_only: bool) -> None:
        """A screen without anything to show yet; arguments as for `OverviewScreen`."""
        self._page = MachinePage(report, ascii_only=ascii_only, id="machine-page")
        footer = FooterPanel(report, ascii_only=ascii_only, id="footer")
        footer.keys, footer.tab = KEYS, "3"
        status = StatusPanel(report, ascii_only=ascii_only, id="status")
        super().__init__("machine-screen", {"status": status, "page": self._page, "footer": footer})

    def action_move(self, lines: int) -> None:
        """Scrolls the GPUs."""
        self._page.scroll_lines(lines)

    def boxes(self, width: int, height: int) -> Plan:
        """One below the other."""
        boxes: Plan = {"page": Box(0, 1 if height > 3 else 0, width, max(1, height - 2))}
        if height > 3:
            boxes |= {"status": Box(0, 0, width, 1), "footer": Box(0, height - 1, width, 1)}
        return boxes
