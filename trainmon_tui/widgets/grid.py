"""The grid of charts: which columns there are, how many charts fit, and how they are drawn side by side."""

import math
from collections.abc import Sequence
from itertools import zip_longest

import msgspec

from trainmon.fold.state import RunState
from trainmon.reading.range_rows import Key
from trainmon_tui.render.cells import Row, fit_row, row, row_width
from trainmon_tui.render.plot import plot
from trainmon_tui.sight.chart_view import Ruler
from trainmon_tui.sight.sight import Sight
from trainmon_tui.widgets import chart
from trainmon_tui.widgets.chart import Axes, ChartPiece, value_cells
from trainmon_tui.widgets.charts import ChartsPanel, Drawn
from trainmon_tui.widgets.lines import clip, spread, words
from trainmon_tui.widgets.rows import SHORT_OF_TWO_TICKS, Box
from trainmon_tui.widgets.short_names import Common, common_parts, short_name

EMPTY = "no metrics yet: log_training_progress(loss=…, metrics={…}) makes them appear"
"""What makes charts appear."""

NO_MATCH = "no metric is called so: / changes the filter, escape removes it"
"""Said where the filter lets nothing through."""

NO_VALUES = "no values"
"""Said in a chart without any in view."""

WAITED = Key("metrics", "waited")
"""Seconds for which each step waited for its data, as `run.track` times them."""

USUAL_WIDTH = 40
"""Cells of a chart, about; labels take six of them."""

LEAST_HEIGHT = 7
"""Rows of a chart at least: its name, five of curve, its axis."""

BEST_SHAPE = 4.0
"""Cells that a chart is wide for each row that it is high, where there is a choice."""

LEAST_VALUE = 12
"""Cells that a value takes beside a name, about: a name for which there is less room is shortened."""

GAP = 1
"""Blank cells between charts."""


def columns_of(state: RunState) -> tuple[Key, ...]:
    """The columns that have a chart: the loss, what the caller logs, what validations measure, the wait for data."""
    names = [name for name in state.metrics.names if name not in ("learning_rate", "waited")]
    ours = [name for name in ("learning_rate", "waited") if name in state.metrics.names]
    keys = [Key("loss", "loss")] if "loss" in state.loss.names else []
    keys += [Key("metrics", name) for name in (*ours[:1], *names)]
    alone = (name for name in state.validation.names if Key("metrics", name) not in keys)
    # The chart of the loss has the validation loss in it, the same name the same chart.
    keys += [Key("validation", name) for name in alone if name != "val_loss" or not keys]
    return (*keys, *(Key("metrics", name) for name in ours[1:]))


def chart_name(key: Key) -> str:
    """The name over its chart, untrusted: as it was logged, and of what trainmon itself measures with the unit."""
    return "waited for data (s)" if key == WAITED else key.name


