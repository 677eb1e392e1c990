"""What deserves attention: pure functions of a state and the time. Nothing is stored, so every alert clears by itself.

Each alert says what, why, and since when. The thresholds stand together in `Thresholds`, with their reasons.
"""

from collections.abc import Iterator
from typing import Literal

import msgspec

from trainmon import derived, eta, trends, units
from trainmon.state import RunState

Severity = Literal["critical", "warning", "info"]
"""`critical`: the run is lost or about to be; `warning`: time or memory is lost; `info`: worth knowing."""

_ORDER: dict[Severity, int] = {"critical": 0, "warning": 1, "info": 2}


class Thresholds(msgspec.Struct, frozen=True):
    """From where on something is an alert."""

    plateau_share: float = 0.25
    """Newest part of the run in which the loss must have come down by `plateau_gain`: shorter parts are noise."""
    plateau_gain: float = 0.002
    """Part of all progress: less than this in a quarter of the run is standing still."""
    overfitting_validations: int = 3
    """Validations in a row above the best, while the training loss falls: one or two are noise."""
    slower: float = 1.5
    """Times the run's own usual step time: slow-downs below half are within what shared machines do."""
    data_share: float = 0.2
    """Part of the time spent waiting for data: above a fifth, more loader workers pay."""
    gpu_idle: float = 20.0
    """Percent of utilisation, the mean of some minutes, below which a GPU that trains is idle."""
    gpu_hot: int = 87
    """Degrees Celsius; data-centre GPUs begin to slow down at 83 to 90 (vendors' data sheets)."""
    memory_hours: float = 24.0
    """Hours: a limit that is further away is no news."""
    overdue: float = 2.5
    """Times the usual distance between checkpoints."""
    repeated_warnings: int = 20
    """Times that a warning came: from here on it hides others."""


class Alert(msgspec.Struct, frozen=True):
    """One thing that deserves attention."""

    kind: str
    """Stable name, such as `nan` or `divergence`: for scripts and acknowledgements."""
    severity: Severity
    text: str
    """What and why, in one sentence."""
    since: float | None
    """Unix seconds; None where it is not known."""


def alerts(state: RunState, now: float, thresholds: Thresholds | None = None) -> tuple[Alert, ...]:
    """What deserves attention at Unix time `now`: the gravest first, then the newest."""
    if state.run_id is None or state.end is not None:
        return ()
    limits = thresholds if thresholds is not None else Thresholds()
    found = [
        *_not_finite(state),
        *_divergence(state),
        *_overfitting(state, limits),
        *_plateau(state, limits),
        *_slower(state, limits),
        *_starved(state, limits),
        *_gpus(state, limits),
        *_memory(state, now, limits),
        *_disk(state, now),
        *_checkpoint(state, now, limits),
        *_warnings(state, limits),
    ]
    return tuple(sorted(found, key=lambda alert: (_ORDER[alert.severity], -(alert.since or 0.0))))


def _not_finite(state: RunState) -> Iterator[Alert]:
    if derived.loss_is_bad(state) and state.progress is not None:
        first = units.count(state.totals.first_nonfinite_step)
        text = f"loss is {state.progress.loss}, {units.count(state.totals.nonfinite)} times, first at step {first}"
        yield Alert("nan", "critical", text, state.progress.time)


def _divergence(state: RunState) -> Iterator[Alert]:
    if state.divergence.found:
        step = state.divergence.since
        text = f"loss diverges since step {units.count(step)}: it rises far beyond what this run's noise does"
        yield Alert("divergence", "critical", text, trends.time_of_step(state.loss, step))


def _overfitting(state: RunState, limits: Thresholds) -> Iterator[Alert]:
    """Validation above its best for some time, while the training loss has come down since."""
    best, after = state.best, limits.overfitting_validations
    if best is None or len(state.validations) < after or best in state.validations[-after:]:
        return
    then, newest = trends.mean_around(state.loss, best.run_step), trends.newest_mean(state.loss)
    rising = trends.rises([entry.val_loss for entry in state.validations[-after:]])
    if then is not None and newest is not None and newest < then and rising:
        text = f"overfitting: validation rises since step {units.count(best.run_step)} while the training loss falls"
        yield Alert("overfitting", "warning", text, best.time)


def _plateau(state: RunState, limits: Thresholds) -> Iterator[Alert]:
    gain = trends.gain(state.loss, limits.plateau_share)
    if gain is not None and gain < limits.plateau_gain:
        share = units.percent(100 * limits.plateau_share)
        yield Alert("plateau", "info", f"loss stands still: no gain in the newest {share} of the steps", None)


