"""Events as the entries that a state keeps, cut to a size that keeps the snapshot small."""

from itertools import islice

from msgspec import structs

from trainmon.facts.codec import encode_json
from trainmon.facts.events import (
    Checkpoint,
    Error,
    JsonObject,
    Metrics,
    Operation,
    Performance,
    Progress,
    Started,
    Validation,
    Warned,
)
from trainmon.fold import operation_summaries
from trainmon.fold.error_groups import ErrorGroup
from trainmon.fold.state import Configuration, RunState
from trainmon.fold.state_entries import (
    CheckpointEntry,
    ErrorEntry,
    OperationEntry,
    PerformanceEntry,
    ProgressEntry,
    ValidationEntry,
    WarningEntry,
)
from trainmon.words import clock

TEXT_LIMIT = 2_000
"""Characters of a message that an entry keeps; the journal has the rest at the entry's offset."""

TRACEBACK_LIMIT = 8_000
"""Characters of a traceback that an error entry keeps."""

METRICS_LIMIT = 512
"""Metrics that an entry keeps, in the order in which they were given; the journal has all."""

DATA_LIMIT = 4_096
"""Bytes of JSON that free data of an entry may have: 100 entries of it fit a snapshot."""

CONFIG_LIMIT = 32_768
"""Bytes of JSON that the configuration of a run may have in the snapshot."""

OLDER_METRICS = 3
"""Metrics that the older validations and checkpoints keep beside what decides: the first that were given."""

OLDER_TEXT = 120
"""Characters that the message and the context of an older error keep."""

GROUP_TEXT_LIMIT = 200
"""Characters of a message or context that a group of errors keeps; the newest entries have the rest."""

CUT = "…"
"""The key that says that something was left out."""


def cut(text: str, limit: int) -> str:
    """At most `limit` characters of a text, with what was left out said."""
    return (
        text
        if len(text) <= limit
        else f"{text[:limit]} … [{len(text) - limit:,} more characters in the journal]"
    )


def cut_metrics(metrics: Metrics) -> Metrics:
    """At most `METRICS_LIMIT` of the metrics."""
    return metrics if len(metrics) <= METRICS_LIMIT else dict(islice(metrics.items(), METRICS_LIMIT))


def cut_data(data: JsonObject, limit: int = DATA_LIMIT) -> JsonObject:
    """As many of the items as fit into `limit` bytes of JSON, with the number of those left out."""
    if len(encode_json(data)) <= limit:
        return data
    kept: JsonObject = {}
    room = limit
    for key, value in data.items():
        room -= len(encode_json({key: value}))
        if room < 0:
            break
        kept[key] = value
    kept[CUT] = f"{len(data) - len(kept)} more in the journal"
    return kept


def configuration(event: Started, offset: int, utc_offset: int) -> Configuration:
    """What a start said."""
    return Configuration(
        model_name=cut(event.model_name, TEXT_LIMIT),
        total_epochs=event.total_epochs,
        total_steps=event.total_steps,
        batch_size=event.batch_size,
        learning_rate=event.learning_rate,
        optimizer=event.optimizer,
        start_time=clock.timestamp(event.time, utc_offset),
        time=event.time,
        steps_per_epoch=event.steps_per_epoch,
        config=cut_data(event.config, CONFIG_LIMIT),
        best_metric=event.best_metric,
        best_direction=event.best_direction,
        git=event.git,
        versions=event.versions,
        system=cut_data(event.system),
        initial_step=event.initial_step,
        offset=offset,
        mono=event.mono,
        writer=event.writer,
    )


def progress(event: Progress, utc_offset: int) -> ProgressEntry:
    """The newest progress."""
    return ProgressEntry(
        epoch=event.epoch,
        step=event.step,
        total_steps=event.total_steps,
        loss=event.loss,
        learning_rate=event.learning_rate,
        phase=cut(event.phase, 80),
        metrics=cut_metrics(event.metrics or {}),
        timestamp=clock.timestamp(event.time, utc_offset),
        time=event.time,
        mono=event.mono,
        writer=event.writer,
    )


def checkpoint(event: Checkpoint, run_step: int, utc_offset: int) -> CheckpointEntry:
    """A saved model."""
    return CheckpointEntry(
        epoch=event.epoch,
        step=event.step,
        loss=event.loss,
        checkpoint_path=cut(event.checkpoint_path, TEXT_LIMIT),
        metrics=cut_metrics(event.metrics),
        timestamp=clock.timestamp(event.time, utc_offset),
        time=event.time,
        run_step=run_step,
        size=event.size,
        duration=event.duration,
        folder=event.folder,
    )


