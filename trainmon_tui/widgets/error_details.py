"""All about one error: message, context, advice, its whole traceback, and its data as a tree."""

from typing import Literal

import msgspec

from trainmon.facts.events import Error, JsonObject
from trainmon.meaning.diagnosis import diagnose
from trainmon.words.units import date_clock
from trainmon_tui.render.cells import Role, Row, row, row_width
from trainmon_tui.render.safe import safe_lines, to_ascii
from trainmon_tui.render.traceback import traceback_rows
from trainmon_tui.render.tree import tree_rows
from trainmon_tui.sight.sight import Sight
from trainmon_tui.widgets.error_items import Item, sign, steps, times
from trainmon_tui.widgets.lines import spread, title_row, words, wrap
from trainmon_tui.widgets.scrolled import Scrolling

MESSAGE_LINES = 40
"""Lines of a message that are shown; the traceback ends with all of it."""

Recall = Literal["reading", "whole", "gone"]
"""Whether the error's line in the journal is being read, was read, or cannot be."""

_SAYS = {
    "reading": "reading all of it from the journal",
    "gone": "as far as it was kept: its line in the journal cannot be read",
}

_LABEL = 6


class DetailsSlice(msgspec.Struct, frozen=True):
    """One error."""

    item: Item | None = None
    """None: there is none."""
    recall: Recall = "gone"
    whole: Error | None = None
    """The newest of the group as the journal has it; None unless `recall` is "whole"."""
    copied: str = ""
    """What came of copying it; safe text."""
    utc_offset: int = 0

    @property
    def message(self) -> str:
        """As long as it is known; untrusted."""
        if self.whole is not None:
            return self.whole.message
        return self.item.message if self.item is not None else ""

    @property
    def traceback(self) -> str:
        """As long as it is known; untrusted; "" where there is none."""
        if self.whole is not None:
            return self.whole.traceback
        return self.item.newest.traceback if self.item is not None and self.item.newest is not None else ""

    @property
    def data(self) -> JsonObject:
        """Additional data of the newest, as far as it is known; untrusted."""
        if self.whole is not None:
            return self.whole.additional_data
        return (
            self.item.newest.additional_data if self.item is not None and self.item.newest is not None else {}
        )

    @property
    def advice(self) -> str | None:
        """What helps most often; None where nothing general can be said."""
        if self.item is None or self.item.kind != "error":
            return None
        return diagnose(self.item.title, self.message).advice


class Body(msgspec.Struct, frozen=True):
    """The details as lines."""

    rows: tuple[Row, ...] = ()
    data_at: int | None = None
    """The line at which the data begins; None: there is none."""


def body(piece: DetailsSlice, width: int, ascii_only: bool) -> Body:
    """All lines, of at most `width` cells; nothing is cut but what is far too long."""
    item = piece.item
    if item is None:
        return Body()
    role: Role = "warn" if item.kind == "warning" else "headline"
    head = row(
        (f"{sign(item, ascii_only)} {words(item.name, ascii_only=ascii_only, limit=200)}", role),
        *times(item, ascii_only),
    )
    lines = [spread(head, [row((_when(piece, item, ascii_only), "label"))], width)]
    for line in safe_lines(piece.message, most_lines=MESSAGE_LINES):
        shown = to_ascii(line) if ascii_only else line
        pieces = wrap(shown, width - 2, MESSAGE_LINES, ascii_only=ascii_only)
        lines += [row(("  ", "plain"), (text, "value")) for text in pieces]
    for label, text, shade in (
        ("in", item.context, "plain"), ("at", item.location or "", "plain"), ("try", piece.advice or "", "key"),
    ):  # fmt: skip
        lines += _labelled(label, text, width, ascii_only, "key" if shade == "key" else "label")
    if item.kind == "error":
        lines += _traceback(piece, width, ascii_only)
    data_at = None
    if piece.data:
        data_at = len(lines)
        lines.append(title_row("additional data", [], width, ascii_only=ascii_only))
        for cells in tree_rows(piece.data, ascii=ascii_only):
            lines += _unfolded(cells, width, ascii_only)
    return Body(tuple(lines), data_at)


def _when(piece: DetailsSlice, item: Item, ascii_only: bool) -> str:
    uncaught = item.newest is not None and item.newest.uncaught
    return (
        f"{'nobody caught it   ' if uncaught else ''}{steps(item, ascii_only)}   "
        f"{'last ' if item.count > 1 else ''}{date_clock(item.last_time, piece.utc_offset)}"
    )


