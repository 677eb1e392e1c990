"""The parts of the status document, each from a state: pure, and documented by their classes in `status_schema`."""

from collections.abc import Mapping

from trainmon.fold.entries import cut
from trainmon.fold.state import RunState
from trainmon.fold.state_entries import CheckpointEntry, ValidationEntry
from trainmon.meaning import derived, remaining
from trainmon.meaning.alerts import Thresholds, alerts
from trainmon.meaning.deadline import outlook
from trainmon.meaning.diagnosis import diagnose
from trainmon.meaning.saved import newest_there, unsaved
from trainmon.meaning.statuses import Status, Verdict
from trainmon.status.schema import (
    AlertPart,
    BestPart,
    CheckpointPart,
    DeadlinePart,
    ErrorGroupPart,
    ErrorPart,
    LostPart,
    ProgressPart,
    RecordsPart,
    RunPart,
    SpeedPart,
    TrainerPart,
)
from trainmon.words.scalars import Number, encode_number

MESSAGE_LIMIT = 1_000
"""Characters of a message in the document; the journal has all."""

MOST_GROUPS = 10
"""Groups of errors in the document, the newest."""


def trainer_part(state: RunState, alive: bool | None) -> TrainerPart | None:
    """Which process records here, or did last."""
    opened = state.opened
    if opened is None:
        return None
    return TrainerPart(
        host=opened.host,
        pid=opened.pid,
        alive=alive,
        rank=opened.rank,
        world_size=opened.world_size,
        command=opened.command,
        utc_offset=opened.utc_offset,
    )


def run_part(state: RunState, verdict: Verdict, now: float) -> RunPart | None:
    """Which run."""
    configuration = state.configuration
    if configuration is None or state.run_id is None:
        return None
    return RunPart(
        run_id=state.run_id,
        number=state.run_number,
        model_name=configuration.model_name,
        started=configuration.time,
        elapsed=_number(remaining.elapsed(state, verdict, now)),
        resumed=state.resumed,
        git=configuration.git,
    )


def progress_part(state: RunState) -> ProgressPart | None:
    """How far it is."""
    progress, configuration = state.progress, state.configuration
    if progress is None:
        return None
    run, epoch = derived.run_bar(state), derived.epoch_bar(state)
    return ProgressPart(
        run_step=run.done,
        total_steps=run.total,
        fraction=run.fraction,
        epoch=progress.epoch,
        epoch_number=derived.epoch_number(state),
        total_epochs=configuration.total_epochs if configuration is not None else None,
        epoch_step=epoch.done,
        steps_per_epoch=epoch.total,
        epoch_fraction=epoch.fraction,
        phase=progress.phase,
        loss=progress.loss,
        nonfinite=state.totals.nonfinite,
        first_nonfinite_step=state.totals.first_nonfinite_step,
        learning_rate=progress.learning_rate,
        metrics=progress.metrics,
        time=progress.time,
    )


def speed_part(state: RunState, verdict: Verdict, now: float) -> SpeedPart:
    """How fast it is, and how long it takes."""
    estimate, reason = remaining.estimate(state, verdict, now), remaining.why_none(state, verdict, now)
    seconds = estimate.seconds if estimate is not None else None
    quiet = derived.silence(state, verdict, now)
    return SpeedPart(
        steps_per_second=_number(derived.steps_per_second(state)),
        samples_per_second=_number(derived.samples_per_second(state)),
        remaining=_number(seconds),
        remaining_low=_number(estimate.low if estimate is not None else None),
        remaining_high=_number(estimate.high if estimate is not None else None),
        ends=_number(now + seconds if seconds is not None else None),
        silence=_number(quiet.seconds if quiet is not None else None),
        no_estimate=reason.text if reason is not None else None,
    )


