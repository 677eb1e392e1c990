"""The validations: the best one in a line, or the newest ones in a table with their distance from the best."""

import math
from itertools import pairwise

import msgspec

from trainmon.facts.events import Direction, Number
from trainmon.fold.best import same
from trainmon.fold.state_entries import ValidationEntry
from trainmon.meaning.derived import shown_epoch
from trainmon.words.scalars import decode_number
from trainmon.words.units import METRIC_COLUMNS, count, number
from trainmon_tui.render.cells import Role, Row, fit_row, row
from trainmon_tui.render.column import column, decimals, fixed, whole_or_number
from trainmon_tui.render.safe import fit
from trainmon_tui.sight.sight import Sight
from trainmon_tui.widgets.lines import clip, first_that_fits, join, missing, title_row, words
from trainmon_tui.widgets.rows import RowsPanel

EMPTY = "no validation yet: log_validation_results"
"""What makes a validation appear."""

_EPOCH = 5
"""Cells of an epoch's number."""

_DISTANCE = 10
"""Cells of a difference and the blank before it."""


class BestSlice(msgspec.Struct, frozen=True):
    """Validations, oldest first, and what decides which is best."""

    validations: tuple[ValidationEntry, ...]
    best: ValidationEntry | None
    metric: str
    """Name of the metric that decides, `val_loss` for the loss; untrusted."""
    direction: Direction
    over: bool = False
    """Whether none will come any more."""
    from_0: bool = False
    """Whether the program calls its first epoch 0, which is shown as 1."""


def pick(sight: Sight) -> BestSlice:
    """The validations' part of a sight."""
    configuration = sight.state.configuration
    metric = configuration.best_metric if configuration is not None else "loss"
    return BestSlice(
        validations=tuple(sight.state.validations[-50:]),
        best=sight.state.best,
        metric="val_loss" if metric == "loss" else metric,
        direction=configuration.best_direction if configuration is not None else "min",
        over=sight.verdict.status.over,
        from_0=shown_epoch(sight.state, 0) == 1,
    )


def said_of(entry: ValidationEntry, metric: str) -> Number | None:
    """The entry's value of a metric as the program gave it, `val_loss` included; None where it has none."""
    said: Number | None = entry.val_metrics.get(metric)
    return entry.val_loss if said is None and metric == "val_loss" else said


def value_of(entry: ValidationEntry, metric: str) -> float | None:
    """The same as a float."""
    said = said_of(entry, metric)
    return None if said is None else decode_number(said)


def rows(piece: BestSlice, width: int, height: int, ascii_only: bool) -> list[Row]:
    """One line about the best for a height of 1 or 2, else a titled table, newest first."""
    if height < 3:
        return [fit_row(_one_line(piece, width, ascii_only), width)][:height]
    better = "down is better" if piece.direction == "min" else "up is better"
    name = clip(words(piece.metric, ascii_only=ascii_only), 20, ascii_only=ascii_only)
    note = row((name, "value"), (f"  {better}", "dim")) if piece.validations else ()
    lines = [title_row("validation", [note], width, ascii_only=ascii_only)]
    if not piece.validations:
        return [*lines, row((clip(missing(EMPTY, over=piece.over), width, ascii_only=ascii_only), "dim"))]
    step_width = max(6, len(count(piece.validations[-1].run_step)) + 1)
    names = _columns(piece, width - step_width)
    titles = [
        clip(words(name, ascii_only=ascii_only), METRIC_COLUMNS, ascii_only=ascii_only) for name in names
    ]
    header = "".join(fit(title, METRIC_COLUMNS + 1, right=True) for title in titles)
    head = (
        f"{'epoch':>{_EPOCH}}{'step':>{step_width}}{header}{'vs prev':>{_DISTANCE}}{'vs best':>{_DISTANCE}}"
    )
    lines.append(row((head, "label")))
    shown = list(reversed(piece.validations))[: height - 2]
    # The best stays in sight when newer ones have pushed it out of the table.
    if piece.best is not None and not any(same(piece.best, entry) for entry in shown):
        shown[-1] = piece.best
    columns = [column([said_of(entry, name) for entry in shown]) for name in names]
    places = decimals(value_of(entry, piece.metric) for entry in shown)
    before = {id(later): earlier for earlier, later in pairwise(piece.validations)}
    for at, entry in enumerate(shown):
        cells = "".join(fit(texts[at], METRIC_COLUMNS + 1, right=True) for texts in columns)
        lines.append(_table_row(piece, entry, before.get(id(entry)), cells, step_width, places))
    return lines


