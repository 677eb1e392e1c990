"""The status of a run as a document: what `trainmon status --json` prints, and what its text is made of.

A pure function of a look and the time, so that text, JSON and exit code never contradict each other.
"""

from pathlib import Path

from trainmon import derived
from trainmon.alerts import USUAL, Thresholds, alerts
from trainmon.blame import RankVerdict, earliest_failure
from trainmon.deadline import outlook
from trainmon.derived import Status, Verdict
from trainmon.entries import cut
from trainmon.look import Look
from trainmon.scalars import Number, encode_number
from trainmon.state import CheckpointEntry, RunState, ValidationEntry
from trainmon.status_schema import (
    STATUS_SCHEMA,
    AlertPart,
    BestPart,
    CheckpointPart,
    DeadlinePart,
    ErrorPart,
    FailurePart,
    InsidePart,
    ProgressPart,
    RecordsPart,
    RunPart,
    SpeedPart,
    StatusDocument,
    TrainerPart,
)
from trainmon.version import __version__

MESSAGE_LIMIT = 1_000
"""Characters of an error message in the document; the journal has all."""

WELL, STALLED, NOT_FINITE, BROKEN, NO_RUN = 0, 3, 4, 5, 6
"""Exit codes; 1 is a bug of ours and 2 wrong usage, as click has it."""

_CODES = {
    Status.STALLED: STALLED,
    Status.STOPPED: STALLED,
    Status.UNREACHABLE: STALLED,
    Status.INTERRUPTED: BROKEN,
    Status.FAILED: BROKEN,
    Status.TERMINATED: BROKEN,
    Status.KILLED: BROKEN,
    Status.OUT_OF_MEMORY: BROKEN,
    Status.CRASHED: BROKEN,
    Status.DIED: BROKEN,
    Status.REBOOTED: BROKEN,
}


def document(
    look: Look, now: float, deadline: float | None = None, thresholds: Thresholds | None = None
) -> StatusDocument:
    """What there is to say about a run folder at Unix time `now`.

    Args:
        look: At the folder.
        now: Unix seconds.
        deadline: Unix seconds until which the run has to be done; None: what the run says itself.
        thresholds: Of the alerts; None: the usual ones.
    """
    state, evidence = look.view.state, look.view.evidence
    verdict = derived.verdict(state, evidence, now)
    ranks, busy = _inside(look.ranks, now), _inside(look.busy, now)
    return StatusDocument(
        schema=STATUS_SCHEMA,
        version=__version__,
        folder=str(look.folder.absolute()),
        time=now,
        status=verdict.status,
        why=None if verdict.why is None else cut(verdict.why, MESSAGE_LIMIT),
        since=verdict.since,
        certainty=verdict.certainty,
        details=tuple(cut(line, MESSAGE_LIMIT) for line in verdict.details),
        exit_code=_whole_code(exit_code(look, verdict), ranks),
        note=look.view.note,
        heartbeat=evidence.heartbeat,
        trainer=_trainer(state, evidence.alive),
        run=_run(state, now),
        progress=_progress(state),
        speed=_speed(state, verdict, now),
        deadline=None if verdict.status.over else _deadline(state, now, deadline),
        alerts=() if verdict.status.over else _alerts(state, now, deadline, thresholds or USUAL),
        best=_best(state),
        checkpoint=_checkpoint(state.checkpoints[-1], look.checkpoint_there) if state.checkpoints else None,
        error=_error(state),
        errors=state.totals.errors,
        warnings=state.totals.warnings,
        records=_records(state),
        ranks=ranks,
        busy=busy,
        first_failure=_first_failure(look, verdict, now),
        left_out=look.left_out,
    )


def exit_code(look: Look, verdict: Verdict) -> int:
    """What a script is told about one folder: the worst that is true of it."""
    state = look.view.state
    if verdict.status is Status.WAITING:
        # A trainer that has opened the folder is about to start its run.
        return WELL if state.opened is not None else NO_RUN
    code = _CODES.get(verdict.status, WELL)
    lost = derived.loss_is_bad(state) or state.divergence.found
    return max(code, NOT_FINITE) if lost else code


def _whole_code(own: int, ranks: tuple[InsidePart, ...]) -> int:
    """The folder's own code; on a node that has only ranks above 0, the worst of theirs."""
    there = [rank.exit_code for rank in ranks if rank.exit_code != NO_RUN]
    return max(there) if own == NO_RUN and there else own


