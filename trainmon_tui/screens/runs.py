"""The runs under a folder on a whole screen: sorted, filtered, and one of them opened.

The folders are looked through by a thread that lives while the screen is shown.
"""

from pathlib import Path
from typing import ClassVar

from msgspec.structs import replace
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from trainmon.words.units import moment_clock
from trainmon_tui.deliveries import CompareToggled, RunChosen
from trainmon_tui.feeds.catalogue import Catalogue, CatalogueFeed
from trainmon_tui.screens.base import FAR, Report
from trainmon_tui.screens.filtering import FilteringScreen
from trainmon_tui.screens.plan import Plan
from trainmon_tui.sight.beside import MOST, Compared, key_of
from trainmon_tui.sight.listing import Listing
from trainmon_tui.sight.sight import Sight
from trainmon_tui.visit.memory import KeptList
from trainmon_tui.widgets.footer import FooterPanel, Keys
from trainmon_tui.widgets.prompt import PromptPanel, Typed
from trainmon_tui.widgets.rows import Box
from trainmon_tui.widgets.runs import RunsPanel, RunsSlice, entries, place
from trainmon_tui.widgets.runs_table import ORDERS

KEYS = (
    ("?", "keys"), ("enter", "open"), ("c", "compare"), ("/", "filter"), ("s", "sort"), ("r", "backwards"),
    ("escape", "back"), ("up down pgup pgdn home end", "choose"), ("q", "quit"),
)  # fmt: skip
"""What the bottom line says."""


class ListingArrived(Message):
    """The folders were looked at; posted from the catalogue's thread."""

    def __init__(self, listing: Listing) -> None:
        """Says what was found."""
        super().__init__()
        self.listing = listing
        """What is known of each run."""


