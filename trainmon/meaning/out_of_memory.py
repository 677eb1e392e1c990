"""The out-of-memory killer: whether it ended a program, who had the memory, and what helps.

It leaves a counter, a line of the kernel, or only a memory that was full.
"""

import signal

from trainmon.fold.state import RunState
from trainmon.meaning.run_exit import Exit, closed_in_order, exit_of
from trainmon.meaning.statuses import Certainty, Evidence, Status, Verdict
from trainmon.words.units import clock, gib

FULL = 0.97
"""Part of the memory there is above which a sudden end looks like the out-of-memory killer; a cgroup at its limit shows
98 to 100 % in the reading before, because it drops page cache first."""

LAST_READING = 10.0
"""Seconds between the last reading and the last record for it to be "just before the end"; readings come every 2 s."""


def verdict(state: RunState, evidence: Evidence, exit_: Exit | None) -> Verdict | None:
    """The verdict where the killer ended the program, by the strongest sign that it left; None where none is there."""
    signalled = exit_.record.ended_by if exit_ is not None else None
    own = exit_ is not None and exit_.own
    if closed_in_order(state, exit_) or (own and signalled != signal.SIGKILL):
        return None
    since = exit_.record.time if exit_ is not None else state.last_time
    kills, lines = kill_words(state, evidence), memory_lines(state)
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


def kill_words(state: RunState, evidence: Evidence) -> str | None:
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
        rest = used - process.rss - workers
        parts = [f"trainer {gib(process.rss)}"]
        if process.children:
            parts.append(f"{process.children} workers {gib(workers)}")
        # Pages that processes share count in each of them, those of files in none of `used`: no sum then.
        text += f" = {' + '.join([*parts, f'other {gib(rest)}'])}" if rest >= 0 else f"; {', '.join(parts)}"
    return (text,)


def advice(state: RunState) -> str:
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
