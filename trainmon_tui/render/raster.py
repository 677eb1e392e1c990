"""A grid of cells with 2 x 4 dots each: curves become columns of dots, dots become braille or ASCII.

Rows count from the top. All values are scaled to whole dots at once, so nothing here can overflow, and a
dot column keeps the extremes of all points that fall into it: one spike among ten thousand stays visible.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import floor, log10, nan

from trainmon_tui.render.axis import LIMIT, Bounds, usable_bounds
from trainmon_tui.render.cells import Role

DOTS_ACROSS, DOTS_DOWN = 2, 4
"""Dots of a braille cell."""

_LEFT = (0x01, 0x02, 0x04, 0x40)
_RIGHT = (0x08, 0x10, 0x20, 0x80)
"""Bits of the dots of a braille cell from the top; https://www.unicode.org/charts/PDF/U2800.pdf."""

_SPANS = tuple(
    tuple(tuple(sum(side[top : bottom + 1]) for bottom in range(4)) for top in range(4))
    for side in (_LEFT, _RIGHT)
)
"""Bits from dot `top` to dot `bottom` of a side: `_SPANS[side][top][bottom]`."""

_HALFTONE = _LEFT[0] | _LEFT[2] | _RIGHT[1] | _RIGHT[3]
"""Every other dot: a filled area that a line on top of it can be told from, without colour too."""

_BEHIND: frozenset[Role] = frozenset({"band", "raw", "dim"})
"""Roles that give a cell up to what is drawn over them; other curves share a cell."""

_NO_ROW = 1 << 30
"""The highest dot of a column without dots: below every grid."""

_FAR = 1 << 20
"""How many axis lengths away x is still told apart: a line from there on is level at the edge."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Values to dots, from 0 at one end of an axis to `dots - 1` at the other."""

    dots: int
    """Dots of the axis, at least 1."""
    start: float
    """The value of dot 0; on a logarithmic scale its power of ten, as all values here."""
    factor: float
    """Dots for each unit of value; negative where dot 0 is the largest value."""
    least: float
    """Values up to this one have the dot `at_least`, so that no value is too large to be scaled."""
    greatest: float
    """Values from this one on have the dot `at_greatest`."""
    at_least: int
    at_greatest: int
    log: bool
    """Whether values are taken as their powers of ten."""

    def dots_of(self, values: Iterable[float]) -> list[int | None]:
        """The nearest dot of each value; None where it is not finite or, if `log`, not positive."""
        start, factor, least, greatest = self.start, self.factor, self.least, self.greatest
        if self.log:
            values = [log10(value) if value > 0.0 and value - value == 0.0 else nan for value in values]
        # `value - value` is 0 for finite values and NaN for others; this list is most of the time of a chart.
        return [
            None
            if value - value
            else self.at_least
            if value <= least
            else self.at_greatest
            if value >= greatest
            else floor((value - start) * factor + 0.5)
            for value in values
        ]

    def dot(self, value: float) -> int | None:
        """The nearest dot of one value, as `dots_of`."""
        return self.dots_of((value,))[0]


def x_scale(bounds: Bounds, dots: int) -> Scale:
    """A scale from left to right; values outside the bounds have dots below 0 and above `dots - 1`.

    Args:
        bounds: Lowest and highest value; made usable first.
        dots: Dots of the axis, at least 1.
    """
    low, high = usable_bounds(*bounds)
    span = high - low
    least, greatest = max(low - _FAR * span, -LIMIT), min(high + _FAR * span, LIMIT)
    return Scale(dots, low, (dots - 1) / span, least, greatest, -_FAR * dots, _FAR * dots, log=False)


def y_scale(bounds: Bounds, dots: int, *, log: bool = False) -> Scale:
    """A scale from the top down; values outside the bounds lie on the edge.

    Args:
        bounds: Lowest and highest value; made usable first.
        dots: Dots of the axis, at least 1.
        log: Whether the scale is logarithmic; ignored unless the lowest value is positive.
    """
    low, high = usable_bounds(*bounds)
    log = log and low > 0.0
    if log:
        low, high = log10(low), log10(high)
    return Scale(dots, high, (dots - 1) / (low - high), low, high, dots - 1, 0, log)


