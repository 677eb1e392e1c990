"""The question whether a training that was started together with the monitor shall end with it."""

from typing import ClassVar

import msgspec
from textual.binding import BindingType
from textual.screen import ModalScreen

from trainmon_tui.render.cells import Row, row
from trainmon_tui.screens.base import PanelScreen, Report, centred
from trainmon_tui.screens.plan import Plan
from trainmon_tui.sight.sight import Sight
from trainmon_tui.widgets.lines import title_row
from trainmon_tui.widgets.rows import RowsPanel


class QuitSlice(msgspec.Struct, frozen=True):
    """What the question is about."""

    pid: int | None
    """Of the training; None: it has not said yet."""
    over: bool
    """Whether it ended while the question stood."""


def pick(sight: Sight) -> QuitSlice:
    """The question's part of a sight."""
    opened = sight.state.opened
    return QuitSlice(opened.pid if opened is not None else None, sight.verdict.status.over)


def rows(piece: QuitSlice, width: int, height: int, ascii_only: bool) -> list[Row]:
    """The question and its three answers; one answer less once the training has ended by itself."""
    title = "the training has ended"
    if not piece.over:
        pid = f" (pid {piece.pid})" if piece.pid is not None else ""
        title = f"the training{pid} is still running"
    end = row(("  e  ", "key"), ("quit" if piece.over else "end it, and quit", "plain"))
    leave = row(("  l  ", "key"), ("leave it running, and quit", "plain"))
    stay = row(("  escape  ", "key"), ("go on watching", "plain"))
    answers = [end, stay] if piece.over else [end, leave, stay]
    return [title_row(title, [], width, ascii_only=ascii_only), *answers][:height]


class QuitPanel(RowsPanel[QuitSlice]):
    """The question."""

    def pick(self, sight: Sight) -> QuitSlice:
        """See `pick`."""
        return pick(sight)

    def draw(self, piece: QuitSlice, width: int, height: int) -> list[Row]:
        """See `rows`."""
        return rows(piece, width, height, self._ascii)


class QuitScreen(PanelScreen, ModalScreen[bool | None]):
    """Answers True to end the training, False to leave it, None to go on watching."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("e", "dismiss(True)", "end it"),
        ("l", "dismiss(False)", "leave it"),
        ("escape,q,ctrl+c", "dismiss(None)", "go on"),
    ]

    def __init__(self, report: Report, *, ascii_only: bool) -> None:
        """Arguments as for `OverviewScreen`."""
        super().__init__("quit-screen", {"panel": QuitPanel(report, ascii_only=ascii_only, id="quit")})

    def boxes(self, width: int, height: int) -> Plan:
        """In the middle."""
        return centred(width, height, 60, 4)
