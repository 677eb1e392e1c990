"""The help: every key, over whatever is on the screen."""

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import ModalScreen

from trainmon_tui.render.cells import Row, row
from trainmon_tui.screens.base import RunView
from trainmon_tui.sight import Sight
from trainmon_tui.theme import Palette
from trainmon_tui.widgets.lines import title_row
from trainmon_tui.widgets.rows import RowsPanel

KEYS = (
    ("1", "overview"),
    ("4", "errors with their full tracebacks"),
    ("up down pgup pgdn home", "scroll the errors (mouse wheel too)"),
    ("n  p", "next, previous error"),
    ("s", "smoothing of the loss: 0.9, 0.97, 0.99, none, 0.6"),
    ("l", "logarithmic loss axis"),
    ("space", "stand still; the run goes on"),
    ("t", "dark or light"),
    ("ctrl+p", "commands and all themes"),
    ("ctrl+z", "to the background"),
    ("?", "this help"),
    ("escape", "back"),
    ("q  ctrl+q", "quit; the training goes on"),
)
"""Every key and what it does."""


def rows(width: int, height: int, ascii_only: bool) -> list[Row]:
    """The keys, one a line."""
    lines = [title_row("keys", [row(("escape closes", "dim"))], width, ascii_only=ascii_only)]
    lines += [row((f"  {keys:<24}", "key"), (words, "plain")) for keys, words in KEYS]
    return lines[:height]


class HelpPanel(RowsPanel[int]):
    """The list of keys."""

    def pick(self, _sight: Sight) -> int:
        """Nothing of the sight matters."""
        return 0

    def draw(self, _piece: int, width: int, height: int) -> list[Row]:
        """See `rows`."""
        return rows(width, height, self._ascii)


class HelpScreen(RunView, ModalScreen[None]):
    """The help, in the middle."""

    AUTO_FOCUS = None
    BINDINGS: ClassVar[list[BindingType]] = [("escape,question_mark,q", "dismiss", "close")]

    def __init__(self, report: Callable[[str, str], None], *, ascii_only: bool) -> None:
        """Arguments as for `OverviewScreen`."""
        super().__init__(id="help-screen")
        self._panel = HelpPanel(report, ascii_only=ascii_only, id="help")

    def compose(self) -> ComposeResult:
        """One panel."""
        yield self._panel

    def show(self, sight: Sight) -> None:
        """Draws once; the keys do not change."""
        self._panel.show(sight)

    def paint(self, palette: Palette, _receding: Palette) -> None:
        """Takes other colours."""
        self._panel.paint(palette)
