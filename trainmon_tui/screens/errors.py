"""The errors on a whole screen: a list of them, and all about the chosen one.

The state keeps the newest texts only, cut; what belongs to the chosen error is read from the journal by a thread.
"""

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import msgspec
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from trainmon.facts.events import Error
from trainmon.fold.state import Bookmark
from trainmon.reading.recall import recall_error
from trainmon_tui.copying import Copied, Copier
from trainmon_tui.screens.base import SCROLLING, PanelScreen, Report, edges
from trainmon_tui.screens.plan import Plan
from trainmon_tui.sight.latest import Latest
from trainmon_tui.sight.sight import Sight
from trainmon_tui.widgets.error_details import DetailsSlice, ErrorDetails
from trainmon_tui.widgets.error_list import ErrorList
from trainmon_tui.widgets.error_text import error_text
from trainmon_tui.widgets.rows import Box

KEYS = (
    ("?", "keys"), ("n p", "next, previous"), ("y", "copy"), ("d", "data"), ("X", "X-ray"), ("escape", "back"),
    ("q", "quit"), ("up down pgup pgdn home end", "scroll"),
)  # fmt: skip
"""What the bottom line says."""

REMEMBERED = 32
"""Errors read from the journal that are kept, so that going back to one does not read it again: at most 8 MiB."""

_LEAST_DETAILS = 8
"""Rows that the details keep however long the list is."""

Place = tuple[str, str | None, int]
"""Where an error stands: folder, journal, offset."""


class Wanted(msgspec.Struct, frozen=True):
    """Which line of a journal is to be read."""

    folder: str
    bookmark: Bookmark
    offset: int

    @property
    def place(self) -> Place:
        """Tells it apart from other lines, of other journals, too; stays while the journal grows."""
        return self.folder, self.bookmark.journal, self.offset


class Recalled(Message):
    """An error was read; posted from the thread that did."""

    def __init__(self, place: Place, error: Error | None) -> None:
        """The error at a place; None: it cannot be read."""
        super().__init__()
        self.place = place
        self.error = error


