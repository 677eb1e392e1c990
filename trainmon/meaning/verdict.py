"""What became of a run: one pure function of what was recorded, what an observer found out, and the time.

The one thing to know: a living run is never called dead, and what an observer cannot know it does not say. Each
verdict carries how sure it is. `Evidence` is gathered in `trainmon.reading.evidence`, deaths are told apart in
`trainmon.meaning.death`.
"""

from trainmon.facts.readings import MachineReading
from trainmon.fold.state import End, RunState
from trainmon.meaning import death, out_of_memory
from trainmon.meaning.diagnosis import Category, diagnose
from trainmon.meaning.run_exit import exit_of
from trainmon.meaning.statuses import Certainty, Evidence, Silence, Status, Verdict
from trainmon.words.exits import LAUNCHER_APP
from trainmon.words.units import duration, percent, short_duration

STALL_FACTOR = 10.0
"""How many usual silences make a run look stalled; must exceed the longest ordinary one, a validation pass."""

STALL_FLOOR = 60.0
"""Seconds of silence below which nothing is called stalled: the first steps of a run say little about the usual."""

SPAN_FLOOR = 3_600.0
"""Seconds below which an announced validation or checkpoint is never called stalled."""

HEARTBEAT_LIMIT = 90.0
"""Seconds without a heartbeat from another host after which it counts as unreachable; a snapshot comes every 5 s, and
an NFS client may show a file up to 60 s late (acregmax of nfs(5))."""

SPOOL_PATIENCE = 15.0
"""Seconds without a sign of life after which a spool that nobody holds means death: a program that closes all its
descriptors lets go of its spool, and has a new one a tenth of a second later."""

FRESH = 15.0
"""Seconds between a reading and the newest record for it to tell what the trainer does now; readings come every 2 s."""

HUSH_FLOOR = 5.0
"""Seconds of silence below which nobody is told of one: a loader that fetches a shard takes about so long."""

BUSY = 25.0
"""Percent of a CPU above which a silent trainer computes: one thread that spins shows 100, a sleeping one below 1."""

_FEWEST_ROWS = 2
"""Intervals between steps below which nothing is known of the usual."""

_ENDS = {"finished": Status.FINISHED, "interrupted": Status.INTERRUPTED, "failed": Status.FAILED}

_VALIDATIONS = ("val", "eval", "test")
"""How programs that announce no validation name the phase of their progress in it."""


def verdict(state: RunState, evidence: Evidence, now: float) -> Verdict:
    """What became of the run, as far as this observer can know it at Unix time `now`, by the observer's clock."""
    if state.end is not None and not death.contradicts(state, evidence):
        return _ended(state, state.end, evidence)
    if _is_gone(state, evidence, now):
        return death.cause(state, evidence)
    if not death.began(state) and not _is_launchers(state):
        return Verdict(Status.WAITING, "no training has started here")
    return _living(state, evidence, now)


def stall_after(state: RunState) -> float:
    """Seconds of silence after which a living run looks stalled."""
    return max(STALL_FLOOR, STALL_FACTOR * state.pace.usual_silence())


def silence(state: RunState, found: Verdict, now: float) -> Silence | None:
    """How long a run that should train has not, long before it counts as stalled; None while that is ordinary.

    Ordinary are ten usual silences, which outlast two of the run's usual pauses, and all before three steps.

    Args:
        state: Of the run.
        found: The verdict on it: only a run that is said to be running is silent against expectation.
        now: Unix seconds, by the trainer's clock.
    """
    last, step, usual = _last_activity(state), state.last_step_time, state.pace.interval()
    if found.status is not Status.RUNNING or last is None or step is None or usual is None:
        return None
    if found.certainty != "certain" and state.last_time is not None:
        now = min(now, state.last_time)  # From another host records may come late.
    # What was announced since the newest step, and is over, was no silence.
    seconds = min(now - last, now - step - sum(state.pace.pending.values()))
    ordinary = max(HUSH_FLOOR, STALL_FACTOR * state.pace.usual_silence())
    return Silence(seconds, usual) if seconds > ordinary and state.pace.rows >= _FEWEST_ROWS else None


