"""How charts are looked at: one value for all charts of a run, and the pure functions that change it.

A window and a cursor are kept in the unit of the x-axis; a `Ruler` translates between units. Nothing here knows a
size in cells: a caller says how far one cell goes.
"""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from typing import Literal, NamedTuple, get_args

import msgspec
from msgspec.structs import replace

from trainmon.fold.state import RunState
from trainmon.meaning.derived import steps_per_epoch
from trainmon.words.clock import stamp
from trainmon_tui.render.axis import Bounds, LabelKind

Kind = Literal["step", "epoch", "time", "relative"]
"""What x means: run steps, epochs done, Unix seconds, or seconds since the first step."""

KINDS: tuple[Kind, ...] = get_args(Kind)
"""In the order in which the key goes through them."""

LABELS: dict[Kind, LabelKind] = {"step": "count", "epoch": "count", "time": "clock", "relative": "elapsed"}
"""How the axis of each kind is labelled."""

NAMES: dict[Kind, str] = {"step": "step", "epoch": "epoch", "time": "wall time", "relative": "elapsed"}
"""What each kind is called on the screen."""

SMOOTHINGS = (0.9, 0.97, 0.99, 0.0, 0.6)
"""Weights of the past that the key goes through."""

ZOOM = 0.5
"""What one key press leaves of the window; a wheel click leaves the square root of it."""

PAN = 0.25
"""Share of the window that one key press moves it by."""

LEAST_STEPS = 4.0
"""The narrowest window, in run steps: fewer are no curve."""


class ChartView(msgspec.Struct, frozen=True):
    """What the user set for the charts."""

    kind: Kind = "step"
    window: Bounds | None = None
    """The visible part of x; None: the whole run, growing with it."""
    log_y: bool = False
    """Whether y is logarithmic."""
    smoothing: float = 0.9
    """Weight of the past in smoothed curves, 0 (none) to below 1."""
    cursor: float | None = None
    """An x that all charts read out; None: there is no cursor."""


class Extent(NamedTuple):
    """The x that a run has so far."""

    low: float
    high: float
    least: float
    """The narrowest window that makes sense."""


