"""The list of runs as a table: which columns there is room for, and how a run is drawn in them."""

import math
from collections.abc import Iterable, Mapping

import msgspec

from trainmon.meaning.statuses import Status
from trainmon.words.units import METRIC_COLUMNS, count, duration, number, percent, short_count, short_duration
from trainmon_tui.render.bars import bar
from trainmon_tui.render.cells import Role, Row, fit_row, row
from trainmon_tui.render.safe import fit
from trainmon_tui.render.sparkline import sparkline
from trainmon_tui.sight.beside import Key, key_of
from trainmon_tui.sight.listing import EarlierRun, RunRow
from trainmon_tui.widgets.lines import clip, clip_end, words
from trainmon_tui.widgets.status import SIGNS

WORDS: Mapping[Status, str] = {
    Status.OUT_OF_MEMORY: "OOM-KILLED", Status.DIED: "DIED", Status.REBOOTED: "REBOOTED",
}  # fmt: skip
"""Of the statuses whose words are too long for a narrow column, or begin with one that says nothing."""

ORDERS = ("name", "status", "progress", "left", "best", "age")
"""What the runs can be sorted by; the first is the one to begin with, in which no row ever moves."""

_STATUS_ORDER = (
    Status.RUNNING, Status.VALIDATING, Status.SAVING, Status.STARTING, Status.STALLED, Status.STOPPED,
    Status.UNREACHABLE, Status.FAILED, Status.CRASHED, Status.OUT_OF_MEMORY, Status.KILLED, Status.TERMINATED,
    Status.DIED, Status.REBOOTED, Status.INTERRUPTED, Status.FINISHED, Status.WAITING,
)  # fmt: skip

_COLUMNS: tuple[tuple[str, int, int], ...] = (
    ("name", 12, 40), ("status", 13, 22), ("done", 7, 7), ("left", 7, 7), ("age", 5, 5), ("best", 9, 9),
    ("bar", 6, 16), ("loss", 8, 32), ("model", 12, 24),
)  # fmt: skip
"""Name, fewest and most cells of each column, the most important first."""

_WIDENED = ("name", "status", "model", "bar", "loss")
"""The columns that get what room is left, texts first: one that is cut says less than a short bar."""

_ON_SCREEN = ("status", "name", "model", "bar", "done", "left", "loss", "best", "age")
"""Their order from the left."""

_RIGHT = frozenset({"done", "left", "best", "age"})
"""Columns of numbers."""

ARROW = 2
"""Cells of the arrow behind the title of the column that sorts."""

_MOST_BEST = 24
"""Cells of the best, at most."""

MARK = 2
"""Cells before the first column, in which the chosen run is marked."""

Widths = Mapping[str, int]
"""Cells of each column that is shown."""


class Entry(msgspec.Struct, frozen=True):
    """A line of the list: a run, or one of the earlier runs of its journal."""

    run: RunRow
    earlier: EarlierRun | None = None

    @property
    def key(self) -> Key:
        """Tells the entry apart from all others, and stays while its numbers change."""
        return key_of(self.run.path, self.earlier.started if self.earlier is not None else None)


def best_title(runs: Iterable[RunRow]) -> str:
    """What the column of the best is called: with the metric, where it is that of all runs; untrusted."""
    metrics = {run.best_metric for run in runs if run.best is not None}
    return f"best {metrics.pop()}" if len(metrics) == 1 else "best"


def widths(width: int, title: int = 0) -> Widths:
    """The columns that a list of this width has room for; what is left widens names, losses and bars.

    Args:
        width: Cells.
        title: Cells that the title of the best would take; it is the first to get them.
    """
    found: dict[str, int] = {}
    room = width - MARK
    for name, fewest, _ in _COLUMNS:
        cells = fewest + (1 if found else 0)
        if cells > room:
            break
        found[name] = fewest
        room -= cells
    if "best" in found and found["best"] < title <= min(_MOST_BEST, found["best"] + room):
        room -= title - found["best"]
        found["best"] = title
    most = {name: cells for name, _, cells in _COLUMNS}
    for name in _WIDENED:
        if name in found:
            more = min(most[name] - found[name], room)
            found[name] += more
            room -= more
    return found or {"name": max(0, width - MARK)}


def header(
    cells: Widths, order: str, width: int, *, best: str = "best", backwards: bool, ascii_only: bool
) -> Row:
    """The names of the columns; the one that sorts has an arrow. `best` is a safe text for that of the best."""
    arrow = (" v" if ascii_only else "↓") if not backwards else (" ^" if ascii_only else "↑")
    parts: list[str] = []
    for name in _ON_SCREEN:
        if name in cells:
            sorts = name == order or (name == "done" and order == "progress")
            whole = best if name == "best" and len(best) + (ARROW if sorts else 0) <= cells[name] else name
            title = f"{whole}{arrow}" if sorts else whole
            parts.append(fit(title, cells[name], right=name in _RIGHT, ellipsis=""))
    return fit_row(row((" " * MARK + " ".join(parts), "dim")), width)


