"""The curves of compared runs in a chart: a colour and a letter each, because a terminal may have no colour."""

import math
from collections.abc import Sequence

import msgspec

from trainmon.reading.range_rows import Key
from trainmon.words.units import number
from trainmon_tui.render.cells import Role, Row, Run, row
from trainmon_tui.render.plot import Line, Marks
from trainmon_tui.sight.beside import LETTERS, Beside
from trainmon_tui.sight.chart_view import ChartView
from trainmon_tui.sight.curves import Curve, Readout, curve, finite_points, readout
from trainmon_tui.sight.raw import NOTHING
from trainmon_tui.widgets.lines import clip_end, join, words

ROLES: Sequence[Role] = ("other", "other2", "other3")
"""Of the runs, by the place of their letter."""

NAME = 24
"""Cells of a name at most; of a path, the end tells runs apart."""


class Other(msgspec.Struct, frozen=True):
    """A compared run in one chart."""

    letter: str
    name: str
    """Untrusted."""
    curve: Curve
    at_cursor: Readout | None
    """None without a cursor."""

    @property
    def role(self) -> Role:
        """Its colour."""
        return role_of(self.letter)

    @property
    def values(self) -> Sequence[float]:
        """What is drawn of its curve."""
        return self.curve.smoothed or self.curve.mean

    @property
    def newest(self) -> float | None:
        """What is said of it: at the cursor, else the last that is drawn; None: nothing is in view."""
        if self.at_cursor is not None:
            smoothed = self.at_cursor.smoothed
            return smoothed if smoothed is not None else self.at_cursor.value
        return next((value for value in reversed(self.values) if math.isfinite(value)), None)


def pick(beside: Sequence[Beside], key: Key, view: ChartView) -> tuple[Other, ...]:
    """The compared runs that have this column; each by its own steps and its own time."""
    found: list[Other] = []
    for one in beside:
        if view.kind not in one.ruler.kinds:
            continue  # Its epochs are not known.
        drawn = curve(one.state, key, view, one.ruler, NOTHING)
        if drawn is not None and drawn.x:
            at = readout(drawn, key, view, one.ruler, NOTHING)
            found.append(Other(one.letter, one.run.name, drawn, at))
    return tuple(found)


def lines(others: Sequence[Other]) -> list[Line]:
    """Their curves; a value that was not finite is a gap, and marked in the run's own chart alone."""
    return [Line(*finite_points(other.curve.x, other.values), other.role) for other in others]


def marks(others: Sequence[Other]) -> list[Marks]:
    """A letter at the end of each curve."""
    found: list[Marks] = []
    for other in others:
        x, y = finite_points(other.curve.x, other.values)
        found.append(Marks(x[-1:], y[-1:], other.letter, other.role))
    return found


def legend(others: Sequence[Other], *, ascii_only: bool) -> list[Row]:
    """Letter, name and value of each, and shorter: without the names."""
    named, short = [], []
    for other in others:
        value = row((number(other.newest), other.role)) if other.newest is not None else ()
        letter = row((f"{other.letter} ", other.role))
        named.append(row(*letter, _name(other.name, ascii_only), (" ", "plain"), *value))
        short.append(row(*letter, *value))
    return [join(*named), join(*short)]


def names(compared: Sequence[tuple[str, str]], *, ascii_only: bool) -> Row:
    """Letter and name of each run, for charts that have no room for more."""
    return join(*(row((f"{letter} ", role_of(letter)), _name(name, ascii_only)) for letter, name in compared))


def role_of(letter: str) -> Role:
    """The colour of a compared run."""
    return ROLES[LETTERS.index(letter)]


def _name(name: str, ascii_only: bool) -> Run:
    return clip_end(words(name, ascii_only=ascii_only), NAME, ascii_only=ascii_only), "label"
