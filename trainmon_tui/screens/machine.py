"""The machine on a whole screen: host, trainer and GPUs with their courses."""

from typing import ClassVar

from textual.binding import Binding, BindingType

from trainmon_tui.screens.base import FAR, PanelScreen, Report, edges, framed
from trainmon_tui.screens.plan import Plan
from trainmon_tui.widgets.machine_page import MachinePage

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
        Binding("home", f"move({-FAR})", "top", show=False),
        Binding("end", f"move({FAR})", "bottom", show=False),
    ]

    def __init__(self, report: Report, *, ascii_only: bool) -> None:
        """A screen without anything to show yet; arguments as for `OverviewScreen`."""
        self._page = MachinePage(report, ascii_only=ascii_only, id="machine-page")
        super().__init__(
            "machine-screen", edges(report, KEYS, "3", ascii_only=ascii_only) | {"page": self._page}
        )

    def action_move(self, lines: int) -> None:
        """Scrolls the GPUs."""
        self._page.scroll_lines(lines)

    def boxes(self, width: int, height: int) -> Plan:
        """One below the other."""
        return framed("page", width, height)