def entry_row(entry: Entry, cells: Widths, now: float, width: int, *, chosen: bool, ascii_only: bool) -> Row:
    """A run in the columns that there are."""
    drawn = _run(entry.run, cells, now, ascii_only)
    if entry.earlier is not None:
        drawn = _earlier(entry.earlier, cells, now, ascii_only)
    mark = (">" if ascii_only else "▶") if chosen else " "
    line: Row = row((f"{mark} ", "key"))
    for at, name in enumerate(name for name in _ON_SCREEN if name in cells):
        part = drawn.get(name, ())
        line = row(*line, (" " if at else "", "plain"), *fit_row(part, cells[name]))
    return fit_row(line, width)


def _run(run: RunRow, cells: Widths, now: float, ascii_only: bool) -> dict[str, Row]:
    fraction = run.bar.fraction
    done = percent(None if fraction is None else fraction * 100, 1) if fraction is not None else ""
    if fraction is None and run.bar.done:
        done = _steps(run.bar.done, cells)
    low, high = _span(run.loss)
    loss = sparkline(run.loss, cells.get("loss", 0), low=low, high=high, ascii=ascii_only, role="train")
    return {
        "status": status_cell(run.status, ascii_only, cells.get("status", 13)),
        "name": _text(run.name, cells, "name", ascii_only, "value"),
        "model": _text(run.model, cells, "model", ascii_only, "label"),
        "bar": bar(fraction, cells.get("bar", 0), ascii=ascii_only),
        "done": _number(done, cells, "done"),
        "left": _number(duration(run.left) if run.left is not None else "", cells, "left"),
        "loss": loss,
        "best": _best(run.best, cells, ascii_only),
        "age": _age(run.last_time, now, cells),
    }


def _earlier(run: EarlierRun, cells: Widths, now: float, ascii_only: bool) -> dict[str, Row]:
    branch = "` " if ascii_only else "└ "
    whole = branch + words(run.name, ascii_only=ascii_only, limit=200)
    text = row((clip(whole, cells.get("name", 0), ascii_only=ascii_only), "dim"))
    return {
        "status": status_cell(run.status, ascii_only, cells.get("status", 13)),
        "name": text,
        "done": _number(_steps(run.step, cells), cells, "done"),
        "best": _best(run.best, cells, ascii_only),
        "age": _age(run.last_time, now, cells),
    }


def status_cell(status: Status, ascii_only: bool, width: int = 13) -> Row:
    """Sign and word of a status in at most `width` cells, of at least 13; a short word where its own has no room."""
    sign, ascii_sign, role = SIGNS[status]
    word = status.value.upper()
    if len(word) + 2 > width:
        word = WORDS.get(status, word)
    return row((f"{ascii_sign if ascii_only else sign} {word}", role))


def _steps(steps: int, cells: Widths) -> str:
    whole = count(steps)
    return whole if len(whole) <= cells.get("done", 0) else short_count(steps)


def _text(text: str, cells: Widths, column: str, ascii_only: bool, role: Role) -> Row:
    safe = words(text, ascii_only=ascii_only, limit=200)
    # Of a path, the end tells runs apart.
    shorten = clip_end if column == "name" else clip
    return row((shorten(safe, cells.get(column, 0), ascii_only=ascii_only), role))


def _number(text: str, cells: Widths, column: str) -> Row:
    return row((fit(text, cells.get(column, 0), right=True, ellipsis=""), "value"))


def _best(value: float | None, cells: Widths, ascii_only: bool) -> Row:
    text = words(number(value), ascii_only=ascii_only) if value is not None else ""
    broken = value is not None and not math.isfinite(value)
    return row((f"{text[:METRIC_COLUMNS]:>{cells.get('best', 0)}}", "nan" if broken else "best"))


def _age(time: float | None, now: float, cells: Widths) -> Row:
    text = short_duration(max(0.0, now - time)) if time is not None else ""
    return row((fit(text, cells.get("age", 0), right=True, ellipsis=""), "label"))


def _span(values: tuple[float | None, ...]) -> tuple[float | None, float | None]:
    """The lowest and the highest value; the same where they differ by no more than a series rounds."""
    finite = [value for value in values if value is not None and math.isfinite(value)]
    if not finite:
        return None, None
    low, high = min(finite), max(finite)
    return (low, low) if high - low <= 1e-5 * max(abs(low), abs(high)) else (low, high)


def in_order(runs: tuple[RunRow, ...], order: str, *, backwards: bool) -> list[RunRow]:
    """The runs by one of `ORDERS`: the best, the farthest, the soonest or the newest first; unknown ones last."""
    if order == "name":
        return sorted(runs, key=lambda run: run.name, reverse=backwards)
    known = [run for run in runs if _value(run, order) is not None]
    rest = [run for run in runs if _value(run, order) is None]
    return sorted(known, key=lambda run: _value(run, order) or 0.0, reverse=backwards) + rest


def _value(run: RunRow, order: str) -> float | None:
    """Smaller comes first; None: not known."""
    match order:
        case "status":
            return float(_STATUS_ORDER.index(run.status))
        case "progress":
            return None if run.bar.fraction is None else -run.bar.fraction
        case "left":
            return run.left
        case "best":
            if run.best is None or not math.isfinite(run.best):
                return None
            return run.best if run.lower_is_better else -run.best
        case _:
            return None if run.last_time is None else -run.last_time
