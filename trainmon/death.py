"""What killed a program: the evidence that is left, the strongest first. Pure functions for `trainmon.verdict`."""

import signal

import msgspec

from trainmon.accounting import NODE_ENDS, Accounting, job_end
from trainmon.exits import ExitRecord, signal_name
from trainmon.state import RunState
from trainmon.statuses import Certainty, Evidence, Status, Verdict
from trainmon.units import clock, gib

FULL = 0.97
"""Part of the memory there is above which a sudden end looks like the out-of-memory killer; a cgroup at its limit shows
98 to 100 % in the reading before, because it drops page cache first."""

LAST_READING = 10.0
"""Seconds between the last reading and the last record for it to be "just before the end"; readings come every 2 s."""

TIME_LIMIT = 120.0
"""Seconds around the end of a batch job within which its time limit explains a signal: Slurm sends SIGTERM at the limit
and SIGKILL after KillWait, 30 s (slurm.conf(5)), and looks at limits once a minute."""

RECORDED_LATE = 5.0
"""Seconds after a program's end within which `trainmon run` opens a journal for it: opening may take 2 s."""

STACK_LINES = 12
"""Lines of a crash's stack among the details."""

_CRASHES = ("SIGSEGV", "SIGABRT", "SIGBUS", "SIGFPE", "SIGILL", "SIGTRAP", "SIGSYS")

_FAULT_HEAD = "Fatal Python error: "


class Exit(msgspec.Struct, frozen=True):
    """An exit record that belongs to a run."""

    record: ExitRecord
    own: bool
    """It is of the process that recorded; else of one that started it, or of one above that."""


def exit_of(state: RunState, evidence: Evidence) -> Exit | None:
    """What the parent wrote down of this run's program; None where it did not, or wrote of another one."""
    opened, record = state.opened, evidence.exit
    if opened is None or record is None or record.host != opened.host:
        return None
    if None not in (record.boot_id, opened.boot_id) and record.boot_id != opened.boot_id:
        return None
    if opened.pid == record.pid and record.start_ticks is not None:
        return Exit(record, own=True) if record.start_ticks == opened.process_start else None
    if not record.started - 1.0 <= opened.time <= record.time + RECORDED_LATE:
        return None
    return Exit(record, own=opened.pid in (record.pid, record.launcher))


def contradicts(state: RunState, evidence: Evidence) -> bool:
    """Whether an end that `trainmon run` wrote for its program is better told by the exit record."""
    exit_ = exit_of(state, evidence)
    return exit_ is not None and _launched(state, exit_) and exit_.record.status != 0


def _launched(state: RunState, exit_: Exit) -> bool:
    """Whether `trainmon run` keeps the journal itself, for a program that knows nothing of it."""
    return state.opened is not None and state.opened.pid == exit_.record.launcher


def after_the_end(state: RunState, evidence: Evidence) -> str | None:
    """What a program did after its training had said its end, where that was no ordinary exit; None: nothing."""
    exit_ = exit_of(state, evidence)
    if exit_ is None or not exit_.own or exit_.record.status == 0:
        return None
    return f"the program then ended with {_words(exit_.record)}"


def _others_too(state: RunState, exit_: Exit) -> bool:
    """Whether the end is that of a launcher of several ranks: which of them it is due to, it does not tell."""
    return not exit_.own and state.opened is not None and (state.opened.world_size or 1) > 1


def _words(record: ExitRecord) -> str:
    return signal_name(record.signal) if record.signal is not None else f"exit status {record.status}"


def cause(state: RunState, evidence: Evidence) -> Verdict:
    """Why a program that is gone without an end of its training is gone."""
    exit_ = exit_of(state, evidence)
    return (
        _out_of_memory(state, evidence, exit_)
        or _signalled(state, evidence, exit_)
        or _crashed(state, evidence)
        or (_uncaught(state) if exit_ is not None or _closed(state, exit_) else None)
        or _accounted(state, evidence, exit_)
        or _rebooted(state, evidence)
        or _exited(state, exit_)
        or _silent(state, evidence)
    )


def _out_of_memory(state: RunState, evidence: Evidence, exit_: Exit | None) -> Verdict | None:
    """The out-of-memory killer leaves a counter, a line of the kernel, or only a memory that was full."""
    signalled = exit_.record.ended_by if exit_ is not None else None
    own = exit_ is not None and exit_.own
    if _closed(state, exit_) or (own and signalled != signal.SIGKILL):
        return None
    since = exit_.record.time if exit_ is not None else state.last_time
    kills, lines = oom_kills(state, evidence), memory_lines(state)
    if evidence.oom_victim:
        pid = state.opened.pid if state.opened is not None else "?"
        named = f"the kernel names pid {pid} (trainer); host memory, not CUDA"
        why = named if kills is None else f"{kills}; {named}"
        return Verdict(Status.OUT_OF_MEMORY, why, since, "certain", lines)
    if kills is not None:
        sure: Certainty = "certain" if own else "likely"
        return Verdict(Status.OUT_OF_MEMORY, f"{kills}; host memory, not CUDA", since, sure, lines)
    if evidence.accounting is not None and evidence.accounting.state == "OUT_OF_MEMORY":
        why = f"slurm {evidence.accounting.job}: OUT_OF_MEMORY; host memory, not CUDA"
        return Verdict(Status.OUT_OF_MEMORY, why, since, "certain" if own else "likely", lines)
    used = _last_memory(state)
    if used is None or used < FULL or evidence.fault is not None or evidence.rebooted:
        return None
    return Verdict(Status.OUT_OF_MEMORY, f"memory was full just before: {lines[0]}", since, "likely", lines)


