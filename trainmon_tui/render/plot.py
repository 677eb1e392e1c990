"""The chart: curves, bands and marks in, rows of cells out.

A pure function of its arguments: the same chart in the same size gives the same rows, so a widget repaints
only rows that changed. Values that are not finite never move an axis: they leave a gap in the curve and a
mark in the top row of their column.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from trainmon_tui.render import axis
from trainmon_tui.render.axis import Bounds, LabelKind, Tick
from trainmon_tui.render.cells import Role, Row, row, row_of_cells
from trainmon_tui.render.raster import DOTS_ACROSS, DOTS_DOWN, Grid, Scale, trace, x_scale, y_scale
from trainmon_tui.render.safe import cell_width, fit, safe, to_ascii

NAN_GLYPH = "✗"
"""The mark above a column where a value was not finite; "x" in ASCII."""

LABEL_CELLS = 4
"""The least width of the labels of y; a constant one, so that "1" and "0.5" do not shift the chart."""

LEAST_PLOT = 8
"""Columns that the plot keeps at least; a narrower chart gives up the labels of y."""

_ASCII_GLYPHS = {"✗": "x", "×": "x", "●": "o", "○": "o", "★": "*", "╵": "'", "▴": "^", "▾": "v", "│": "|"}
"""What stands for a mark where only ASCII may be drawn; "o" for others."""


@dataclass(frozen=True, slots=True)
class Line:
    """A curve, and around it the range of the values that each of its points stands for."""

    x: Sequence[float]
    """By rising x."""
    y: Sequence[float]
    """As many values; one that is not finite leaves a gap and a mark."""
    role: Role
    """"raw" gives its cells up to a curve that is drawn later; other roles share them."""
    low: Sequence[float] | None = None
    """The least value behind each point; None without a band."""
    high: Sequence[float] | None = None
    """The greatest value behind each point; None without a band."""


@dataclass(frozen=True, slots=True)
class Marks:
    """Single points, drawn over all curves."""

    x: Sequence[float]
    """In any order; what lies outside the axis is not drawn."""
    y: Sequence[float] | None
    """As many values; None puts the marks on the x-axis, as checkpoints are."""
    glyph: str
    """One character of one cell."""
    role: Role
    """What the marks mean."""


@dataclass(frozen=True, slots=True)
class Chart:
    """What is drawn; no size, no colour."""

    lines: tuple[Line, ...] = ()
    """Drawn in this order; the last one wins a cell."""
    marks: tuple[Marks, ...] = ()
    """Drawn in this order, over the lines."""
    x_bounds: Bounds | None = None
    """From left to right; None: around the data. See `axis.stable_bounds`."""
    y_bounds: Bounds | None = None
    """From the bottom to the top; None: around the finite data. Values outside lie on the edge."""
    log_y: bool = False
    """Whether y is logarithmic; values that are not positive are then left out."""
    x_label_kind: LabelKind = "count"
    """What x means, for its labels."""
    utc_offset: float = 0.0
    """Seconds that the run's local time is ahead of UTC; for the labels of kind "clock"."""
    not_finite: Sequence[float] = ()
    """Where x had values that are not finite, besides those in `lines`: a bucket whose mean is finite."""
    cursor: float | None = None
    """The x of the cursor column; None without a cursor."""
    empty: str = "no data yet"
    """Shown while there is nothing to draw."""


def plot(chart: Chart, width: int, height: int, *, ascii: bool = False) -> list[Row]:
    """The chart in exactly `height` rows of `width` cells: labels of y, curves, labels of x below.

    Too small a size loses the labels first; a size below 1 x 1 has no rows or empty ones.

    Args:
        chart: What is drawn.
        width: Cells of a row.
        height: Rows, the labels of x included.
        ascii: Draw with characters up to 0x7f only.
    """
    width, height = max(width, 0), max(height, 0)
    x_bounds, y_bounds = _x_bounds(chart), _y_bounds(chart)
    plot_height = height - 1 if height >= 3 else height
    labels = _y_labels(chart, y_bounds, plot_height)
    gutter = _gutter(labels, width)
    plot_width = width - gutter
    if not plot_width or not plot_height:
        return [row((" " * width, "plain")) for _ in range(height)]
    across = x_scale(x_bounds, plot_width * DOTS_ACROSS)
    down = y_scale(y_bounds, plot_height * DOTS_DOWN, log=chart.log_y)
    characters, roles = _cells(chart, across, down, ascii=ascii)
    rows = []
    for index, label in enumerate(_gutter_labels(labels, down)):
        cells = slice(index * plot_width, (index + 1) * plot_width)
        left = f"{label:>{gutter - 1}}{'|' if ascii else '┤'}" if gutter else ""
        rows.append(row((left, "axis"), *row_of_cells(characters[cells], roles[cells])))
    if plot_height < height:
        below = axis.x_ticks(x_bounds, plot_width, chart.x_label_kind, chart.utc_offset)
        rows.append(row((" " * gutter + _x_labels(below, across, plot_width), "axis")))
    return rows


