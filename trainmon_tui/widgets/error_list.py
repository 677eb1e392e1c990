"""The errors as a list: a row each with type, message, how often and at which steps; one of them is chosen."""

import msgspec

from trainmon.meaning.statuses import Status, Verdict
from trainmon.words.units import count
from trainmon_tui.render.cells import Role, Row, row, row_width
from trainmon_tui.sight.sight import Sight
from trainmon_tui.widgets.error_items import Item, items_in, sign, steps, times
from trainmon_tui.widgets.lines import ago, clip, first_that_fits, join, spread, title_row, words, wrap
from trainmon_tui.widgets.rows import RowsPanel

EMPTY = "no errors: exceptions and log_error_with_context will stand here with their tracebacks"
"""What makes an error appear."""

UNHEARD = "none recorded: a process that is killed leaves no traceback"
"""The same where the trainer could say nothing of its end."""

OVER = "none recorded"
"""The same after any other end."""


class ListSlice(msgspec.Struct, frozen=True):
    """The list."""

    items: tuple[Item, ...] = ()
    errors_total: int = 0
    warnings_total: int = 0
    empty: str = EMPTY
    """What stands where there is no error."""
    now: float = 0.0


def why_empty(verdict: Verdict) -> str:
    """What stands where there is no error."""
    if not verdict.status.over:
        return EMPTY
    # A program that ended in order without telling has no traceback either, but it was not killed.
    killed = verdict.status.leaves_no_traceback and (
        verdict.status is not Status.DIED or verdict.certainty == "unknown"
    )
    return UNHEARD if killed else OVER


def empty_rows(text: str, width: int, height: int, ascii_only: bool) -> list[Row]:
    """The text in as many lines as it needs, at most `height`."""
    return [row((line, "dim")) for line in wrap(text, width, height, ascii_only=ascii_only)]


def pick(sight: Sight) -> ListSlice:
    """The list's part of a sight."""
    state, items = sight.state, items_in(sight)
    foreign = sum(item.rank is not None for item in items)
    return ListSlice(
        items, state.totals.errors + foreign, state.totals.warnings, why_empty(sight.verdict), sight.now
    )


def rows(
    piece: ListSlice, width: int, height: int, ascii_only: bool, chosen: int = 0, top: int = 0
) -> list[Row]:
    """A title and a row for each item.

    Args:
        piece: What is drawn.
        width: Cells.
        height: Rows, the title included.
        ascii_only: Whether only ASCII may be drawn.
        chosen: Number of the item that is marked.
        top: Number of the first item that is shown.
    """
    lines = [_title(piece, width, ascii_only, chosen)]
    if not piece.items:
        lines += empty_rows(piece.empty, width, height, ascii_only)
    lines += [
        _item_row(item, piece.now, width, ascii_only, chosen=number == chosen)
        for number, item in enumerate(piece.items[top : top + max(0, height - 1)], top)
    ]
    return lines[:height]


def _title(piece: ListSlice, width: int, ascii_only: bool, chosen: int) -> Row:
    groups = sum(item.kind == "error" for item in piece.items)
    kinds = f" in {count(groups)} group{'s' if groups != 1 else ''}" if piece.errors_total != groups else ""
    warnings = f"   warnings {count(piece.warnings_total)}" if piece.warnings_total else ""
    title = f"errors {count(piece.errors_total)}{kinds}{warnings}"
    place = row((f"{chosen + 1} of {len(piece.items)}", "dim")) if piece.items else ()
    keys = row(("   n p", "key"), (" next, previous", "label")) if len(piece.items) > 1 else ()
    return title_row(title, [row(*place, *keys), place], width, ascii_only=ascii_only)


def _item_row(item: Item, now: float, width: int, ascii_only: bool, *, chosen: bool) -> Row:
    mark = (">" if ascii_only else "▶") if chosen else " "
    role: Role = "warn" if item.kind == "warning" else "headline"
    kind = clip(words(item.name, ascii_only=ascii_only), max(12, width // 4), ascii_only=ascii_only)
    head = row((f"{mark} ", "key"), (f"{sign(item, ascii_only)} {kind}", role), *times(item, ascii_only))
    at = row((f"{steps(item, ascii_only):>16}", "label"))
    age = row((f"{ago(now - item.last_time):>12}", "label"))
    right = first_that_fits([row(*at, *age), at], width * 3 // 5)
    room = width - row_width(head) - row_width(right) - 4
    if room >= 8:
        message = clip(words(item.message, ascii_only=ascii_only), room, ascii_only=ascii_only)
        head = join(head, row((message, "value" if chosen else "plain")))
    return spread(head, [right, ()], width)


class ErrorList(RowsPanel[ListSlice]):
    """The list; what is chosen stays chosen, and seen, when others arrive."""

    TICKS = True

    _key: str | None = None
    _top = 0

    def pick(self, sight: Sight) -> ListSlice:
        """See `pick`."""
        return pick(sight)

    def draw(self, piece: ListSlice, width: int, height: int) -> list[Row]:
        """See `rows`."""
        at, room = self.index, max(1, height - 1)
        top = max(0, min(self._top, at), at - room + 1)
        self._top = max(0, min(top, len(piece.items) - room))
        return rows(piece, width, height, self._ascii, at, self._top)

    def same(self, before: Sight, after: Sight) -> bool:
        """See `RowsPanel.same`."""
        one, two = before.state, after.state
        return (
            before.first is after.first
            and one.error_groups == two.error_groups
            and one.warnings == two.warnings
        )

    @property
    def items(self) -> tuple[Item, ...]:
        """All that is listed."""
        return self._slice.items if self._slice is not None else ()

    @property
    def newest(self) -> tuple[str, float] | None:
        """Which item came last, and when; None where nothing is listed."""
        return (self.items[0].key, self.items[0].last_time) if self.items else None

    @property
    def index(self) -> int:
        """Number of the chosen item; 0 where there is none."""
        return next((at for at, item in enumerate(self.items) if item.key == self._key), 0)

    @property
    def chosen(self) -> Item | None:
        """The chosen item; None where nothing is listed."""
        items = self.items
        return items[self.index] if items else None

    def choose(self, index: int) -> None:
        """Chooses the item with this number, or the nearest that there is."""
        items = self.items
        if items:
            self._key = items[max(0, min(index, len(items) - 1))].key
            self.redraw()

    def hold(self) -> None:
        """Keeps chosen what is chosen now, though it may only have been the first."""
        chosen = self.chosen
        self._key = chosen.key if chosen is not None else None

    def line_at(self, y: int) -> int | None:
        """The number of the item in row `y`; None: none stands there."""
        at = self._top + y - 1
        return at if y >= 1 and at < len(self.items) else None
