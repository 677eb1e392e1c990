"""The errors on a whole screen, with their full tracebacks."""

from typing import ClassVar

from textual.binding import BindingType

from trainmon_tui.screens.base import PanelScreen, Report
from trainmon_tui.screens.plan import Plan
from trainmon_tui.widgets.errors import ErrorsPanel
from trainmon_tui.widgets.footer import FooterPanel
from trainmon_tui.widgets.rows import Box
from trainmon_tui.widgets.status import StatusPanel

KEYS = (
    ("escape", "back"), ("up down pgup pgdn", "scroll"), ("n p", "next, previous error"), ("?", "keys"), ("q", "quit"),
)  # fmt: skip
"""What the bottom line says."""


class ErrorsScreen(PanelScreen):
    """Status line, errors, keys."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape,1", "app.overview", "back")]

    def __init__(self, report: Report, *, ascii_only: bool) -> None:
        """A screen without anything to show yet; arguments as for `OverviewScreen`."""
        self._errors = ErrorsPanel(report, ascii_only=ascii_only, id="errors")
        footer = FooterPanel(report, ascii_only=ascii_only, id="footer")
        footer.keys = KEYS
        status = StatusPanel(report, ascii_only=ascii_only, id="status")
        super().__init__("errors-screen", {"status": status, "errors": self._errors, "footer": footer})

    @property
    def scrolling(self) -> ErrorsPanel:
        """The errors."""
        return self._errors

    def boxes(self, width: int, height: int) -> Plan:
        """One below the other."""
        boxes: Plan = {"errors": Box(0, 1 if height > 3 else 0, width, max(1, height - 2))}
        if height > 3:
            boxes |= {"status": Box(0, 0, width, 1), "footer": Box(0, height - 1, width, 1)}
        return boxes
