"""All alerts on a screen of their own."""

from typing import ClassVar

from textual.binding import Binding, BindingType

from trainmon_tui.screens.base import PanelScreen, Report, framed
from trainmon_tui.screens.plan import Plan
from trainmon_tui.widgets.alerts import AlertsPanel
from trainmon_tui.widgets.footer import FooterPanel
from trainmon_tui.widgets.status import StatusPanel

KEYS = (
    ("?", "keys"), ("a", "acknowledge the next"), ("escape", "back"), ("up down pgup pgdn", "scroll"), ("q", "quit"),
)  # fmt: skip
"""What the bottom line says."""

PAGE = 10
"""Lines that a page key scrolls."""

FAR = 1_000_000
"""Lines that lead to either end."""


class AlertsScreen(PanelScreen):
    """Status line, alerts, keys."""

    OWN_KEYS = (("a", "acknowledge the next alert"), ("up down pgup pgdn home end", "scroll"))
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,A,1", "app.overview", "back", show=False),
        Binding("down", "move(1)", "down", show=False),
        Binding("up", "move(-1)", "up", show=False),
        Binding("pagedown", f"move({PAGE})", "page down", show=False),
        Binding("pageup", f"move({-PAGE})", "page up", show=False),
        Binding("home", f"move({-FAR})", "first line", show=False),
        Binding("end", f"move({FAR})", "last line", show=False),
    ]

    def __init__(self, report: Report, *, ascii_only: bool) -> None:
        """A screen without anything to show yet; arguments as for `OverviewScreen`."""
        self._alerts = AlertsPanel(report, ascii_only=ascii_only, id="alerts")
        footer = FooterPanel(report, ascii_only=ascii_only, id="footer")
        footer.keys, footer.tab = KEYS, "1"
        status = StatusPanel(report, ascii_only=ascii_only, id="status")
        super().__init__("alerts-screen", {"status": status, "alerts": self._alerts, "footer": footer})

    def boxes(self, width: int, height: int) -> Plan:
        """One below the other."""
        return framed("alerts", width, height)

    def action_move(self, lines: int) -> None:
        """Scrolls."""
        self._alerts.scroll_lines(lines)
