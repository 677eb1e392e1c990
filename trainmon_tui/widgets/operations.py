"""Timed operations and operations on models, and all about the one that is selected.

Operations are ranked by their share of the run's wall time. They may run beside each other or within each other, so
shares need not add up to 100 %.
"""

from typing import NamedTuple

import msgspec
from textual import events

from trainmon.fold.operation_summaries import OperationSummary
from trainmon.fold.state_entries import OperationEntry
from trainmon.meaning import remaining
from trainmon.words.units import count
from trainmon_tui.render.cells import Row, fit_row, row
from trainmon_tui.sight.sight import Sight
from trainmon_tui.widgets.lines import title_row, wrap
from trainmon_tui.widgets.operation_details import model_details, timed_details
from trainmon_tui.widgets.operation_models import model_row
from trainmon_tui.widgets.operation_table import header, timed_row
from trainmon_tui.widgets.rows import RowsPanel

NO_TIMED = "no timed operations yet: log_performance_metrics, or trainmon.operation, makes them"
"""What makes a timed operation appear."""

NO_MODELS = "no model operations yet: log_model_operation makes them"
"""What makes a model operation appear."""

SIDE_FROM = 130
"""Columns from which the details stand beside the lists."""

SIDE = 48
"""Columns of the details there."""


class OperationsSlice(msgspec.Struct, frozen=True):
    """All operations; names are untrusted."""

    timed: tuple[tuple[str, OperationSummary], ...] = ()
    """The one with the largest share first."""
    models: tuple[OperationEntry, ...] = ()
    """The newest first; the state has a hundred."""
    elapsed: float | None = None
    """Seconds of the run so far; None before its start."""
    left_out: int = 0
    """Records of operations that took too little time to be listed."""
    utc_offset: int = 0


class Chosen(NamedTuple):
    """Which operation is selected, so that arrivals do not select another."""

    name: str
    time: float | None = None
    """Unix seconds of a model operation; None: it is a timed one."""


class Rooms(NamedTuple):
    """Rows of the three parts, their titles included."""

    timed: int
    models: int
    details: int


def pick(sight: Sight) -> OperationsSlice:
    """The operations' part of a sight."""
    state = sight.state
    ranked = sorted(state.operation_summaries.items(), key=lambda item: (-item[1].total, item[0]))
    elapsed = remaining.elapsed(state, sight.verdict, sight.now)
    return OperationsSlice(
        timed=tuple(ranked),
        models=tuple(reversed(state.operations)),
        # Whole seconds, so that shares do not flicker.
        elapsed=float(int(elapsed)) if elapsed is not None else None,
        left_out=state.totals.unsummarised,
        utc_offset=sight.utc_offset,
    )


def choices(piece: OperationsSlice) -> list[Chosen]:
    """What can be selected, from the top."""
    models = [Chosen(entry.operation, entry.time) for entry in piece.models]
    return [*(Chosen(name) for name, _ in piece.timed), *models]


def rows(
    piece: OperationsSlice,
    width: int,
    height: int,
    ascii_only: bool,
    chosen: Chosen | None = None,
    top: int = 0,
) -> list[Row]:
    """The two lists, and the details below them or at their side.

    Args:
        piece: What is drawn.
        width: Cells.
        height: Rows.
        ascii_only: Whether only ASCII may be drawn.
        chosen: What is selected; None or unknown: the first.
        top: The first line of the details that is shown.
    """
    all_of_them = choices(piece)
    at = all_of_them.index(chosen) if chosen in all_of_them else 0
    beside = width >= SIDE_FROM
    wide = width - SIDE - 1 if beside else width
    details = _details(piece, at, SIDE if beside else width, ascii_only)
    room = rooms(len(piece.timed), len(piece.models), 0 if beside else len(details), height)
    lists = [
        *_timed_part(piece, at, wide, room.timed, ascii_only),
        *_models_part(piece, at - len(piece.timed), wide, room.models, ascii_only),
    ]
    if not beside:
        return [*lists, *_details_part(details, width, room.details, ascii_only, top)][:height]
    side = _details_part(details, SIDE, height, ascii_only, top)
    lists += [()] * (height - len(lists))
    side += [()] * (height - len(side))
    return [
        row(*fit_row(left, wide), (" ", "plain"), *right) for left, right in zip(lists, side, strict=False)
    ]


def choice_at(
    piece: OperationsSlice,
    width: int,
    height: int,
    ascii_only: bool,
    chosen: Chosen | None,
    place: tuple[int, int],
) -> Chosen | None:
    """What stands in column and row `place` of the lists; None: nothing that can be selected.

    Args:
        piece: What is drawn.
        width: Cells.
        height: Rows.
        ascii_only: As for `rows`.
        chosen: What is selected.
        place: Column and row, from 0.
    """
    x, y = place
    all_of_them = choices(piece)
    at = all_of_them.index(chosen) if chosen in all_of_them else 0
    beside = width >= SIDE_FROM
    details = [] if beside else _details(piece, at, width, ascii_only)
    room = rooms(len(piece.timed), len(piece.models), len(details), height)
    timed = _window(len(piece.timed), at, room.timed - 2)
    models = _window(len(piece.models), at - len(piece.timed), room.models - 1)
    below = len(_timed_part(piece, at, width, room.timed, ascii_only)) + 1
    if beside and x >= width - SIDE - 1:
        return None
    if 2 <= y < 2 + len(timed):
        return all_of_them[timed[y - 2]]
    if below <= y < below + len(models):
        return all_of_them[len(piece.timed) + models[y - below]]
    return None


