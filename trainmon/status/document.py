"""The status of a run as a document: what `trainmon status --json` prints, and what its text is made of.

A pure function of a look and the time, so that text, JSON and exit code never contradict each other.
"""

from pathlib import Path
from typing import NamedTuple

from trainmon.fold.entries import cut
from trainmon.fold.state import RunState
from trainmon.meaning import derived
from trainmon.meaning.alerts import USUAL, Thresholds
from trainmon.meaning.blame import RankVerdict, earliest_failure, instead, named
from trainmon.meaning.derived import Status, Verdict
from trainmon.meaning.statuses import Evidence
from trainmon.reading.look import Look
from trainmon.status.parts import (
    MESSAGE_LIMIT,
    alert_parts,
    best_part,
    checkpoint_part,
    deadline_part,
    error_group_parts,
    error_part,
    lost_part,
    progress_part,
    records_part,
    run_part,
    speed_part,
    trainer_part,
)
from trainmon.status.schema import STATUS_SCHEMA, ErrorPart, FailurePart, InsidePart, StatusDocument
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
    failures = _Failures.of(look, verdict, now)
    told = named(verdict, failures.instead)
    ranks, busy = _inside(look.ranks, now), _inside(look.busy, now)
    return StatusDocument(
        schema=STATUS_SCHEMA,
        version=__version__,
        folder=str(look.folder.absolute()),
        time=now,
        status=told.status,
        why=None if told.why is None else cut(told.why, MESSAGE_LIMIT),
        since=told.since,
        certainty=told.certainty,
        details=tuple(cut(line, MESSAGE_LIMIT) for line in told.details),
        exit_code=_whole_code(exit_code(look, verdict), ranks),
        note=look.view.note,
        heartbeat=evidence.heartbeat,
        trainer=trainer_part(state, evidence.alive),
        left_behind=_left_behind(evidence),
        run=run_part(state, told, now),
        progress=progress_part(state),
        speed=speed_part(state, verdict, now),
        deadline=None if verdict.status.over else deadline_part(state, verdict, now, deadline),
        alerts=() if verdict.status.over else alert_parts(state, now, deadline, thresholds or USUAL),
        best=best_part(state),
        lost=lost_part(state, told, look.files),
        checkpoint=checkpoint_part(state.checkpoints[-1], look.checkpoint_there)
        if state.checkpoints
        else None,
        error=failures.error(state),
        errors=state.totals.errors,
        error_groups=error_group_parts(state),
        warnings=state.totals.warnings,
        records=records_part(state),
        ranks=ranks,
        busy=busy,
        first_failure=failures.part(),
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


class _Failures(NamedTuple):
    """Who failed among the ranks of a folder."""

    first: RankVerdict | None
    """Of all; None where none failed, or there is only one."""
    instead: RankVerdict | None
    """Who is to be named in place of rank 0."""
    states: dict[int, RunState]
    """Of the other ranks."""

    @classmethod
    def of(cls, look: Look, own: Verdict, now: float) -> "_Failures":
        """Compares the verdicts; a folder without ranks has nobody to compare."""
        opened = look.view.state.opened
        states: dict[int, RunState] = {}
        others: list[RankVerdict] = []
        for inside in look.ranks:
            state = inside.view.state
            if state.opened is not None:
                number = state.opened.rank or 0
                states[number] = state
                others.append(RankVerdict(number, derived.verdict(state, inside.view.evidence, now)))
        if opened is None or not others:
            return cls(earliest_failure(others), None, states)
        rank = RankVerdict(opened.rank or 0, own)
        return cls(earliest_failure((rank, *others)), instead(rank, earliest_failure(others)), states)

    def part(self) -> FailurePart | None:
        """The failure of the document."""
        if self.first is None:
            return None
        found = self.first.verdict
        why = None if found.why is None else cut(found.why, MESSAGE_LIMIT)
        return FailurePart(self.first.rank, found.status, why, found.since)

    def error(self, own: RunState) -> ErrorPart | None:
        """The error that explains the headline: of the rank that is named there, where it said one."""
        if self.instead is None:
            return error_part(own)
        there = self.states.get(self.instead.rank)
        said = error_part(there, self.instead.rank) if there is not None else None
        return said or error_part(own, own.opened.rank or 0 if own.opened is not None else None)


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
