"""What follows from a state and the time: bars, speed, ETA, status. Pure functions, nothing is stored.

`Evidence` is what an observer found out beside the journal; it is gathered in `trainmon.reader`.
"""

from enum import StrEnum

import msgspec

from trainmon import eta
from trainmon.state import RunState
from trainmon.values import decode_number

STALL_FACTOR = 10.0
"""How many usual silences make a run look stalled; must exceed the longest ordinary one, a validation pass."""

STALL_FLOOR = 60.0
"""Seconds of silence below which nothing is called stalled: the first steps of a run say little about the usual."""

HEARTBEAT_LIMIT = 90.0
"""Seconds without a heartbeat from another host after which it counts as unreachable; a snapshot comes every 5 s, and
an NFS client may show a file up to 60 s late (acregmax of nfs(5))."""


class Status(StrEnum):
    """What became of a run, as a word."""

    WAITING = "waiting"
    STARTING = "starting"
    RUNNING = "running"
    VALIDATING = "validating"
    SAVING = "saving"
    STALLED = "stalled"
    STOPPED = "stopped"
    FINISHED = "finished"
    INTERRUPTED = "interrupted"
    FAILED = "failed"
    DIED = "ended without a word"
    UNREACHABLE = "unreachable"

    @property
    def over(self) -> bool:
        """True where no more steps can come."""
        return self in _OVER


_OVER = frozenset({Status.FINISHED, Status.INTERRUPTED, Status.FAILED, Status.DIED})


class Evidence(msgspec.Struct, frozen=True):
    """What an observer knows beside the journal."""

    alive: bool | None = None
    """Whether the trainer's process lives; None: cannot be known from here."""
    process_state: str | None = None
    """The letter of `/proc/PID/stat`: T is stopped by a signal; None: not known."""
    heartbeat: float | None = None
    """Unix seconds of the newest sign of life in the files, by the observer's clock; None: there is none."""
    fault: str | None = None
    """What `faulthandler` wrote at a C-level crash; None: nothing."""


class Verdict(msgspec.Struct, frozen=True):
    """The status, why, and since when."""

    status: Status
    why: str | None = None
    """One sentence; None where the word says it all."""
    since: float | None = None
    """Unix seconds; None where it is not known."""


def verdict(state: RunState, evidence: Evidence, now: float) -> Verdict:
    """What became of the run, as far as this observer can know it at Unix time `now`."""
    owner = state.writers.get(state.opened.writer) if state.opened is not None else None
    closed = owner is not None and owner.closed
    if state.run_id is None:
        if state.opened is not None and (closed or evidence.alive is False):
            return _gone(state, "the program ended before a training started")
        return Verdict(Status.WAITING, "no training has started here")
    if state.end is not None:
        word = {"finished": Status.FINISHED, "interrupted": Status.INTERRUPTED, "failed": Status.FAILED}
        status = (
            word[state.end.reason] if state.end.success or state.end.reason != "finished" else Status.FAILED
        )
        return Verdict(status, state.end.error, state.end.time)
    if evidence.fault is not None:
        return Verdict(Status.FAILED, evidence.fault, state.last_time)
    if closed:
        return _gone(state, "the program exited without log_training_end")
    if evidence.alive is False:
        return Verdict(Status.DIED, "the process is gone and said no end: killed, or exited", state.last_time)
    return _living(state, evidence, now)


def _gone(state: RunState, otherwise: str) -> Verdict:
    """A program that is gone without an end of the training: by an uncaught exception, or as said otherwise."""
    uncaught = next((error for error in reversed(state.errors) if error.uncaught), None)
    if uncaught is not None:
        return Verdict(Status.FAILED, f"{uncaught.error_type}: {uncaught.error_message}", uncaught.time)
    return Verdict(Status.DIED, otherwise, state.last_time)