def shape(count: int, width: int, height: int) -> tuple[int, int]:
    """Charts side by side and one below the other, both at least 1, for a panel of this size.

    As many as fit where there are more; for fewer, the shape in which they are large.
    """
    across, down = max(1, round(width / USUAL_WIDTH)), max(1, height // LEAST_HEIGHT)
    if count >= across * down:
        return across, down
    shapes = [(n, math.ceil(max(1, count) / n)) for n in range(1, across + 1)]
    fitting = [(n, m) for n, m in shapes if m <= down]
    return min(fitting, key=lambda found: abs(math.log(width / found[0] / (height / found[1]) / BEST_SHAPE)))


class GridSlice(msgspec.Struct, frozen=True):
    """The charts of a page."""

    pieces: tuple[ChartPiece, ...]
    chosen: Key | None
    """The one that Enter opens."""
    across: int
    down: int
    empty: str
    """Said where there is no chart."""


def boxes(piece: GridSlice, width: int, height: int) -> list[Box]:
    """Where the charts stand, row after row; what does not divide evenly goes to the first ones."""
    lefts = [index * (width + GAP) // piece.across for index in range(piece.across + 1)]
    tops = [index * height // piece.down for index in range(piece.down + 1)]
    return [
        Box(lefts[x], tops[y], lefts[x + 1] - lefts[x] - GAP, tops[y + 1] - tops[y])
        for y in range(piece.down)
        for x in range(piece.across)
    ][: len(piece.pieces)]


def title(piece: ChartPiece, width: int, common: Common, *, chosen: bool, ascii_only: bool) -> Row:
    """The name of a chart and its newest value, or the one at the cursor; `common` as for `short_name`."""
    found = piece.readout or piece.validation_readout
    value = value_cells(found.value if found is not None else piece.newest)
    if found is None and piece.view.cursor is not None:
        value = row(("-" if ascii_only else "–", "dim"))  # The newest would be one of the cursor's future.
    if found is not None and found.rows > 1:
        value = row(("mean ", "label"), *value)
    sign = (">" if ascii_only else "▶") if chosen else ("-" if ascii_only else "─")
    room = max(1, width - 3 - row_width(value) - 1)
    name = short_name(chart_name(piece.key), common, room, ascii_only=ascii_only)
    left = row((f"{sign} ", "cursor" if chosen else "axis"), (name, "cursor" if chosen else "title"))
    return spread(left, [value], width)


def rows(piece: GridSlice, width: int, height: int, ascii_only: bool, drawn: Sequence[Drawn]) -> list[Row]:
    """The charts side by side.

    Args:
        piece: What is shown.
        width: Cells.
        height: Rows.
        ascii_only: Whether nothing above 0x7f may be drawn.
        drawn: The plot of each chart, from `plots`.
    """
    if not piece.pieces:
        return [row((" " + clip(piece.empty, max(1, width - 1), ascii_only=ascii_only), "dim"))][:height]
    long = [one.key.name for one in piece.pieces if len(one.key.name) > width // piece.across - LEAST_VALUE]
    common = common_parts(long)
    charts = [
        [
            title(one, box.width, common, chosen=one.key == piece.chosen, ascii_only=ascii_only),
            *plot(plotted.chart, box.width, box.height - 1, ascii=ascii_only),
        ]
        for one, plotted, box in zip(piece.pieces, drawn, boxes(piece, width, height), strict=True)
    ]
    lines: list[Row] = []
    for begin in range(0, len(charts), piece.across):
        beside = charts[begin : begin + piece.across]
        for cells in zip_longest(*beside, fillvalue=()):
            runs = [run for part in cells for run in (*part, (" " * GAP, "plain"))]
            lines.append(fit_row(row(*runs), width))
    return lines[:height]


class GridPanel(ChartsPanel[GridSlice]):
    """The grid; remembers the axes of every chart that it drew."""

    LEAST_GAP = SHORT_OF_TWO_TICKS

    keys: tuple[Key, ...] = ()
    """The charts of this page; this and what follows is set by `turn`."""
    chosen: Key | None = None
    """One of them."""
    grid = (1, 1)
    """Charts side by side, and one below the other."""
    empty = EMPTY
    """Said where there is no chart."""
    ruler = Ruler()
    """Of the run; set by the screen."""
    _axes: dict[Key, Axes] = {}  # noqa: RUF012 - replaced as a whole, never changed

    def turn(self, keys: tuple[Key, ...], chosen: Key | None, grid: tuple[int, int], empty: str) -> None:
        """Shows these charts from the next sight on."""
        if (keys, chosen, grid, empty) != (self.keys, self.chosen, self.grid, self.empty):
            self.keys, self.chosen, self.grid, self.empty = keys, chosen, grid, empty
            self._sight = None

    def pick(self, sight: Sight) -> GridSlice:
        """The charts of the page."""
        pieces = tuple(chart.pick(sight, key, self.ruler) for key in self.keys)
        return GridSlice(pieces, self.chosen, *self.grid, words(self.empty, ascii_only=self._ascii))

    def draw(self, piece: GridSlice, width: int, height: int) -> list[Row]:
        """See `rows`."""
        known = self._axes
        self._axes = {one.key: chart.axes(one, known.get(one.key, Axes())) for one in piece.pieces}
        self.drawn = tuple(
            Drawn(
                one.key,
                Box(box.x, box.y + 1, box.width, box.height - 1),
                chart.chart(one, self._axes[one.key], NO_VALUES),
            )
            for one, box in zip(piece.pieces, boxes(piece, width, height), strict=False)
        )
        return rows(piece, width, height, self._ascii, self.drawn)
