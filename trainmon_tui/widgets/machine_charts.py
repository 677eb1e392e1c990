"""The course of the machine as charts with scales, below the numbers, where a screen has room for them."""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

import msgspec

from trainmon.facts.readings import GpuReading, MachineReading
from trainmon.words.units import gib
from trainmon_tui.render.cells import Row, fit_row, row
from trainmon_tui.render.plot import Chart, Line, plot
from trainmon_tui.widgets.courses import Course, Courses

LEAST_HEIGHT = 7
"""Rows of a row of charts at least: a name, a curve, the times."""

MOST_HEIGHT = 14
"""At most: higher ones tell no more."""

_LEAST_WIDTH = 34
"""Cells of a chart at least, the labels of its axis included."""

_GIB = 2.0**30
_MIB = 1e6

_STEPS = (10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400, 604_800)
"""Seconds by which the axis of times grows: it extends in steps and never slides."""

_MOST_STEPS = 6
"""Steps of an axis at most, so that at least five sixths of a chart are used."""

_GAP_FACTOR = 4.0
"""Usual distances between readings without one that leave a gap in the curve: nobody looked then."""


class _Subject(msgspec.Struct):
    """One chart."""

    name: str
    values: Sequence[float | None]
    top: float | None
    """The highest value of the axis; None: as the values are."""


def charts(
    reading: MachineReading, courses: Courses, width: int, height: int, ascii_only: bool, utc_offset: int
) -> list[Row]:
    """Charts side by side in at most `height` rows; [] where there is no room, or nothing to draw yet.

    Args:
        reading: The newest, for names and limits.
        courses: The histories.
        width: Cells.
        height: Rows.
        ascii_only: Whether nothing above 0x7f may be drawn.
        utc_offset: Seconds that the run's local time is ahead of UTC.
    """
    across = min(4, width // _LEAST_WIDTH)
    if height < LEAST_HEIGHT or not across or len(courses.times) < 2:
        return []
    height = min(height, MOST_HEIGHT)
    subjects = [one for one in _subjects(reading, courses) if any(value is not None for value in one.values)]
    drawn = []
    cells = (width - across + 1) // across
    for subject in subjects[:across]:
        title = fit_row(row((subject.name, "dim")), cells)
        chart = Chart(
            lines=tuple(_lines(courses.times, subject.values)),
            x_bounds=span_shown(courses.times[0], courses.times[-1]),
            y_bounds=(0.0, subject.top) if subject.top is not None else None,
            x_label_kind="clock",
            utc_offset=utc_offset,
        )
        drawn.append([title, *plot(chart, cells, height - 1, ascii=ascii_only)])
    return [_side_by_side(rows) for rows in zip(*drawn, strict=True)]


def span_shown(first: float, last: float) -> tuple[float, float]:
    """The times at both ends of the axis for readings from `first` to `last`, whole steps of the clock."""
    step = next((one for one in _STEPS if last - first <= one * (_MOST_STEPS - 1)), _STEPS[-1])
    return math.floor(first / step) * step, (math.floor(last / step) + 1) * step


def _side_by_side(rows: Sequence[Row]) -> Row:
    found: Row = ()
    for cells in rows:
        found = row(*found, (" " if found else "", "plain"), *cells)
    return found


def _subjects(reading: MachineReading, courses: Courses) -> Iterator[_Subject]:
    """What is charted, the most telling first."""
    cards = [card for card in reading.gpus if card.visible is not False] or list(reading.gpus)
    if cards:
        yield from _of_gpus(cards, courses)
    host = reading.host
    yield _Subject("CPU %", courses.of("cpu"), 100.0)
    total = host.memory_total if host is not None else None
    limited = host is not None and host.memory_limited
    name = f"RAM GiB of {gib(total)}{' limit' if limited else ''}" if total else "RAM GiB"
    yield _Subject(name, _scaled(courses.of("memory"), _GIB), total / _GIB if total else None)
    yield _Subject("disks read MB/s", _scaled(courses.of("read"), _MIB), None)
    yield _Subject("net in MB/s", _scaled(courses.of("received"), _MIB), None)


def _of_gpus(cards: Sequence[GpuReading], courses: Courses) -> Iterator[_Subject]:
    several = len(cards) > 1
    busy = [courses.of(f"gpu{card.index}.utilisation") for card in cards]
    held = [courses.of(f"gpu{card.index}.memory") for card in cards]
    totals = [card.memory_total for card in cards if card.memory_total]
    yield _Subject(f"GPU util %, mean of {len(cards)}" if several else "GPU util %", _mean(busy), 100.0)
    yield _Subject(
        "GPU memory GiB, the fullest" if several else "GPU memory GiB",
        _scaled(_greatest(held), _GIB),
        max(totals) / _GIB if totals else None,
    )


def _known(column: Sequence[float | None]) -> list[float]:
    return [value for value in column if value is not None and math.isfinite(value)]


def _mean(found: Sequence[Course]) -> list[float | None]:
    columns = [_known(column) for column in zip(*filter(None, found), strict=False)]
    return [sum(column) / len(column) if column else None for column in columns]


def _greatest(found: Sequence[Course]) -> list[float | None]:
    return [max(_known(column), default=None) for column in zip(*filter(None, found), strict=False)]


def _scaled(values: Sequence[float | None], unit: float) -> list[float | None]:
    return [None if value is None else value / unit for value in values]


def _lines(times: Sequence[float], values: Sequence[float | None]) -> Iterator[Line]:
    """The curve in pieces: it is not drawn across a time of which nothing is known."""
    points = [(time, value) for time, value in zip(times, values, strict=False) if value is not None]
    distances = sorted(after[0] - before[0] for before, after in pairwise(points))
    longest = _GAP_FACTOR * distances[len(distances) // 2] if distances else 0.0
    piece: list[tuple[float, float]] = []
    for point in points:
        if piece and point[0] - piece[-1][0] > longest:
            yield _line(piece)
            piece = []
        piece.append(point)
    if piece:
        yield _line(piece)


def _line(points: Sequence[tuple[float, float]]) -> Line:
    return Line([time for time, _ in points], [value for _, value in points], "train")
