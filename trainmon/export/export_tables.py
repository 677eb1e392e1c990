"""What can be exported: for each kind of table its columns, and an event as a row of it."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Literal, TypeAlias

import msgspec

from trainmon.facts.events import (
    Alerted,
    AnyEvent,
    Checkpoint,
    Error,
    JsonObject,
    Metrics,
    Number,
    Operation,
    Performance,
    Progress,
    Started,
    System,
    Validation,
)
from trainmon.fold import machine
from trainmon.fold.state import RunState
from trainmon.meaning.diagnosis import diagnose
from trainmon.reading.walk import Told
from trainmon.words import clock
from trainmon.words.scalars import decode_number

Cell: TypeAlias = "int | float | str | bool | JsonObject | None"
"""A value of a row; a number may be NaN or infinite."""


class What(StrEnum):
    """The tables."""

    METRICS = "metrics"
    VALIDATIONS = "validations"
    CHECKPOINTS = "checkpoints"
    ERRORS = "errors"
    PERFORMANCE = "performance"
    OPERATIONS = "operations"
    CONFIGURATION = "configuration"
    SYSTEM = "system"
    ALERTS = "alerts"


Kind = Literal["int", "float", "bool", "text", "object"]


class Column(msgspec.Struct, frozen=True):
    """A column."""

    name: str
    kind: Kind


class Table(msgspec.Struct, frozen=True):
    """How one kind of event becomes a table."""

    kinds: tuple[type[AnyEvent], ...]
    """The events that are its rows."""
    fixed: tuple[Column, ...]
    """Columns that it always has, behind run, time and timestamp."""
    cells: Callable[[AnyEvent, RunState, Told], tuple[Cell, ...]]
    """Their values for an event, and the state behind it."""
    values: Callable[[AnyEvent], Mapping[str, Number | None]]
    """Further numbers by name, each of which becomes a column."""
    always: tuple[str, ...] = ()
    """Names of `values` that are columns in any case, and come first."""
    thinned: bool = False
    """Whether its rows may be put together to fewer."""


def _columns(**kinds: Kind) -> tuple[Column, ...]:
    return tuple(Column(name, kind) for name, kind in kinds.items())


HEAD = _columns(run="int", time="float", timestamp="text")
"""What every table begins with: which run of the folder, Unix seconds, and the same in the writer's local time."""


def head(told: Told, state: RunState) -> tuple[Cell, ...]:
    """The cells of `HEAD`."""
    event = told.event
    offset = state.utc_offset
    return told.run, event.time, clock.timestamp(event.time, offset)


def _progress(event: AnyEvent, _: RunState, told: Told) -> tuple[Cell, ...]:
    assert isinstance(event, Progress)
    return event.epoch, event.step, told.run_step, event.phase


def _progress_values(event: AnyEvent) -> Mapping[str, Number | None]:
    assert isinstance(event, Progress)
    own = {"loss": event.loss, "learning_rate": event.learning_rate, "waited": event.waited}
    return own | _beside(own, event.metrics or {})


def _beside(own: Mapping[str, object], metrics: Metrics) -> Metrics:
    """The metrics, one that has the name of another column under `metrics.NAME`."""
    if own.keys().isdisjoint(metrics):
        return metrics
    renamed: Metrics = {}
    for name, value in metrics.items():
        free = name
        while free in own or (free != name and free in metrics):
            free = f"metrics.{free}"
        renamed[free] = value
    return renamed


def _validation(event: AnyEvent, state: RunState, told: Told) -> tuple[Cell, ...]:
    assert isinstance(event, Validation)
    is_best = state.validations[-1].is_best if state.validations else None
    return event.epoch, event.step, told.run_step, is_best


def _validation_values(event: AnyEvent) -> Mapping[str, Number | None]:
    assert isinstance(event, Validation)
    own = {"val_loss": event.val_loss}
    return own | _beside(own, event.val_metrics)


def _checkpoint(event: AnyEvent, _: RunState, told: Told) -> tuple[Cell, ...]:
    assert isinstance(event, Checkpoint)
    return event.epoch, event.step, told.run_step, event.checkpoint_path, event.size, event.duration


def _checkpoint_values(event: AnyEvent) -> Mapping[str, Number | None]:
    assert isinstance(event, Checkpoint)
    own = {"loss": event.loss}
    return own | _beside(own, event.metrics)