def _living(state: RunState, evidence: Evidence, now: float) -> Verdict:
    if evidence.alive is None:
        sign = max((time for time in (evidence.heartbeat, state.last_time) if time is not None), default=now)
        if now - sign > HEARTBEAT_LIMIT:
            return Verdict(Status.UNREACHABLE, "no heartbeat from its host", sign)
    if evidence.process_state in ("T", "t"):
        return Verdict(
            Status.STOPPED, "the process is stopped by a signal (SIGSTOP, Ctrl-Z)", state.last_time
        )
    configuration, opened = state.configuration, state.opened
    if configuration is not None and opened is not None and configuration.writer != opened.writer:
        return Verdict(Status.STARTING, "the last run is dead; a new process prepares the next", opened.time)
    if state.span is not None:
        return Verdict(
            Status.VALIDATING if state.span == "validation" else Status.SAVING, None, state.span_time
        )
    if state.progress is not None and state.progress.phase != "training" and state.last_time is not None:
        phase = state.progress.phase.lower()
        if phase.startswith(("val", "eval", "test")) and now - state.progress.time < STALL_FLOOR:
            return Verdict(Status.VALIDATING, None, state.progress.time)
    if state.last_step_time is None:
        return Verdict(Status.STARTING, "no step yet", configuration.time if configuration else None)
    last = max(state.last_step_time, state.last_time or state.last_step_time)
    limit = stall_after(state)
    if now - last > limit:
        return Verdict(
            Status.STALLED, f"alive, but silent; usual is a word every {limit / STALL_FACTOR:.1f} s", last
        )
    return Verdict(Status.RUNNING, None, state.first_step_time)


def stall_after(state: RunState) -> float:
    """Seconds of silence after which a living run looks stalled."""
    return max(STALL_FLOOR, STALL_FACTOR * state.pace.usual_silence())


class Bar(msgspec.Struct, frozen=True):
    """A part of a whole, in steps."""

    done: int
    total: int | None
    """None where nobody said how many there will be."""

    @property
    def fraction(self) -> float | None:
        """Of the whole, 0 to 1; None where the whole is not known."""
        if not self.total or self.total < 0:
            return None
        return max(0.0, min(1.0, self.done / self.total))


def total_steps(state: RunState) -> int | None:
    """Steps of the whole run; None where nobody said it."""
    configuration, progress = state.configuration, state.progress
    said = progress.total_steps if progress is not None and progress.phase == "training" else None
    if said is None and configuration is not None:
        said = configuration.total_steps
    return state.counting.total(said, configuration.total_epochs if configuration else None)


def steps_per_epoch(state: RunState) -> int | None:
    """Steps of one epoch; None where nobody said it and it does not follow."""
    configuration = state.configuration
    if state.counting.per_epoch:
        return state.counting.epoch_steps or None
    if configuration is None:
        return None
    if configuration.steps_per_epoch:
        return configuration.steps_per_epoch
    total = total_steps(state)
    if total and configuration.total_epochs and total % configuration.total_epochs == 0:
        return total // configuration.total_epochs
    return None


def run_bar(state: RunState) -> Bar:
    """How far the run is."""
    return Bar(state.run_step, total_steps(state))


def epoch_bar(state: RunState) -> Bar:
    """How far the current epoch is."""
    length = steps_per_epoch(state)
    if not length or not state.run_step:
        return Bar(0, length)
    return Bar((state.run_step - 1) % length + 1, length)


def estimate(state: RunState, now: float) -> eta.Estimate | None:
    """The time that is left at Unix time `now`; None where it cannot be said or the run is over."""
    if state.end is not None or state.last_step_time is None:
        return None
    return eta.estimate(state.pace, state.run_step, total_steps(state), max(0.0, now - state.last_step_time))


def steps_per_second(state: RunState) -> float | None:
    """Recent speed in training; None before it is known."""
    return eta.steps_per_second(state.pace)


def samples_per_second(state: RunState) -> float | None:
    """Training examples a second on all ranks; None where the batch size or the speed is not known."""
    speed = steps_per_second(state)
    batch = state.configuration.batch_size if state.configuration else None
    if speed is None or not batch:
        return None
    ranks = state.opened.world_size if state.opened is not None else None
    return speed * batch * (ranks or 1)


def elapsed(state: RunState, now: float) -> float | None:
    """Seconds since the run started, until its end where it has one; None before the start."""
    if state.configuration is None:
        return None
    until = state.end.time if state.end is not None else now
    return max(0.0, until - state.configuration.time)


def loss_is_bad(state: RunState) -> bool:
    """True where the newest training loss is NaN or infinite."""
    loss = state.progress.loss if state.progress is not None else None
    return isinstance(loss, str) and decode_number(loss) != 0.0