class Ruler(msgspec.Struct, frozen=True):
    """What run steps are in the other units."""

    steps: tuple[int, ...] = ()
    """Rising."""
    times: tuple[float, ...] = ()
    """Unix seconds at each of the steps; never falling."""
    epoch_steps: int | None = None
    """Steps of an epoch; None where nobody knows: then there is no axis of epochs."""

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The axes that can be drawn."""
        return tuple(kind for kind in KINDS if kind != "epoch" or self.epoch_steps)

    @property
    def start(self) -> float:
        """Unix seconds of the first step."""
        return self.times[0] if self.times else 0.0

    def x(self, kind: Kind, step: float, time: float) -> float:
        """Where something stands that happened at a run step and a Unix time."""
        match kind:
            case "step":
                return step
            case "epoch":
                return step / (self.epoch_steps or 1)
            case "time":
                return time
            case "relative":
                return time - self.start

    def x_of_step(self, kind: Kind, step: float) -> float:
        """Where a run step stands; its time is interpolated."""
        return self.x(kind, step, _interpolated(self.steps, self.times, step))

    def step(self, kind: Kind, x: float) -> float:
        """The run step at an x, interpolated; inside the run."""
        if not self.steps:
            return 0.0
        match kind:
            case "step":
                step = x
            case "epoch":
                step = x * (self.epoch_steps or 1)
            case "time":
                step = _interpolated(self.times, self.steps, x)
            case "relative":
                step = _interpolated(self.times, self.steps, x + self.start)
        return min(max(step, 0.0), float(self.steps[-1]))

    def extent(self, kind: Kind) -> Extent:
        """What x there is; (0, 1) before the first step."""
        if not self.steps:
            return Extent(0.0, 1.0, 1.0)
        low = self.start if kind == "time" else 0.0
        high = self.x(kind, self.steps[-1], self.times[-1])
        if high <= low:
            high = low + 1.0
        # A step takes as long, or is as much of an epoch, as the usual one.
        return Extent(low, high, (high - low) * min(1.0, LEAST_STEPS / max(1, self.steps[-1])))


def stamp_of_step(state: RunState, step: int | None) -> str | None:
    """When a run reached a step, as its logs write it; None before that, and for None."""
    ruler = ruler_of(state)
    if step is None or not ruler.steps or step > ruler.steps[-1]:
        return None
    return stamp(ruler.x_of_step("time", step), state.utc_offset)


def _interpolated(xs: Sequence[float], ys: Sequence[float], x: float) -> float:
    """The y at an x of a line through points by rising x; beyond its ends, that of the end. 0 without points."""
    if not xs:
        return 0.0
    index = bisect_left(xs, x)
    if index == 0:
        return ys[0]
    if index == len(xs):
        return ys[-1]
    left, right = xs[index - 1], xs[index]
    share = (x - left) / (right - left) if right > left else 1.0
    return ys[index - 1] + share * (ys[index] - ys[index - 1])


def ruler_of(state: RunState) -> Ruler:
    """The ruler of a run."""
    for series in (state.loss, state.metrics, state.validation):
        if series.names:
            column = series.column(series.names[0])
            if not column.last_step:
                continue
            steps = (column.first_step[0], *column.last_step)
            times = (column.first_time[0], *column.last_time)
            # A clock may be set back; the curve goes on where it was.
            return Ruler(tuple(accumulate(steps, max)), tuple(accumulate(times, max)), steps_per_epoch(state))
    return Ruler()


def zoom(view: ChartView, extent: Extent, factor: float, at: float | None = None) -> ChartView:
    """The view with a window of `factor` times the width.

    Args:
        view: As it is.
        extent: The x that the run has.
        factor: Below 1 to see more detail, above 1 to see more of the run; a window of all of it is None.
        at: The x that stays where it is; None: the cursor, else the middle.
    """
    low, high = view.window or (extent.low, extent.high)
    if at is None:
        at = view.cursor if view.cursor is not None and low <= view.cursor <= high else (low + high) / 2
    width = max((high - low) * factor, extent.least)
    if width >= extent.high - extent.low:
        return replace(view, window=None)
    share = min(max((at - low) / (high - low), 0.0), 1.0)
    return _windowed(view, extent, at - share * width, width)


def _windowed(view: ChartView, extent: Extent, low: float, width: float) -> ChartView:
    """The view with a window of this width, moved into the run."""
    low = max(extent.low, min(low, extent.high - width))
    return replace(view, window=(low, low + width))


def pan(view: ChartView, extent: Extent, share: float) -> ChartView:
    """The view with its window moved by a share of its width; the whole run cannot be moved."""
    if view.window is None:
        return view
    low, high = view.window
    return _windowed(view, extent, low + share * (high - low), high - low)


def put_cursor(view: ChartView, extent: Extent, x: float | None) -> ChartView:
    """The view with its cursor at an x inside the run, and a window that holds it; None takes it away."""
    if x is None:
        return replace(view, cursor=None)
    x = min(max(x, extent.low), extent.high)
    moved = replace(view, cursor=x)
    if view.window is not None and not view.window[0] <= x <= view.window[1]:
        width = view.window[1] - view.window[0]
        return _windowed(moved, extent, x - (width if x > view.window[1] else 0.0), width)
    return moved


def toggle_cursor(view: ChartView, extent: Extent) -> ChartView:
    """The view with a cursor at the right end of what is visible, or without one."""
    if view.cursor is not None:
        return put_cursor(view, extent, None)
    return put_cursor(view, extent, min(view.window[1], extent.high) if view.window else extent.high)


def move_cursor(view: ChartView, extent: Extent, cells: int, width: int, ruler: Ruler) -> ChartView:
    """The view with its cursor moved by so many cells of a chart, and by a run step for each of them at least.

    Args:
        view: As it is; without a cursor it gets one.
        extent: The x that the run has.
        cells: To the right; negative: to the left.
        width: Cells of the visible part of x.
        ruler: Of the run.
    """
    if view.cursor is None:
        return toggle_cursor(view, extent)
    low, high = view.window or (extent.low, extent.high)
    x = view.cursor + cells * (high - low) / max(1, width)
    step, wanted = ruler.step(view.kind, view.cursor), ruler.step(view.kind, x)
    if abs(wanted - step) < abs(cells):
        x = ruler.x_of_step(view.kind, round(step) + cells)
    return put_cursor(view, extent, x)


def with_kind(view: ChartView, kind: Kind, ruler: Ruler) -> ChartView:
    """The view with another x-axis that shows the same steps."""

    def translated(x: float) -> float:
        return ruler.x_of_step(kind, ruler.step(view.kind, x))

    window = view.window and (translated(view.window[0]), translated(view.window[1]))
    if window is not None and window[1] <= window[0]:
        window = None
    cursor = None if view.cursor is None else translated(view.cursor)
    return replace(view, kind=kind, window=window, cursor=cursor)


def next_kind(view: ChartView, ruler: Ruler) -> ChartView:
    """The view with the next x-axis that can be drawn."""
    kinds = ruler.kinds
    at = kinds.index(view.kind) if view.kind in kinds else -1
    return with_kind(view, kinds[(at + 1) % len(kinds)], ruler)


def next_smoothing(view: ChartView) -> ChartView:
    """The view with the next of `SMOOTHINGS`."""
    at = SMOOTHINGS.index(view.smoothing) if view.smoothing in SMOOTHINGS else -1
    return replace(view, smoothing=SMOOTHINGS[(at + 1) % len(SMOOTHINGS)])


def flip_log_y(view: ChartView) -> ChartView:
    """The view with the other y-axis."""
    return replace(view, log_y=not view.log_y)


def reset(view: ChartView) -> ChartView:
    """The view of the whole run without a cursor; axes and smoothing stay."""
    return replace(view, window=None, cursor=None)
