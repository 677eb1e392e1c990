"""The table of timed operations: one a row, as many columns as there is room for."""

from collections.abc import Callable
from statistics import median
from typing import NamedTuple

from trainmon.fold.operation_summaries import OperationSummary
from trainmon.words.scalars import Number, decode_number
from trainmon.words.units import (
    count,
    fine_duration,
    number,
    percent,
    short_count,
    size,
    throughput,
)
from trainmon_tui.render.cells import Role, Row, fit_row, row
from trainmon_tui.render.safe import fit
from trainmon_tui.render.sparkline import sparkline
from trainmon_tui.widgets.lines import words

NAME = 12
"""Cells that a name has at least."""

SPARK = 16
"""Cells of a sparkline."""

STEADY = 0.05
"""Part by which the newest quarter of the records differs from the oldest before it is called a trend."""

WORSE = 0.2
"""Part by which an operation became slower that is worth a warning."""

_FEW = 16
"""Stretches of a course below which no trend is spoken of."""


class Column(NamedTuple):
    """One column."""

    title: str
    width: int
    """Cells, with the gap before it."""
    order: int
    """Columns with the lowest are given room first."""
    draw: Callable[[OperationSummary, float | None, bool], Row]
    """The cell of an operation, given the seconds of the run and whether only ASCII may be drawn."""


def span_text(seconds: Number | None, *, ascii_only: bool = False) -> str:
    """As `fine_duration`, of a number as it was logged."""
    text = fine_duration(decode_number(seconds) if seconds is not None else None)
    return text.replace("µ", "u") if ascii_only else text


def share(summary: OperationSummary, elapsed: float | None) -> float | None:
    """Percent of the run's wall time; None before there is one."""
    return 100.0 * summary.total / elapsed if elapsed else None


def trend(summary: OperationSummary) -> float | None:
    """How much longer the newest quarter took than the oldest, as a part; None where there are too few records.

    The median stretch of each quarter counts, so that one outlier makes no trend; 0 where single stretches of one
    quarter lie beyond the middle of the other, which is noise.
    """
    means = summary.course.means()
    quarter = len(means) // 4
    if len(means) < _FEW:
        return None
    before, after = means[:quarter], means[-quarter:]
    oldest, newest = median(before), median(after)
    if oldest <= 0:
        return None
    slower = max(before) < newest and min(after) > oldest
    faster = min(before) > newest and max(after) < oldest
    return newest / oldest - 1.0 if slower or faster else 0.0


def trend_cell(summary: OperationSummary, ascii_only: bool) -> tuple[str, Role]:
    """An arrow and by how much, and its role; slower is up."""
    change = trend(summary)
    if change is None:
        return "", "dim"
    if abs(change) < STEADY:
        return "=" if ascii_only else "→", "dim"
    up, down = ("^", "v") if ascii_only else ("↑", "↓")
    text = f"{up if change > 0 else down}{min(999.0, abs(change) * 100):.0f}%"
    return text, "warn" if change >= WORSE else "value"


_UNITS = {
    "percent": " %", "pct": " %", "gb": " GB", "gib": " GiB", "mb": " MB", "mib": " MiB",
}  # fmt: skip


def memory_text(summary: OperationSummary) -> str:
    """Memory of the newest record, of the GPU where it is known; "" where no record says any."""
    for part in ("gpu_memory_peak", "gpu_memory", "rss_gb"):
        if part in summary.memory:
            return f"{number(decode_number(summary.memory[part]))} GiB"
    named = [name for name in summary.memory if "mem" in name.lower()]
    # An amount says more than a share of what nobody knows.
    name = min(named, key=lambda one: one.lower().endswith("percent"), default=None)
    return memory_value(name, decode_number(summary.memory[name])) if name is not None else ""


def memory_value(name: str, value: float) -> str:
    """A value of `memory_usage` in the unit that its name ends with; without one where it names none."""
    ending = name.lower().rpartition("_")[2]
    if ending == "bytes":
        return size(value)
    return f"{number(value)}{_UNITS.get(ending, '')}"


def _span(choose: Callable[[OperationSummary], float | None]) -> Callable[..., Row]:
    def draw(summary: OperationSummary, _elapsed: float | None, ascii_only: bool) -> Row:
        return row((span_text(choose(summary), ascii_only=ascii_only), "value"))

    return draw


def _records(summary: OperationSummary) -> str:
    return count(summary.count) if summary.count < 1_000_000 else short_count(summary.count)


COLUMNS = (
    Column("share", 8, 0, lambda one, elapsed, _: row((percent(share(one, elapsed), 1), "value"))),
    Column("count", 8, 1, lambda one, _elapsed, _: row((_records(one), "value"))),
    Column("mean", 9, 2, _span(lambda one: one.mean)),
    Column("p50", 9, 4, _span(lambda one: one.percentile(0.5))),
    Column("p95", 9, 3, _span(lambda one: one.percentile(0.95))),
    Column(
        "samples/s", 11, 5,
        lambda one, _elapsed, _: row((throughput(one.throughput) if one.throughput is not None else "", "value")),
    ),
    Column("trend", 7, 6, lambda one, _elapsed, ascii_only: row(trend_cell(one, ascii_only))),
    Column("memory", 13, 7, lambda one, _elapsed, _: row((memory_text(one), "value"))),
    Column(
        "history", SPARK + 2, 8,
        lambda one, _elapsed, ascii_only: sparkline(one.course.means(), SPARK, ascii=ascii_only),
    ),
)  # fmt: skip
"""From the left."""


def shown(width: int) -> tuple[int, list[Column]]:
    """(cells of the name, the columns) that fit into so many cells."""
    left = width - 2 - NAME
    kept: set[str] = set()
    for column in sorted(COLUMNS, key=lambda column: column.order):
        if column.width > left:
            break
        left -= column.width
        kept.add(column.title)
    return max(1, NAME + max(0, min(left, 28))), [column for column in COLUMNS if column.title in kept]


def header(width: int) -> Row:
    """The names of the columns."""
    name, columns = shown(width)
    titles = "".join(fit(column.title, column.width, right=True) for column in columns)
    return fit_row(row(("  " + fit("operation", name) + titles, "label")), width)


def timed_row(
    name: str,
    summary: OperationSummary,
    elapsed: float | None,
    width: int,
    ascii_only: bool,
    *,
    selected: bool = False,
) -> Row:
    """One operation."""
    cells, columns = shown(width)
    mark = (">" if ascii_only else "▶") if selected else " "
    ellipsis = "~" if ascii_only else "…"
    label = fit(words(name, ascii_only=ascii_only), cells, ellipsis=ellipsis)
    parts: list[tuple[str, Role]] = [(mark + " ", "cursor"), (label, "value" if selected else "plain")]
    for column in columns:
        drawn = fit_row(column.draw(summary, elapsed, ascii_only), column.width)
        blank = len(drawn[-1][0]) - len(drawn[-1][0].rstrip(" ")) if drawn else 0
        # Right-aligned: the blanks that pad the cell stand before it.
        text = [(part, role) for part, role in drawn]
        text[-1] = (text[-1][0][: len(text[-1][0]) - blank], text[-1][1])
        parts += [(" " * blank, "plain"), *text]
    return fit_row(row(*parts), width)
