"""All metrics as a grid of charts: as many as fit, pages of them, filtered by name.

The chosen chart is what is remembered; which page is shown follows from it, so that neither a resize nor a new metric
takes away what is being looked at.
"""

from typing import ClassVar

from msgspec import structs
from textual.binding import Binding, BindingType

from trainmon.reading.range_rows import Key
from trainmon.words.units import clock
from trainmon_tui.name_filter import Filtered, filtered
from trainmon_tui.render.plot import LABEL_CELLS
from trainmon_tui.screens.base import FAR, Report, edges
from trainmon_tui.screens.chart import ChartScreen
from trainmon_tui.screens.charting import CHART_KEYS, ChartingScreen, OpenScreen
from trainmon_tui.screens.filtering import FilteringScreen
from trainmon_tui.screens.plan import Plan
from trainmon_tui.sight.sight import Sight
from trainmon_tui.visit.memory import Kept
from trainmon_tui.widgets.chart import validation_of
from trainmon_tui.widgets.footer import Keys
from trainmon_tui.widgets.grid import EMPTY, NO_MATCH, GridPanel, chart_name, columns_of, shape
from trainmon_tui.widgets.grid_head import GridHead, HeadSlice
from trainmon_tui.widgets.prompt import PromptPanel, Typed
from trainmon_tui.widgets.rows import Box

KEYS = (
    ("?", "keys"), ("/", "filter"), ("enter", "open"), ("pgup pgdn", "pages"), ("c", "cursor"), ("+ -", "zoom"),
    ("0", "all"), ("x", "axis"), ("l", "log y"), ("s", "smoothing"), ("escape", "back"), ("q", "quit"),
)  # fmt: skip
"""What the bottom line says."""

LONG_NAME = 16
"""Characters from which a name may be shortened in the title of its chart."""


