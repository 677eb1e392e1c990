"""One chart on the whole screen, with a line that explains it and a line that reads out the cursor."""

from trainmon.reading.range_rows import Key
from trainmon_tui.render.cells import Row, row
from trainmon_tui.render.plot import plot
from trainmon_tui.sight.chart_view import NAMES, Ruler
from trainmon_tui.sight.sight import Sight
from trainmon_tui.widgets import chart, others
from trainmon_tui.widgets.chart import Axes, ChartPiece, readout_alternatives, value_cells
from trainmon_tui.widgets.charts import ChartsPanel, Drawn
from trainmon_tui.widgets.grid import NO_VALUES, chart_name
from trainmon_tui.widgets.lines import clip_end, first_that_fits, join, title_row, words
from trainmon_tui.widgets.rows import SHORT_OF_TWO_TICKS, Box

LEAST_PLOT = 4
"""Rows of a plot below which the lines around it go."""


def head(piece: ChartPiece, width: int, which: str, ascii_only: bool) -> Row:
    """The name, which of the charts it is, and the newest value."""
    newest = row(("newest ", "label"), *value_cells(piece.newest)) if piece.newest is not None else ()
    number_of = row((which, "dim"))
    name = words(chart_name(piece.key), ascii_only=ascii_only) or '""'
    name = clip_end(name, max(1, width - 4), ascii_only=ascii_only)
    return title_row(name, [join(newest, number_of), newest], width, ascii_only=ascii_only)


def legend(piece: ChartPiece, width: int, ascii_only: bool) -> Row:
    """What the marks mean, and how the chart is looked at."""
    dots, checkpoint, broken = ("'", "^", "x") if ascii_only else ("⠤", "▴", "✗")
    curve, view = piece.curve, piece.view
    marks = [
        row((f"{dots} ", "train"), ("train" if piece.key.series == "loss" else "value", "label"))
        if curve
        else (),
        first_that_fits(others.legend(piece.others, ascii_only=ascii_only), width - 10),
        row((f"{dots} ", "raw"), ("raw", "label")) if curve and curve.smoothed else (),
        row((f"{dots} ", "raw"), ("before the resume", "label")) if piece.redone else (),
        row((f"{dots} ", "band"), ("least to greatest", "label")) if curve and curve.banded else (),
        row(("o ", "validation"), ("validation", "label")) if piece.validation else (),
        row(("* ", "best"), ("best", "label")) if piece.best else (),
        row((f"{checkpoint} ", "checkpoint"), ("checkpoint", "label")) if piece.checkpoints else (),
        row((f"{broken} ", "nan"), ("not finite", "label")) if curve and curve.broken else (),
    ]
    modes = [
        row((f"smoothing {view.smoothing:g}" if view.smoothing > 0 else "no smoothing", "label")),
        row(("y log" if view.log_y else "y linear", "key" if view.log_y else "label")),
        row((f"x {NAMES[view.kind]}", "key" if view.kind != "step" else "label")),
        row(("zoomed", "key")) if view.window is not None else (),
    ]
    return first_that_fits(
        [
            join(join(*marks), join(*modes), gap="     "),
            *(join(*marks[:most]) for most in range(len(marks), 0, -1)),
        ],
        width,
    )


def rows(
    piece: ChartPiece, width: int, height: int, ascii_only: bool, plotted: Drawn, which: str
) -> list[Row]:
    """The chart in exactly `height` rows.

    Args:
        piece: What it shows.
        width: Cells.
        height: Rows.
        ascii_only: Whether nothing above 0x7f may be drawn.
        plotted: The plot and where it stands.
        which: Which of the charts it is; safe text.
    """
    box = plotted.box
    lines = plot(plotted.chart, width, box.height, ascii=ascii_only)
    if box.y:
        lines.insert(0, head(piece, width, which, ascii_only))
    if box.y + box.height < height:
        at_cursor = readout_alternatives(piece)
        hint = row(("c or a click reads out a point", "dim"))
        lines.append(row(("  ", "plain"), *legend(piece, width - 2, ascii_only)))
        lines.append(row(("  ", "plain"), *first_that_fits(at_cursor or [hint], width - 2)))
    return lines[:height]


class FullChartPanel(ChartsPanel[ChartPiece]):
    """A chart on the whole screen; remembers its axes."""

    LEAST_GAP = SHORT_OF_TWO_TICKS

    key = Key("loss", "loss")
    """Of the column; set by `turn`."""
    which = ""
    """Which of the charts it is; safe text."""
    ruler = Ruler()
    """Of the run; set by the screen."""
    _axes = Axes()

    def turn(self, key: Key, which: str) -> None:
        """Shows another column from the next sight on."""
        if (key, which) != (self.key, self.which):
            if key != self.key:
                self._axes = Axes()
            self.key, self.which = key, which
            self._sight = None

    def pick(self, sight: Sight) -> ChartPiece:
        """See `chart.pick`."""
        return chart.pick(sight, self.key, self.ruler, checkpoints=True)

    def draw(self, piece: ChartPiece, width: int, height: int) -> list[Row]:
        """See `rows`."""
        self._axes = chart.axes(piece, self._axes)
        around = height >= LEAST_PLOT + 3
        box = Box(0, 1, width, height - 3) if around else Box(0, 0, width, height)
        plotted = Drawn(piece.key, box, chart.chart(piece, self._axes, NO_VALUES))
        self.drawn = (plotted,)
        return rows(piece, width, height, self._ascii, plotted, self.which)