def x_at(chart: Chart, width: int, height: int, column: int) -> float:
    """The x in the middle of a column of the rows that `plot` draws in this size; of the nearest one in the plot."""
    plot_height = height - 1 if height >= 3 else height
    gutter = _gutter(_y_labels(chart, _y_bounds(chart), plot_height), width)
    low, high = _x_bounds(chart)
    plot_width = max(1, width - gutter)
    return low + (high - low) * (min(max(column - gutter, 0), plot_width - 1) + 0.5) / plot_width


def _y_labels(chart: Chart, bounds: Bounds, plot_height: int) -> list[Tick]:
    return axis.y_ticks(bounds, plot_height, log=chart.log_y) if _has_values(chart) else []


def _gutter(labels: list[Tick], width: int) -> int:
    """Cells left of the plot."""
    gutter = max([LABEL_CELLS, *(cell_width(label) for _, label in labels)]) + 1
    return gutter if width >= gutter + LEAST_PLOT else 0


def _cells(chart: Chart, across: Scale, down: Scale, *, ascii: bool) -> tuple[list[str], list[Role]]:
    """The characters and the roles of the plot itself, row after row."""
    width, height = across.dots // DOTS_ACROSS, down.dots // DOTS_DOWN
    grid = _curves(chart, across, down)
    characters, roles = grid.characters(ascii=ascii), grid.roles
    if not _has_values(chart):
        text = _why_empty(chart, width, ascii=ascii)
        start = height // 2 * width + (width - len(text)) // 2
        characters[start : start + len(text)] = text
        roles[start : start + len(text)] = ["dim"] * len(text)
    for marks in (_nan_marks(chart), *chart.marks):
        glyph, nan_glyph = _glyph(marks.glyph, ascii=ascii), _glyph(NAN_GLYPH, ascii=ascii)
        for cell, role in _mark_cells(marks, across, down):
            characters[cell], roles[cell] = (nan_glyph if role == "nan" else glyph), role
    column = None if chart.cursor is None else across.dot(chart.cursor)
    if column is not None and 0 <= column < across.dots:
        for cell in range(column // DOTS_ACROSS, width * height, width):
            roles[cell] = "cursor"
            if characters[cell] == " ":
                characters[cell] = "|" if ascii else "│"
    return characters, roles


def _curves(chart: Chart, across: Scale, down: Scale) -> Grid:
    """The bands of all lines, and over them the lines."""
    grid = Grid(across.dots // DOTS_ACROSS, down.dots // DOTS_DOWN)
    columns = [across.dots_of(line.x) for line in chart.lines]
    for line, places in zip(chart.lines, columns, strict=True):
        if line.low is not None and line.high is not None:
            band = trace(places, down.dots_of(line.low), across.dots)
            band.tops = trace(places, down.dots_of(line.high), across.dots).tops
            grid.draw(band, "band", halftone=True)
    for line, places in zip(chart.lines, columns, strict=True):
        grid.draw(trace(places, down.dots_of(line.y), across.dots), line.role)
    return grid


def _mark_cells(marks: Marks, across: Scale, down: Scale) -> list[tuple[int, Role]]:
    """The cell of each mark that has one; a value that is not finite is a "nan" mark in the top row."""
    width, bottom = across.dots // DOTS_ACROSS, down.dots - 1
    columns = across.dots_of(marks.x)
    if marks.y is None:
        level = 0 if marks.role == "nan" else bottom
        places: list[tuple[int | None, int | None, Role]] = [(x, level, marks.role) for x in columns]
    else:
        rows = zip(columns, marks.y, down.dots_of(marks.y), strict=False)
        places = [(x, y, marks.role) if math.isfinite(value) else (x, 0, "nan") for x, value, y in rows]
    return [
        (y // DOTS_DOWN * width + x // DOTS_ACROSS, role)
        for x, y, role in places
        if x is not None and y is not None and 0 <= x < across.dots
    ]


def _nan_marks(chart: Chart) -> Marks:
    """A mark above each place where a curve had a value that is not finite."""
    places = [x for line in chart.lines for x, y in zip(line.x, line.y, strict=False) if y - y != 0.0]
    return Marks([*chart.not_finite, *places], None, NAN_GLYPH, "nan")


def _why_empty(chart: Chart, width: int, *, ascii: bool) -> str:
    """Why nothing is drawn, in at most `width` cells of one character each."""
    text = (
        "no finite values"
        if chart.not_finite or any(len(line.y) for line in chart.lines)
        else safe(chart.empty)
    )
    text = to_ascii(text) if ascii else text
    if cell_width(text) != len(text):
        return ""
    return fit(text, min(width, len(text)), ellipsis="~" if ascii else "…")


def _glyph(glyph: str, *, ascii: bool) -> str:
    """The glyph in exactly one cell."""
    if ascii and not glyph.isascii():
        return _ASCII_GLYPHS.get(glyph, "o")
    return glyph if len(glyph) == 1 and cell_width(glyph) == 1 and glyph.isprintable() else "o"


def _gutter_labels(labels: list[Tick], down: Scale) -> list[str]:
    """The label of each row of the plot, "" where it has none; the first of two in one row wins."""
    texts = [""] * (down.dots // DOTS_DOWN)
    for value, label in labels:
        dot = down.dot(value)
        if dot is not None and 0 <= dot < down.dots and not texts[dot // DOTS_DOWN]:
            texts[dot // DOTS_DOWN] = label
    return texts


def _x_labels(labels: list[Tick], across: Scale, width: int) -> str:
    """The line of labels below the plot."""
    places = [(dot, label) for value, label in labels if (dot := across.dot(value)) is not None]
    return axis.place_labels([(dot // DOTS_ACROSS, label) for dot, label in places], width)


def _has_values(chart: Chart) -> bool:
    """Whether a curve or a mark has at least one value that the axes can show."""
    ys = [line.y for line in chart.lines] + [marks.y for marks in chart.marks if marks.y is not None]
    return any(value - value == 0.0 and (value > 0.0 or not chart.log_y) for values in ys for value in values)


def _x_bounds(chart: Chart) -> Bounds:
    """The bounds of x: the given ones, else round ones around all points."""
    if chart.x_bounds is not None:
        return axis.usable_bounds(*chart.x_bounds)
    xs = [*(line.x for line in chart.lines), *(marks.x for marks in chart.marks), chart.not_finite]
    ends = _ends(xs, positive=False)
    return axis.nice_bounds(*ends) if ends else (0.0, 1.0)


def _y_bounds(chart: Chart) -> Bounds:
    """The bounds of y: the given ones, else round ones around all finite values, bands included."""
    if chart.y_bounds is not None and (min(chart.y_bounds) > 0.0 or not chart.log_y):
        return axis.usable_bounds(*chart.y_bounds)
    curves = [values for line in chart.lines for values in (line.y, line.low, line.high)]
    given = [values for values in (*curves, *(marks.y for marks in chart.marks)) if values is not None]
    ends = _ends(given, positive=chart.log_y)
    if chart.log_y:
        return axis.log_bounds(None, *(ends or (0.0, 0.0)))
    return axis.nice_bounds(*ends) if ends else (0.0, 1.0)


def _ends(sequences: Iterable[Sequence[float]], *, positive: bool) -> Bounds | None:
    """The least and the greatest of all finite (and positive) values; None without any."""
    kept = [v for values in sequences for v in values if v - v == 0.0 and (v > 0.0 or not positive)]
    return (min(kept), max(kept)) if kept else None
