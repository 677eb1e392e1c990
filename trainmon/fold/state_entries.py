"""What the lists of a state hold: an entry for each call of a kind, in the names of the spec's `monitoring_data`.

In all of them `epoch` and `step` are the caller's own numbers, `time` is Unix seconds, and `timestamp` is the same
moment as the spec writes it, in the trainer's local time. Lists keep the newest entries only; the journal keeps all.
"""

import msgspec

from trainmon.facts.events import JsonObject, Metrics, Number

LIST_LIMIT = 100
"""Entries that a list of the state keeps, the newest."""

FULL_ENTRIES = 10
"""How many of the newest entries of a list keep all their texts and metrics: bounds the snapshot."""


class ProgressEntry(msgspec.Struct, frozen=True):
    """The newest progress call."""

    epoch: int
    step: int
    total_steps: int | None
    loss: Number | None
    learning_rate: Number | None
    phase: str
    """Only `training` moves the curve, the bars and the speed."""
    metrics: Metrics
    timestamp: str
    time: float
    mono: float
    """Monotonic seconds at `time`, comparable within `writer`."""
    writer: str
    """Who made the call."""


class CheckpointEntry(msgspec.Struct, frozen=True):
    """One saved model."""

    epoch: int
    step: int
    loss: Number | None
    checkpoint_path: str
    metrics: Metrics
    timestamp: str
    time: float
    run_step: int
    """Steps over the run, see `trainmon.fold.counting`."""
    size: int | None = None
    """Bytes; None: not said."""
    duration: float | None = None
    """Seconds that saving took; None: not said."""
    folder: str | None = None
    """From which a relative path counts; None: not known, or the path is absolute."""


class ValidationEntry(msgspec.Struct, frozen=True):
    """One validation."""

    epoch: int
    step: int
    val_loss: Number | None
    val_metrics: Metrics
    is_best: bool
    """Best so far when it came."""
    timestamp: str
    time: float
    run_step: int
    """Steps over the run, see `trainmon.fold.counting`."""


class ErrorEntry(msgspec.Struct, frozen=True):
    """One error, or several equal ones within a second."""

    error_type: str
    error_message: str
    context: str
    timestamp: str
    traceback: str
    additional_data: JsonObject
    time: float
    fingerprint: str
    """Type and innermost own frame, hashed: equal for the same fault at different steps."""
    location: str | None
    """`file:line in function` of the innermost own frame; None where there is no traceback."""
    run_step: int | None
    """Where the run was; None before the first step."""
    count: int
    """How often it came; above 1 for equal ones within a second."""
    uncaught: bool
    """It left the program or a thread."""
    offset: int
    """Of its line in the journal, where the uncut texts are; -1 where it is not reachable."""


class WarningEntry(msgspec.Struct, frozen=True):
    """One Python warning, with how often it came in a row."""

    category: str
    message: str
    location: str | None
    """`file:line`; None: not known."""
    time: float
    """Unix seconds of the first in the row."""
    run_step: int | None
    """Where the run was; None before the first step."""
    count: int


class PerformanceEntry(msgspec.Struct, frozen=True):
    """One timed operation."""

    operation: str
    duration: Number | None
    """Seconds."""
    memory_usage: Metrics
    """Numbers by name; GPU memory in GiB."""
    throughput: Number | None
    """Items a second, as the caller counts them."""
    batch_size: int | None
    timestamp: str
    time: float


class OperationEntry(msgspec.Struct, frozen=True):
    """One operation on a model."""

    operation: str
    model_name: str
    success: bool
    details: JsonObject
    timestamp: str
    time: float