class ErrorsScreen(PanelScreen):
    """Status line, list, details, keys."""

    OWN_KEYS = (
        ("n p", "next, previous error or warning (click, wheel)"),
        ("up down pgup pgdn home end", "scroll the details (wheel)"),
        ("d", "to the additional data, and back"),
        ("y", "copy all of it, to a file, too"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,1", "app.overview", "back", show=False),
        Binding("n", "choose(1)", "next error"),
        Binding("p", "choose(-1)", "previous error"),
        Binding("y", "copy", "copy the error to the clipboard and a file"),
        Binding("d", "data", "additional data of the error"),
        *SCROLLING,
    ]

    def __init__(self, report: Report, *, ascii_only: bool, copies: Path | None = None) -> None:
        """A screen without anything to show yet; arguments as for `OverviewScreen`.

        Args:
            report: As there.
            ascii_only: As there.
            copies: The folder for what is copied; None: see `trainmon_tui.copies`.
        """
        self._list = ErrorList(report, ascii_only=ascii_only, id="errors")
        self._details = ErrorDetails(report, ascii_only=ascii_only, id="details")
        self._copier = Copier(self, copies)
        self._reader: Latest[Wanted] = Latest("trainmon-recall", self._recall)
        self._asked: Place | None = None
        self._known: dict[Place, Error | None] = {}
        self._opened = False
        self._left_at: tuple[str, float] | None = None
        self._said: tuple[str | None, str] = (None, "")
        """The item that was copied, and what came of it."""
        super().__init__(
            "errors-screen",
            edges(report, KEYS, "4", ascii_only=ascii_only)
            | {"errors": self._list, "details": self._details},
        )

    def boxes(self, width: int, height: int) -> Plan:
        """One below the other; the list gets a third at most, and all where there is nothing to tell more of."""
        items = len(self._list.items)
        if height < _LEAST_DETAILS:
            return {"details" if items else "errors": Box(0, 0, width, height)}
        room = height - 2
        boxes: Plan = {"status": Box(0, 0, width, 1), "footer": Box(0, height - 1, width, 1)}
        if not items:
            return boxes | {"errors": Box(0, 1, width, room)}
        rows = min(items + 1, max(2, room // 3))
        return boxes | {
            "errors": Box(0, 1, width, rows),
            "details": Box(0, 1 + rows, width, room - rows),
        }

    def show(self, sight: Sight) -> None:
        """Shows the list as it is now, and the chosen error."""
        self._list.show(sight)
        super().show(sight)
        newest = self._list.newest
        if self._opened and newest != self._left_at:
            self._list.choose(0)
        self._opened = False
        self._list.hold()
        self._present()

    def on_screen_resume(self) -> None:
        """Whoever opens the view after another error came wants to see that one."""
        self._opened = True

    def on_screen_suspend(self) -> None:
        """Takes note of what was known on leaving: what comes while the view is open takes nothing away."""
        self._left_at = self._list.newest

    def _present(self) -> None:
        """Hands the chosen error to the details, and has read what the state does not keep of it."""
        sight, item = self._sight, self._list.chosen
        if sight is None:
            return
        piece = DetailsSlice(item, utc_offset=sight.utc_offset)
        if item is not None and item.kind == "error" and item.offset >= 0:
            whose = sight.first if item.rank is not None and sight.first is not None else sight
            wanted = Wanted(whose.folder, whose.state.bookmark, item.offset)
            if wanted.place in self._known:
                found = self._known[wanted.place]
                piece = msgspec.structs.replace(
                    piece, recall="gone" if found is None else "whole", whole=found
                )
            else:
                piece = msgspec.structs.replace(piece, recall="reading")
                if wanted.place != self._asked:
                    self._asked = wanted.place
                    self._reader.ask(wanted)
        key, said = self._said
        if item is not None and item.key == key:
            piece = msgspec.structs.replace(piece, copied=said)
        self._details.take(piece)

    def _recall(self, wanted: Wanted, outdated: Callable[[], bool]) -> None:
        """In the reader's thread."""
        try:
            found = recall_error(Path(wanted.folder), wanted.bookmark, wanted.offset)
        except Exception:  # noqa: BLE001 - whatever fails there costs this text; what the state keeps is still shown
            found = None
        if not outdated():
            self.post_message(Recalled(wanted.place, found))

    def on_recalled(self, message: Recalled) -> None:
        """Shows the error as the journal has it."""
        if message.place == self._asked:
            self._asked = None
        self._known[message.place] = message.error
        while len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]
        self._present()

    def action_choose(self, items: int) -> None:
        """Chooses another error, so many further down."""
        self._list.choose(self._list.index + items)
        self._present()

    def action_lines(self, lines: int) -> None:
        """Scrolls the details."""
        self._details.scroll_lines(lines)

    def action_pages(self, pages: int) -> None:
        """Scrolls the details by pages."""
        self._details.scroll_pages(pages)

    def action_data(self) -> None:
        """Goes to the additional data, or back."""
        self._details.to_data()

    def action_copy(self) -> None:
        """Copies all about the error to the clipboard, and always also to a file."""
        piece = self._details.piece
        if piece.item is None:
            return
        self._said = (piece.item.key, "copying")
        self._copier.copy(error_text(piece))

    def on_copied(self, message: Copied) -> None:
        """Says what came of copying."""
        self._said = (self._said[0], message.said)
        self._present()

    def on_click(self, event: events.Click) -> None:
        """Chooses the error under the mouse."""
        box = self._placed.get("errors")
        at = self._list.line_at(event.screen_y - box.y) if box is not None else None
        if at is not None and box is not None and event.screen_y < box.y + box.height:
            self._list.choose(at)
            self._present()

    def _is_on_list(self, y: int) -> bool:
        box = self._placed.get("errors")
        return box is not None and box.y <= y < box.y + box.height

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The next error, over the list; else three lines down."""
        if self._is_on_list(event.screen_y):
            self.action_choose(1)
        else:
            self.action_lines(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The previous error, over the list; else three lines up."""
        if self._is_on_list(event.screen_y):
            self.action_choose(-1)
        else:
            self.action_lines(-3)

    def on_unmount(self) -> None:
        """Ends the threads where the app ends."""
        self._reader.stop()
        self._copier.stop()
