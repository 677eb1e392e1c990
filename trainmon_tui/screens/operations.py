"""Timed operations and operations on models on a whole screen."""

from typing import ClassVar

from textual.binding import Binding, BindingType

from trainmon_tui.screens.base import PanelScreen, Report, edges, framed
from trainmon_tui.screens.plan import Plan
from trainmon_tui.widgets.operations import OperationsPanel

KEYS = (
    ("?", "keys"), ("up down home end", "select"), ("pgup pgdn", "scroll the details"), ("escape", "back"),
    ("q", "quit"),
)  # fmt: skip
"""What the bottom line says."""

PAGE = 5
"""Lines of the details that a page key scrolls."""


class OperationsScreen(PanelScreen):
    """Status line, operations, keys."""

    OWN_KEYS = (("up down home end", "select (click, wheel)"), ("pgup pgdn", "scroll the details"))
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.overview", "back", show=False),
        Binding("down", "move(1)", "next", show=False),
        Binding("up", "move(-1)", "previous", show=False),
        Binding("home", "move(-1000)", "first", show=False),
        Binding("end", "move(1000)", "last", show=False),
        Binding("pagedown", f"details({PAGE})", "scroll down", show=False),
        Binding("pageup", f"details({-PAGE})", "scroll up", show=False),
    ]

    def __init__(self, report: Report, *, ascii_only: bool) -> None:
        """A screen without anything to show yet; arguments as for `OverviewScreen`."""
        self._operations = OperationsPanel(report, ascii_only=ascii_only, id="operations")
        super().__init__(
            "operations-screen",
            edges(report, KEYS, "6", ascii_only=ascii_only) | {"operations": self._operations},
        )

    def boxes(self, width: int, height: int) -> Plan:
        """One below the other."""
        return framed("operations", width, height)

    def action_move(self, lines: int) -> None:
        """Selects another operation."""
        self._operations.move(lines)

    def action_details(self, lines: int) -> None:
        """Scrolls the details."""
        self._operations.scroll_details(lines)