class MetricsScreen(FilteringScreen, ChartingScreen):
    """Status line, what is shown, the grid, and the keys or what is being typed."""

    PROMPT = Typed("filter", "a part, a glob, or /expression/")

    OWN_KEYS: ClassVar[Keys] = (
        ("enter", "show the chosen chart on the whole screen"),
        ("up down tab shift+tab", "choose a chart; left, right too without a cursor"),
        ("pgup pgdn home end", "pages; the first, the last chart"),
        ("/", "filter: part of a name, glob, /expression/"),
        *CHART_KEYS,
    )

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "remove the filter, back", show=False),
        Binding("enter", "open", "show the chosen chart on the whole screen"),
        Binding("slash", "filter", "filter the metrics by name"),
        Binding("up", "rows(-1)", "the chart above", show=False),
        Binding("down", "rows(1)", "the chart below", show=False),
        Binding("tab", "charts(1)", "the next chart", show=False),
        Binding("shift+tab", "charts(-1)", "the previous chart", show=False),
        Binding("pageup", "pages(-1)", "the page before"),
        Binding("pagedown", "pages(1)", "the next page"),
        Binding("home", f"charts({-FAR})", "the first chart", show=False),
        Binding("end", f"charts({FAR})", "the last chart", show=False),
    ]

    def __init__(self, report: Report, *, ascii_only: bool) -> None:
        """A screen without anything to show yet; arguments as for `OverviewScreen`."""
        self._report = report
        self._ascii = ascii_only
        self._grid = GridPanel(report, ascii_only=ascii_only, id="grid")
        self._head = GridHead(report, ascii_only=ascii_only, id="head")
        self.prompt = PromptPanel(report, ascii_only=ascii_only, id="prompt")
        self._text = ""
        self._filtered: tuple[str, tuple[str, ...], Filtered] = ("", (), Filtered(()))
        """The newest filter, the names that it was tried on, and what it left."""
        self._all: tuple[Key, ...] = ()
        self._kept: tuple[Key, ...] = ()
        self._chosen: Key | None = None
        panels = edges(report, KEYS, "2", ascii_only=ascii_only)
        panels |= {"head": self._head, "grid": self._grid, "prompt": self.prompt}
        super().__init__("metrics-screen", panels)

    def restore(self, kept: Kept) -> None:
        """Takes filter and chart."""
        self.typing, self._text, self._chosen = False, kept.filter, kept.metric

    def keep(self, kept: Kept) -> Kept:
        """Filter and chart are kept; of one that is being typed, the one before."""
        return structs.replace(kept, filter=self.settled_filter, metric=self._chosen)

    def boxes(self, width: int, height: int) -> Plan:
        """One below the other; what is typed takes the place of the keys."""
        last = "prompt" if self.typing else "footer"
        if height < 5:
            return {"grid": Box(0, 0, width, height)} if not self.typing else {last: Box(0, 0, width, 1)}
        return {
            "status": Box(0, 0, width, 1),
            "head": Box(0, 1, width, 1),
            "grid": Box(0, 2, width, height - 3),
            last: Box(0, height - 1, width, 1),
        }

    def columns(self) -> tuple[Key, ...]:
        """Those of the page, and the validations that are drawn with them."""
        beside = (validation_of(key) for key in self._grid.keys)
        known = self._sight.state.validation.names if self._sight is not None else ()
        return (*self._grid.keys, *(key for key in beside if key is not None and key.name in known))

    def cells(self) -> int:
        """The width of a chart without the labels."""
        return max(1, self.size.width // self._grid.grid[0] - LABEL_CELLS - 2)

    def show(self, sight: Sight) -> None:
        """Shows the sight."""
        self._sight = sight
        self._arrange()
        super().show(sight)

    def _arrange(self) -> None:
        """Finds out which charts are on the page, and tells the panels."""
        if self._sight is None:
            return
        state = self._sight.state
        self._all = columns_of(state)
        names = tuple(chart_name(key) for key in self._all)
        if self._filtered[:2] != (self._text, names):
            self._filtered = (self._text, names, filtered(names, self._text))
        found = self._filtered[2]
        kept = frozenset(found.names)
        self._kept = tuple(key for key in self._all if chart_name(key) in kept)
        box = self.boxes(*self.size).get("grid", Box(0, 0, 1, 1))
        across, down = shape(len(self._kept), box.width, box.height)
        page, pages = self._index // (across * down), -(-len(self._kept) // (across * down))
        self._grid.ruler = self.ruler
        name = self._shown_chosen.name if self._shown_chosen is not None else ""
        keys = self._kept[page * across * down : (page + 1) * across * down]
        self._grid.turn(keys, self._shown_chosen, (across, down), NO_MATCH if self._all else EMPTY)
        self._head.turn(
            HeadSlice(
                shown=len(self._kept),
                total=len(self._all),
                left_out=sum(series.columns_refused for series in (state.metrics, state.validation)),
                page=page + 1,
                pages=pages,
                filter=self._text,
                fault=found.fault,
                view=self.view,
                at=self._where(),
                compared=tuple((one.letter, one.run.name) for one in self._sight.beside),
                chosen=name if len(name) > LONG_NAME else "",
            )
        )

    def _where(self) -> str:
        """Where the cursor stands, in words; "" without one."""
        if self.view.cursor is None or self._sight is None:
            return ""
        step = self.ruler.step(self.view.kind, self.view.cursor)
        time = self.ruler.x_of_step("time", step)
        return f"step {step:,.0f}  {clock(time, self._sight.utc_offset)}"

    @property
    def _shown_chosen(self) -> Key | None:
        """The chosen chart, or the first where that is not shown; it comes back when it is shown again."""
        return self._kept[self._index] if self._kept else None

    @property
    def _index(self) -> int:
        """The position of the chosen chart."""
        return self._kept.index(self._chosen) if self._chosen in self._kept else 0

    @property
    def filter(self) -> str:
        """What the names are filtered by."""
        return self._text

    def filter_by(self, text: str) -> None:
        """Shows only the charts that another filter leaves."""
        self._text = text
        self.redraw()

    def redraw(self) -> None:
        """Arranges the charts anew; other ones may be in view."""
        super().redraw()
        self.ask()

    def action_charts(self, by: int) -> None:
        """Chooses another chart."""
        if self._kept:
            self._chosen = self._kept[min(max(self._index + by, 0), len(self._kept) - 1)]
            self.redraw()

    def action_aside(self, cells: int) -> None:
        """Moves the cursor; where there is none, chooses the chart beside."""
        if self.view.cursor is None:
            self.action_charts(1 if cells > 0 else -1)
        else:
            super().action_aside(cells)

    def action_rows(self, by: int) -> None:
        """Chooses the chart above or below."""
        self.action_charts(by * self._grid.grid[0])

    def action_pages(self, by: int) -> None:
        """Goes to the next or the previous page."""
        self.action_charts(by * self._grid.grid[0] * self._grid.grid[1])

    def choose(self, key: Key) -> None:
        """Chooses the chart that the mouse was used on."""
        self._chosen = key
        self.redraw()

    def action_open(self) -> None:
        """Shows the chosen chart on the whole screen."""
        chosen = self._shown_chosen
        if chosen is not None:
            screen = ChartScreen(self._report, ascii_only=self._ascii, columns=self._kept, key=chosen)
            self.post_message(OpenScreen(screen))

    async def action_back(self) -> None:
        """Removes the filter; without one, leaves the screen."""
        if self._text:
            self.filter_by("")
        else:
            await self.run_action("app.overview")