def rooms(timed: int, models: int, details: int, height: int) -> Rooms:
    """How `height` rows are shared; what the lists do not need goes to the details.

    Args:
        timed: Timed operations.
        models: Model operations.
        details: Lines of the details; 0: they stand elsewhere.
        height: Rows.
    """
    wanted = Rooms(2 + max(1, timed), 1 + max(1, models), 1 + details if details else 0)
    if sum(wanted) <= height:
        more = height - sum(wanted)
        return wanted._replace(details=wanted.details + more) if details else wanted
    below = min(wanted.details, max(height // 3, height - wanted.timed - wanted.models))
    left = height - below
    models_room = min(wanted.models, max(left // 3, left - wanted.timed))
    return Rooms(min(wanted.timed, left - models_room), models_room, below)


def _timed_part(piece: OperationsSlice, at: int, width: int, room: int, ascii_only: bool) -> list[Row]:
    if room < 1:
        return []
    note: Row = ()
    if piece.left_out:
        note = row((f"{count(piece.left_out)} records of smaller ones left out", "dim"))
    lines = [title_row("operations by share of wall time", [note], width, ascii_only=ascii_only)]
    if not piece.timed:
        return [*lines, *_nothing(NO_TIMED, width, ascii_only)][:room]
    lines.append(header(width))
    for index in _window(len(piece.timed), at, room - 2):
        name, summary = piece.timed[index]
        lines.append(timed_row(name, summary, piece.elapsed, width, ascii_only, selected=index == at))
    return lines[:room]


def _nothing(text: str, width: int, ascii_only: bool) -> list[Row]:
    return [row((line, "dim")) for line in wrap(text, width, 3, ascii_only=ascii_only)]


def _models_part(piece: OperationsSlice, at: int, width: int, room: int, ascii_only: bool) -> list[Row]:
    if room < 1:
        return []
    failed = sum(not entry.success for entry in piece.models)
    said = f"newest {len(piece.models)}" if len(piece.models) >= 100 else f"{len(piece.models)}"
    note = row((said, "dim"), (f"   failed {failed}" if failed else "", "bad")) if piece.models else ()
    lines = [title_row("model operations", [note], width, ascii_only=ascii_only)]
    if not piece.models:
        return [*lines, *_nothing(NO_MODELS, width, ascii_only)][:room]
    lines += [
        model_row(piece.models[index], piece.utc_offset, width, ascii_only, selected=index == at)
        for index in _window(len(piece.models), at, room - 1)
    ]
    return lines[:room]


def _window(total: int, at: int, room: int) -> range:
    """The items of a list that are shown, so that the selected one is among them."""
    first = max(0, min(at - room // 2, total - room))
    return range(first, min(total, first + max(0, room)))


def _details(piece: OperationsSlice, at: int, width: int, ascii_only: bool) -> list[Row]:
    if at < len(piece.timed):
        return timed_details(*piece.timed[at], piece.elapsed, piece.utc_offset, width, ascii_only)
    models = piece.models[at - len(piece.timed) :]
    return model_details(models[0], piece.utc_offset, width, ascii_only) if models else []


def _details_part(details: list[Row], width: int, room: int, ascii_only: bool, top: int) -> list[Row]:
    if room < 1 or not details:
        return []
    shown = details[top : top + room - 1]
    note: Row = ()
    if len(details) > len(shown):
        note = row((f"lines {top + 1}-{top + len(shown)} of {len(details)}", "dim"), ("   pgup pgdn", "key"))
    return [title_row("details", [note], width, ascii_only=ascii_only), *shown]


class OperationsPanel(RowsPanel[OperationsSlice]):
    """Both lists and the details; what is selected stays selected when others arrive."""

    LEAST_GAP = 0.9
    TICKS = True

    _chosen: Chosen | None = None
    _top = 0

    def pick(self, sight: Sight) -> OperationsSlice:
        """See `pick`."""
        return pick(sight)

    def draw(self, piece: OperationsSlice, width: int, height: int) -> list[Row]:
        """See `rows`."""
        return rows(piece, width, height, self._ascii, self._chosen, self._top)

    def move(self, lines: int) -> None:
        """Selects another operation, so many lines further down."""
        among = choices(self._slice) if self._slice is not None else []
        if among:
            at = among.index(self._chosen) if self._chosen in among else 0
            self._chosen = among[max(0, min(at + lines, len(among) - 1))]
            self._top = 0
            self.redraw()

    def scroll_details(self, lines: int) -> None:
        """Moves down in the details, up where negative."""
        piece = self._slice
        if piece is None:
            return
        among = choices(piece)
        at = among.index(self._chosen) if self._chosen in among else 0
        whole = len(
            _details(piece, at, SIDE if self._box.width >= SIDE_FROM else self._box.width, self._ascii)
        )
        self._top = max(0, min(self._top + lines, whole - 1))
        self.redraw()

    def on_click(self, event: events.Click) -> None:
        """Selects the operation under the mouse."""
        if self._slice is None:
            return
        _, _, width, height = self._box
        found = choice_at(self._slice, width, height, self._ascii, self._chosen, (event.x, event.y))
        if found is not None:
            self._chosen, self._top = found, 0
            self.redraw()

    def on_mouse_scroll_down(self) -> None:
        """Selects the next."""
        self.move(1)

    def on_mouse_scroll_up(self) -> None:
        """Selects the one before."""
        self.move(-1)

    def same(self, before: Sight, after: Sight) -> bool:
        """See `RowsPanel.same`."""
        one, two = before.state, after.state
        return one.operation_summaries == two.operation_summaries and one.operations == two.operations
