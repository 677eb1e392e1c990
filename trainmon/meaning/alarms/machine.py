"""Alerts about the machine: GPUs that are lost, hot, slowed down or idle; memory that grows; a disk that fills up."""

from collections.abc import Iterator
from typing import NamedTuple

from trainmon.facts.events import Severity
from trainmon.facts.readings import GpuReading
from trainmon.fold.machine import free_for_checkpoints
from trainmon.fold.state import RunState
from trainmon.meaning import derived, eta, trends
from trainmon.meaning.alarms.kinds import Alert, Thresholds
from trainmon.words import units

ORDINARY = frozenset(
    {"power cap", "clocks set by the user", "sync boost", "display clocks", "board limit", "reliability"}
)
"""Reasons for a lower clock that are no trouble: a GPU that is used well runs at its power limit."""

HELD_DOWN = 0.7
"""Part of its highest clock below which even those are worth knowing: a limit may have been lowered."""


KEPT_AT_LEAST = 4
"""Checkpoints over which is looked whether old ones are deleted: who keeps the newest three is seen with the fourth."""

SETTLED = 2.0
"""Seconds after a checkpoint, when what was free has been read anew."""


class _Limit(NamedTuple):
    """Something that fills up."""

    kind: str
    what: str
    growth: trends.Growth
    used: int
    total: int
    who: str = ""


def found(state: RunState, now: float, limits: Thresholds) -> Iterator[Alert]:
    """What is wrong with the machine at Unix time `now`."""
    for gpu in state.reading.gpus if state.reading is not None else ():
        if gpu.visible is not False:
            yield from _gpu(state, gpu, limits)
            yield from _gpu_memory(state, gpu, now, limits)
    yield from _memory(state, now, limits)
    yield from _disk(state, now)


def _gpu(state: RunState, gpu: GpuReading, limits: Thresholds) -> Iterator[Alert]:
    name = f"GPU{gpu.index}"
    if gpu.state is not None:
        yield Alert(f"{name} state", "critical", f"{name} is {gpu.state}", None)
    if gpu.ecc_uncorrected:
        errors = f"{units.count(gpu.ecc_uncorrected)} uncorrected memory errors since its driver was loaded"
        yield Alert(f"{name} ecc", "critical", f"{name} has {errors}", None)
    if gpu.throttle and set(gpu.throttle) - ORDINARY:
        yield Alert(f"{name} throttle", "warning", f"{name} is slowed down: {', '.join(gpu.throttle)}", None)
    elif gpu.throttle and gpu.sm_clock and gpu.sm_clock_max and gpu.sm_clock < HELD_DOWN * gpu.sm_clock_max:
        text = f"{name} runs at {gpu.sm_clock:,} of {gpu.sm_clock_max:,} MHz: {', '.join(gpu.throttle)}"
        yield Alert(f"{name} throttle", "info", text, None)
    elif gpu.temperature is not None and gpu.temperature >= limits.gpu_hot:
        yield Alert(f"{name} hot", "warning", f"{name} is at {gpu.temperature} °C", None)
    busy = trends.recent_mean(state.machine, f"gpu{gpu.index}.utilisation")
    training = state.span is None and state.last_step_time is not None
    if busy is not None and busy < limits.gpu_idle and training:
        text = f"{name} idles while training: {units.percent(busy)} in the last minutes"
        yield Alert(f"{name} idle", "info", text, None)


def _memory(state: RunState, now: float, limits: Thresholds) -> Iterator[Alert]:
    """Memory of the host, or of the control group where that is less."""
    host = state.reading.host if state.reading is not None else None
    if host is None or host.memory_total is None or host.memory_used is None:
        return
    growth = trends.steady_growth(state.machine, "memory")
    if growth is not None:
        workers = state.reading.process.children if state.reading and state.reading.process else None
        who = f" ({units.count(workers)} child processes)" if workers else ""
        limit = _Limit("memory", "RAM", growth, host.memory_used, host.memory_total, who)
        yield from _leak(state, now, limits, limit)


def _gpu_memory(state: RunState, gpu: GpuReading, now: float, limits: Thresholds) -> Iterator[Alert]:
    if gpu.memory_used is None or gpu.memory_total is None:
        return
    growth = trends.steady_growth(state.machine, f"gpu{gpu.index}.memory")
    if growth is not None:
        name = f"GPU{gpu.index} memory"
        yield from _leak(state, now, limits, _Limit(name, name, growth, gpu.memory_used, gpu.memory_total))


def _leak(state: RunState, now: float, limits: Thresholds, limit: _Limit) -> Iterator[Alert]:
    """Memory that grows steadily: when it meets the limit, if that is near."""
    rate = limit.growth.rate
    left = max(0, limit.total - limit.used) / rate
    if left > limits.memory_hours * 3_600:
        return
    text = (
        f"{limit.what} grows {units.size_gib(rate * 3_600)}/h{limit.who}: limit {units.size_gib(limit.total)} "
        f"at about {_when(state, now, left)}"
    )
    yield Alert(limit.kind, _severity(state, now, left), text, limit.growth.since)


def _disk(state: RunState, now: float) -> Iterator[Alert]:
    """Whether the checkpoints to come fit on the disk, and when they fill it."""
    sizes = [saved.size for saved in state.checkpoints if saved.size]
    usual, total = trends.usual_checkpoint_steps(state), derived.total_steps(state)
    free = free_for_checkpoints(state.reading) if state.reading is not None else None
    if free is None or not sizes or usual is None or total is None:
        return
    to_come, fitting = max(0, total - state.run_step) // usual, free // sizes[-1]
    if to_come <= fitting or (fitting >= 2 and _are_deleted(state, free)):
        return
    text = (
        f"disk: {units.size(free)} free, {units.count(to_come)} checkpoints to come need "
        f"{units.size(to_come * sizes[-1])} if none is deleted"
    )
    reached = eta.estimate(
        state.pace, state.run_step, state.checkpoints[-1].run_step + (fitting + 1) * usual
    ).seconds
    if reached is not None:
        text += f": full at about {_when(state, now, reached)}"
    yield Alert("disk", "critical" if fitting < 2 else "warning", text, None)


def _are_deleted(state: RunState, free: int) -> bool:
    """Whether the newest checkpoints took less than half of their size from what was free: then old ones go."""
    if len(state.checkpoints) <= KEPT_AT_LEAST:
        return False
    first, *newer = state.checkpoints[-KEPT_AT_LEAST - 1 :]
    before = trends.mean_between(state.machine, "free", first.time + SETTLED, newer[-1].time)
    written = sum(saved.size or 0 for saved in newer)
    return before is not None and before - free < written / 2


def _seconds_left(state: RunState, now: float) -> float | None:
    estimate = derived.estimate(state, now)
    return estimate.seconds if estimate is not None else None


def _severity(state: RunState, now: float, left: float) -> Severity:
    end = _seconds_left(state, now)
    return "critical" if end is not None and left < end else "warning"


def _when(state: RunState, now: float, left: float) -> str:
    """A moment that is `left` seconds ahead, and how it lies to the end of the run; times of day do not tick."""
    offset = state.utc_offset
    moment = units.moment_clock(now + left, now, offset)
    end = _seconds_left(state, now)
    if end is None:
        return moment
    return f"{moment}, {'before' if left < end else 'after'} the end {units.moment_clock(now + end, now, offset)}"
