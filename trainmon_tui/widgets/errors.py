"""The errors on the overview: the newest in a line, or all with their tracebacks; newest first, scrollable."""

import msgspec

from trainmon.meaning.diagnosis import diagnose
from trainmon.words.units import count
from trainmon_tui.render.cells import Row, fit_row, row, row_width
from trainmon_tui.render.traceback import traceback_rows
from trainmon_tui.sight.sight import Sight
from trainmon_tui.widgets.error_items import Item, items_in, sign, steps, times
from trainmon_tui.widgets.error_list import UNHEARD, empty_rows, why_empty
from trainmon_tui.widgets.lines import ago, clip, first_that_fits, join, spread, title_row, words, wrap
from trainmon_tui.widgets.scrolled import WheelScrolling

MOST_GROUPS = 30
"""Groups whose tracebacks are laid out; the errors view has all of them, with all of their texts."""


class ErrorsSlice(msgspec.Struct, frozen=True):
    """Errors that are alike, newest first, and what else there is to complain about."""

    groups: tuple[Item, ...]
    left_out: int
    """Groups beyond `MOST_GROUPS`."""
    warnings: tuple[Item, ...]
    """Newest first."""
    errors_total: int
    warnings_total: int
    empty: str
    """What stands where there is no error."""
    now: float


def pick(sight: Sight) -> ErrorsSlice:
    """The errors' part of a sight."""
    state = sight.state
    items = items_in(sight)
    groups = tuple(item for item in items if item.kind == "error")
    return ErrorsSlice(
        groups=groups[:MOST_GROUPS],
        left_out=max(0, len(groups) - MOST_GROUPS),
        warnings=tuple(item for item in items if item.kind == "warning"),
        errors_total=state.totals.errors + sum(item.rank is not None for item in items),
        warnings_total=state.totals.warnings,
        empty=why_empty(sight.verdict),
        now=sight.now,
    )


def rows(piece: ErrorsSlice, width: int, height: int, ascii_only: bool, top: int = 0) -> list[Row]:
    """One line about the newest for a height of 1 or 2, else a titled pane.

    Args:
        piece: What is drawn.
        width: Cells.
        height: Rows, the title included.
        ascii_only: Whether only ASCII may be drawn.
        top: First line of the pane's content that is shown.
    """
    if height < 3:
        return [_one_line(piece, width, ascii_only)][:height]
    body = content(piece, width, ascii_only)
    shown = body[top : top + height - 1]
    return [_title(piece, width, ascii_only, top, len(shown), len(body)), *shown]


def _title(piece: ErrorsSlice, width: int, ascii_only: bool, top: int, shown: int, whole: int) -> Row:
    position: Row = ()
    if whole > shown:
        position = row((f"lines {top + 1}-{top + shown} of {whole}", "dim"), ("   n p up down", "key"))
    warnings = f"   warnings {count(piece.warnings_total)}" if piece.warnings_total else ""
    title = f"errors {count(piece.errors_total)}{warnings}"
    return title_row(title, [position, ()], width, ascii_only=ascii_only)


def content(piece: ErrorsSlice, width: int, ascii_only: bool) -> list[Row]:
    """All lines of the pane: a heading and a traceback for each group, then the warnings."""
    lines: list[Row] = []
    for group in piece.groups:
        lines += _group_rows(group, piece.now, width, ascii_only)
    if piece.left_out:
        lines.append(row((f"{piece.left_out:,} more groups: ", "dim"), ("[4]", "key")))
    if not piece.groups:
        lines += empty_rows(piece.empty, width, 3, ascii_only)
    lines += [_warning_row(warning, width, ascii_only) for warning in piece.warnings]
    return lines


def starts(piece: ErrorsSlice, width: int, ascii_only: bool) -> list[int]:
    """The line at which each group begins, for jumping from one to the next."""
    lines: list[int] = []
    at = 0
    for group in piece.groups:
        lines.append(at)
        at += len(_group_rows(group, piece.now, width, ascii_only))
    return lines