def silence_words(found: Silence) -> str:
    """`no step for 48s (usual 0.03s)`."""
    usual = duration(found.usual) if found.usual >= 10 else f"{max(found.usual, 0.001):.1g}s"
    return f"no step for {duration(found.seconds)} (usual {usual})"


def _ended(state: RunState, end: End, evidence: Evidence) -> Verdict:
    """A training that said its end; what killed one of its workers may say more than the exception that followed."""
    if end.success or end.reason != "failed":
        status = _ENDS[end.reason] if end.success or end.reason != "finished" else Status.FAILED
        said = end.error.removesuffix(": ") if end.error is not None else None
        return Verdict(status, said or death.after_the_end(state, evidence), end.time)
    kills = out_of_memory.kill_words(state, evidence)
    if kills is None:
        return Verdict(Status.FAILED, end.error, end.time)
    newest = state.errors[-1] if state.errors else None
    if newest is not None and diagnose(newest.error_type, newest.error_message).category is Category.WORKER:
        why = f"{kills}; a worker was killed, and the training failed with it: {end.error}"
        return Verdict(Status.OUT_OF_MEMORY, why, end.time, details=out_of_memory.memory_lines(state))
    return Verdict(Status.FAILED, end.error, end.time, details=(f"{kills} during the run",))


def _is_gone(state: RunState, evidence: Evidence, now: float) -> bool:
    """Whether the program is certainly no more, or almost: no heartbeat alone is never taken for it."""
    opened = state.opened
    if opened is None:
        return False
    writer = state.writers.get(opened.writer)
    if (writer is not None and writer.closed) or evidence.alive is False:
        return True
    exit_ = exit_of(state, evidence)
    if exit_ is not None and (exit_.own or evidence.alive is not True):
        return True
    quiet = evidence.alive is None and now - _sign_of_life(state, evidence, now) > HEARTBEAT_LIMIT
    if evidence.accounting is not None and quiet:
        return True  # Its job is over, and what was in it with it.
    silent = now - _sign_of_life(state, evidence, now) > SPOOL_PATIENCE
    return evidence.alive is None and evidence.spool_held is False and silent


def _sign_of_life(state: RunState, evidence: Evidence, now: float) -> float:
    """Unix seconds of the newest sign of life; `now` where there is none to go by."""
    if evidence.heartbeat is not None:
        return evidence.heartbeat
    return state.last_time if state.last_time is not None else now


# The living.


def _living(state: RunState, evidence: Evidence, now: float) -> Verdict:
    sure: Certainty = "certain" if evidence.alive or evidence.spool_held else "likely"
    known = (
        now  # Until when records have surely reached us; of a host that we cannot look into they may be late.
    )
    if sure == "likely":
        known = sign = min(now, _sign_of_life(state, evidence, now))
        if now - sign > HEARTBEAT_LIMIT:
            return Verdict(Status.UNREACHABLE, "no heartbeat from its host", sign, "unknown")
    if evidence.process_state in ("T", "t"):
        why = "the process is stopped by a signal (SIGSTOP, Ctrl-Z)"
        return Verdict(Status.STOPPED, why, evidence.stopped_since, sure)
    configuration, opened = state.configuration, state.opened
    goes_on = opened is not None and opened.heir  # With the run that its parent started.
    if (
        configuration is not None
        and opened is not None
        and not goes_on
        and configuration.writer != opened.writer
    ):
        why = "the last run is dead; a new process prepares the next"
        return Verdict(Status.STARTING, why, opened.time, sure)
    silence = silent_for(state, evidence, known)
    if state.span is not None and state.span_time is not None:
        word = Status.VALIDATING if state.span == "validation" else Status.SAVING
        pauses = state.pace.paused.get(state.span)
        if silence > max(SPAN_FLOOR, STALL_FACTOR * (pauses.mean if pauses is not None else 0.0)):
            return _stalled(state, evidence, known - silence, f"{word.value} for {short_duration(silence)}")
        return Verdict(word, None, state.span_time, sure)
    progress = state.progress
    if progress is not None and silence < STALL_FLOOR and progress.phase.lower().startswith(_VALIDATIONS):
        return Verdict(Status.VALIDATING, None, progress.time, sure)
    if state.last_step_time is None:
        since = configuration.time if configuration is not None else None
        if _is_launchers(state) and state.run_id is None:
            return Verdict(Status.STARTING, "the program runs and has recorded nothing yet", since, sure)
        if _is_launchers(state):
            return Verdict(Status.RUNNING, "the program records no steps", since, sure)
        # Compiling, tokenising and filling caches may take hours: there is no usual silence to compare with.
        return Verdict(Status.STARTING, "no step yet", since, sure)
    if silence > stall_after(state):
        usual = state.pace.usual_silence()
        often = f"is one every {usual:.1f} s" if usual >= 0.1 else "are many a second"
        return _stalled(state, evidence, known - silence, f"alive, but no step; usual {often}")
    return Verdict(Status.RUNNING, None, state.first_step_time, sure)