def _error(event: AnyEvent, _: RunState, told: Told) -> tuple[Cell, ...]:
    assert isinstance(event, Error)
    diagnosis = diagnose(event.error_type, event.message)
    return (
        told.run_step, event.error_type, diagnosis.category.value, event.message, event.context, event.location,
        event.fingerprint, event.count, event.uncaught, diagnosis.advice, event.traceback, event.additional_data,
    )  # fmt: skip


def _performance(event: AnyEvent, _: RunState, told: Told) -> tuple[Cell, ...]:
    assert isinstance(event, Performance)
    return told.run_step, event.operation, event.batch_size


def _performance_values(event: AnyEvent) -> Mapping[str, Number | None]:
    assert isinstance(event, Performance)
    own = {"duration": event.duration, "throughput": event.throughput}
    return own | {f"memory.{name}": value for name, value in event.memory_usage.items()}


def _operation(event: AnyEvent, _: RunState, told: Told) -> tuple[Cell, ...]:
    assert isinstance(event, Operation)
    return told.run_step, event.operation, event.model_name, event.success, event.details


def _configuration(event: AnyEvent, state: RunState, _: Told) -> tuple[Cell, ...]:
    assert isinstance(event, Started)
    host = state.opened.host if state.opened is not None else None
    command = " ".join(state.opened.command) if state.opened is not None else None
    rate = decode_number(event.learning_rate) if event.learning_rate is not None else None
    return (
        event.run_id, event.model_name, event.total_epochs, event.total_steps, event.steps_per_epoch,
        event.batch_size, rate, event.optimizer, event.resume, event.initial_step, event.best_metric,
        event.best_direction, event.git, host, command, event.config, dict(event.versions), *_limits(state),
    )  # fmt: skip


def _limits(state: RunState) -> tuple[Cell, ...]:
    opened = state.opened
    return (opened.job, opened.allocation_end, opened.deadline) if opened is not None else (None, None, None)


def _system(event: AnyEvent, _: RunState, told: Told) -> tuple[Cell, ...]:
    return (told.run_step,)


def _system_values(event: AnyEvent) -> Mapping[str, Number | None]:
    assert isinstance(event, System)
    return {name: values[0] for name, values in machine.columns(event.reading).items()}


def _alert(event: AnyEvent, _: RunState, told: Told) -> tuple[Cell, ...]:
    assert isinstance(event, Alerted)
    return told.run_step, event.name, event.severity, event.text, event.over


def _none(_: AnyEvent) -> Mapping[str, Number | None]:
    return {}


TABLES = {
    What.METRICS: Table(
        (Progress,), _columns(epoch="int", step="int", run_step="int", phase="text"),
        _progress, _progress_values, ("loss", "learning_rate"), thinned=True,
    ),
    What.VALIDATIONS: Table(
        (Validation,), _columns(epoch="int", step="int", run_step="int", is_best="bool"),
        _validation, _validation_values, ("val_loss",),
    ),
    What.CHECKPOINTS: Table(
        (Checkpoint,),
        _columns(
            epoch="int", step="int", run_step="int", checkpoint_path="text", size="int", save_duration="float"
        ),
        _checkpoint, _checkpoint_values, ("loss",),
    ),
    What.ERRORS: Table(
        (Error,),
        _columns(
            run_step="int", error_type="text", category="text", message="text", context="text", location="text",
            fingerprint="text", count="int", uncaught="bool", advice="text", traceback="text",
            additional_data="object",
        ),
        _error, _none,
    ),
    What.PERFORMANCE: Table(
        (Performance,), _columns(run_step="int", operation="text", batch_size="int"),
        _performance, _performance_values, ("duration", "throughput"),
    ),
    What.OPERATIONS: Table(
        (Operation,),
        _columns(run_step="int", operation="text", model_name="text", success="bool", details="object"),
        _operation, _none,
    ),
    What.CONFIGURATION: Table(
        (Started,),
        _columns(
            run_id="text", model_name="text", total_epochs="int", total_steps="int", steps_per_epoch="int",
            batch_size="int", learning_rate="float", optimizer="text", resume="text", initial_step="int",
            best_metric="text", best_direction="text", git="text", host="text", command="text", config="object",
            versions="object", job="text", allocation_end="float", deadline="float",
        ),
        _configuration, _none,
    ),
    What.SYSTEM: Table((System,), _columns(run_step="int"), _system, _system_values, thinned=True),
    What.ALERTS: Table(
        (Alerted,), _columns(run_step="int", name="text", severity="text", text="text", over="bool"), _alert, _none
    ),
}  # fmt: skip