def _group_rows(group: Item, now: float, width: int, ascii_only: bool) -> list[Row]:
    kind = clip(words(group.name, ascii_only=ascii_only), 40, ascii_only=ascii_only)
    head = row((f"{sign(group, ascii_only)} {kind}", "headline"), *times(group, ascii_only))
    lines = [
        spread(head, [row((f"{steps(group, ascii_only)}   {ago(now - group.last_time)}", "label"))], width)
    ]
    message = words(group.message, ascii_only=ascii_only, limit=2_000)
    lines += [
        row(("  ", "plain"), (line, "value")) for line in wrap(message, width - 2, 4, ascii_only=ascii_only)
    ]
    if group.context:
        context = clip(words(group.context, ascii_only=ascii_only), width - 6, ascii_only=ascii_only)
        lines.append(row(("  in: ", "label"), (context, "plain")))
    advice = diagnose(group.title, group.message).advice
    if advice is not None:
        pieces = wrap(words(advice, ascii_only=ascii_only), width - 7, 3, ascii_only=ascii_only)
        lines += [
            row(("  try: " if not index else "       ", "key"), (text, "plain"))
            for index, text in enumerate(pieces)
        ]
    if group.newest is not None and group.newest.traceback:
        lines += traceback_rows(group.newest.traceback, width, ascii=ascii_only)
    return [*lines, ()]


def _warning_row(warning: Item, width: int, ascii_only: bool) -> Row:
    step = steps(warning, ascii_only) if warning.last_step is not None else ""
    head = row(("! warning  ", "warn"), (f"{step:<14}", "label"))
    text = words(f"{warning.title}: {warning.message}", ascii_only=ascii_only)
    often = times(warning, ascii_only)
    room = width - row_width(head) - row_width(often)
    return row(*head, (clip(text, room, ascii_only=ascii_only), "plain"), *often)


def _one_line(piece: ErrorsSlice, width: int, ascii_only: bool) -> Row:
    label = row(("error ", "label"))
    warnings = f"{count(piece.warnings_total)} warning{'s' if piece.warnings_total != 1 else ''}"
    note = row((warnings, "warn")) if piece.warnings_total else ()
    if not piece.groups:
        newest: Row = row((f"({piece.empty.partition(': ')[2]})", "dim")) if piece.empty == UNHEARD else ()
        if piece.warnings:
            text = words(f"{piece.warnings[0].title}: {piece.warnings[0].message}", ascii_only=ascii_only)
            newest = row((clip(text, max(0, width - 40), ascii_only=ascii_only), "dim"))
        return fit_row(join(row(*label, ("none", "dim")), note, newest, gap="   "), width)
    group = piece.groups[0]
    kind = clip(words(group.name, ascii_only=ascii_only), width // 2, ascii_only=ascii_only)
    head = row(*label, (kind, "headline"), *times(group, ascii_only))
    at = row((steps(group, ascii_only), "label"))
    keys = row(("[4]", "key"))
    right = first_that_fits([join(at, note, keys), join(at, keys), keys], width // 2)
    room = width - row_width(head) - row_width(right) - 4
    if room > 8:
        message = words(group.message, ascii_only=ascii_only)
        head = join(head, row((clip(message, room, ascii_only=ascii_only), "plain")))
    return spread(head, [right, keys], width)


class ErrorsPanel(WheelScrolling[ErrorsSlice]):
    """The errors; scrolls, and what is being read stays where it is when new ones arrive."""

    TICKS = True

    def pick(self, sight: Sight) -> ErrorsSlice:
        """See `pick`."""
        return pick(sight)

    def draw(self, piece: ErrorsSlice, width: int, height: int) -> list[Row]:
        """See `rows`."""
        self._top = self._clamped(piece, width, height, self._top)
        return rows(piece, width, height, self._ascii, self._top)

    def show(self, sight: Sight) -> None:
        """Draws what changed; keeps the group that stands at the top at the top."""
        before = self._slice
        if self._top and before is not None and self._box.width:
            width = self._box.width
            old = len(content(before, width, self._ascii)) - self._top
            try:
                after = len(content(self.pick(sight), width, self._ascii))
            except (ValueError, LookupError, TypeError):  # the same bug is reported when it is drawn
                after = old + self._top
            # Newer errors come in above, so the distance from the end is what stays.
            self._top = max(0, after - old)
        super().show(sight)

    def jump(self, groups: int) -> None:
        """Moves to the beginning of the next group, or of the one before where -1."""
        if self._slice is None:
            return
        at = starts(self._slice, self._box.width, self._ascii)
        later = [line for line in at if line > self._top]
        earlier = [line for line in at if line < self._top]
        chosen = later[:1] if groups > 0 else earlier[-1:]
        if chosen:
            self._top = chosen[0]
            self.redraw()

    def _clamped(self, piece: ErrorsSlice, width: int, height: int, top: int) -> int:
        whole = len(content(piece, width, self._ascii)) if top else 0
        return max(0, min(top, whole - (height - 1)))

    def same(self, before: Sight, after: Sight) -> bool:
        """See `RowsPanel.same`."""
        return (
            before.first is after.first
            and before.state.errors == after.state.errors
            and before.state.warnings == after.state.warnings
        )
