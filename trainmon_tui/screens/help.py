"""The help: every key, over whatever is on the screen."""

from typing import ClassVar

from textual.binding import BindingType
from textual.screen import ModalScreen

from trainmon_tui.render.cells import Row, row
from trainmon_tui.screens.base import PanelScreen, Report, centred
from trainmon_tui.screens.plan import Plan
from trainmon_tui.sight.sight import Sight
from trainmon_tui.widgets.footer import Keys
from trainmon_tui.widgets.lines import title_row, wrap
from trainmon_tui.widgets.rows import RowsPanel

KEYS = (
    ("1", "overview"),
    ("2", "metrics: charts of all of them, filtered"),
    ("3", "machine: host, trainer and every GPU, with their history"),
    ("4", "errors with their full tracebacks"),
    ("5", "logs: the five files and the output, followed, searched, filtered"),
    ("6", "operations: what took how long, and what was done to models"),
    ("7", "runs: every run under the folder; enter opens one"),
    ("X", "X-ray: what all threads of the training do now"),
    ("i", "configuration: all settings, command line, commit, versions"),
    ("space", "stand still; the run goes on"),
    ("a", "acknowledge the alert"),
    ("A", "alerts: all that are active or were, since when and why"),
    ("t", "dark or light"),
    ("m", "mouse off, so that the terminal selects text; on again"),
    ("ctrl+p", "commands and all themes"),
    ("ctrl+z", "to the background"),
    ("?", "this help"),
    ("escape", "back"),
    ("q ctrl+c", "quit; the training goes on"),
)
"""Every key and what it does."""

_WIDTH = 96
"""Cells of the help where there is room."""

_COLUMN = 26
"""Cells of the keys' names; the longest of them fit."""

SCROLL = 5
"""Lines that a key scrolls."""


def all_keys(own: Keys) -> Keys:
    """The keys of a view, then those that mean the same everywhere."""
    taken = {name for names, _ in own for name in names.split()}
    return (*own, *((names, words) for names, words in KEYS if not taken.issuperset(names.split())))


def key_lines(width: int, ascii_only: bool, own: Keys = ()) -> list[Row]:
    """A line for each key, or more: those of the view that was shown, then those of all views."""
    column = min(_COLUMN, width // 3)
    lines: list[Row] = []
    for names, words in all_keys(own):
        pieces = wrap(words, max(8, width - column - 4), 4, ascii_only=ascii_only)
        for at, text in enumerate(pieces):
            lines.append(row((f"  {names if not at else '':<{column}}  ", "key"), (text, "plain")))
    return lines


def rows(width: int, height: int, ascii_only: bool, own: Keys = (), top: int = 0) -> list[Row]:
    """A title and the keys.

    Args:
        width: Cells.
        height: Rows, the title included.
        ascii_only: Whether only ASCII may be drawn.
        own: The keys of the view that was shown.
        top: Lines that are scrolled away.
    """
    lines = key_lines(width, ascii_only, own)
    note = "escape closes" if len(lines) < height else "up down scrolls   escape closes"
    title = title_row("keys", [row((note, "dim"))], width, ascii_only=ascii_only)
    return [title, *lines[top:]][:height]


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
        lines = len(key_lines(width, self._ascii, self.own))
        self._top = max(0, min(self._top, lines + 1 - height))
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
        self._ascii = ascii_only
        self._own = own
        super().__init__("help-screen", {"panel": panel})

    def boxes(self, width: int, height: int) -> Plan:
        """In the middle."""
        wide = min(width, _WIDTH)
        return centred(width, height, wide, len(key_lines(wide, self._ascii, self._own)) + 1)

    def on_click(self) -> None:
        """Closes it."""
        self.dismiss(None)

    def on_mouse_scroll_down(self) -> None:
        """Scrolls down."""
        self.action_move(1)

    def on_mouse_scroll_up(self) -> None:
        """Scrolls up."""
        self.action_move(-1)

    def action_move(self, pages: int) -> None:
        """Scrolls by some lines."""
        self._panel.scroll_lines(pages * SCROLL)
