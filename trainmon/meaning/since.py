"""What happened to a run since somebody last looked: pure functions of what was noted then and of the run now.

`Noted` is what a viewer keeps of its last look (`trainmon.system.kept`); a `Digest` is the difference, in numbers.
"""

import msgspec

from trainmon.facts.events import Number
from trainmon.fold.best import measure
from trainmon.fold.state import RunState
from trainmon.fold.state_entries import ValidationEntry
from trainmon.meaning import remaining
from trainmon.meaning.alerts import Alert
from trainmon.meaning.statuses import Status, Verdict

LEAST = 300.0
"""Seconds of absence below which nothing is said: who was away for a coffee still knows what was there."""


class Noted(msgspec.Struct, frozen=True):
    """What somebody saw when they last looked; small, since it is kept for every run folder."""

    time: float
    """Unix seconds, by the clock of the trainer as far as its difference from ours was known."""
    run_id: str | None = None
    run_number: int = 0
    resumed: int = 0
    run_step: int = 0
    epoch: int | None = None
    status: str = Status.WAITING.value
    best: Number | None = None
    """The best value of the metric that decides; None: there was no validation."""
    errors: int = 0
    alerts: tuple[str, ...] = ()
    """Kinds of the alerts that stood."""
    ends: float | None = None
    """Unix seconds at which the run was expected to end; None: it could not be said."""


class Digest(msgspec.Struct, frozen=True):
    """What happened since then; counts are of this run where another one was seen last."""

    since: float
    """Unix seconds of the last look."""
    away: float
    """Seconds since then."""
    status: Status
    status_then: str
    over_at: float | None = None
    """Unix seconds at which it ended meanwhile; None: it goes on, or was over then."""
    steps: int = 0
    """Below 0 where a run was continued from an earlier step."""
    epochs: int = 0
    bests: int = 0
    """New best validations, of the newest hundred."""
    best_metric: str = "loss"
    best_then: Number | None = None
    best_now: Number | None = None
    checkpoints: int = 0
    """Of the newest hundred."""
    errors: int = 0
    alerts: tuple[str, ...] = ()
    """What stands now and did not then, in sentences; untrusted."""
    restarts: int = 0
    """How often this run was continued meanwhile."""
    new_runs: int = 0
    """How many runs were started in the folder meanwhile."""
    ends_then: float | None = None
    ends_now: float | None = None


def note(state: RunState, verdict: Verdict, alerts: tuple[Alert, ...], now: float) -> Noted:
    """What is to be remembered of a look at Unix time `now`."""
    return Noted(
        time=now,
        run_id=state.run_id,
        run_number=state.run_number,
        resumed=state.resumed,
        run_step=state.run_step,
        epoch=state.progress.epoch if state.progress is not None else None,
        status=verdict.status.value,
        best=_best(state),
        errors=state.totals.errors,
        alerts=tuple(alert.kind for alert in alerts),
        ends=_ends(state, verdict, now),
    )


def digest(
    before: Noted | None, state: RunState, verdict: Verdict, alerts: tuple[Alert, ...], now: float
) -> Digest | None:
    """What changed since then; None where that is nothing, not long ago, or where nobody looked before."""
    if before is None or now - before.time < LEAST or state.run_id is None:
        return None
    same = state.run_id == before.run_id
    then = before if same else Noted(before.time)
    over = verdict.status.over
    found = Digest(
        since=before.time,
        away=now - before.time,
        status=verdict.status,
        status_then=then.status,
        over_at=verdict.since if over and verdict.status.value != then.status else None,
        steps=state.run_step - then.run_step,
        epochs=_epochs(state, then),
        bests=sum(entry.is_best for entry in _since(state.validations, then.time)),
        best_metric=state.configuration.best_metric if state.configuration is not None else "loss",
        best_then=then.best,
        best_now=_best(state),
        checkpoints=sum(entry.time > then.time for entry in state.checkpoints),
        errors=max(0, state.totals.errors - then.errors),
        # What a dead run would deserve is in its verdict.
        alerts=() if over else tuple(alert.text for alert in alerts if alert.kind not in then.alerts),
        restarts=max(0, state.resumed - then.resumed),
        new_runs=max(0, state.run_number - before.run_number),
        ends_then=then.ends,
        ends_now=_ends(state, verdict, now),
    )
    return found if _says_anything(found, over) else None


def _says_anything(found: Digest, over: bool) -> bool:
    counts = (found.steps, found.bests, found.checkpoints, found.errors, found.restarts, found.new_runs)
    return any(counts) or bool(found.alerts) or (over and found.status.value != found.status_then)


def _since(entries: list[ValidationEntry], time: float) -> list[ValidationEntry]:
    return [entry for entry in entries if entry.time > time]


def _epochs(state: RunState, then: Noted) -> int:
    epoch = state.progress.epoch if state.progress is not None else None
    return epoch - (then.epoch or 0) if epoch is not None else 0


def _best(state: RunState) -> Number | None:
    if state.best is None:
        return None
    metric = state.configuration.best_metric if state.configuration is not None else "loss"
    return measure(state.best, metric)


def _ends(state: RunState, verdict: Verdict, now: float) -> float | None:
    estimate = remaining.estimate(state, verdict, now)
    return now + estimate.seconds if estimate is not None and estimate.seconds is not None else None