def oom_kills(state: RunState, evidence: Evidence) -> str | None:
    """`cgroup oom_kill 0 → 1` where the counter rose during the run; None where it did not, or is not known."""
    exit_ = exit_of(state, evidence)
    pairs = [(state.oom_kills_before, evidence.oom_kills)]
    if exit_ is not None:
        pairs.insert(0, (exit_.record.oom_before, exit_.record.oom_after))
    for before, after in pairs:
        if before is not None and after is not None and after > before:
            return f"cgroup oom_kill {before} → {after}"
    return None


def _last_memory(state: RunState) -> float | None:
    """How full the memory was just before the end, 0 to 1; None where no reading tells."""
    reading = state.reading
    if reading is None or reading.host is None or state.last_time is None:
        return None
    used, total = reading.host.memory_used, reading.host.memory_total
    if used is None or not total or state.last_time - reading.time > LAST_READING:
        return None
    return used / total


def memory_lines(state: RunState) -> tuple[str, ...]:
    """Who had the memory at the last reading, as one line; () where it is not known."""
    reading = state.reading
    if reading is None or reading.host is None or not reading.host.memory_total:
        return ()
    used, process = reading.host.memory_used or 0, reading.process
    offset = state.utc_offset
    text = f"{gib(used)} of {gib(reading.host.memory_total)} GiB at {clock(reading.time, offset)}"
    if process is not None and process.rss is not None:
        workers = process.children_rss or 0
        text += f" = trainer {gib(process.rss)}"
        if process.children:
            text += f" + {process.children} workers {gib(workers)}"
        text += f" + other {gib(max(0, used - process.rss - workers))}"
    return (text,)


