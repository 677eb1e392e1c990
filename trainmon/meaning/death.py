"""What killed a program: the evidence that is left, the strongest first. Pure, for `trainmon.meaning.verdict`."""

import signal

from trainmon.fold.state import RunState
from trainmon.fold.state_entries import ErrorEntry
from trainmon.meaning import out_of_memory
from trainmon.meaning.run_exit import Exit, closed_in_order, exit_of, launched, of_several_ranks
from trainmon.meaning.statuses import Certainty, Evidence, Status, Verdict
from trainmon.words.accounting import NODE_ENDS, Accounting, job_end
from trainmon.words.exits import ExitRecord, signal_name

TIME_LIMIT = 120.0
"""Seconds around the end of a batch job within which its time limit explains a signal: Slurm sends SIGTERM at the limit
and SIGKILL after KillWait, 30 s (slurm.conf(5)), and looks at limits once a minute."""


STACK_LINES = 12
"""Lines of a crash's stack among the details."""

_CRASHES = ("SIGSEGV", "SIGABRT", "SIGBUS", "SIGFPE", "SIGILL", "SIGTRAP", "SIGSYS")

_FAULT_HEAD = "Fatal Python error: "

_SIGNALS = {
    "Aborted": "SIGABRT", "Segmentation fault": "SIGSEGV", "Bus error": "SIGBUS",
    "Floating point exception": "SIGFPE", "Illegal instruction": "SIGILL",
}  # fmt: skip
"""What `faulthandler` calls them."""


def contradicts(state: RunState, evidence: Evidence) -> bool:
    """Whether an end that `trainmon run` wrote for its program is better told by the exit record."""
    exit_ = exit_of(state, evidence)
    return exit_ is not None and launched(state, exit_) and exit_.record.status != 0


def after_the_end(state: RunState, evidence: Evidence) -> str | None:
    """What a program did after its training had said its end, where that was no ordinary exit; None: nothing."""
    exit_ = exit_of(state, evidence)
    if exit_ is None or not exit_.own or exit_.record.status == 0:
        return None
    configuration, opened = state.configuration, state.opened
    same = configuration is None or opened is None or opened.writer == configuration.writer
    who = "the program then" if same else "a later start in this folder"
    return f"{who} ended with {_words(exit_.record)}"


def _words(record: ExitRecord) -> str:
    return signal_name(record.signal) if record.signal is not None else f"exit status {record.status}"


def cause(state: RunState, evidence: Evidence) -> Verdict:
    """Why a program that is gone without an end of its training is gone."""
    exit_ = exit_of(state, evidence)
    return (
        out_of_memory.verdict(state, evidence, exit_)
        or _signalled(state, evidence, exit_)
        or _crashed(state, evidence)
        or (_uncaught(state) if exit_ is not None or closed_in_order(state, exit_) else None)
        or _accounted(state, evidence, exit_)
        or _rebooted(state, evidence)
        or _exited(state, exit_)
        or _silent(state, evidence)
    )


def _signalled(state: RunState, evidence: Evidence, exit_: Exit | None) -> Verdict | None:
    """What the parent saw, or what a shell between parent and trainer passed on."""
    if exit_ is None:
        return None
    record = exit_.record
    number = record.signal if of_several_ranks(state, exit_) else record.ended_by
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
    first, _, rest = (evidence.fault or "").partition("\n")
    head = first.removeprefix(_FAULT_HEAD)
    if name is not None and _FAULT_HEAD in rest:
        # The report crashed as well, and that signal is the one that ended the process.
        name = _SIGNALS.get(head, name)
    return ": ".join(text for text in (name, head) if text) or "a C-level crash"


def _stack(evidence: Evidence) -> tuple[str, ...]:
    """The stacks that `faulthandler` wrote, that of the thread that crashed first, which it puts anywhere."""
    blocks = [block.strip("\n") for block in (evidence.fault or "").partition("\n")[2].split("\n\n")]
    blocks.sort(key=lambda block: not block.startswith("Current thread"))
    lines = (line.rstrip() for block in blocks for line in block.splitlines())
    return tuple(line for line in lines if line and _FAULT_HEAD not in line)[:STACK_LINES]


def own_errors(state: RunState) -> list[ErrorEntry]:
    """The errors since the run was resumed last, else all: what ended an earlier start has not ended this one."""
    start = state.configuration
    if not state.resumed or start is None:
        return state.errors
    return [error for error in state.errors if error.time >= start.time]


def _uncaught(state: RunState) -> Verdict | None:
    """An exception that left the program."""
    uncaught = next((error for error in reversed(own_errors(state)) if error.uncaught), None)
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
    if closed_in_order(state, exit_):
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
    closed, started = closed_in_order(state, exit_), began(state)
    rest = "without log_training_end" if started else "before a training started"
    if exit_ is not None:
        status = exit_.record.status
        sure: Certainty = "certain" if exit_.own else "likely"
        if status and of_several_ranks(state, exit_):
            why = f"its launcher ended with exit status {status}; the process itself said no end"
            return Verdict(Status.DIED, why, state.last_time, "unknown", _last_error(state))
        if status:
            at_once = exit_.own and not closed and not launched(state, exit_)
            why = f"exit status {status}" + (", at once (os._exit or a C library)" if at_once else "")
            return Verdict(Status.FAILED, why, exit_.record.time, sure, _last_error(state))
        why = f"the program exited with status 0, {rest}"
        return Verdict(Status.DIED, why, exit_.record.time, sure, _last_error(state))
    if not closed:
        return None
    why = f"the program exited {rest}" if started else f"the program ended {rest}"
    return Verdict(Status.DIED, why, state.last_time, "certain", _last_error(state))


def began(state: RunState) -> bool:
    """Whether it trained: `log_training_start` says so, and a step does where nobody called that."""
    return state.run_id is not None or state.last_step_time is not None


def _last_error(state: RunState) -> tuple[str, ...]:
    """The newest error, where nothing was trained after it: one that ended a thread may have ended everything."""
    errors = own_errors(state)
    if not errors or errors[-1].time < (state.last_step_time or 0.0):
        return ()
    newest = errors[-1]
    return (f"last error: {newest.error_type}: {newest.error_message}",)


def _silent(state: RunState, evidence: Evidence) -> Verdict:
    if not began(state):
        why = "the program ended before a training started"
    elif evidence.alive is False:
        why = "the process is gone and said no end: killed, or exited"
    else:
        why = "nobody holds its spool any more, and it is silent: killed, or exited"
    return Verdict(Status.DIED, why, state.last_time, "unknown")