def _columns(piece: BestSlice, width: int) -> list[str]:
    """Names of the columns for which there is room beside the steps: the loss, what decides, then the others."""
    names = ["val_loss", piece.metric, *piece.validations[-1].val_metrics]
    room = (width - _EPOCH - 2 * _DISTANCE) // (METRIC_COLUMNS + 1)
    return list(dict.fromkeys(names))[: max(room, 0)]


def _table_row(
    piece: BestSlice,
    entry: ValidationEntry,
    before: ValidationEntry | None,
    cells: str,
    step_width: int,
    places: int | None,
) -> Row:
    is_best = same(entry, piece.best)
    role: Role = "best" if is_best else "value"
    change = distance(piece, entry, before, places)
    better = change.startswith("-") == (piece.direction == "min")
    return row(
        (f"{entry.epoch + piece.from_0:>{_EPOCH},}{count(entry.run_step):>{step_width}}", "plain"),
        (cells, role),
        (f"{change:>{_DISTANCE}}", "plain" if not change else "good" if better else "warn"),
        (f"{'* best' if is_best else distance(piece, entry, piece.best, places):>{_DISTANCE}}", role),
    )


def distance(
    piece: BestSlice, entry: ValidationEntry, other: ValidationEntry | None, places: int | None
) -> str:
    """How far the entry is from another by what decides, with its sign; "" where that cannot be said.

    Args:
        piece: Says what decides.
        entry: The one.
        other: The other; None where there is none.
        places: Decimals, as of the values above; None: as many as the difference itself needs.
    """
    there = value_of(other, piece.metric) if other is not None else None
    value = value_of(entry, piece.metric)
    if there is None or value is None or not math.isfinite(value - there):
        return ""
    return f"{'+' if value >= there else '-'}{fixed(abs(value - there), places)}"


def _one_line(piece: BestSlice, width: int, ascii_only: bool) -> Row:
    label = row(("best  ", "label"))
    if piece.best is None:
        return row(*label, (clip(missing(EMPTY, over=piece.over), width - 6, ascii_only=ascii_only), "dim"))
    best = piece.best
    name = clip(words(piece.metric, ascii_only=ascii_only), 24, ascii_only=ascii_only)
    deciding = row(*label, (f"{name} ", "label"), (number(value_of(best, piece.metric)), "best"))
    others = [
        row((clip(words(other, ascii_only=ascii_only), 16, ascii_only=ascii_only) + " ", "label"),
            (whole_or_number(value), "value"))
        for other, value in best.val_metrics.items()
        if other != piece.metric
    ]  # fmt: skip
    epoch = row(("epoch ", "label"), (f"{best.epoch + piece.from_0:,}", "value"))
    step = row(("step ", "label"), (count(best.run_step), "value"))
    return first_that_fits(
        [
            join(deciding, *others[:2], epoch, step),
            join(deciding, *others[:1], epoch, step),
            join(deciding, epoch, step),
            join(deciding, epoch),
            deciding,
        ],
        width,
    )


class BestPanel(RowsPanel[BestSlice]):
    """The validations."""

    def pick(self, sight: Sight) -> BestSlice:
        """See `pick`."""
        return pick(sight)

    def draw(self, piece: BestSlice, width: int, height: int) -> list[Row]:
        """See `rows`."""
        return rows(piece, width, height, self._ascii)

    def same(self, before: Sight, after: Sight) -> bool:
        """See `RowsPanel.same`."""
        old, new = before.state, after.state
        # A validation before the first step is shown before it is known how epochs are counted.
        same = old.validations == new.validations and shown_epoch(old, 0) == shown_epoch(new, 0)
        same = same and old.best == new.best
        return same and before.verdict.status.over == after.verdict.status.over