def deadline_part(state: RunState, verdict: Verdict, now: float, wanted: float | None) -> DeadlinePart | None:
    """Whether it ends in time; None without a deadline, or where it is over."""
    found = outlook(state, now, wanted, goes_on=remaining.why_none(state, verdict, now) is None)
    if found is None:
        return None
    return DeadlinePart(
        time=found.deadline.time,
        allocation=found.deadline.allocation,
        fits=found.fits,
        spare=_number(found.spare),
        last_checkpoint=found.last_checkpoint,
    )


def alert_parts(
    state: RunState, now: float, deadline: float | None, thresholds: Thresholds
) -> tuple[AlertPart, ...]:
    """What deserves attention, the gravest first."""
    found = alerts(state, now, thresholds, deadline)
    return tuple(AlertPart(each.kind, each.severity, each.text, each.since) for each in found)


def best_part(state: RunState) -> BestPart | None:
    """The best validation."""
    best, configuration = state.best, state.configuration
    if best is None:
        return None
    metric = configuration.best_metric if configuration is not None else "loss"
    return BestPart(
        metric=metric,
        direction=configuration.best_direction if configuration is not None else "min",
        value=_value_of(best, metric),
        epoch=best.epoch,
        step=best.step,
        run_step=best.run_step,
        val_loss=best.val_loss,
        val_metrics=best.val_metrics,
        time=best.time,
    )


def _value_of(best: ValidationEntry, metric: str) -> Number | None:
    return best.val_loss if metric in ("loss", "val_loss") else best.val_metrics.get(metric)


def checkpoint_part(entry: CheckpointEntry, there: bool | None) -> CheckpointPart:
    """A checkpoint, and whether its file is there."""
    return CheckpointPart(
        path=entry.checkpoint_path,
        there=there,
        epoch=entry.epoch,
        step=entry.step,
        run_step=entry.run_step,
        loss=entry.loss,
        size=entry.size,
        time=entry.time,
    )


def lost_part(state: RunState, verdict: Verdict, files: Mapping[str, bool | None]) -> LostPart | None:
    """What a run that broke off has to do again."""
    if not verdict.status.over or verdict.status is Status.FINISHED or state.progress is None:
        return None
    newest = newest_there(state.checkpoints, files)
    return LostPart(unsaved(state.run_step, newest), newest.run_step if newest is not None else None)


def error_part(state: RunState, rank: int | None = None) -> ErrorPart | None:
    """The newest error, explained; `rank` where it is that of another one."""
    if not state.errors:
        return None
    error = state.errors[-1]
    known = diagnose(error.error_type, error.error_message)
    return ErrorPart(
        error_type=error.error_type,
        message=cut(error.error_message, MESSAGE_LIMIT),
        context=cut(error.context, MESSAGE_LIMIT),
        location=error.location,
        run_step=error.run_step,
        time=error.time,
        uncaught=error.uncaught,
        category=known.category.value,
        advice=known.advice,
        advice_source=known.source,
        sizes=known.sizes,
        rank=rank,
    )


def error_group_parts(state: RunState) -> tuple[ErrorGroupPart, ...]:
    """Errors that are alike, the newest first."""
    newest = reversed(state.error_groups[-MOST_GROUPS:])
    return tuple(
        ErrorGroupPart(
            error_type=group.error_type,
            message=cut(group.message, MESSAGE_LIMIT),
            location=group.location,
            count=group.count,
            first_step=group.first_step,
            last_step=group.last_step,
            last_time=group.last_time,
        )
        for group in newest
    )


def records_part(state: RunState) -> RecordsPart:
    """What is missing or damaged in the record itself."""
    ranges = (pair for writer in state.writers.values() for pair in writer.missing)
    missing = state.totals.gone + sum(last - first + 1 for first, last in ranges)
    totals = state.totals
    begins_at = totals.unjournaled + 1 if totals.unjournaled else None
    return RecordsPart(missing, totals.refused, begins_at, totals.damaged + totals.long)


def _number(value: float | None) -> Number | None:
    return None if value is None else encode_number(value)