def validation(event: Validation, is_best: bool, run_step: int, utc_offset: int) -> ValidationEntry:
    """A validation, with the decision whether it is the best so far."""
    return ValidationEntry(
        epoch=event.epoch,
        step=event.step,
        val_loss=event.val_loss,
        val_metrics=cut_metrics(event.val_metrics),
        is_best=is_best,
        timestamp=clock.timestamp(event.time, utc_offset),
        time=event.time,
        run_step=run_step,
    )


def error(event: Error, offset: int, run_step: int | None, utc_offset: int) -> ErrorEntry:
    """An error with its texts cut."""
    return ErrorEntry(
        error_type=cut(event.error_type, 200),
        error_message=cut(event.message, TEXT_LIMIT),
        context=cut(event.context, TEXT_LIMIT),
        timestamp=clock.timestamp(event.time, utc_offset),
        traceback=_cut_middle(event.traceback, TRACEBACK_LIMIT),
        additional_data=cut_data(event.additional_data),
        time=event.time,
        fingerprint=event.fingerprint,
        location=event.location,
        run_step=run_step,
        count=event.count,
        uncaught=event.uncaught,
        offset=offset,
    )


def error_group(entry: ErrorEntry) -> ErrorGroup:
    """The error as a group of its own, to be added to those that are known."""
    return ErrorGroup(
        key=entry.fingerprint or f"{entry.error_type}: {entry.error_message[:GROUP_TEXT_LIMIT]}",
        error_type=entry.error_type,
        message=cut(entry.error_message, GROUP_TEXT_LIMIT),
        context=cut(entry.context, GROUP_TEXT_LIMIT),
        location=entry.location,
        count=entry.count,
        first_step=entry.run_step,
        last_step=entry.run_step,
        first_time=entry.time,
        last_time=entry.time,
        offset=entry.offset,
    )


def _cut_middle(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n… [{len(text) - 2 * half:,} more characters in the journal]\n{text[-half:]}"


def warning(event: Warned, run_step: int | None) -> WarningEntry:
    """A Python warning."""
    return WarningEntry(
        category=cut(event.category, 200),
        message=cut(event.message, TEXT_LIMIT),
        location=event.location,
        time=event.time,
        run_step=run_step,
        count=event.count,
    )


def performance(event: Performance, utc_offset: int) -> PerformanceEntry:
    """A timed operation."""
    return PerformanceEntry(
        operation=cut(event.operation, 200),
        duration=event.duration,
        memory_usage=cut_metrics(event.memory_usage),
        throughput=event.throughput,
        batch_size=event.batch_size,
        timestamp=clock.timestamp(event.time, utc_offset),
        time=event.time,
    )


def summarise(state: RunState, entry: PerformanceEntry) -> None:
    """Counts a timed operation in the state's summaries."""
    state.totals.unsummarised += operation_summaries.add(
        state.operation_summaries,
        entry.operation,
        duration=entry.duration,
        throughput=entry.throughput,
        memory=entry.memory_usage,
        time=entry.time,
    )


def operation(event: Operation, utc_offset: int) -> OperationEntry:
    """An operation on a model."""
    return OperationEntry(
        operation=cut(event.operation, 200),
        model_name=cut(event.model_name, 200),
        success=event.success,
        details=cut_data(event.details),
        timestamp=clock.timestamp(event.time, utc_offset),
        time=event.time,
    )


def older_error(entry: ErrorEntry) -> ErrorEntry:
    """An error without its long texts; the journal has them at its offset."""
    return structs.replace(
        entry,
        traceback="",
        additional_data={},
        error_message=cut(entry.error_message, OLDER_TEXT),
        context=cut(entry.context, OLDER_TEXT),
    )


def older_validation(entry: ValidationEntry, metric: str) -> ValidationEntry:
    """A validation with few metrics, among them the one that decides what is best."""
    return structs.replace(entry, val_metrics=_few(entry.val_metrics, metric))


def older_checkpoint(entry: CheckpointEntry) -> CheckpointEntry:
    """A checkpoint with few metrics."""
    return structs.replace(entry, metrics=_few(entry.metrics))


def _few(metrics: Metrics, also: str | None = None) -> Metrics:
    return {
        name: value
        for place, (name, value) in enumerate(metrics.items())
        if place < OLDER_METRICS or name == also
    }
