"""Charts as SVG: a band, lines and marks on two axes. Colours are classes of the page's style sheet."""

import math
from collections.abc import Callable, Iterator, Sequence

import msgspec

from trainmon.report.axis import Axis
from trainmon.report.markup import Html, element

LEFT, RIGHT, TOP, BOTTOM = 56.0, 14.0, 10.0, 24.0
"""Room around the plot for the ticks, in units of the picture."""

Point = tuple[float, float]
"""x and y; a NaN y is a gap."""


class Line(msgspec.Struct, frozen=True):
    """A curve."""

    points: Sequence[Point]
    name: str
    """Class of the style sheet: `train`, `validation`, …"""


class Band(msgspec.Struct, frozen=True):
    """The room between two curves."""

    rows: Sequence[tuple[float, float, float]]
    """x, least and greatest y."""
    name: str


class Mark(msgspec.Struct, frozen=True):
    """A point of its own, with words that a pointer shows."""

    x: float
    y: float
    name: str
    title: str
    radius: float = 3.0


class Flag(msgspec.Struct, frozen=True):
    """A line from top to bottom at an x, with words that a pointer shows."""

    x: float
    name: str
    title: str


class Chart(msgspec.Struct, frozen=True):
    """What is drawn; later things lie above earlier ones."""

    x: Axis
    y: Axis
    x_text: Callable[[float], str]
    y_text: Callable[[float], str]
    label: str
    """What the picture shows, for those who do not see it."""
    bands: Sequence[Band] = ()
    flags: Sequence[Flag] = ()
    lines: Sequence[Line] = ()
    marks: Sequence[Mark] = ()
    width: float = 1040.0
    height: float = 320.0


def draw(chart: Chart, identity: str) -> Html:
    """The chart as an `svg` element.

    Args:
        chart: What is drawn.
        identity: A word of ours that no other chart of the page has.
    """
    place = _Place(chart)
    clip = element(
        "clipPath",
        element("rect", x=LEFT, y=TOP - 4, width=place.width, height=place.height + 8),
        id=f"clip-{identity}",
    )
    inside = element(
        "g",
        *(_band(band, place) for band in chart.bands),
        *(_flag(flag, place) for flag in chart.flags),
        *(_line(line, place) for line in chart.lines),
        *(_mark(mark, place) for mark in chart.marks),
        clip_path=f"url(#clip-{identity})",
    )
    return element(
        "svg",
        element("title", chart.label),
        clip,
        *_grid(chart, place),
        inside,
        viewBox=f"0 0 {chart.width:g} {chart.height:g}",
        role="img",
        class_="chart",
    )


class _Place:
    """Where values lie in the picture."""

    def __init__(self, chart: Chart) -> None:
        self._x, self._y = chart.x, chart.y
        self.width = chart.width - LEFT - RIGHT
        self.height = chart.height - TOP - BOTTOM

    def x(self, value: float) -> float:
        return LEFT + self.width * min(1.5, max(-0.5, self._x.at(value)))

    def y(self, value: float) -> float:
        return TOP + self.height * (1.0 - min(3.0, max(-2.0, self._y.at(value))))


def _grid(chart: Chart, place: _Place) -> Iterator[Html]:
    right, bottom = LEFT + place.width, TOP + place.height
    for tick in chart.y.ticks:
        y = place.y(tick)
        yield element("line", x1=LEFT, x2=right, y1=y, y2=y, class_="grid")
        yield element("text", chart.y_text(tick), x=LEFT - 8, y=y + 4, class_="tick", text_anchor="end")
    yield element("line", x1=LEFT, x2=right, y1=bottom, y2=bottom, class_="axis")
    for tick in chart.x.ticks:
        x = place.x(tick)
        # Words at the right end are flush with it, so that none is cut off.
        anchor = "end" if x > right - 24 else "middle"
        yield element("line", x1=x, x2=x, y1=bottom, y2=bottom + 4, class_="axis")
        yield element("text", chart.x_text(tick), x=x, y=bottom + 17, class_="tick", text_anchor=anchor)


def _line(line: Line, place: _Place) -> Html:
    parts: list[str] = []
    pen = "M"
    for x, y in line.points:
        if not math.isfinite(y):
            pen = "M"
            continue
        parts.append(f"{pen}{place.x(x):.1f} {place.y(y):.1f}")
        if pen == "M":
            parts.append("h0")  # a point between two gaps is a dot
        pen = "L"
    return element("path", d="".join(parts), class_=f"line {line.name}")


def _band(band: Band, place: _Place) -> Html:
    parts: list[str] = []
    for stretch in _stretches(band.rows):
        upper = [f"{place.x(x):.1f} {place.y(high):.1f}" for x, _, high in stretch]
        lower = [f"{place.x(x):.1f} {place.y(low):.1f}" for x, low, _ in reversed(stretch)]
        parts.append("M" + "L".join((*upper, *lower)) + "Z")
    return element("path", d="".join(parts), class_=f"band {band.name}")


def _stretches(rows: Sequence[tuple[float, float, float]]) -> Iterator[list[tuple[float, float, float]]]:
    """Rows without gaps between them."""
    stretch: list[tuple[float, float, float]] = []
    for row in rows:
        if math.isfinite(row[1]) and math.isfinite(row[2]):
            stretch.append(row)
        elif stretch:
            yield stretch
            stretch = []
    if stretch:
        yield stretch


def _mark(mark: Mark, place: _Place) -> Html:
    return element(
        "circle",
        element("title", mark.title),
        cx=place.x(mark.x),
        cy=place.y(mark.y),
        r=mark.radius,
        class_=f"mark {mark.name}",
    )


def _flag(flag: Flag, place: _Place) -> Html:
    x = place.x(flag.x)
    return element(
        "line",
        element("title", flag.title),
        x1=x, x2=x, y1=TOP, y2=TOP + place.height, class_=f"flag {flag.name}",
    )  # fmt: skip
