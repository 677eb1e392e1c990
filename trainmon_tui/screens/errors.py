"""The errors on a whole screen, with their full tracebacks."""

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from trainmon_tui.screens.base import RunView
from trainmon_tui.sight import Sight
from trainmon_tui.theme import Palette
from trainmon_tui.widgets.errors import ErrorsPanel
from trainmon_tui.widgets.footer import FooterPanel
from trainmon_tui.widgets.status import StatusPanel

KEYS = (
    ("escape", "back"), ("up down pgup pgdn", "scroll"), ("n p", "next, previous error"), ("?", "keys"), ("q", "quit"),
)  # fmt: skip
"""What the bottom line says."""


class ErrorsScreen(RunView, Screen[None]):
    """Status line, errors, keys."""

    AUTO_FOCUS = None
    BINDINGS: ClassVar[list[BindingType]] = [("escape,1", "app.overview", "back")]

    def __init__(self, report: Callable[[str, str], None], *, ascii_only: bool) -> None:
        """A screen without anything to show yet; arguments as for `OverviewScreen`."""
        super().__init__(id="errors-screen")
        self._status = StatusPanel(report, ascii_only=ascii_only, id="status")
        self._errors = ErrorsPanel(report, ascii_only=ascii_only, id="errors")
        self._footer = FooterPanel(report, ascii_only=ascii_only, id="footer")
        self._footer.keys = KEYS

    @property
    def scrolling(self) -> ErrorsPanel:
        """The errors."""
        return self._errors

    def compose(self) -> ComposeResult:
        """Three panels, one below the other."""
        yield self._status
        yield self._errors
        yield self._footer

    def show(self, sight: Sight) -> None:
        """Hands the sight to the panels."""
        self._status.show(sight)
        if not sight.options.paused:
            self._errors.show(sight)
        self._footer.show(sight)

    def paint(self, palette: Palette, _receding: Palette) -> None:
        """Takes other colours; errors are never dimmed."""
        for panel in (self._status, self._errors, self._footer):
            panel.paint(palette)
