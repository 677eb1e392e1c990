"""The whole configuration of a run on a screen of its own."""

from typing import ClassVar

from textual.binding import Binding, BindingType

from trainmon_tui.screens.base import PanelScreen, Report, framed
from trainmon_tui.screens.plan import Plan
from trainmon_tui.widgets.configuration import ConfigurationPanel
from trainmon_tui.widgets.footer import FooterPanel
from trainmon_tui.widgets.status import StatusPanel

KEYS = (("escape", "back"), ("up down pgup pgdn home end", "scroll"), ("?", "keys"), ("q", "quit"))
"""What the bottom line says."""

PAGE = 10
"""Lines that a page key scrolls."""

FAR = 1_000_000
"""Lines that lead to either end."""


class ConfigurationScreen(PanelScreen):
    """Status line, configuration, keys."""

    OWN_KEYS = (("up down pgup pgdn", "scroll"), ("home end", "first and last line"))
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,i,1", "app.overview", "back"),
        Binding("down", "move(1)", "down"),
        Binding("up", "move(-1)", "up"),
        Binding("pagedown", f"move({PAGE})", "page down"),
        Binding("pageup", f"move({-PAGE})", "page up"),
        Binding("home", f"move({-FAR})", "first line"),
        Binding("end", f"move({FAR})", "last line"),
    ]

    def __init__(self, report: Report, *, ascii_only: bool) -> None:
        """A screen without anything to show yet; arguments as for `OverviewScreen`."""
        self._configuration = ConfigurationPanel(report, ascii_only=ascii_only, id="configuration")
        footer = FooterPanel(report, ascii_only=ascii_only, id="footer")
        footer.keys = KEYS
        status = StatusPanel(report, ascii_only=ascii_only, id="status")
        super().__init__(
            "configuration-screen",
            {"status": status, "configuration": self._configuration, "footer": footer},
        )

    def boxes(self, width: int, height: int) -> Plan:
        """One below the other."""
        return framed("configuration", width, height)

    def action_move(self, lines: int) -> None:
        """Scrolls."""
        self._configuration.scroll_lines(lines)