def _is_launchers(state: RunState) -> bool:
    """Whether `trainmon run` records for a program that knows nothing of it."""
    return state.opened is not None and state.opened.app_name == LAUNCHER_APP


def silent_for(state: RunState, evidence: Evidence, now: float) -> float:
    """Seconds since the training last did something of its own; readings of the machine are none.

    On the trainer's own host both ends are on the monotonic clock, which no jump of the wall clock and no suspended
    laptop moves. From elsewhere the difference of the clocks is taken off where it is known; where it is not, only
    differences within one clock are taken: the trainer's up to its newest record, the observer's from then on.
    """
    last = _last_activity(state)
    if last is None:
        return 0.0
    anchor = state.progress or state.configuration
    if evidence.clock_offset is not None and anchor is not None:
        return max(0.0, now - evidence.clock_offset - anchor.mono - max(0.0, last - anchor.time))
    if evidence.skew is not None:
        return max(0.0, now - evidence.skew - last)
    if evidence.heartbeat is not None and state.last_time is not None:
        return max(0.0, state.last_time - last) + max(0.0, now - evidence.heartbeat)
    return max(0.0, now - last)


def _last_activity(state: RunState) -> float | None:
    """Unix seconds, by the trainer's clock, of the newest record that a training makes by going on."""
    newest = (
        entries[-1].time
        for entries in (state.validations, state.checkpoints, state.performance, state.operations)
        if entries
    )
    progress, configuration = state.progress, state.configuration
    known = [
        time
        for time in (
            state.last_step_time,
            state.span_time,
            progress.time if progress is not None else None,
            configuration.time if configuration is not None else None,
            *newest,
        )
        if time is not None
    ]
    return max(known, default=None)


def _stalled(state: RunState, evidence: Evidence, since: float, why: str) -> Verdict:
    """A run that is alive and silent, with what its CPU and GPUs say about it."""
    activity = _activity(state, evidence)
    text = why if activity is None else f"{activity}; {why}"
    return Verdict(Status.STALLED, text, since, "likely")


def _activity(state: RunState, evidence: Evidence) -> str | None:
    """What a silent trainer does, in words; None where no fresh reading tells."""
    if evidence.process_state == "D":
        return "waits on disk"
    reading = state.reading
    if reading is None or state.last_time is None or state.last_time - reading.time > FRESH:
        return None
    process = reading.process
    if process is None or process.cpu_percent is None:
        return None
    cpu = process.cpu_percent + (process.children_cpu_percent or 0.0)
    gpu = _gpu_use(reading)
    numbers = f"CPU {percent(cpu)}" + (f", GPU {percent(gpu)}" if gpu is not None else "")
    if cpu >= BUSY:
        return f"computes ({numbers})"
    return f"waits for its GPU ({numbers})" if gpu else f"hangs ({numbers})"


def _gpu_use(reading: MachineReading) -> float | None:
    """The highest utilisation, percent, of the GPUs that the trainer sees; None where none is known."""
    used = [gpu.utilisation for gpu in reading.gpus if gpu.visible is not False]
    return max((value for value in used if value is not None), default=None)
