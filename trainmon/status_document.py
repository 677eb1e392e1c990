"""The status of a run as a document: what `trainmon status --json` prints, and what its text is made of.

A pure function of a look and the time, so that text, JSON and exit code never contradict each other.
"""

from pathlib import Path

from trainmon import derived
from trainmon.alerts import USUAL, Thresholds
from trainmon.blame import RankVerdict, earliest_failure
from trainmon.derived import Status, Verdict
from trainmon.entries import cut
from trainmon.look import Look
from trainmon.status_parts import (
    MESSAGE_LIMIT,
    alert_parts,
    best_part,
    checkpoint_part,
    deadline_part,
    error_group_parts,
    error_part,
    progress_part,
    records_part,
    run_part,
    speed_part,
    trainer_part,
)
from trainmon.status_schema import STATUS_SCHEMA, FailurePart, InsidePart, StatusDocument
from trainmon.statuses import Evidence
from trainmon.version import __version__

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
        trainer=trainer_part(state, evidence.alive),
        left_behind=_left_behind(evidence),
        run=run_part(state, verdict, now),
        progress=progress_part(state),
        speed=speed_part(state, verdict, now),
        deadline=None if verdict.status.over else deadline_part(state, now, deadline),
        alerts=() if verdict.status.over else alert_parts(state, now, deadline, thresholds or USUAL),
        best=best_part(state),
        checkpoint=checkpoint_part(state.checkpoints[-1], look.checkpoint_there)
        if state.checkpoints
        else None,
        error=error_part(state),
        errors=state.totals.errors,
        error_groups=error_group_parts(state),
        warnings=state.totals.warnings,
        records=records_part(state),
        ranks=ranks,
        busy=busy,
        first_failure=_first_failure(look, verdict, now),
        left_out=look.left_out,
    )


def _left_behind(evidence: Evidence) -> tuple[int, ...] | None:
    if evidence.orphans is None:
        return None
    return tuple(orphan.pid for orphan in evidence.orphans)


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