class RunsScreen(FilteringScreen):
    """The list, keys or the filter that is being typed."""

    PROMPT = Typed("filter", "a part of name, model or status, a glob, or /expression/")

    OWN_KEYS: ClassVar[Keys] = (
        ("enter", "open the chosen run (double click)"),
        ("up down pgup pgdn home end", "choose (click, wheel)"),
        ("c", f"compare: draw the run's curves beside the one that is shown; {MOST} at most"),
        ("s r", "sort by the next column; the other way round"),
        ("/", "filter: part of name, model or status, glob, /expression/"),
    )

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "app.overview", "overview", show=False),
        Binding("escape", "back", "remove the filter, back", show=False),
        Binding("enter", "open", "open the chosen run"),
        Binding("c", "compare", "compare: draw its curves in the charts, too"),
        Binding("slash", "filter", "filter the runs by name, model or status"),
        Binding("s", "sort", "sort the runs by the next column"),
        Binding("r", "backwards", "sort the runs the other way round"),
        Binding("down", "choose(1)", "down", show=False),
        Binding("up", "choose(-1)", "up", show=False),
        Binding("pagedown", "page(1)", "page down", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("home", f"choose({-FAR})", "first", show=False),
        Binding("end", f"choose({FAR})", "last", show=False),
    ]

    def __init__(self, report: Report, *, ascii_only: bool) -> None:
        """A screen without anything to show yet; arguments as for `OverviewScreen`."""
        self._list = RunsPanel(report, ascii_only=ascii_only, id="runs")
        self.prompt = PromptPanel(report, ascii_only=ascii_only, id="prompt")
        footer = FooterPanel(report, ascii_only=ascii_only, id="footer")
        footer.keys, footer.tab = KEYS, "7"
        self._catalogue: Catalogue | None = None
        self._feed: CatalogueFeed | None = None
        super().__init__("runs-screen", {"runs": self._list, "footer": footer, "prompt": self.prompt})

    def boxes(self, width: int, height: int) -> Plan:
        """One below the other; what is typed takes the place of the keys."""
        last = "prompt" if self.typing else "footer"
        if height < 4:
            return {last: Box(0, 0, width, 1)} if self.typing else {"runs": Box(0, 0, width, height)}
        return {"runs": Box(0, 0, width, height - 1), last: Box(0, height - 1, width, 1)}

    def restore_list(self, root: Path, kept: KeptList) -> None:
        """Lists the runs under a folder, in the order and through the filter that were set there last."""
        order = kept.order if kept.order in ORDERS else ORDERS[0]
        self._catalogue = Catalogue(root)
        self._list.take(
            RunsSlice(Listing(str(root)), order=order, backwards=kept.backwards, filter=kept.filter)
        )

    def keep_list(self, kept: KeptList) -> KeptList:
        """Order and filter are kept; of one that is being typed, the one before."""
        piece = self._list.piece
        return replace(kept, order=piece.order, backwards=piece.backwards, filter=self.settled_filter)

    def show(self, sight: Sight) -> None:
        """Looks under the folder as long as the list is shown; the run that is open is chosen at first."""
        if self._sight is None:
            self._take(replace(self._list.piece, chosen=key_of(sight.folder)))
        compared = tuple(run.key for run in sight.options.compared)
        if compared != self._list.piece.compared:
            self._take(replace(self._list.piece, compared=compared))
        if self._catalogue is None:
            self._catalogue = Catalogue(Path(self._list.piece.listing.root))
        super().show(sight)
        if self._feed is None and self.is_attached:
            self._feed = CatalogueFeed(self._catalogue, self._arrived)
            self._feed.start()

    def on_screen_suspend(self) -> None:
        """Ends the thread where another screen is shown; the list is kept."""
        self._stop()

    def on_unmount(self) -> None:
        """Ends the thread where the app ends."""
        self._stop()

    def _stop(self) -> None:
        feed, self._feed = self._feed, None
        if feed is not None and not feed.stop():
            # The thread is stuck and still has the catalogue; the next visit begins anew.
            self._catalogue = None

    def _arrived(self, listing: Listing) -> None:
        """In the catalogue's thread."""
        self.post_message(ListingArrived(listing))

    def on_listing_arrived(self, message: ListingArrived) -> None:
        """Draws what was found; the chosen run stays chosen wherever it moves."""
        self._take(replace(self._list.piece, listing=message.listing))

    def _take(self, piece: RunsSlice) -> None:
        found, _ = entries(piece)
        # The run that is open may not have been read yet.
        unread = len(piece.listing.runs) < piece.listing.found
        if found and not unread and not any(entry.key == piece.chosen for entry in found):
            piece = replace(piece, chosen=found[0].key)
        self._list.take(piece)

    def action_choose(self, lines: int) -> None:
        """Moves down by so many lines; up where negative."""
        piece = self._list.piece
        found, _ = entries(piece)
        if found:
            at = max(0, min(place(found, piece.chosen) + lines, len(found) - 1))
            self._take(replace(piece, chosen=found[at].key))

    def action_page(self, pages: int) -> None:
        """Moves by as many lines as are seen."""
        self.action_choose(pages * self._list.page)

    def action_sort(self) -> None:
        """Sorts by the next of `ORDERS`."""
        piece = self._list.piece
        after = ORDERS[(ORDERS.index(piece.order) + 1) % len(ORDERS)]
        self._take(replace(piece, order=after, backwards=False))

    def action_backwards(self) -> None:
        """Sorts the other way round."""
        self._take(replace(self._list.piece, backwards=not self._list.piece.backwards))

    def action_open(self) -> None:
        """Opens the chosen run."""
        piece = self._list.piece
        found, _ = entries(piece)
        if found:
            self.post_message(RunChosen(found[place(found, piece.chosen)].run.path))

    def action_compare(self) -> None:
        """Compares with the chosen run, or no longer; one that another run followed is called by when it began."""
        piece = self._list.piece
        found, _ = entries(piece)
        if found:
            entry = found[place(found, piece.chosen)]
            run, name, started = entry.run, entry.run.name, None
            if entry.earlier is not None:
                started = entry.earlier.started
                offset = self._sight.utc_offset if self._sight is not None else None
                name = f"{name} {moment_clock(started, piece.listing.now, offset)}"
            self.post_message(CompareToggled(Compared(run.path, name, started)))

    @property
    def filter(self) -> str:
        """What the list is filtered by."""
        return self._list.piece.filter

    def filter_by(self, text: str) -> None:
        """Lists only the runs that another filter leaves."""
        self._take(replace(self._list.piece, filter=text))

    async def action_back(self) -> None:
        """Removes the filter; without one, leaves the screen."""
        if self.filter:
            self.filter_by("")
        else:
            await self.run_action("app.overview")

    def on_click(self, event: events.Click) -> None:
        """Chooses the run under the mouse; a second click opens it."""
        box = self._placed.get("runs")
        at = self._list.line_at(event.screen_y - box.y) if box is not None else None
        if at is not None:
            found, _ = entries(self._list.piece)
            self._take(replace(self._list.piece, chosen=found[at].key))
            if event.chain > 1:
                self.action_open()

    def on_mouse_scroll_down(self) -> None:
        """Moves down."""
        self.action_choose(1)

    def on_mouse_scroll_up(self) -> None:
        """Moves up."""
        self.action_choose(-1)
