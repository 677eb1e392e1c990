"""The lines of `training_progress.log` as values: the spec's formats, with any part of them missing."""

import re

from trainmon.analysis.line_numbers import as_float, as_int, eta_seconds, values
from trainmon.analysis.records import Record, clock_time
from trainmon.analysis.results import CheckpointPoint, LoggedRun, ProgressPoint, ValidationPoint

_PROGRESS = re.compile(
    r"Epoch (-?\d+), Step (-?\d+)(?:/(-?\d+))?(?: \((-?[\d.]+)%\))?"
    r"(?: - (?:Loss: ([^,]+))?(?:(?:, )?LR: ([^,]+))?(?:(?:, )?ETA: ([^,]+))?(?:(?:, )?Phase: (.*))?.*)?"
)
_VALIDATION = re.compile(
    r"(?:\S+ )?(BEST )?Validation - Epoch (-?\d+), Step (-?\d+)(?:, Loss: ([^,]+))?.*", re.DOTALL
)
_CHECKPOINT = re.compile(
    r"(?:\S+ )?Checkpoint saved - Epoch (-?\d+), Step (-?\d+)(?:, Loss: ([^,]+))?(?:, Path: (.*))?.*",
    re.DOTALL,
)
_START = re.compile(
    r"(?:\S+ )?Training started(?: - (?:Model: (.*?))?(?:(?:, )?Epochs: (-?\d+))?(?:(?:, )?Steps: (-?\d+))?"
    r"(?:(?:, )?Batch Size: (-?\d+))?(?:(?:, )?LR: ([^,]+?))?(?:(?:, )?Optimizer: (.*))?)?",
    re.DOTALL,
)
_END = re.compile(
    r"(?:\S+ )?Training (completed successfully|failed|interrupted)(?: - (?:Duration: ([\d.e+]+)h)?"
    r"(?:(?:, )?Final Loss: ([^,]+))?(?:(?:, )?Error: (.*))?.*)?",
    re.DOTALL,
)
_LEFT_OUT = re.compile(r"… ([\d,]{1,24}) progress lines? left out\b.*")
_VALUES = re.compile(r"(Metrics|Validation metrics|Final metrics|Summary): (.*)", re.DOTALL)
_OUTCOMES = {"completed successfully": "finished"}


def progress(record: Record, metrics: dict[str, float]) -> ProgressPoint | None:
    """A progress line; None where it is none. `run_step` is the caller's step, for the reader to put right.

    Args:
        record: Of the log.
        metrics: What the line behind it will fill in.
    """
    found = _PROGRESS.fullmatch(record.text) if record.text.startswith("Epoch ") else None
    if found is None:
        return None
    epoch, step, total, percent, loss, rate, eta, phase = found.groups()
    epoch_number, step_number = as_int(epoch), as_int(step)
    if epoch_number is None or step_number is None:
        return None
    return ProgressPoint(
        time=clock_time(record.second),
        epoch=epoch_number,
        step=step_number,
        run_step=step_number,
        total_steps=as_int(total),
        percent=as_float(percent),
        loss=as_float(loss),
        learning_rate=as_float(rate),
        eta=eta_seconds(eta),
        phase=phase,
        metrics=metrics,
    )


def validation(record: Record, metrics: dict[str, float]) -> ValidationPoint | None:
    """A validation line; None where it is none."""
    found = _VALIDATION.fullmatch(record.text)
    epoch, step = (as_int(found[2]), as_int(found[3])) if found is not None else (None, None)
    if found is None or epoch is None or step is None:
        return None
    return ValidationPoint(
        clock_time(record.second), epoch, step, as_float(found[4]), metrics, found[1] is not None
    )


def checkpoint(record: Record) -> CheckpointPoint | None:
    """A checkpoint line; None where it is none."""
    found = _CHECKPOINT.fullmatch(record.text)
    epoch, step = (as_int(found[1]), as_int(found[2])) if found is not None else (None, None)
    if found is None or epoch is None or step is None:
        return None
    return CheckpointPoint(clock_time(record.second), epoch, step, as_float(found[3]), found[4])


def start(record: Record) -> LoggedRun | None:
    """A start line; None where it is none."""
    found = _START.fullmatch(record.text)
    if found is None:
        return None
    return LoggedRun(
        started=clock_time(record.second),
        model_name=found[1],
        total_epochs=as_int(found[2]),
        total_steps=as_int(found[3]),
        batch_size=as_int(found[4]),
        learning_rate=as_float(found[5]),
        optimizer=found[6],
    )


class End(LoggedRun, frozen=True):
    """What an end line says about the run that it ends; the fields of the start are empty."""


def end(record: Record) -> End | None:
    """An end line; None where it is none."""
    found = _END.fullmatch(record.text)
    if found is None:
        return None
    hours = as_float(found[2])
    return End(
        started=None,
        ended=clock_time(record.second),
        outcome=_OUTCOMES.get(found[1], found[1]),
        duration=None if hours is None else 3600 * hours,
        final_loss=as_float(found[3]),
        error=found[4],
    )


def left_out(record: Record) -> int | None:
    """How many progress lines a line says were left out; None where it says nothing of that."""
    found = _LEFT_OUT.fullmatch(record.text)
    return as_int(found[1].replace(",", "")) if found is not None else None


def values_line(record: Record) -> tuple[str, dict[str, float]] | None:
    """What the values belong to (`Metrics`, `Validation metrics`, …) and the values; None where it is none."""
    found = _VALUES.fullmatch(record.text)
    return (found[1], values(found[2])) if found is not None else None
