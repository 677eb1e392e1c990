"""The metrics: name, newest value and a sparkline each; in a line where there is little room."""

import math
from collections.abc import Sequence

import msgspec

from trainmon.fold.series import Column
from trainmon.words.scalars import decode_number
from trainmon.words.units import METRIC_COLUMNS, number
from trainmon_tui.render.cells import Row, fit_row, row
from trainmon_tui.render.safe import cell_width, fit
from trainmon_tui.render.sparkline import sparkline
from trainmon_tui.sight.sight import Sight
from trainmon_tui.widgets.charts import same_curves
from trainmon_tui.widgets.lines import clip, join, missing, title_row, words
from trainmon_tui.widgets.rows import SHORT_OF_TWO_TICKS, RowsPanel
from trainmon_tui.widgets.short_names import common_parts, short_name

EMPTY = "no metrics yet: log_training_progress(metrics={…})"
"""What makes a metric appear."""

_NAME = 24
"""Cells of a name, at most."""

MOST = 60
"""Metrics that are looked at; no panel has more lines, and a run may have hundreds."""

_LEAST_SPARK = 8
"""Cells below which a sparkline says nothing."""


class Metric(msgspec.Struct, frozen=True):
    """One metric; its name is untrusted."""

    name: str
    newest: float | None
    """None where it has no value; may be NaN or infinite."""
    history: tuple[float | None, ...]
    """Means of equal spans of steps, oldest first; NaN where only such values came, None where none came."""


class MetricsSlice(msgspec.Struct, frozen=True):
    """The metrics in the order in which they first came, and how many there are."""

    metrics: tuple[Metric, ...]
    total: int
    over: bool = False
    """Whether none will come any more."""


def pick(sight: Sight) -> MetricsSlice:
    """The metrics' part of a sight."""
    state = sight.state
    names = [name for name in state.metrics.names if name != "waited"]
    metrics = []
    for name in sorted(names, key=lambda name: name != "learning_rate")[:MOST]:
        column = state.metrics.column(name)
        metrics.append(Metric(name, _newest(sight, name, column.last), _history(column)))
    return MetricsSlice(tuple(metrics), len(names), sight.verdict.status.over)


def _history(column: Column) -> tuple[float | None, ...]:
    return tuple(
        mean if finite else math.nan if bad else None
        for mean, finite, bad in zip(column.mean, column.count, column.nonfinite, strict=True)
    )


def _newest(sight: Sight, name: str, history: tuple[float, ...]) -> float | None:
    """What the newest progress said, else the newest value that there was."""
    progress = sight.state.progress
    if progress is not None:
        said = progress.learning_rate if name == "learning_rate" else progress.metrics.get(name)
        if said is not None:
            return decode_number(said)
    return next((value for value in reversed(history) if not math.isnan(value)), None)


def rows(piece: MetricsSlice, width: int, height: int, ascii_only: bool) -> list[Row]:
    """One line of names and values for a height of 1 or 2, else a titled table with sparklines."""
    if height < 3:
        return [fit_row(_one_line(piece, width, ascii_only), width)][:height]
    shown = piece.metrics[: height - 1]
    some = row((f"{len(shown)} of {piece.total}", "dim")) if piece.total > len(shown) else ()
    charts = row(("[2]", "key"), (" charts", "dim")) if shown else ()
    lines = [title_row("metrics", [join(some, charts, gap="   "), some], width, ascii_only=ascii_only)]
    if not shown:
        return [*lines, row((_missing(piece, width, ascii_only), "dim"))]
    most = max(6, min(_NAME, width - METRIC_COLUMNS - 2))
    common = common_parts([metric.name for metric in shown if len(metric.name) > most])
    names = [short_name(metric.name, common, most, ascii_only=ascii_only) for metric in shown]
    name_width = max(6, *map(cell_width, names))
    pairs = zip(names, shown, strict=True)
    return [
        *lines,
        *(_metric_row(fit(name, name_width), metric, width, ascii_only) for name, metric in pairs),
    ]


def _missing(piece: MetricsSlice, width: int, ascii_only: bool) -> str:
    text = words(missing(EMPTY, over=piece.over), ascii_only=ascii_only)
    return clip(text, width, ascii_only=ascii_only)


def _metric_row(name: str, metric: Metric, width: int, ascii_only: bool) -> Row:
    value = words(number(metric.newest), ascii_only=ascii_only)
    broken = metric.newest is not None and not math.isfinite(metric.newest)
    text = row((name, "label"), (f" {value:>{METRIC_COLUMNS + 1}}", "nan" if broken else "value"))
    # The last cell stays blank: beside the sparkline stands another table.
    room = width - cell_width(name) - METRIC_COLUMNS - 5
    if room < _LEAST_SPARK:
        return text
    low, high = _span(metric.history)
    return row(*text, ("  ", "plain"), *sparkline(metric.history, room, low=low, high=high, ascii=ascii_only))


def _span(history: Sequence[float | None]) -> tuple[float | None, float | None]:
    """The lowest and the highest value; the same where they differ by no more than a series rounds."""
    finite = [value for value in history if value is not None and math.isfinite(value)]
    if not finite:
        return None, None
    low, high = min(finite), max(finite)
    return (low, low) if high - low <= 1e-5 * max(abs(low), abs(high)) else (low, high)


def _one_line(piece: MetricsSlice, width: int, ascii_only: bool) -> Row:
    label = row(("now   ", "label"))
    if not piece.metrics:
        return row(*label, (_missing(piece, width - 6, ascii_only), "dim"))
    cells, used = label, 6
    for metric in piece.metrics:
        name = clip(words(metric.name, ascii_only=ascii_only), 18, ascii_only=ascii_only)
        value = words(number(metric.newest), ascii_only=ascii_only)
        if used + len(name) + len(value) + 3 > width:
            break
        gap = "  " if used > 6 else ""
        used += len(gap) + len(name) + 1 + len(value)
        cells = row(*cells, (gap, "plain"), (f"{name} ", "label"), (value, "value"))
    return cells


class MetricsPanel(RowsPanel[MetricsSlice]):
    """The metrics."""

    LEAST_GAP = SHORT_OF_TWO_TICKS

    def pick(self, sight: Sight) -> MetricsSlice:
        """See `pick`."""
        return pick(sight)

    def draw(self, piece: MetricsSlice, width: int, height: int) -> list[Row]:
        """See `rows`."""
        return rows(piece, width, height, self._ascii)

    def same(self, before: Sight, after: Sight) -> bool:
        """See `RowsPanel.same`."""
        same = same_curves(before.state, after.state)
        return same and before.verdict.status.over == after.verdict.status.over
