"""The loss chart: raw behind smoothed training loss, validation points, the best one, and where it was not finite."""

import math
from collections.abc import Sequence

import msgspec

from trainmon.scalars import decode_number
from trainmon.series import Column
from trainmon.state import ValidationEntry
from trainmon.units import number
from trainmon_tui.render.axis import Bounds, log_bounds, stable_bounds
from trainmon_tui.render.cells import Row, row
from trainmon_tui.render.plot import Chart, Line, Marks, plot
from trainmon_tui.render.smooth import smooth
from trainmon_tui.sight import Sight
from trainmon_tui.widgets.lines import join, title_row, words
from trainmon_tui.widgets.rows import SHORT_OF_TWO_TICKS, RowsPanel

EMPTY = "no loss yet: log_training_progress(loss=…) draws it here"
"""What makes the curve appear."""


class LossSlice(msgspec.Struct, frozen=True):
    """The curves and the newest values."""

    training: Column | None
    """None before the first loss."""
    smoothed: tuple[float, ...]
    """The means of `training`, smoothed; () where nothing is smoothed."""
    validation: Column | None
    """None before the first validation with a loss."""
    raw: float | None
    """The newest training loss; None before the first."""
    best: ValidationEntry | None
    best_metric: str
    """The validation metric that decides; untrusted."""
    smoothing: float
    """Weight of the past, 0 to below 1."""
    log_y: bool


def pick(sight: Sight) -> LossSlice:
    """The loss chart's part of a sight."""
    state, weight = sight.state, sight.options.smoothing
    training = state.loss.column("loss") if "loss" in state.loss.names else None
    return LossSlice(
        training=training,
        smoothed=tuple(smooth(training.mean, weight)) if training is not None and weight > 0 else (),
        validation=state.validation.column("val_loss") if "val_loss" in state.validation.names else None,
        raw=decode_number(state.progress.loss)
        if state.progress is not None and state.progress.loss is not None
        else None,
        best=state.best,
        best_metric=state.configuration.best_metric if state.configuration is not None else "loss",
        smoothing=weight,
        log_y=sight.options.log_y,
    )


class Axes(msgspec.Struct, frozen=True):
    """Bounds of the last drawing, so that the next one moves them as seldom as possible."""

    x: Bounds | None = None
    y: Bounds | None = None
    log_y: bool = False


def axes(piece: LossSlice, before: Axes) -> Axes:
    """The bounds for a drawing, wider than those before where the data outgrew them."""
    if before.log_y != piece.log_y:
        before = Axes(before.x, None, piece.log_y)
    curves = [column for column in (piece.training, piece.validation) if column is not None]
    steps = [step for column in curves for step in (*column.first_step[:1], *column.last_step[-1:])]
    values = [
        value for column in curves for side in (column.minimum, column.maximum) for value in _finite(side)
    ]
    x = stable_bounds(before.x, min(0, *steps), max(steps)) if steps else None
    if piece.log_y:
        positive = [value for value in values if value > 0]
        y = log_bounds(before.y, min(positive), max(positive)) if positive else None
    else:
        y = stable_bounds(before.y, *_without_outliers(values)) if values else None
    return Axes(x, y, piece.log_y)


def _finite(values: Sequence[float]) -> list[float]:
    return [value for value in values if value - value == 0.0]


