"""A text log: the names of the files, the one that is shown, and its lines as they come."""

from collections.abc import Callable

import msgspec
from textual import events

from trainmon.words.units import size
from trainmon_tui.expression import Marker, Pattern, UnusableError
from trainmon_tui.logs.log_files import ViewedFile
from trainmon_tui.logs.log_page import LogPage, Search
from trainmon_tui.render.cells import Row, row, row_width
from trainmon_tui.sight.sight import Sight
from trainmon_tui.widgets.lines import clip, join, spread, title_row, words, wrap
from trainmon_tui.widgets.log_lines import line_rows
from trainmon_tui.widgets.rows import RowsPanel

TABS = {
    ViewedFile.PROGRESS: "training",
    ViewedFile.ERRORS: "errors",
    ViewedFile.PERFORMANCE: "performance",
    ViewedFile.OPERATIONS: "model",
    ViewedFile.GENERAL: "general",
    ViewedFile.OUTPUT: "output",
}
"""The files in the order in which the keys go through them, with short names."""

MAKES = {
    ViewedFile.PROGRESS: "log_training_start, log_training_progress, log_validation_results, log_model_checkpoint",
    ViewedFile.ERRORS: "log_error_with_context, and exceptions that nobody caught",
    ViewedFile.PERFORMANCE: "log_performance_metrics",
    ViewedFile.OPERATIONS: "log_model_operation",
    ViewedFile.GENERAL: "logging.getLogger, warnings, log_debug_info (level DEBUG)",
    ViewedFile.OUTPUT: "a program that `trainmon run` started, with all that it prints",
}
"""What writes each file."""

HIGHLIGHTING = 0.02
"""Seconds that highlighting may take at each drawing; a slower expression is not highlighted from there on."""

WHEEL = 3
"""Lines that a notch of the wheel scrolls."""


class LogPiece(msgspec.Struct, frozen=True):
    """A page and how it is drawn."""

    page: LogPage | None = None
    """None before the first was read."""
    wrap: bool = False
    shift: int = 0
    """Characters that are left out at the left of lines that are not wrapped."""


def chrome(height: int) -> int:
    """Rows of a pane of that height that are not lines of the file."""
    return 2 if height >= 5 else 1 if height >= 3 else 0


def rows(piece: LogPiece, width: int, height: int, ascii_only: bool) -> list[Row]:
    """Names of the files, a title, and the lines."""
    page = piece.page
    if page is None:
        return [row(("reading", "dim"))][:height]
    above = [_tabs(page, width, ascii_only), _title(page, width, ascii_only)][2 - chrome(height) :]
    room = height - len(above)
    if not page.lines:
        return [*above, *_empty(page, width, ascii_only)[:room]]
    mark = Marker(_pattern(page.search), HIGHLIGHTING)
    body: list[Row] = []
    for line in page.lines:
        body += line_rows(
            line, width, mark=mark, is_found=line.offset == page.found, wrap=piece.wrap, shift=piece.shift,
            ascii_only=ascii_only,
        )  # fmt: skip
        if len(body) >= room:
            break
    return [*above, *body[:room]]


def tab_at(x: int) -> ViewedFile | None:
    """The file whose name stands in that column of the first row; None: no name does."""
    begin = 0
    for file, name in TABS.items():
        begin += len(name) + 2
        if x < begin:
            return file
    return None


def _pattern(search: Search) -> Pattern | None:
    try:
        return search.pattern
    except UnusableError:  # Only what is an expression is searched for; a page may still come from elsewhere.
        return None


def _tabs(page: LogPage, width: int, ascii_only: bool) -> Row:
    names = row(
        *(
            (f"[{name}]", "title") if file is page.file else (f" {name} ", "label")
            for file, name in TABS.items()
        )
    )
    if row_width(names) > width:
        names = row((f"[{TABS[page.file]}]", "title"))
    return spread(names, _state(page, ascii_only), width)


