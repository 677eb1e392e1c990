"""What the list of runs knows of each run: plain values, small enough to keep hundreds of them.

A row is made from a state and forgets it; what depends on the time (the age, the rest of the ETA) follows from the
moment at which the row was made.
"""

import math
from itertools import pairwise

import msgspec

from trainmon.fold.state import RunState
from trainmon.fold.state_entries import ValidationEntry
from trainmon.meaning import remaining
from trainmon.meaning.derived import Bar, run_bar
from trainmon.meaning.statuses import Evidence, Status
from trainmon.meaning.verdict import verdict
from trainmon.words.scalars import decode_number

POINTS = 32
"""Values of the loss that a row keeps; no list has more cells for them."""


class EarlierRun(msgspec.Struct, frozen=True):
    """A run before the newest one in the same journal."""

    name: str
    """Of its model; untrusted."""
    status: Status
    """Finished, failed or interrupted, as it said itself; `DIED` where it said nothing."""
    step: int
    started: float
    """Unix seconds."""
    last_time: float
    """Unix seconds of its newest record."""
    best: float | None
    """Value of the best validation; None: there was none."""


class RunRow(msgspec.Struct, frozen=True):
    """One run folder, as it was at `looked`."""

    path: str
    """The run folder; untrusted."""
    name: str
    """The folder's path below the one that is listed, its own name for that itself; untrusted."""
    model: str
    """Name of the model; empty before a start; untrusted."""
    status: Status
    why: str | None
    """As in a `Verdict`; untrusted."""
    bar: Bar
    left: float | None
    """Seconds until the last step at `looked`; None where it cannot be said or the run is over."""
    loss: tuple[float | None, ...]
    """At most `POINTS` means of equal spans of steps, oldest first; NaN where only such values came."""
    best: float | None
    """Value of the best validation, of `best_metric`; None: there was none."""
    best_metric: str
    """`val_loss` for the loss; untrusted."""
    lower_is_better: bool
    last_time: float | None
    """Unix seconds of the newest record; None: nothing was recorded."""
    looked: float
    """Unix seconds."""
    earlier: tuple[EarlierRun, ...] = ()
    """Newest first."""


class Listing(msgspec.Struct, frozen=True):
    """The runs under a folder."""

    root: str
    """As the user named it; untrusted."""
    runs: tuple[RunRow, ...] = ()
    """By name."""
    found: int = 0
    """Run folders, those included that were not looked at yet."""
    cut: bool = False
    """There are more folders than are listed, or than were looked through."""
    complete: bool = False
    """The folders were looked through once."""
    now: float = 0.0
    """Unix seconds of this look, by our clock; ages count from it."""


def run_row(path: str, name: str, state: RunState, evidence: Evidence, now: float) -> RunRow:
    """What the list shows of a run at Unix time `now`."""
    judged = verdict(state, evidence, now)
    left = remaining.estimate(state, judged, now)
    configuration = state.configuration
    metric = configuration.best_metric if configuration is not None else "loss"
    return RunRow(
        path=path,
        name=name,
        model=configuration.model_name if configuration is not None else "",
        status=judged.status,
        why=judged.why,
        bar=run_bar(state),
        left=left.seconds if left is not None else None,
        loss=_loss(state),
        best=_best(state.best, metric),
        best_metric="val_loss" if metric == "loss" else metric,
        lower_is_better=configuration is None or configuration.best_direction == "min",
        last_time=state.last_time,
        looked=now,
        earlier=_earlier(state, metric),
    )


def _earlier(state: RunState, metric: str) -> tuple[EarlierRun, ...]:
    reasons = {"finished": Status.FINISHED, "interrupted": Status.INTERRUPTED, "failed": Status.FAILED}
    return tuple(
        EarlierRun(
            name=run.model_name,
            status=reasons.get(run.end.reason, Status.FAILED) if run.end is not None else Status.DIED,
            step=run.run_step,
            started=run.started,
            last_time=run.last_time,
            best=_best(run.best, metric),
        )
        for run in reversed(state.earlier)
    )


def _best(entry: ValidationEntry | None, metric: str) -> float | None:
    """The value that made a validation the best."""
    if entry is None:
        return None
    said = entry.val_metrics.get(metric)
    if said is None and metric in ("loss", "val_loss"):
        said = entry.val_loss
    return None if said is None else decode_number(said)


def _loss(state: RunState) -> tuple[float | None, ...]:
    names = state.loss.names
    if not names:
        return ()
    column = state.loss.column(names[0])
    values = tuple(
        mean if finite else math.nan if bad else None
        for mean, finite, bad in zip(column.mean, column.count, column.nonfinite, strict=True)
    )
    if len(values) <= POINTS:
        return values
    cuts = [len(values) * at // POINTS for at in range(POINTS + 1)]
    return tuple(_mean(values[first:last]) for first, last in pairwise(cuts))


def _mean(values: tuple[float | None, ...]) -> float | None:
    """Of the finite values; NaN where others came and no finite one, None where none came."""
    finite = [value for value in values if value is not None and math.isfinite(value)]
    if finite:
        return math.fsum(value / len(finite) for value in finite)
    return math.nan if any(value is not None for value in values) else None
