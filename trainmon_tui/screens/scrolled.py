"""A screen with one panel that scrolls, between the status line and the keys."""

from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding, BindingType

from trainmon_tui.screens.base import FAR, PanelScreen, Report, edges, framed
from trainmon_tui.screens.plan import Plan
from trainmon_tui.widgets.footer import Keys
from trainmon_tui.widgets.rows import Panel

PAGE = 10
"""Lines that a page key scrolls."""


class ScrolledScreen(PanelScreen):
    """Status line, a panel, keys. A subclass says how to leave it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "move(1)", "down", show=False),
        Binding("up", "move(-1)", "up", show=False),
        Binding("pagedown", f"move({PAGE})", "page down", show=False),
        Binding("pageup", f"move({-PAGE})", "page up", show=False),
        Binding("home", f"move({-FAR})", "first line", show=False),
        Binding("end", f"move({FAR})", "last line", show=False),
    ]

    def __init__(
        self,
        name: str,
        panel: Panel,
        scroll: Callable[[int], None],
        keys: Keys,
        report: Report,
        *,
        ascii_only: bool,
    ) -> None:
        """A screen without anything to show yet.

        Args:
            name: Of the panel; the screen has it with `-screen` behind.
            panel: What scrolls.
            scroll: Scrolls it down by so many lines.
            keys: What the bottom line says.
            report: As for `OverviewScreen`.
            ascii_only: As there.
        """
        self._scroll, self._panel_name = scroll, name
        super().__init__(f"{name}-screen", edges(report, keys, "1", ascii_only=ascii_only) | {name: panel})

    def boxes(self, width: int, height: int) -> Plan:
        """One below the other."""
        return framed(self._panel_name, width, height)

    def action_move(self, lines: int) -> None:
        """Scrolls."""
        self._scroll(lines)
