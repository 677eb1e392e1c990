"""The spec's `monitoring_data`: what a dashboard reads, in the same process or from the snapshot."""

from typing import Any

import msgspec

from trainmon.facts.line_values import eta_text
from trainmon.fold.state import RunState
from trainmon.meaning import derived

SPEC = {
    "training_progress": "progress",
    "training_config": "configuration",
    "checkpoints": "checkpoints",
    "validation_results": "validations",
    "errors": "errors",
    "performance_metrics": "performance",
    "model_operations": "operations",
}
"""The spec's keys and the fields of a state that they show."""

_NUMBERS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
_NUMERIC = frozenset(
    {"loss", "learning_rate", "metrics", "val_loss", "val_metrics", "duration", "memory_usage", "throughput"}
)
"""The keys whose values are numbers; a text that reads `NaN` may stand under others."""


def monitoring_data(state: RunState, now: float) -> dict[str, Any]:
    """The spec's keys as JSON-like values; numbers that are not finite are strings.

    What depends on the time (ETA, percentage) is as of Unix time `now`.
    """
    data: dict[str, Any] = {key: msgspec.to_builtins(getattr(state, field)) for key, field in SPEC.items()}
    data["training_progress"] = progress_data(state, now)
    data["training_config"] = data["training_config"] or {}
    return data


def progress_data(state: RunState, now: float) -> dict[str, Any]:
    """The spec's `training_progress`; empty before the first step."""
    if state.progress is None:
        return {}
    total = state.progress.total_steps
    data: dict[str, Any] = msgspec.to_builtins(state.progress)
    data["progress_percentage"] = round(100.0 * state.progress.step / total, 1) if total else None
    data["eta"] = eta_text(derived.seconds_left(state, now))
    return data


def empty_monitoring_data() -> dict[str, Any]:
    """The same before anything is known."""
    return monitoring_data(RunState(), 0.0)


def newest(data: dict[str, Any], limit: int) -> dict[str, Any]:
    """The same with at most so many entries in each list, the newest."""
    return {
        key: part[max(0, len(part) - limit) :] if isinstance(part, list) else part
        for key, part in data.items()
    }


def with_floats(data: dict[str, Any]) -> dict[str, Any]:
    """The same with floats for numbers that are not finite, for readers in the same process."""
    return {
        key: _entry(part) if isinstance(part, dict) else list(map(_entry, part)) for key, part in data.items()
    }


def _entry(entry: dict[str, object]) -> dict[str, object]:
    return {key: _numbers(value) if key in _NUMERIC else value for key, value in entry.items()}


def _numbers(value: object) -> object:
    if isinstance(value, dict):
        return {name: _numbers(number) for name, number in value.items()}
    return _NUMBERS.get(value, value) if isinstance(value, str) else value
