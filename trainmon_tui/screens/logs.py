"""The five text logs and the output: followed, searched, filtered. Keys become commands for the thread that reads."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import ClassVar

from msgspec import structs
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from trainmon.words.clock import stamp
from trainmon_tui.logs.log_feed import DEFAULT_APP_NAME, Command, LogDesk, LogFeed
from trainmon_tui.logs.log_files import FileChoice, ViewedFile
from trainmon_tui.logs.log_page import LogPage, Paper, Search
from trainmon_tui.logs.log_places import step_of
from trainmon_tui.logs.log_view import LogView
from trainmon_tui.screens.base import PanelScreen, Report, edges
from trainmon_tui.screens.plan import Plan
from trainmon_tui.sight.chart_view import ruler_of, stamp_of_step
from trainmon_tui.sight.sight import Sight
from trainmon_tui.visit.memory import Kept
from trainmon_tui.widgets.log_lines import rows_of
from trainmon_tui.widgets.log_pane import TABS, LogPane, LogPiece, chrome
from trainmon_tui.widgets.prompt import PromptPanel, Typed, after_key, after_text
from trainmon_tui.widgets.rows import Box

KEYS = (
    ("?", "keys"), ("/", "search"), ("n N", "next, previous"), ("tab", "file"), ("l", "level"), ("f", "filter"),
    (":", "time or step"), ("end", "follow"), ("w", "wrap"), ("escape", "back"), ("up down pgup pgdn home", "scroll"),
    ("q", "quit"),
)  # fmt: skip
"""What the bottom line says."""

OWN_KEYS = (
    ("tab shift+tab [ ]", "next, previous file (click)"),
    ("/", "search: a text, or /loss.*nan/ as an expression"),
    ("n N", "next find below, above"),
    ("f", "only records with a text"),
    ("l", "all levels, warnings, errors"),
    (":", "go to a time or a step"),
    ("end space", "follow; stop and follow"),
    ("up down pgup pgdn home", "scroll, which pauses (wheel)"),
    ("w left right", "wrap; move to the side"),
    ("escape", "drop the search and the filter; then back"),
)  # fmt: skip
"""What the keys do here, for the help."""

SIDEWAYS = 20
"""Characters that a key moves to the side."""

_PROMPTS: Mapping[str, Typed] = {
    "search": Typed("search", "text or /expression/"),
    "filter": Typed("only", "text or /expression/, empty: all"),
    "jump": Typed("go to", "14:05, 2026-11-22 14:05, or a step"),
}

_DONE: Mapping[str, Callable[[LogView, str], None]] = {
    "search": lambda view, text: view.look_for(Search(text)),
    "filter": lambda view, text: view.filter(Search(text)),
}


_OPENS: Mapping[str, str] = {"slash": "search", "f": "filter", "colon": "jump"}
"""Keys that begin to type, at once: bindings act only after the keys that follow in the same read were given away."""


class PageArrived(Message):
    """A page was read; posted from the feed's thread."""


