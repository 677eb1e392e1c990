"""The question whether a training that was started together with the monitor shall end with it."""

from typing import ClassVar

from textual.binding import BindingType
from textual.screen import ModalScreen

from trainmon_tui.render.cells import Row, row
from trainmon_tui.screens.base import PanelScreen, Report, centred
from trainmon_tui.screens.plan import Plan
from trainmon_tui.sight import Sight
from trainmon_tui.widgets.lines import title_row
from trainmon_tui.widgets.rows import RowsPanel


def rows(pid: int, width: int, height: int, ascii_only: bool) -> list[Row]:
    """The question and its three answers."""
    return [
        title_row(f"the training (pid {pid}) is still running", [], width, ascii_only=ascii_only),
        row(("  e  ", "key"), ("end it, and quit", "plain")),
        row(("  l  ", "key"), ("leave it running, and quit", "plain")),
        row(("  escape  ", "key"), ("go on watching", "plain")),
    ][:height]


class QuitPanel(RowsPanel[int]):
    """The question."""

    pid = 0
    """Of the training."""

    def pick(self, _sight: Sight) -> int:
        """Nothing of the sight matters."""
        return self.pid

    def draw(self, piece: int, width: int, height: int) -> list[Row]:
        """See `rows`."""
        return rows(piece, width, height, self._ascii)


class QuitScreen(PanelScreen, ModalScreen[bool | None]):
    """Answers True to end the training, False to leave it, None to go on watching."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("e", "dismiss(True)", "end it"),
        ("l", "dismiss(False)", "leave it"),
        ("escape,q,ctrl+c", "dismiss(None)", "go on"),
    ]

    def __init__(self, report: Report, *, ascii_only: bool, pid: int) -> None:
        """Arguments as for `OverviewScreen`; `pid` of the training."""
        panel = QuitPanel(report, ascii_only=ascii_only, id="quit")
        panel.pid = pid
        super().__init__("quit-screen", {"panel": panel})

    def boxes(self, width: int, height: int) -> Plan:
        """In the middle."""
        return centred(width, height, 60, 4)
