"""All that is known of one operation, as lines."""

from trainmon.fold.operation_summaries import ACCURACY, OperationSummary
from trainmon.fold.state_entries import OperationEntry
from trainmon.words.scalars import Number, decode_number
from trainmon.words.units import count, date_clock, percent, throughput
from trainmon_tui.render.cells import Row, fit_row, row
from trainmon_tui.render.safe import cell_width
from trainmon_tui.render.sparkline import sparkline
from trainmon_tui.render.tree import tree_rows
from trainmon_tui.widgets.lines import clip, words
from trainmon_tui.widgets.operation_table import memory_value, share, span_text, trend_cell

_LABEL = 12


def timed_details(
    name: str, summary: OperationSummary, elapsed: float | None, utc_offset: int, width: int, ascii_only: bool
) -> list[Row]:
    """A timed operation, over the whole run."""

    def spans(*seconds: Number | None) -> str:
        return "   ".join(span_text(value, ascii_only=ascii_only) for value in seconds)

    middle, high, highest = (summary.percentile(part) for part in (0.5, 0.95, 0.99))
    error = percent(100 * ACCURACY * 2**summary.durations.halvings)
    pairs = [
        ("operation", words(name, ascii_only=ascii_only)),
        ("records", _records(summary)),
        ("total", f"{spans(summary.total)}   {percent(share(summary, elapsed), 1)} of the run"),
        ("mean", f"{spans(summary.mean)}   newest {spans(summary.last)}"),
        ("min max", spans(summary.minimum, summary.maximum)),
        ("p50 p95 p99", f"{spans(middle, high, highest)}  {'+-' if ascii_only else '±'}{error}"),
    ]
    if summary.throughput is not None:
        rate = f"{throughput(summary.throughput)} samples/s   mean {throughput(summary.throughput_mean)}"
        pairs.append(("throughput", rate))
    pairs += [
        (words(key, ascii_only=ascii_only), memory_value(key, decode_number(value)))
        for key, value in summary.memory.items()
    ]
    pairs.append(("newest at", date_clock(summary.last_time, utc_offset)))
    lines = [_pair(label, value, width, ascii_only) for label, value in pairs]
    return [*lines, _course(summary, width, ascii_only)]


def _course(summary: OperationSummary, width: int, ascii_only: bool) -> Row:
    means = summary.course.means()
    room = max(1, min(width - _LABEL - 8, len(means)))
    drawn = sparkline(means, room, ascii=ascii_only)
    trend = trend_cell(summary, ascii_only)
    return fit_row(row((f"{'history':<{_LABEL}}", "label"), *drawn, ("  ", "plain"), trend), width)


def model_details(entry: OperationEntry, utc_offset: int, width: int, ascii_only: bool) -> list[Row]:
    """An operation on a model, with its details as a tree."""
    sign = ("ok" if ascii_only else "✔ ok") if entry.success else ("x FAILED" if ascii_only else "✖ FAILED")
    lines = [
        _pair("operation", words(entry.operation, ascii_only=ascii_only), width, ascii_only),
        _pair("model", words(entry.model_name, ascii_only=ascii_only), width, ascii_only),
        fit_row(row((f"{'result':<{_LABEL}}", "label"), (sign, "good" if entry.success else "bad")), width),
        _pair("at", date_clock(entry.time, utc_offset), width, ascii_only),
    ]
    if not entry.details:
        return [*lines, _pair("details", "none", width, ascii_only)]
    tree = tree_rows(entry.details, ascii=ascii_only)
    return [*lines, row(("details", "label")), *(row(("  ", "plain"), *cells) for cells in tree)]


def _records(summary: OperationSummary) -> str:
    if summary.timed == summary.count:
        return count(summary.count)
    return f"{count(summary.count)}, {count(summary.timed)} of them with a duration"


def _pair(label: str, value: str, width: int, ascii_only: bool) -> Row:
    """A label and a safe value."""
    room = max(_LABEL, width // 3, width - cell_width(value) - 1)
    name = clip(label, room - 1, ascii_only=ascii_only)
    head = f"{name:<{_LABEL - 1}} "
    return row((head, "label"), (clip(value, max(1, width - len(head)), ascii_only=ascii_only), "value"))