class Columns:
    """For each dot column the highest and the lowest dot of a curve; empty where the curve has a gap."""

    def __init__(self, width: int) -> None:
        self.tops = [_NO_ROW] * width
        self.bottoms = [-1] * width

    def join(self, column: int, row: int, to_column: int, to_row: int) -> None:
        """Draws a straight segment, one dot thick, between two dots of different columns."""
        if to_column < column:
            column, row, to_column, to_row = to_column, to_row, column, row
        tops, bottoms, slope = self.tops, self.bottoms, (to_row - row) / (to_column - column)
        middle = (
            row + 0.5 - slope * column
        )  # + slope * column: where the segment is, ready to be cut to a row
        for current in range(max(column, 0), min(to_column, len(tops) - 1) + 1):
            # The rows between half a step before the column and half a step behind it, each row once.
            enter = middle + slope * (current - 0.5)
            if slope > 0.0:
                top = row if current == column else int(enter)
                bottom = to_row if current == to_column else int(enter + slope) - 1
            else:
                top = to_row if current == to_column else int(enter + slope)
                bottom = row if current == column else int(enter) - 1
            if top > bottom:
                top = bottom = int(middle + slope * current)
            if top < tops[current]:
                tops[current] = top
            if bottom > bottoms[current]:
                bottoms[current] = bottom


def trace(columns_of_points: Sequence[int | None], rows: Sequence[int | None], width: int) -> Columns:
    """The curve through the points as columns of dots; a point without a place leaves a gap.

    Args:
        columns_of_points: The dot column of each point, by rising x; those outside 0 … `width - 1` only give
            the direction of the line at the edge.
        rows: The dot row of each point.
        width: Dot columns of the grid.
    """
    columns = Columns(width)
    tops, bottoms = columns.tops, columns.bottoms
    before_column = before_row = 0
    pen_is_up = True
    for column, row in zip(columns_of_points, rows, strict=False):
        if row is None or column is None:
            pen_is_up = True
            continue
        if not pen_is_up and before_column != column:
            columns.join(before_column, before_row, column, row)
        elif 0 <= column < width:
            if row < tops[column]:
                tops[column] = row
            if row > bottoms[column]:
                bottoms[column] = row
        before_column, before_row, pen_is_up = column, row, False
    return columns


class Grid:
    """Cells of dots with a role each; what is drawn later lies on top."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.masks = [0] * (width * height)
        self.roles: list[Role] = ["plain"] * (width * height)

    def draw(self, columns: Columns, role: Role, *, halftone: bool = False) -> None:
        """Draws the columns in a role.

        Args:
            columns: From `trace`, with `DOTS_ACROSS` columns a cell and rows inside the grid.
            role: The role of each cell that gets a dot.
            halftone: Whether only every other dot is drawn.
        """
        width, keep = self.width, _HALFTONE if halftone else 0xFF
        layer: dict[int, int] = {}
        for column, (top, bottom) in enumerate(zip(columns.tops, columns.bottoms, strict=True)):
            if bottom < top:
                continue
            spans, index = _SPANS[column & 1], (top >> 2) * width + (column >> 1)
            for base in range(top & ~3, bottom + 1, 4):
                bits = spans[top - base if top > base else 0][bottom - base if bottom < base + 3 else 3]
                layer[index] = layer.get(index, 0) | (bits & keep)
                index += width
        self._lay(layer, role)

    def _lay(self, layer: dict[int, int], role: Role) -> None:
        """Puts a layer on top: over a background it replaces the cell, else it shares it."""
        masks, roles = self.masks, self.roles
        for index, bits in layer.items():
            if not bits:
                continue
            beneath = roles[index]
            masks[index] = bits if beneath in _BEHIND and beneath != role else masks[index] | bits
            roles[index] = role

    def characters(self, *, ascii: bool = False) -> list[str]:
        """One character a cell, row after row; a space where nothing was drawn."""
        table = _ASCII if ascii else _BRAILLE
        return [table[mask] for mask in self.masks]


def _ascii_of(mask: int) -> str:
    """The ASCII character that looks most like the dots: one of " '.:|"."""
    if any(mask & sum(side) == sum(side) for side in (_LEFT, _RIGHT)):
        return "|"
    upper = mask & (_LEFT[0] | _LEFT[1] | _RIGHT[0] | _RIGHT[1])
    lower = mask & (_LEFT[2] | _LEFT[3] | _RIGHT[2] | _RIGHT[3])
    return ":" if upper and lower else "'" if upper else "." if lower else " "


_BRAILLE = (" ", *(chr(0x2800 + mask) for mask in range(1, 256)))
_ASCII = tuple(_ascii_of(mask) for mask in range(256))
