"""The whole configuration of a run on a screen of its own."""

from typing import ClassVar

from textual.binding import Binding, BindingType

from trainmon_tui.screens.base import PanelScreen, Report, framed
from trainmon_tui.screens.plan import Plan
from trainmon_tui.widgets.configuration import ConfigurationPanel
from trainmon_tui.widgets.footer import FooterPanel
from trainmon_tui.widgets.status import StatusPanel

KEYS = (("?", "keys"), ("escape", "back"), ("up down pgup pgdn home end", "scroll"), ("q", "quit"))
"""What the bottom line says."""

PAGE = 10
"""Lines that a page key scrolls."""

FAR = 1_000_000
"""Lines that lead to either end."""


class ConfigurationScreen(PanelScreen):
    """Status line, configuration, keys."""

    OWN_KEYS = (("up down pgup pgdn home end", "scroll"),)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,i,1", "app.overview", "back", show=False),
        Binding("down", "move(1)", "down", show=False),
        Binding("up", "move(-1)", "up", show=False),
        Binding("pagedown", f"move({PAGE})", "page down", show=False),
        Binding("pageup", f"move({-PAGE})", "page up", show=False),
        Binding("home", f"move({-FAR})", "first line", show=False),
        Binding("end", f"move({FAR})", "last line", show=False),
    ]

    def __init__(self, report: Report, *, ascii_only: bool) -> None:
        """A screen without anything to show yet; arguments as for `OverviewScreen`."""
        self._configuration = ConfigurationPanel(report, ascii_only=ascii_only, id="configuration")
        footer = FooterPanel(report, ascii_only=ascii_only, id="footer")
        footer.keys, footer.tab = KEYS, "1"
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