def _first_failure(look: Look, own: Verdict, now: float) -> FailurePart | None:
    """Who failed first; a folder without ranks has nobody to compare."""
    ranks = [RankVerdict(look.view.state.opened.rank or 0, own)] if look.view.state.opened is not None else []
    for inside in look.ranks:
        state = inside.view.state
        if state.opened is not None:
            number = state.opened.rank or 0
            ranks.append(RankVerdict(number, derived.verdict(state, inside.view.evidence, now)))
    failed = earliest_failure(ranks) if look.ranks else None
    if failed is None:
        return None
    found = failed.verdict
    why = None if found.why is None else cut(found.why, MESSAGE_LIMIT)
    return FailurePart(failed.rank, found.status, why, found.since)


def _inside(looks: tuple[Look, ...], now: float) -> tuple[InsidePart, ...]:
    parts: list[InsidePart] = []
    for look in looks:
        state = look.view.state
        verdict = derived.verdict(state, look.view.evidence, now)
        loss = state.progress.loss if state.progress is not None else None
        part = InsidePart(
            Path(look.folder).name,
            verdict.status,
            verdict.why,
            exit_code(look, verdict),
            state.run_step,
            loss,
        )
        parts.append(part)
    return tuple(parts)


def _trainer(state: RunState, alive: bool | None) -> TrainerPart | None:
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


def _run(state: RunState, now: float) -> RunPart | None:
    configuration = state.configuration
    if configuration is None or state.run_id is None:
        return None
    return RunPart(
        run_id=state.run_id,
        number=state.run_number,
        model_name=configuration.model_name,
        started=configuration.time,
        elapsed=_number(derived.elapsed(state, now)),
        resumed=state.resumed,
        git=configuration.git,
    )


def _progress(state: RunState) -> ProgressPart | None:
    progress, configuration = state.progress, state.configuration
    if progress is None:
        return None
    run, epoch = derived.run_bar(state), derived.epoch_bar(state)
    return ProgressPart(
        run_step=run.done,
        total_steps=run.total,
        fraction=run.fraction,
        epoch=progress.epoch,
        total_epochs=configuration.total_epochs if configuration is not None else None,
        epoch_step=epoch.done,
        steps_per_epoch=epoch.total,
        epoch_fraction=epoch.fraction,
        phase=progress.phase,
        loss=progress.loss,
        learning_rate=progress.learning_rate,
        metrics=progress.metrics,
        time=progress.time,
    )


def _speed(state: RunState, verdict: Verdict, now: float) -> SpeedPart:
    estimate = None if verdict.status.over else derived.estimate(state, now)
    remaining = estimate.seconds if estimate is not None else None
    return SpeedPart(
        steps_per_second=_number(derived.steps_per_second(state)),
        samples_per_second=_number(derived.samples_per_second(state)),
        remaining=_number(remaining),
        remaining_low=_number(estimate.low if estimate is not None else None),
        remaining_high=_number(estimate.high if estimate is not None else None),
        ends=_number(now + remaining if remaining is not None else None),
    )


def _deadline(state: RunState, now: float, wanted: float | None) -> DeadlinePart | None:
    found = outlook(state, now, wanted)
    if found is None:
        return None
    return DeadlinePart(
        time=found.deadline.time,
        allocation=found.deadline.allocation,
        fits=found.fits,
        spare=_number(found.spare),
        last_checkpoint=found.last_checkpoint,
    )


def _alerts(
    state: RunState, now: float, deadline: float | None, thresholds: Thresholds
) -> tuple[AlertPart, ...]:
    found = alerts(state, now, thresholds, deadline)
    return tuple(AlertPart(each.kind, each.severity, each.text, each.since) for each in found)


def _best(state: RunState) -> BestPart | None:
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


def _checkpoint(entry: CheckpointEntry, there: bool | None) -> CheckpointPart:
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


def _error(state: RunState) -> ErrorPart | None:
    if not state.errors:
        return None
    error = state.errors[-1]
    return ErrorPart(
        error_type=error.error_type,
        message=cut(error.error_message, MESSAGE_LIMIT),
        context=cut(error.context, MESSAGE_LIMIT),
        location=error.location,
        run_step=error.run_step,
        time=error.time,
        uncaught=error.uncaught,
    )


def _records(state: RunState) -> RecordsPart:
    ranges = (pair for writer in state.writers.values() for pair in writer.missing)
    missing = state.totals.gone + sum(last - first + 1 for first, last in ranges)
    return RecordsPart(missing, state.totals.refused, state.totals.damaged + state.totals.long)


def _number(value: float | None) -> Number | None:
    return None if value is None else encode_number(value)
