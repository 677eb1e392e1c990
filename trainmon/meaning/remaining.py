"""How long a run took, how long it still takes, or why that cannot be said. Pure functions of state, verdict and time.

Screen, `status`, `wait`, report and messages all ask here, so that none of them knows an end of what cannot go on.
"""

from typing import Literal

import msgspec

from trainmon.fold.state import RunState
from trainmon.meaning import derived
from trainmon.meaning.derived import Bar
from trainmon.meaning.eta import Estimate
from trainmon.meaning.statuses import Status, Verdict
from trainmon.meaning.verdict import silence_words
from trainmon.words.units import count, duration, moment_clock

Tone = Literal["good", "dim", "warn", "bad"]
"""How much it matters that there is no estimate: the run is done, it is early, something is odd, the run is dead."""


class NoEstimate(msgspec.Struct, frozen=True):
    """Why the time that is left cannot be said."""

    text: str
    short: str
    """The same where there is little room."""
    tone: Tone


def as_of(state: RunState, verdict: Verdict, now: float) -> float:
    """Unix seconds until which the run's clock goes: `now`, or the end of a run that is over, said or not."""
    if not verdict.status.over:
        return now
    known = (verdict.since, state.last_time)
    return next((time for time in known if time is not None), now)


def elapsed(state: RunState, verdict: Verdict, now: float) -> float | None:
    """Seconds from the start of the run to its end, or to `now` while it is not over; None before the start."""
    return derived.elapsed(state, as_of(state, verdict, now))


def estimate(state: RunState, verdict: Verdict, now: float) -> Estimate | None:
    """The time that is left at Unix time `now`; None where `why_none` has a reason."""
    if why_none(state, verdict, now) is not None:
        return None
    found = derived.estimate(state, now)
    return found if found is not None and found.seconds is not None else None


def why_none(state: RunState, verdict: Verdict, now: float) -> NoEstimate | None:
    """Why there is nothing to estimate; None where there is, also while the pace is not known yet."""
    status = verdict.status
    if status is Status.FINISHED:
        return _finished(state, verdict, now)
    if status is Status.INTERRUPTED:
        return NoEstimate("no ETA: the run was interrupted", "interrupted", "warn")
    if status.over:
        return NoEstimate("no ETA: the trainer is dead", "no ETA: dead", "bad")
    if status is Status.WAITING:
        return NoEstimate("waiting for log_training_start", "waiting", "dim")
    if status is Status.STARTING:
        return NoEstimate("no ETA yet: waiting for the first step", "no ETA yet", "dim")
    if status in (Status.STALLED, Status.STOPPED, Status.UNREACHABLE):
        silence = None if state.last_step_time is None else max(0.0, now - state.last_step_time)
        return NoEstimate(f"no ETA: no step for {duration(silence)}", "no ETA", "warn")
    bar, quiet = derived.run_bar(state), derived.silence(state, verdict, now)
    if quiet is not None and bar.done != bar.total:
        return NoEstimate(silence_words(quiet), f"no step for {duration(quiet.seconds)}", "warn")
    return _without_a_rest(bar)


def _finished(state: RunState, verdict: Verdict, now: float) -> NoEstimate:
    end, took = as_of(state, verdict, now), elapsed(state, verdict, now)
    ran = f" in {duration(took)}" if took is not None else ""
    return NoEstimate(f"finished{ran}, at {moment_clock(end, now, state.utc_offset)}", "finished", "good")


def _without_a_rest(run: Bar) -> NoEstimate | None:
    """Why a run that goes on has no time left; None where it has: `0s` over a living run says nothing."""
    if run.total is None:
        return NoEstimate("no ETA: total_steps is not known", "no ETA: no total", "dim")
    if run.done > run.total > 0:
        beyond = f"no ETA: {count(run.done - run.total)} steps beyond total_steps"
        return NoEstimate(beyond, "no ETA: beyond total_steps", "warn")
    if run.done == run.total:
        return NoEstimate("all steps are done: waiting for the end", "all steps are done", "dim")
    return None
