"""The whole configuration of a run on a screen of its own."""

from typing import ClassVar

from textual.binding import Binding, BindingType

from trainmon_tui.screens.base import Report
from trainmon_tui.screens.scrolled import ScrolledScreen
from trainmon_tui.widgets.configuration import ConfigurationPanel

KEYS = (("?", "keys"), ("escape", "back"), ("up down pgup pgdn home end", "scroll"), ("q", "quit"))
"""What the bottom line says."""


class ConfigurationScreen(ScrolledScreen):
    """Status line, configuration, keys."""

    OWN_KEYS = (("up down pgup pgdn home end", "scroll"),)
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,i,1", "app.overview", "back", show=False)]

    def __init__(self, report: Report, *, ascii_only: bool) -> None:
        """A screen without anything to show yet; arguments as for `OverviewScreen`."""
        panel = ConfigurationPanel(report, ascii_only=ascii_only, id="configuration")
        super().__init__("configuration", panel, panel.scroll_lines, KEYS, report, ascii_only=ascii_only)