def out_of_memory_advice(state: RunState) -> str:
    """What helps most often against the out-of-memory killer, from who had the memory."""
    reading = state.reading
    process = reading.process if reading is not None else None
    if process is not None and process.children and (process.children_rss or 0) > (process.rss or 0):
        half = max(1, process.children // 2)
        return (
            f"num_workers {process.children} → {half}, or the dataset's lists as numpy arrays or tensors: workers copy "
            "what they count references of (copy-on-write)"
        )
    return "less of the dataset in memory (memory-mapped files), fewer or smaller batches ahead, or a higher limit"


def _signalled(state: RunState, evidence: Evidence, exit_: Exit | None) -> Verdict | None:
    """What the parent saw, or what a shell between parent and trainer passed on."""
    if exit_ is None:
        return None
    record = exit_.record
    number = record.signal if _others_too(state, exit_) else record.ended_by
    if number is None:
        if signal.SIGTERM in record.forwarded and record.status and _uncaught(state) is None:
            sent = _why_sent(record, signal.SIGTERM, evidence.accounting)
            why = f"SIGTERM{sent}; the program left with exit status {record.status}"
            return Verdict(Status.TERMINATED, why, record.time, "likely")
        return None
    seen = exit_.own and record.signal is not None and record.sender is None
    sure: Certainty = "certain" if seen else "likely"
    name = signal_name(number)
    if name in _CRASHES:
        return Verdict(Status.CRASHED, _fault_words(evidence, name), record.time, sure, _stack(evidence))
    if number == signal.SIGINT:
        return Verdict(Status.INTERRUPTED, "SIGINT (Ctrl-C)", record.time, sure)
    status = Status.TERMINATED if number in (signal.SIGTERM, signal.SIGHUP) else Status.KILLED
    return Verdict(status, f"{name}{_why_sent(record, number, evidence.accounting)}", record.time, sure)


def _why_sent(record: ExitRecord, number: int, told: Accounting | None) -> str:
    """What the environment says about a signal, to be put behind its name."""
    passed = ", sent to trainmon run and passed on" if number in record.forwarded else ""
    if record.sender is not None and not passed:
        return f", sent by {record.sender}"
    if number == signal.SIGHUP:
        return f"{passed}: the terminal went away" if passed else ": the terminal went away"
    if record.job is None or number not in (signal.SIGTERM, signal.SIGKILL):
        return passed
    if told is not None and (ended := job_end(told)) is not None:
        return f"{passed}: {ended}"
    if record.job_end is not None and abs(record.time - record.job_end) <= TIME_LIMIT:
        return f"{passed}: the time limit of {record.job}"
    return f"{passed}: {record.job} was cancelled or preempted"


def _crashed(state: RunState, evidence: Evidence) -> Verdict | None:
    if evidence.fault is None:
        return None
    return Verdict(Status.CRASHED, _fault_words(evidence, None), state.last_time, "certain", _stack(evidence))


def _fault_words(evidence: Evidence, name: str | None) -> str:
    """`SIGSEGV: Segmentation fault`, from what is known of both."""
    head = (evidence.fault or "").partition("\n")[0].removeprefix(_FAULT_HEAD)
    return ": ".join(text for text in (name, head) if text) or "a C-level crash"


def _stack(evidence: Evidence) -> tuple[str, ...]:
    """The stacks that `faulthandler` wrote, that of the thread that crashed first, which it puts anywhere."""
    blocks = [block.strip("\n") for block in (evidence.fault or "").partition("\n")[2].split("\n\n")]
    blocks.sort(key=lambda block: not block.startswith("Current thread"))
    lines = (line.rstrip() for block in blocks for line in block.splitlines())
    return tuple(line for line in lines if line)[:STACK_LINES]


def _uncaught(state: RunState) -> Verdict | None:
    """An exception that left the program."""
    uncaught = next((error for error in reversed(state.errors) if error.uncaught), None)
    if uncaught is None:
        return None
    return Verdict(Status.FAILED, f"{uncaught.error_type}: {uncaught.error_message}", uncaught.time)


def _accounted(state: RunState, evidence: Evidence, exit_: Exit | None) -> Verdict | None:
    """What the batch system says, where nobody was parent: it ended the job, or saw its script end."""
    told = evidence.accounting
    if told is None or (exit_ is not None and exit_.own):
        return None
    last = state.last_time
    if (ended := job_end(told)) is not None:
        status = Status.DIED if told.state in NODE_ENDS else Status.TERMINATED
        return Verdict(status, ended, last)
    if _closed(state, exit_):
        return None  # It exited by itself, and the job ended with it.
    who = f"slurm {told.job}"
    if told.signal is not None:
        name = signal_name(told.signal)
        status = Status.CRASHED if name in _CRASHES else Status.KILLED
        return Verdict(status, f"{name}, says {who}", last, "likely")
    if told.code:
        return Verdict(
            Status.FAILED, f"exit status {told.code}, says {who}", last, "likely", _last_error(state)
        )
    return Verdict(Status.DIED, f"{who} is over ({told.state}), without log_training_end", last, "likely")


def _rebooted(state: RunState, evidence: Evidence) -> Verdict | None:
    if not evidence.rebooted:
        return None
    why = "its host has booted since, and nothing was said before"
    return Verdict(Status.REBOOTED, why, state.last_time, "likely")


def _exited(state: RunState, exit_: Exit | None) -> Verdict | None:
    """A program that exited by itself, as its parent or its own last line says."""
    closed, started = _closed(state, exit_), state.run_id is not None
    rest = "without log_training_end" if started else "before a training started"
    if exit_ is not None:
        status = exit_.record.status
        sure: Certainty = "certain" if exit_.own else "likely"
        if status and _others_too(state, exit_):
            why = f"its launcher ended with exit status {status}; the process itself said no end"
            return Verdict(Status.DIED, why, state.last_time, "unknown", _last_error(state))
        if status:
            at_once = exit_.own and not closed and not _launched(state, exit_)
            why = f"exit status {status}" + (", at once (os._exit or a C library)" if at_once else "")
            return Verdict(Status.FAILED, why, exit_.record.time, sure, _last_error(state))
        why = f"the program exited with status 0, {rest}"
        return Verdict(Status.DIED, why, exit_.record.time, sure, _last_error(state))
    if not closed:
        return None
    why = f"the program exited {rest}" if started else f"the program ended {rest}"
    return Verdict(Status.DIED, why, state.last_time, "certain", _last_error(state))


def _last_error(state: RunState) -> tuple[str, ...]:
    """The newest error, where nothing was trained after it: one that ended a thread may have ended everything."""
    newest = state.errors[-1] if state.errors else None
    if newest is None or newest.time < (state.last_step_time or 0.0):
        return ()
    return (f"last error: {newest.error_type}: {newest.error_message}",)


def _silent(state: RunState, evidence: Evidence) -> Verdict:
    if state.run_id is None:
        why = "the program ended before a training started"
    elif evidence.alive is False:
        why = "the process is gone and said no end: killed, or exited"
    else:
        why = "nobody holds its spool any more, and it is silent: killed, or exited"
    return Verdict(Status.DIED, why, state.last_time, "unknown")


def _closed(state: RunState, exit_: Exit | None) -> bool:
    """Whether the program itself closed its record in order; what `trainmon run` closed for it does not count."""
    if state.opened is None or (exit_ is not None and _launched(state, exit_)):
        return False
    writer = state.writers.get(state.opened.writer)
    return writer is not None and writer.closed