def _slower(state: RunState, limits: Thresholds) -> Iterator[Alert]:
    usual, recent = trends.usual_step_time(state), eta.seconds_per_step(state.pace)
    if usual is not None and recent is not None and recent > limits.slower * usual:
        text = f"steps take {recent / usual:.1f} times as long as usual: {units.number(1_000 * recent)} ms"
        yield Alert("slow", "warning", text, None)


def _starved(state: RunState, limits: Thresholds) -> Iterator[Alert]:
    share = trends.waiting_share(state)
    if share is not None and share > limits.data_share:
        yield Alert("data", "warning", f"waits for data {units.percent(100 * share)} of the time", None)


def _gpus(state: RunState, limits: Thresholds) -> Iterator[Alert]:
    gpus = state.reading.gpus if state.reading is not None else ()
    for gpu in gpus:
        name = f"GPU{gpu.index}"
        if gpu.visible is False:
            continue
        if gpu.state is not None:
            yield Alert(f"{name} state", "critical", f"{name} is {gpu.state}", None)
        if gpu.ecc_uncorrected:
            text = f"{name} has {units.count(gpu.ecc_uncorrected)} uncorrected memory errors"
            yield Alert(f"{name} ecc", "critical", text, None)
        if gpu.throttle:
            yield Alert(
                f"{name} throttle", "warning", f"{name} is slowed down: {', '.join(gpu.throttle)}", None
            )
        elif gpu.temperature is not None and gpu.temperature >= limits.gpu_hot:
            yield Alert(f"{name} hot", "warning", f"{name} is at {gpu.temperature} °C", None)
        busy = trends.recent_mean(state.machine, f"gpu{gpu.index}.utilisation")
        if (
            busy is not None
            and busy < limits.gpu_idle
            and state.span is None
            and state.last_step_time is not None
        ):
            text = f"{name} idles while training: {units.percent(busy)} in the last minutes"
            yield Alert(f"{name} idle", "info", text, None)


def _memory(state: RunState, now: float, limits: Thresholds) -> Iterator[Alert]:
    """Memory that grows steadily: when it meets the limit, if that is before the end or within a day."""
    host = state.reading.host if state.reading is not None else None
    growth = trends.steady_growth(state.machine, "memory")
    if host is None or host.memory_total is None or host.memory_used is None or growth is None:
        return
    left = (host.memory_total - host.memory_used) / growth.rate
    if left > limits.memory_hours * 3_600:
        return
    estimate = derived.estimate(state, now)
    end = estimate.seconds if estimate is not None else None
    when = f"in {units.duration(left)}" + (", before the end" if end is not None and left < end else "")
    text = (
        f"RAM grows {units.size_gib(growth.rate * 3_600)}/h: limit {units.size_gib(host.memory_total)} {when}"
    )
    yield Alert("memory", "critical" if end is not None and left < end else "warning", text, growth.since)


def _disk(state: RunState, now: float) -> Iterator[Alert]:
    """Whether the checkpoints to come fit on the disk."""
    host = state.reading.host if state.reading is not None else None
    sizes = [saved.size for saved in state.checkpoints if saved.size]
    total = derived.total_steps(state)
    if host is None or host.disk_free is None or not sizes or total is None or len(state.checkpoints) < 2:
        return
    usual = trends.usual_checkpoint_steps(state)
    if usual is None:
        return
    to_come = max(0, total - state.run_step) // usual
    need = to_come * sizes[-1]
    if need > host.disk_free:
        text = (
            f"disk: {units.size(host.disk_free)} free, {units.count(to_come)} checkpoints to come need "
            f"{units.size(need)} if none is deleted"
        )
        yield Alert("disk", "critical" if host.disk_free < 2 * sizes[-1] else "warning", text, None)


def _checkpoint(state: RunState, now: float, limits: Thresholds) -> Iterator[Alert]:
    usual = trends.usual_checkpoint_steps(state)
    if usual is None:
        return
    since = state.run_step - state.checkpoints[-1].run_step
    if since > limits.overdue * usual:
        text = f"no checkpoint for {units.count(since)} steps; usual is one every {units.count(usual)}"
        yield Alert("checkpoint", "warning", text, state.checkpoints[-1].time)


def _warnings(state: RunState, limits: Thresholds) -> Iterator[Alert]:
    counts: dict[str, int] = {}
    for warning in state.warnings:
        counts[warning.category] = counts.get(warning.category, 0) + warning.count
    for category, count in counts.items():
        if count >= limits.repeated_warnings:
            text = f"{category} came {units.count(count)} times"
            yield Alert(f"warning {category}", "info", text, state.warnings[-1].time)
