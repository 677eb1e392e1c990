"""The help: every key, over whatever is on the screen."""

from typing import ClassVar

from textual.binding import BindingType
from textual.screen import ModalScreen

from trainmon_tui.render.cells import Row, row
from trainmon_tui.screens.base import PanelScreen, Report, centred
from trainmon_tui.screens.plan import Plan
from trainmon_tui.sight import Sight
from trainmon_tui.widgets.footer import Keys
from trainmon_tui.widgets.lines import title_row
from trainmon_tui.widgets.rows import RowsPanel

KEYS = (
    ("1", "overview"),
    ("2", "metrics: charts of all of them, filtered"),
    ("3", "machine: host, trainer and every GPU, with their courses"),
    ("4", "errors with their full tracebacks"),
    ("5", "logs: the five files, followed, searched, filtered"),
    ("6", "operations: what took how long, and what was done to models"),
    ("7", "runs: every run under the folder; enter opens one"),
    ("X", "X-ray: what all threads of the training do now"),
    ("i", "configuration: all settings, command line, commit, versions"),
    ("up down pgup pgdn home", "scroll the errors (mouse wheel too)"),
    ("n  p", "next, previous error"),
    ("s", "smoothing: 0.9, 0.97, 0.99, none, 0.6"),
    ("l", "logarithmic y-axis"),
    ("space", "stand still; the run goes on"),
    ("a", "acknowledge the alert in the alert row"),
    ("A", "alerts: all that stand and stood, since when and why"),
    ("d", "dismiss what happened since you left"),
    ("t", "dark or light"),
    ("m", "mouse off, so that the terminal selects text; on again"),
    ("ctrl+p", "commands and all themes"),
    ("ctrl+z", "to the background"),
    ("?", "this help"),
    ("escape", "back"),
    ("q  ctrl+q", "quit; the training goes on"),
)
"""Every key and what it does."""

SCROLL = 5
"""Lines that a key scrolls."""


def rows(width: int, height: int, ascii_only: bool, own: Keys = (), top: int = 0) -> list[Row]:
    """The keys, one a line: those of the view that was shown, then those of all views.

    Args:
        width: Cells.
        height: Rows, the title included.
        ascii_only: Whether only ASCII may be drawn.
        own: The keys of the view that was shown.
        top: Lines that are scrolled away.
    """
    keys = (*own, *KEYS)
    note = "escape closes" if len(keys) < height else "up down scrolls   escape closes"
    lines = [title_row("keys", [row((note, "dim"))], width, ascii_only=ascii_only)]
    lines += [row((f"  {name:<24}", "key"), (words, "plain")) for name, words in keys[top:]]
    return lines[:height]


class HelpPanel(RowsPanel[int]):
    """The list of keys."""

    own: Keys = ()
    """Those of the view that was shown; set by the screen."""

    _top = 0

    def pick(self, _sight: Sight) -> int:
        """Nothing of the sight matters."""
        return 0

    def draw(self, _piece: int, width: int, height: int) -> list[Row]:
        """See `rows`."""
        self._top = max(0, min(self._top, len(self.own) + len(KEYS) + 1 - height))
        return rows(width, height, self._ascii, self.own, self._top)

    def scroll_lines(self, lines: int) -> None:
        """Moves down by so many lines; up where negative."""
        self._top += lines
        self.redraw()


class HelpScreen(PanelScreen, ModalScreen[bool | None]):
    """The help, in the middle."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape,question_mark,q", "dismiss", "close"),
        ("down,pagedown", "move(1)", "down"),
        ("up,pageup", "move(-1)", "up"),
    ]

    def __init__(self, report: Report, *, ascii_only: bool, own: Keys = ()) -> None:
        """Arguments as for `OverviewScreen`.

        Args:
            report: As there.
            ascii_only: As there.
            own: The keys of the view that was shown, and what they do there.
        """
        self._panel = panel = HelpPanel(report, ascii_only=ascii_only, id="help")
        panel.own = own
        self._height = len(own) + len(KEYS) + 1
        super().__init__("help-screen", {"panel": panel})

    def boxes(self, width: int, height: int) -> Plan:
        """In the middle."""
        return centred(width, height, 72, self._height)

    def action_move(self, pages: int) -> None:
        """Scrolls by some lines."""
        self._panel.scroll_lines(pages * SCROLL)
