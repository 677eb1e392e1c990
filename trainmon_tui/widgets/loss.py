"""The loss chart: raw behind smoothed training loss, validation points, the best one, and where it was not finite."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

import msgspec

from trainmon.fold.state_entries import ValidationEntry
from trainmon.meaning.derived import shown_epoch
from trainmon.reading.range_rows import Key
from trainmon.words.scalars import decode_number
from trainmon.words.units import number
from trainmon_tui.render.axis import Bounds
from trainmon_tui.render.cells import Row, row
from trainmon_tui.render.plot import plot
from trainmon_tui.sight.chart_view import Ruler, ruler_of
from trainmon_tui.sight.curves import Curve
from trainmon_tui.sight.sight import Sight
from trainmon_tui.widgets import chart, others
from trainmon_tui.widgets.chart import Axes, ChartPiece, modes, readout_alternatives
from trainmon_tui.widgets.charts import ChartsPanel, Drawn
from trainmon_tui.widgets.lines import join, missing, title_row, words
from trainmon_tui.widgets.rows import SHORT_OF_TWO_TICKS, Box

EMPTY = "no loss yet: log_training_progress(loss=…) draws it here"
"""What makes the curve appear."""

LOSS = Key("loss", "loss")
"""The column of the training loss."""


MOST_WITH_NAMES = 5
"""Alternatives of the legend, the fullest, that are not shortened further for the names of compared runs."""


class LossSlice(msgspec.Struct, frozen=True):
    """The curves and the newest values."""

    piece: ChartPiece
    best: ValidationEntry | None
    best_metric: str
    """The validation metric that decides; untrusted."""
    over: bool = False
    """Whether nothing more will come."""
    best_epoch: int = 0
    """That of the best, counted from 1."""


def pick(sight: Sight, ruler: Ruler | None = None) -> LossSlice:
    """The loss chart's part of a sight.

    Args:
        sight: What there is to see.
        ruler: Of its state; None: made here.
    """
    state = sight.state
    return LossSlice(
        piece=chart.pick(sight, LOSS, ruler if ruler is not None else ruler_of(state)),
        best=state.best,
        best_metric=state.configuration.best_metric if state.configuration is not None else "loss",
        over=sight.verdict.status.over,
        best_epoch=shown_epoch(state, state.best.epoch) if state.best is not None else 0,
    )


def axes(piece: LossSlice, before: Axes) -> Axes:
    """See `chart.axes`."""
    return chart.axes(piece.piece, before)


def legend(piece: LossSlice, *, ascii_only: bool) -> list[Row]:
    """The newest values, or those at the cursor; fuller first."""
    own, points, view = piece.piece.curve, piece.piece.validation, piece.piece.view
    at_cursor = readout_alternatives(piece.piece)
    if at_cursor:
        own_alone = [join(*modes(view), at_cursor[0], gap="   "), *at_cursor]
        return _with_others(piece, own_alone, ascii_only=ascii_only)
    raw_value = piece.piece.newest
    if view.window is not None:
        # All numbers are those of one place: the right end of what is seen.
        own, points = _up_to(own, view.window), _up_to(points, view.window)
        raw_value = own.last[-1] if own is not None and own.last else None
    smoothed = _last_finite(own.smoothed) if own is not None else None
    if smoothed is None and raw_value is None:
        return [() if piece.over else row(("train, val and best will stand here", "dim")), ()]
    broken = raw_value is not None and not math.isfinite(raw_value)
    if smoothed is not None and not broken:
        train = row(("train ", "label"), (number(smoothed), "train"))
        raw = row(("raw ", "label"), (number(raw_value), "raw"))
    else:
        train, raw = row(("train ", "label"), (number(raw_value), "nan" if broken else "train")), ()
    last = points.last[-1] if points is not None and points.last else None
    val = (
        row(("o ", "validation"), ("val ", "label"), (number(last), "validation")) if last is not None else ()
    )
    best, best_at = _best(piece, ascii_only=ascii_only)
    *unusual, smoothing = modes(view)
    own_alone = [
        join(*unusual, smoothing, train, raw, val, join(best, best_at, gap=" "), gap="   "),
        join(*unusual, smoothing, train, raw, val, join(best, best_at, gap=" ")),
        join(*unusual, smoothing, train, raw, val, best),
        join(*unusual, train, raw, val, join(best, best_at, gap=" ")),
        join(*unusual, train, raw, val, best),
        join(train, raw, val, best),
        join(train, val, best),
        join(train, val),
        train,
    ]
    return _with_others(piece, own_alone, ascii_only=ascii_only)


def _with_others(piece: LossSlice, own_alone: list[Row], *, ascii_only: bool) -> list[Row]:
    """The alternatives, of which the first have the compared runs with their names, the next without."""
    if not piece.piece.others:
        return own_alone
    named, short = others.legend(piece.piece.others, ascii_only=ascii_only)
    return [
        *(join(own, named, gap="   ") for own in own_alone[:MOST_WITH_NAMES]),
        *(join(own, short, gap="   ") for own in own_alone),
        *own_alone,
    ]


def _up_to(curve: Curve | None, window: Bounds) -> Curve | None:
    """The points of the curve inside the window; None: there are none."""
    if curve is None:
        return None
    first, last = bisect_left(curve.x, window[0]), bisect_right(curve.x, window[1])
    if first == last:
        return None
    return msgspec.structs.replace(
        curve,
        x=curve.x[first:last],
        last=curve.last[first:last],
        smoothed=curve.smoothed[first:last],
    )


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
        (f"epoch {piece.best_epoch:,}", "label")
    )


def _last_finite(values: Sequence[float]) -> float | None:
    return next((value for value in reversed(values) if math.isfinite(value)), None)


def rows(piece: LossSlice, width: int, height: int, ascii_only: bool, bounds: Axes) -> list[Row]:
    """A title line and the chart below it, in exactly `height` rows."""
    title = title_row("loss", legend(piece, ascii_only=ascii_only), width, ascii_only=ascii_only)
    drawn = plot(
        chart.chart(piece.piece, bounds, missing(EMPTY, over=piece.over)), width, height - 1, ascii=ascii_only
    )
    return [title, *drawn][:height]


class LossPanel(ChartsPanel[LossSlice]):
    """The loss chart; remembers its axes."""

    LEAST_GAP = SHORT_OF_TWO_TICKS

    _axes = Axes()
    _hurried = -math.inf
    """Unix seconds of the sight that was drawn at once last."""

    def show(self, sight: Sight) -> None:
        """Draws what changed; a validation at once, for the best stands in another panel, too, and seldom changes."""
        before = self._sight
        came = before is not None and before.state.validations[-1:] != sight.state.validations[-1:]
        if came and not sight.options.paused and not 0 <= sight.now - self._hurried < self.LEAST_GAP:
            self._hurried, self._sight = sight.now, None
        super().show(sight)

    def pick(self, sight: Sight) -> LossSlice:
        """See `pick`."""
        return pick(sight)

    def draw(self, piece: LossSlice, width: int, height: int) -> list[Row]:
        """See `rows`."""
        self._axes = axes(piece, self._axes)
        drawn = chart.chart(piece.piece, self._axes, missing(EMPTY, over=piece.over))
        self.drawn = (Drawn(LOSS, Box(0, 1, width, height - 1), drawn),)
        return rows(piece, width, height, self._ascii, self._axes)
