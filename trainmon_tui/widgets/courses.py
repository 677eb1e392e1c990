"""The course of the machine's numbers: their histories as values, and as a sparkline beside the number."""

import math
from collections.abc import Mapping

import msgspec

from trainmon.fold.series import Series
from trainmon_tui.render.cells import Row, row
from trainmon_tui.render.sparkline import sparkline

Course = tuple[float | None, ...]
"""Means of equal numbers of readings, oldest first; NaN where only such values came, None where none came."""

LEAST = 8
"""Cells below which a sparkline says nothing."""

LONGEST = 64
"""Cells of a sparkline at most: a history with the columns of many GPUs has that many buckets."""


class Courses(msgspec.Struct, frozen=True):
    """The histories of a machine; the names of its columns are those of `trainmon.fold.machine.columns`."""

    by_name: Mapping[str, Course] = {}
    times: tuple[float, ...] = ()
    """Unix seconds in the middle of each mean's readings."""
    seconds: float = 0.0
    """From the first reading that is kept to the newest."""
    until: float = 0.0
    """Unix seconds of the newest; 0 without one."""

    def of(self, name: str) -> Course:
        """The course of a column; empty where it was never measured."""
        return self.by_name.get(name, ())


def courses(series: Series) -> Courses:
    """All histories of a series of readings."""
    found: dict[str, Course] = {}
    times: tuple[float, ...] = ()
    seconds = until = 0.0
    for name in series.names:
        column = series.column(name)
        found[name] = tuple(
            mean if finite else math.nan if bad else None
            for mean, finite, bad in zip(column.mean, column.count, column.nonfinite, strict=True)
        )
        if not times:
            times = tuple(
                (first + last) / 2 for first, last in zip(column.first_time, column.last_time, strict=True)
            )
            until = column.last_time[-1]
            seconds = until - column.first_time[0]
    return Courses(found, times, seconds, until)


class CourseMemo:
    """The histories of the newest series, made once: a panel that only ages need not make them anew each second."""

    def __init__(self) -> None:
        """Nothing was made yet."""
        self._series: Series | None = None
        self._courses = Courses()

    def of(self, series: Series) -> Courses:
        """As `courses`, of a series that nobody changes once it was handed out."""
        if series is not self._series:
            self._series, self._courses = series, courses(series)
        return self._courses


def peak(course: Course) -> float | None:
    """The greatest finite mean; None without one."""
    return max((value for value in course if value is not None and math.isfinite(value)), default=None)


def spark(
    course: Course, width: int, *, high: float | None = None, low: float = 0.0, ascii_only: bool = False
) -> Row:
    """The course in `width` cells, `LONGEST` at most; the empty row where it has no room or fewer than two values.

    Args:
        course: As `courses` gives it.
        width: Cells.
        high: The value of the highest block; None: the greatest there was.
        low: The value of the lowest block: 0, or what is ordinary at rest.
        ascii_only: Whether nothing above 0x7f may be drawn.
    """
    if width < LEAST or sum(value is not None for value in course) < 2:
        return ()
    top = high if high is not None else peak(course) or 0.0
    # A rate that was 0 all the time lies on the floor, and not at half height.
    return row(*sparkline(course, min(width, LONGEST), low=low, high=max(top, low + 1e-9), ascii=ascii_only))