def _state(page: LogPage, ascii_only: bool) -> list[Row]:
    """Whether new lines are shown as they come, as long as there is room for."""
    if page.following:
        return [row((f"{'*' if ascii_only else '●'} following", "good"))]
    below = f"  {size(page.below)} below" if page.below > 0 else ""
    return [
        row(("PAUSED", "warn"), (below, "label"), ("  end", "key"), (" follows", "label")),
        row(("PAUSED", "warn"), ("  end", "key")),
        row(("PAUSED", "warn")),
    ]


def _title(page: LogPage, width: int, ascii_only: bool) -> Row:
    name = clip(words(page.name, ascii_only=ascii_only), max(8, width // 2), ascii_only=ascii_only)
    said = page.busy if page.busy is not None else page.note
    note: Row = ()
    if said is not None:
        text = clip(words(said, ascii_only=ascii_only), width // 2, ascii_only=ascii_only)
        note = row((text, "value" if page.busy is not None else "warn"))
    through = _filter(page, width, ascii_only)
    length = row((size(page.size), "dim")) if page.exists else ()
    return title_row(
        name,
        [join(note, through, length), join(note, through), note or through],
        width,
        ascii_only=ascii_only,
    )


def _filter(page: LogPage, width: int, ascii_only: bool) -> Row:
    if page.shown is None:
        return ()
    wanted = page.wanted
    level = f"{wanted.level}+" if wanted.level else ""
    text = clip(words(wanted.text.text, ascii_only=ascii_only), width // 4, ascii_only=ascii_only)
    lines = f"{page.shown:,} line{'s' if page.shown != 1 else ''}"
    return join(row((level, "warn")), row((f"only {text}" if text else "", "warn")), row((lines, "label")))


def _empty(page: LogPage, width: int, ascii_only: bool) -> list[Row]:
    if page.shown is not None:
        said = "looking for records that pass the filter" if page.busy else "no record passes the filter"
        return [
            row((said, "dim")),
            row(("l", "key"), (" level   ", "label"), ("f", "key"), (" text", "label")),
        ]
    name = clip(words(page.name, ascii_only=ascii_only), width - 10, ascii_only=ascii_only)
    there = f"{name} is empty" if page.exists else f"no {name} yet"
    made = words(f"written by {MAKES[page.file]}", ascii_only=ascii_only)
    return [row((line, "dim")) for line in (there, *wrap(made, width, 4, ascii_only=ascii_only))]


class LogPane(RowsPanel[LogPiece]):
    """The lines of a file; the screen hands them to it."""

    def __init__(
        self,
        report: Callable[[str, str], None],
        *,
        scroll: Callable[[int], None],
        choose: Callable[[ViewedFile], None],
        ascii_only: bool = False,
        id: str | None = None,
    ) -> None:
        """A pane without anything to show yet.

        Args:
            report: As for `Panel`.
            scroll: Takes how many lines the wheel went down, up where negative.
            choose: Takes the file whose name was clicked.
            ascii_only: As for `Panel`.
            id: Of the widget.
        """
        super().__init__(report, ascii_only=ascii_only, id=id)
        self._piece = LogPiece()
        self._scroll = scroll
        self._choose = choose

    def present(self, piece: LogPiece) -> None:
        """Draws what the screen hands over."""
        self._piece = piece
        if self._slice != piece:
            self._slice = piece
            self.redraw()

    def pick(self, _sight: Sight) -> LogPiece:
        """What the screen handed over; a sight holds no lines."""
        return self._piece

    def draw(self, piece: LogPiece, width: int, height: int) -> list[Row]:
        """See `rows`."""
        return rows(piece, width, height, self._ascii)

    def on_mouse_scroll_down(self) -> None:
        """Moves down."""
        self._scroll(WHEEL)

    def on_mouse_scroll_up(self) -> None:
        """Moves up."""
        self._scroll(-WHEEL)

    def on_click(self, event: events.Click) -> None:
        """Shows the file whose name was clicked."""
        file = tab_at(event.x) if event.y == 0 and chrome(self._box.height) == 2 else None
        if file is not None:
            self._choose(file)
