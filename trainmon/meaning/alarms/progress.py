"""Alerts about how the run gets on: silent, slow, waiting for data, without checkpoints, too late; and its warnings."""

import math
from collections.abc import Iterator

from trainmon.facts.events import Severity
from trainmon.fold.state import RunState
from trainmon.fold.state_entries import WarningEntry
from trainmon.meaning import deadline, derived, eta, trends
from trainmon.meaning.alarms.kinds import Alert, Thresholds
from trainmon.words import units

_SLOW_FOR = 10.0
"""Seconds of training that must have been slow."""


def found(state: RunState, now: float, limits: Thresholds, wanted: float | None) -> Iterator[Alert]:
    """What is wrong with the progress at Unix time `now`; `wanted` as for `deadline.deadline_of`."""
    yield from _stall(state, now)
    yield from _slower(state, limits)
    yield from _starved(state, limits)
    yield from _checkpoint(state, limits)
    yield from _deadline(state, now, wanted)
    yield from _warnings(state, limits)


def _stall(state: RunState, now: float) -> Iterator[Alert]:
    """No step for far longer than usual; while a span is open, silence is what it announced."""
    last = state.last_step_time
    if last is None or state.span is not None or state.progress is None:
        return
    newest = max(last, state.progress.time)
    if now - newest > derived.stall_after(state):
        usual = state.pace.usual_silence()
        often = f"usual is one every {units.duration(usual)}" if usual >= 1 else "usual are many a second"
        yield Alert("stall", "warning", f"no step after {units.count(state.run_step)}; {often}", newest)


def _slower(state: RunState, limits: Thresholds) -> Iterator[Alert]:
    usual, recent = trends.usual_step_time(state), eta.seconds_per_step(state.pace)
    if math.fsum(state.pace.block_seconds) < _SLOW_FOR:
        return  # Another speed, but since a moment ago.
    if usual is not None and recent is not None and recent > limits.slower * usual:
        times = f"{recent / usual:.1f} times as long as usual"
        text = (
            f"steps take {times}: {units.number(1_000 * recent)} instead of {units.number(1_000 * usual)} ms"
        )
        yield Alert("slow", "warning", text, None)


def _starved(state: RunState, limits: Thresholds) -> Iterator[Alert]:
    share = trends.waiting_share(state)
    if share is not None and share > limits.data_share:
        text = (
            f"waits for data {units.percent(100 * share)} of the last minutes: more loader workers may help"
        )
        yield Alert("data", "warning", text, None)


def _checkpoint(state: RunState, limits: Thresholds) -> Iterator[Alert]:
    usual = trends.usual_checkpoint_steps(state)
    if usual is None:
        return
    since = state.run_step - state.checkpoints[-1].run_step
    if since > limits.overdue * usual:
        text = f"no checkpoint for {units.count(since)} steps; usual is one every {units.count(usual)}"
        yield Alert("checkpoint", "warning", text, state.checkpoints[-1].time)


def _deadline(state: RunState, now: float, wanted: float | None) -> Iterator[Alert]:
    """The run ends after its deadline, for certain or perhaps."""
    outlook = deadline.outlook(state, now, wanted)
    if outlook is None or outlook.spare is None or outlook.spare >= 0:
        return
    whose = "your allocation" if outlook.deadline.allocation else "the deadline"
    late = units.duration(-outlook.spare)
    if outlook.spare_high is not None and outlook.spare_high >= 0:
        yield Alert("deadline", "info", f"may end {late} after {whose}", None)
        return
    saved = state.checkpoints[-1].run_step if state.checkpoints else None
    last = outlook.last_checkpoint
    if last is None:
        # In the first half of the time a first checkpoint may well be on its way.
        severity: Severity = "critical" if (derived.elapsed(state, now) or 0.0) > outlook.left else "warning"
        yield Alert("deadline", severity, f"ends {late} after {whose}; no checkpoint was saved yet", None)
    elif last == saved:
        text = f"ends {late} after {whose}; the newest checkpoint is step {units.count(last)}"
        yield Alert("deadline", "warning", text, None)
    else:
        text = f"ends {late} after {whose}; the last checkpoint that fits is step {units.count(last)}"
        yield Alert("deadline", "warning", text, None)


def _warnings(state: RunState, limits: Thresholds) -> Iterator[Alert]:
    by_category: dict[str, list[WarningEntry]] = {}
    for warning in state.warnings:
        by_category.setdefault(warning.category, []).append(warning)
    for category, entries in by_category.items():
        count = sum(entry.count for entry in entries)
        if count >= limits.repeated_warnings:
            text = f"{category} came {units.count(count)} times: {entries[-1].message.partition(chr(10))[0]}"
            yield Alert(f"warning {category}", "info", text[:200], entries[0].time)