class LogsScreen(PanelScreen):
    """Status line, log, keys or what is being typed."""

    OWN_KEYS = OWN_KEYS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "back", show=False),
        Binding("tab,right_square_bracket", "turn(1)", "next log file"),
        Binding("shift+tab,left_square_bracket", "turn(-1)", "previous log file"),
        Binding("slash", "type('search')", "search the log: text or /expression/"),
        Binding("n", "next(True)", "next find"),
        Binding("N", "next(False)", "previous find"),
        Binding("f", "type('filter')", "filter the log by text"),
        Binding("l", "level", "filter the log by level: warnings, errors"),
        Binding("colon", "type('jump')", "go to a time or a step in the log"),
        Binding("w", "wrap", "wrap long lines"),
        Binding("space", "stand", "pause or follow the log"),
        Binding("end", "end", "follow the log (tail -f)"),
        Binding("home", "start", "oldest line"),
        Binding("down", "lines(1)", "down", show=False),
        Binding("up", "lines(-1)", "up", show=False),
        Binding("pagedown", "pages(1)", "page down", show=False),
        Binding("pageup", "pages(-1)", "page up", show=False),
        Binding("right", "sideways(1)", "right", show=False),
        Binding("left", "sideways(-1)", "left", show=False),
    ]

    def __init__(self, report: Report, *, ascii_only: bool) -> None:
        """A screen without anything to show yet; arguments as for `OverviewScreen`."""
        self._ascii = ascii_only
        self._pane = LogPane(
            report, scroll=self.action_lines, choose=self._choose, ascii_only=ascii_only, id="log"
        )
        self._prompt = PromptPanel(report, ascii_only=ascii_only, id="prompt")
        self._source: tuple[str, str] | None = None
        self._desk: LogDesk | None = None
        self._feed: LogFeed | None = None
        self._choice = FileChoice()
        self._page: LogPage | None = None
        self._wrap = False
        self._shift = 0
        self._typing: str | None = None
        self._wanted_time: str | None = None
        self._cursor: tuple[str, float | None] | None = None
        panels = edges(report, KEYS, "5", ascii_only=ascii_only)
        super().__init__("logs-screen", panels | {"log": self._pane, "prompt": self._prompt})

    def restore(self, kept: Kept) -> None:
        """Takes the file, and whether its lines are wrapped."""
        self._choice, self._wrap, self._shift = FileChoice(kept.log), kept.wrap, 0

    def keep(self, kept: Kept) -> Kept:
        """The file, and whether its lines are wrapped, are kept."""
        return structs.replace(kept, log=self._choice.chosen, wrap=self._wrap)

    def boxes(self, width: int, height: int) -> Plan:
        """One below the other; what is typed takes the place of the keys."""
        last = "prompt" if self._typing is not None else "footer"
        if height < 4:
            return {"log": Box(0, 0, width, height)} if self._typing is None else {last: Box(0, 0, width, 1)}
        return {
            "status": Box(0, 0, width, 1),
            "log": Box(0, 1, width, height - 2),
            last: Box(0, height - 1, width, 1),
        }

    def show(self, sight: Sight) -> None:
        """Shows the status, and has the files looked at."""
        super().show(sight)
        opened = sight.state.opened
        source = (sight.folder, opened.app_name if opened is not None else DEFAULT_APP_NAME)
        if source != self._source:
            self._stop()
            self._source, self._desk = source, LogDesk(Path(source[0]), source[1])
            self._choice.begin(source[1])
        self._start()
        self._do(LogView.poll)
        self._follow_cursor(sight)

    def _follow_cursor(self, sight: Sight) -> None:
        """Goes to the moment at which the cursor of the charts stands, once for each place of it."""
        chart = sight.options.chart
        cursor = (chart.kind, chart.cursor)
        if cursor == self._cursor:
            return
        self._cursor = cursor
        if chart.cursor is not None:
            ruler = ruler_of(sight.state)
            self.open_at(ruler.x_of_step("time", ruler.step(chart.kind, chart.cursor)))

    def open_at(self, time: float) -> None:
        """Goes to a moment, in Unix seconds, once the screen is shown."""
        sight = self._sight
        self._wanted_time = stamp(time, sight.utc_offset if sight is not None else 0)
        if self._feed is not None:
            self._jump_to_wanted()

    def _start(self) -> None:
        if self._feed is None and self._desk is not None and self.is_attached:
            self._feed = LogFeed(self._desk, self._take)
            self._feed.start()
            self._turn()
            self._jump_to_wanted()

    def _jump_to_wanted(self) -> None:
        place, self._wanted_time = self._wanted_time, None
        if place is not None:
            self._do(lambda view: view.jump(place))

    def _stop(self) -> None:
        feed, self._feed = self._feed, None
        if feed is not None and not feed.stop():
            # The thread is stuck and still has the desk.
            self._desk = self._source = None

    def on_unmount(self) -> None:
        """Ends the thread; where each file was looked at is kept."""
        self._stop()

    def _do(self, command: Command) -> None:
        if self._feed is not None:
            self._feed.do(command)

    def _take(self, page: LogPage) -> None:
        """In the feed's thread."""
        self._page = page
        self.post_message(PageArrived())

    def on_page_arrived(self, _message: PageArrived) -> None:
        """Draws the newest page."""
        self._present()

    def _present(self) -> None:
        self._pane.present(LogPiece(self._page, self._wrap, self._shift))

    def place_panels(self, width: int, height: int) -> None:
        """Places the panels, and has a page read for the new size."""
        before = self._placed
        super().place_panels(width, height)
        if self._placed != before:
            self._turn()

    def _paper(self) -> Paper:
        box = self._placed.get("log", Box(0, 0, 1, 1))
        measure = partial(rows_of, width=box.width, wrap=self._wrap, ascii_only=self._ascii)
        return Paper(max(1, box.height - chrome(box.height)), measure)

    def _turn(self) -> None:
        if self._feed is not None:
            self._feed.turn_to(self._choice.file, self._paper())

    def _choose(self, file: ViewedFile) -> None:
        self._choice, self._shift = FileChoice(file), 0
        self._turn()

    def action_turn(self, files: int) -> None:
        """Shows the next file, or the one before."""
        order = list(TABS)
        self._choose(order[(order.index(self._choice.file) + files) % len(order)])

    def action_lines(self, lines: int) -> None:
        """Scrolls."""
        self._do(lambda view: view.scroll(lines))

    def action_pages(self, pages: int) -> None:
        """Scrolls by pages; a line of the last page stays."""
        lines = pages * max(1, self._paper().rows - 1)
        self._do(lambda view: view.scroll(lines))

    def action_start(self) -> None:
        """The oldest line."""
        self._do(LogView.to_start)

    def action_end(self) -> None:
        """The newest line, and those to come."""
        self._do(LogView.to_end)

    def action_stand(self) -> None:
        """Stands still, or follows again."""
        self._do(LogView.stand_or_follow)

    def action_next(self, forward: bool) -> None:
        """The next find, or the one before."""
        self._do(lambda view: view.look_further(forward=forward))

    def action_level(self) -> None:
        """The next lowest level."""
        self._do(LogView.next_level)

    def action_wrap(self) -> None:
        """Wraps long lines, or cuts them."""
        self._wrap, self._shift = not self._wrap, 0
        self._present()
        self._turn()

    def action_sideways(self, times: int) -> None:
        """Moves to the side, where lines are cut."""
        if not self._wrap:
            self._shift = max(0, self._shift + times * SIDEWAYS)
            self._present()

    async def action_back(self) -> None:
        """Gives up a search that goes on, or the filter, or what was searched for; else leaves the screen."""
        page = self._page
        if page is not None and page.busy is not None and page.shown is None:
            self._do(LogView.cancel)
        elif page is not None and (page.search.text or not page.wanted.everything):
            self._do(LogView.show_all)
        else:
            await self.run_action("app.overview")

    def action_type(self, what: str) -> None:
        """Begins to type a search, a filter or a place."""
        self._typing = what
        self._prompt.take(_PROMPTS[what])
        self.place_panels(*self.size)

    def on_key(self, event: events.Key) -> None:
        """Takes the keys that begin to type, and all keys while something is typed."""
        what = self._typing
        if what is None and event.key not in _OPENS:
            return
        event.stop()
        event.prevent_default()
        if what is None:
            self.action_type(_OPENS[event.key])
            return
        if event.key not in ("enter", "escape"):
            self._prompt.take(after_key(self._prompt.typed, event.key, event.character))
            return
        self._typing = None
        self.place_panels(*self.size)
        if event.key == "enter":
            text, done, at = self._prompt.typed.text, _DONE.get(what), None
            if self._sight is not None and what == "jump":
                at = stamp_of_step(self._sight.state, step_of(text))
            self._do(lambda view: done(view, text) if done is not None else view.jump(text, at))

    def on_paste(self, event: events.Paste) -> None:
        """Takes what is pasted while something is typed."""
        if self._typing is not None:
            event.stop()
            self._prompt.take(after_text(self._prompt.typed, event.text))
