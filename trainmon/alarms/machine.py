"""Alerts about the machine: GPUs that are lost, hot, slowed down or idle; memory that grows; a disk that fills up."""

from collections.abc import Iterator

from trainmon import derived, eta, trends, units
from trainmon.alarms.kinds import Alert, Thresholds
from trainmon.events import Severity
from trainmon.readings import GpuReading
from trainmon.state import RunState


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
        text = f"{name} has {units.count(gpu.ecc_uncorrected)} uncorrected memory errors"
        yield Alert(f"{name} ecc", "critical", text, None)
    if gpu.throttle:
        yield Alert(f"{name} throttle", "warning", f"{name} is slowed down: {', '.join(gpu.throttle)}", None)
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
        who = f" ({workers} child processes)" if workers else ""
        yield from _leak(
            state, now, limits, "memory", f"RAM grows{who}", growth, host.memory_used, host.memory_total
        )


def _gpu_memory(state: RunState, gpu: GpuReading, now: float, limits: Thresholds) -> Iterator[Alert]:
    if gpu.memory_used is None or gpu.memory_total is None:
        return
    growth = trends.steady_growth(state.machine, f"gpu{gpu.index}.memory")
    if growth is not None:
        kind, what = f"GPU{gpu.index} memory", f"GPU{gpu.index} memory grows"
        yield from _leak(state, now, limits, kind, what, growth, gpu.memory_used, gpu.memory_total)


def _leak(
    state: RunState,
    now: float,
    limits: Thresholds,
    kind: str,
    what: str,
    growth: trends.Growth,
    used: int,
    total: int,
) -> Iterator[Alert]:
    """Memory that grows steadily: when it meets the limit, if that is near."""
    left = max(0, total - used) / growth.rate
    if left > limits.memory_hours * 3_600:
        return
    end = _seconds_left(state, now)
    text = f"{what} {units.size_gib(growth.rate * 3_600)}/h: limit {units.size_gib(total)} in {units.duration(left)}"
    yield Alert(kind, _severity(left, end), text + _before_the_end(left, end), growth.since)


def _disk(state: RunState, now: float) -> Iterator[Alert]:
    """Whether the checkpoints to come fit on the disk, and when they fill it."""
    host = state.reading.host if state.reading is not None else None
    sizes = [saved.size for saved in state.checkpoints if saved.size]
    usual, total = trends.usual_checkpoint_steps(state), derived.total_steps(state)
    if host is None or host.disk_free is None or not sizes or usual is None or total is None:
        return
    to_come = max(0, total - state.run_step) // usual
    need = to_come * sizes[-1]
    if need <= host.disk_free:
        return
    text = (
        f"disk: {units.size(host.disk_free)} free, {units.count(to_come)} checkpoints to come need "
        f"{units.size(need)} if none is deleted"
    )
    fitting = host.disk_free // sizes[-1]
    reached = eta.estimate(
        state.pace, state.run_step, state.checkpoints[-1].run_step + (fitting + 1) * usual
    ).seconds
    if reached is not None:
        text += f": full in {units.duration(reached)}{_before_the_end(reached, _seconds_left(state, now))}"
    yield Alert("disk", "critical" if fitting < 2 else "warning", text, None)


def _seconds_left(state: RunState, now: float) -> float | None:
    estimate = derived.estimate(state, now)
    return estimate.seconds if estimate is not None else None


def _severity(left: float, end: float | None) -> Severity:
    return "critical" if end is not None and left < end else "warning"


def _before_the_end(left: float, end: float | None) -> str:
    """How a moment lies to the end of the run; empty where that is not known."""
    if end is None:
        return ""
    return f", {'before' if left < end else 'after'} the end in {units.duration(end)}"