def _labelled(label: str, text: str, width: int, ascii_only: bool, role: Role) -> list[Row]:
    pieces = wrap(words(text, ascii_only=ascii_only), width - _LABEL - 1, 6, ascii_only=ascii_only)
    return [
        row((f"{label + ':' if not at else '':>{_LABEL - 1}}  ", role), (line, "plain"))
        for at, line in enumerate(pieces)
    ]


def _traceback(piece: DetailsSlice, width: int, ascii_only: bool) -> list[Row]:
    said = _SAYS.get(piece.recall, "")
    note: Row = row((said, "warn" if piece.recall == "gone" else "dim")) if said else ()
    lines = [title_row("traceback", [note, ()], width, ascii_only=ascii_only)]
    if piece.traceback:
        return lines + traceback_rows(piece.traceback, width, wrap=True, ascii=ascii_only)
    text = {
        "reading": "reading",
        "gone": "none is left here: only the newest errors keep theirs in the snapshot",
        "whole": "none was recorded with it",
    }[piece.recall]
    return [*lines, *(row((line, "dim")) for line in wrap(text, width, 3, ascii_only=ascii_only))]


def _unfolded(cells: Row, width: int, ascii_only: bool) -> list[Row]:
    """A line of the tree; a long value goes on below its beginning."""
    if row_width(cells) <= width:
        return [cells]
    *label, (value, role) = cells
    begin = row_width(tuple(label))
    begin = begin if begin < width // 2 else 2
    first, *more = wrap(value.strip(), max(8, width - begin - 1), MESSAGE_LINES, ascii_only=ascii_only) or [
        ""
    ]
    return [row(*label, (f" {first}", role)), *(row((" " * (begin + 1) + line, role)) for line in more)]


class ErrorDetails(Scrolling[DetailsSlice]):
    """The details; the screen hands them over. They scroll."""

    piece = DetailsSlice()
    """What is shown; set by `take`."""

    _made: tuple[DetailsSlice, int, Body] = (DetailsSlice(), 0, Body())
    """The newest lines, and what they were made of: a long traceback costs more than a frame may take."""

    def take(self, piece: DetailsSlice) -> None:
        """Shows an error, from its beginning unless it is the one that is shown."""
        if piece == self.piece:
            return
        before, after = self.piece.item, piece.item
        if before is None or after is None or before.key != after.key:
            self._top = 0
        self.piece = self._slice = piece
        self.redraw()

    def pick(self, _sight: Sight) -> DetailsSlice:
        """What was handed over; the sight does not matter."""
        return self.piece

    def draw(self, piece: DetailsSlice, width: int, height: int) -> list[Row]:
        """A title, what came of copying, and as many of the lines as there is room for."""
        if piece.item is None:
            return []
        made = self._lines(piece, width)
        above = [
            row((line, "good"))
            for line in wrap(piece.copied, width, max(0, height - 3), ascii_only=self._ascii)
        ]
        room = max(0, height - 1 - len(above))
        self._top = max(0, min(self._top, len(made.rows) - room))
        shown = made.rows[self._top : self._top + room]
        return [self._title(made, len(shown), width), *above, *shown]

    def _title(self, made: Body, shown: int, width: int) -> Row:
        copy = row(("y", "key"), (" copy", "label"))
        data = row(("   d", "key"), (" data", "label")) if made.data_at is not None else ()
        place = ""
        if len(made.rows) > shown:
            place = f"lines {self._top + 1}-{self._top + shown} of {len(made.rows)}   "
        full = row((place, "dim"), *copy, *data)
        return title_row("details", [full, row(*copy, *data), ()], width, ascii_only=self._ascii)

    def _lines(self, piece: DetailsSlice, width: int) -> Body:
        made_of, made_for, made = self._made
        if made_of != piece or made_for != width:
            made = body(piece, width, self._ascii)
            self._made = piece, width, made
        return made

    def to_data(self) -> None:
        """Goes to the additional data; from there back to the beginning."""
        at = self._lines(self.piece, self._box.width).data_at
        if at is not None:
            before = self._top
            self._top = at
            self.redraw()
            if self._top == before:
                self._top = 0
                self.redraw()