def _without_outliers(values: list[float]) -> tuple[float, float]:
    """The range of the values; a few that lie far above the rest are drawn on the edge and do not flatten it."""
    ordered = sorted(values)
    low, high = ordered[0], ordered[-1]
    usual = ordered[int(len(ordered) * 0.98)]
    middle = ordered[len(ordered) // 2]
    if len(ordered) >= 50 and high - middle > 8 * max(usual - middle, 1e-12):
        high = usual
    return low, high


def chart(piece: LossSlice, bounds: Axes) -> Chart:
    """What is drawn."""
    lines: list[Line] = []
    marks: list[Marks] = []
    broken: list[float] = []
    if (training := piece.training) is not None:
        steps = training.last_step
        banded = any(count > 1 for count in training.count)
        low, high = (training.minimum, training.maximum) if banded else (None, None)
        if piece.smoothing > 0:
            lines.append(Line(steps, training.mean, "raw", low, high))
            lines.append(Line(steps, piece.smoothed, "train"))
        else:
            lines.append(Line(steps, training.mean, "train", low, high))
        broken = [step for step, bad in zip(steps, training.nonfinite, strict=True) if bad]
    if piece.validation is not None:
        marks.append(Marks(piece.validation.last_step, piece.validation.last, "o", "validation"))
    if piece.best is not None and piece.best.val_loss is not None:
        marks.append(Marks([piece.best.run_step], [decode_number(piece.best.val_loss)], "*", "best"))
    return Chart(
        lines=tuple(lines),
        marks=tuple(marks),
        x_bounds=bounds.x,
        y_bounds=bounds.y,
        log_y=piece.log_y,
        not_finite=broken,
        empty=EMPTY,
    )


def legend(piece: LossSlice, *, ascii_only: bool) -> list[Row]:
    """The newest values, fuller first."""
    smoothed = _last_finite(piece.smoothed)
    if smoothed is None and piece.raw is None:
        return [row(("train, val and best will stand here", "dim")), ()]
    broken = piece.raw is not None and not math.isfinite(piece.raw)
    if piece.smoothing > 0 and not broken:
        train = row(("train ", "label"), (number(smoothed), "train"))
        raw = row(("raw ", "label"), (number(piece.raw), "raw"))
    else:
        train, raw = row(("train ", "label"), (number(piece.raw), "nan" if broken else "train")), ()
    last = piece.validation.last[-1] if piece.validation is not None and len(piece.validation.last) else None
    val = (
        row(("o ", "validation"), ("val ", "label"), (number(last), "validation")) if last is not None else ()
    )
    best, best_at = _best(piece, ascii_only=ascii_only)
    scale = row(("log y", "key")) if piece.log_y else ()
    smoothing = row((f"smoothing {piece.smoothing:g}", "dim")) if piece.smoothing > 0 else row(("raw", "dim"))
    return [
        join(scale, smoothing, train, raw, val, join(best, best_at, gap=" "), gap="   "),
        join(scale, train, raw, val, join(best, best_at, gap=" ")),
        join(train, raw, val, best),
        join(train, val, best),
        join(train, val),
        train,
    ]


def _best(piece: LossSlice, *, ascii_only: bool) -> tuple[Row, Row]:
    best = piece.best
    if best is None:
        return (), ()
    value = best.val_metrics.get(piece.best_metric, best.val_loss)
    shown = number(decode_number(value) if value is not None else None)
    name = (
        ""
        if piece.best_metric in ("loss", "val_loss")
        else f"{words(piece.best_metric, ascii_only=ascii_only, limit=20)} "
    )
    return row(("* ", "best"), (f"best {name}", "label"), (shown, "best")), row(
        (f"epoch {best.epoch:,}", "label")
    )


def _last_finite(values: Sequence[float]) -> float | None:
    return next((value for value in reversed(values) if math.isfinite(value)), None)


def rows(piece: LossSlice, width: int, height: int, ascii_only: bool, bounds: Axes) -> list[Row]:
    """A title line and the chart below it, in exactly `height` rows."""
    title = title_row("loss", legend(piece, ascii_only=ascii_only), width, ascii_only=ascii_only)
    return [title, *plot(chart(piece, bounds), width, height - 1, ascii=ascii_only)][:height]


class LossPanel(RowsPanel[LossSlice]):
    """The loss chart; remembers its axes."""

    COLUMNS = 6
    LEAST_GAP = SHORT_OF_TWO_TICKS

    _axes = Axes()

    def pick(self, sight: Sight) -> LossSlice:
        """See `pick`."""
        return pick(sight)

    def draw(self, piece: LossSlice, width: int, height: int) -> list[Row]:
        """See `rows`."""
        self._axes = axes(piece, self._axes)
        return rows(piece, width, height, self._ascii, self._axes)

    def same(self, before: Sight, after: Sight) -> bool:
        """See `RowsPanel.same`."""
        return before.state is after.state
