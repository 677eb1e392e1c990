"""All alerts on a screen of their own."""

from typing import ClassVar

from textual.binding import Binding, BindingType

from trainmon_tui.screens.base import Report
from trainmon_tui.screens.scrolled import ScrolledScreen
from trainmon_tui.widgets.alerts import AlertsPanel

KEYS = (
    ("?", "keys"), ("a", "acknowledge the next"), ("escape", "back"), ("up down pgup pgdn", "scroll"), ("q", "quit"),
)  # fmt: skip
"""What the bottom line says."""


class AlertsScreen(ScrolledScreen):
    """Status line, alerts, keys."""

    OWN_KEYS = (("a", "acknowledge the next alert"), ("up down pgup pgdn home end", "scroll"))
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,A,1", "app.overview", "back", show=False)]

    def __init__(self, report: Report, *, ascii_only: bool) -> None:
        """A screen without anything to show yet; arguments as for `OverviewScreen`."""
        panel = AlertsPanel(report, ascii_only=ascii_only, id="alerts")
        super().__init__("alerts", panel, panel.scroll_lines, KEYS, report, ascii_only=ascii_only)
