"""The runs: what is listed after sorting and filtering, which one is chosen, and the panel that shows it."""

import msgspec

from trainmon.words.units import count
from trainmon_tui.name_filter import filtered
from trainmon_tui.render.cells import Row, fit_row, row
from trainmon_tui.sight.beside import LETTERS, Key
from trainmon_tui.sight.listing import Listing
from trainmon_tui.sight.sight import Sight
from trainmon_tui.widgets.lines import clip, clip_end, join, title_row, words, wrap
from trainmon_tui.widgets.others import role_of
from trainmon_tui.widgets.rows import RowsPanel
from trainmon_tui.widgets.runs_table import (
    ARROW,
    ORDERS,
    Entry,
    best_title,
    entry_row,
    header,
    in_order,
    widths,
)  # fmt: skip

LOOKING = "looking for runs"
"""Before the folders were looked through once."""

EMPTY = 'no run here yet: TrainLogger("this folder/some name") or `trainmon run` makes one; it appears within 15 s'
"""What makes a run appear."""

_DETAIL = 4
"""Rows from which the last one tells more of the chosen run."""


class RunsSlice(msgspec.Struct, frozen=True):
    """The list and what the user set."""

    listing: Listing = Listing("")
    order: str = ORDERS[0]
    backwards: bool = False
    filter: str = ""
    """As typed; untrusted."""
    compared: tuple[Key, ...] = ()
    """The runs that are compared, in the order of their letters."""
    chosen: Key | None = None
    """Key of the chosen entry; None: the first."""


def entries(piece: RunsSlice) -> tuple[list[Entry], str | None]:
    """The lines of the list, earlier runs under theirs, and why the filter cannot be used; None: it can."""
    runs = in_order(piece.listing.runs, piece.order, backwards=piece.backwards)
    texts = [f"{run.name} {run.model} {run.status}" for run in runs]
    kept, fault = filtered(texts, piece.filter)
    names = set(kept)
    found: list[Entry] = []
    for run, text in zip(runs, texts, strict=True):
        if text in names:
            found.append(Entry(run))
            found += (Entry(run, earlier) for earlier in run.earlier)
    return found, fault


def place(found: list[Entry], chosen: Key | None) -> int:
    """The line of the chosen entry; 0 where it is not listed."""
    return next((at for at, entry in enumerate(found) if entry.key == chosen), 0)


def first_line(at: int, top: int, room: int) -> int:
    """The first line that is shown so that line `at` is: `top`, unless that hides it."""
    return max(0, min(top, at), at - max(room, 1) + 1)


def rows(piece: RunsSlice, width: int, height: int, ascii_only: bool, top: int = 0) -> list[Row]:
    """A titled table from line `top` on, or further down where the chosen one would not be seen."""
    found, fault = entries(piece)
    lines = [title_row("runs", _notes(piece, fault, ascii_only), width, ascii_only=ascii_only)]
    if not found:
        return [*lines, *_nothing(piece, width, ascii_only)][:height]
    best = words(best_title(piece.listing.runs), ascii_only=ascii_only, limit=40)
    side = width - 1 if piece.compared else width
    cells, now = widths(side, len(best) + (ARROW if piece.order == "best" else 0)), piece.listing.now
    titles = header(cells, piece.order, side, best=best, backwards=piece.backwards, ascii_only=ascii_only)
    lines.append(row((" " * (width - side), "plain"), *titles))
    room = lines_shown(height)
    at = place(found, piece.chosen)
    top = first_line(at, top, room)
    for line, entry in enumerate(found[top : top + room], top):
        drawn = entry_row(entry, cells, now, side, chosen=line == at, ascii_only=ascii_only)
        lines.append(row(*_letter(piece, entry), *drawn))
    if height >= _DETAIL:
        lines += [fit_row((), width)] * (height - 1 - len(lines))
        lines.append(_detail(found[at], width, ascii_only))
    return lines[:height]


def _letter(piece: RunsSlice, entry: Entry) -> Row:
    """What the run is called in charts, where runs are compared; a cell, or none."""
    if not piece.compared:
        return ()
    letters = dict(zip(piece.compared, LETTERS, strict=False))
    letter = letters.get(entry.key)
    return row((letter, role_of(letter)) if letter is not None else (" ", "plain"))


def lines_shown(height: int) -> int:
    """Entries that a panel of this height has room for, at least 1."""
    return max(1, height - (3 if height >= _DETAIL else 2))


def _notes(piece: RunsSlice, fault: str | None, ascii_only: bool) -> list[Row]:
    listing = piece.listing
    total = row((f"{count(len(listing.runs))}{' and more' if listing.cut else ''}", "dim"))
    if len(listing.runs) < listing.found:
        total = row((f"{count(len(listing.runs))} of {count(listing.found)} read", "dim"))
    text = ""
    if piece.filter:
        text = f"filter {clip(words(piece.filter, ascii_only=ascii_only), 30, ascii_only=ascii_only)}"
    said = row((text, "value"))
    wrong = row((words(fault or "", ascii_only=ascii_only), "warn"))
    return [join(said, wrong, total), join(wrong, total), total]


def _nothing(piece: RunsSlice, width: int, ascii_only: bool) -> list[Row]:
    text = EMPTY
    if not piece.listing.complete or len(piece.listing.runs) < piece.listing.found:
        text = LOOKING
    elif piece.listing.runs:
        text = "no run fits the filter: / changes it"
    return [row((line, "dim")) for line in wrap(text, width, 4, ascii_only=ascii_only)]


def _detail(entry: Entry, width: int, ascii_only: bool) -> Row:
    """Where the chosen run is, and why it is as it is."""
    why = entry.run.why if entry.earlier is None else "earlier run: c compares, enter opens the newest"
    said = clip(words(why or "", ascii_only=ascii_only), width * 3 // 5, ascii_only=ascii_only)
    path = words(entry.run.path, ascii_only=ascii_only)
    room = width - (len(said) + 3 if said else 0)
    shown = clip_end(path, max(8, room), ascii_only=ascii_only)
    return fit_row(join(row((shown, "label")), row((said, "plain")), gap="   "), width)


class RunsPanel(RowsPanel[RunsSlice]):
    """The list of runs; the screen hands it over."""

    _top = 0

    piece = RunsSlice()
    """What is listed; set by `take`."""

    def take(self, piece: RunsSlice) -> None:
        """Draws a list."""
        self.piece = self._slice = piece
        self.redraw()

    def pick(self, _sight: Sight) -> RunsSlice:
        """The list; the sight does not matter."""
        return self.piece

    def draw(self, piece: RunsSlice, width: int, height: int) -> list[Row]:
        """See `rows`."""
        found, _ = entries(piece)
        self._top = first_line(place(found, piece.chosen), self._top, lines_shown(height))
        self._top = max(0, min(self._top, len(found) - lines_shown(height)))
        return rows(piece, width, height, self._ascii, self._top)

    @property
    def page(self) -> int:
        """Entries that are seen at once."""
        return lines_shown(self._box.height)

    def line_at(self, y: int) -> int | None:
        """Which entry stands in row `y`; None: none does."""
        at = self._top + y - 2
        return at if 2 <= y < 2 + self.page and at < len(entries(self.piece)[0]) else None
