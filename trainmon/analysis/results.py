"""What the analyses return: frozen, bounded values.

Times are dates without a zone, on the clock of the program that wrote the log, in whole seconds, as the log has them.
Absent is None; a loss or metric may be NaN or infinite.
"""

from datetime import datetime

import msgspec


class ProgressPoint(msgspec.Struct, frozen=True):
    """One progress line with its metrics."""

    time: datetime
    epoch: int
    step: int
    """As the program counts."""
    run_step: int
    """Completed steps over the run, see `trainmon.fold.counting`."""
    total_steps: int | None
    percent: float | None
    """0-100, as the line says it."""
    loss: float | None
    learning_rate: float | None
    eta: float | None
    """Seconds."""
    phase: str | None
    metrics: dict[str, float]


class ValidationPoint(msgspec.Struct, frozen=True):
    """One validation."""

    time: datetime
    epoch: int
    step: int
    loss: float | None
    metrics: dict[str, float]
    is_best: bool
    """The line says that it is the best so far."""


class CheckpointPoint(msgspec.Struct, frozen=True):
    """One saved model."""

    time: datetime
    epoch: int
    step: int
    loss: float | None
    path: str | None


class LoggedRun(msgspec.Struct, frozen=True):
    """One training, from its start to its end."""

    started: datetime | None
    """None where the log begins in the middle of it."""
    model_name: str | None = None
    total_epochs: int | None = None
    total_steps: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    optimizer: str | None = None
    ended: datetime | None = None
    """None where the log says no end: it goes on, or died."""
    outcome: str | None = None
    """`finished`, `failed` or `interrupted`; None as above."""
    duration: float | None = None
    """Seconds, to 36 s as the line has hours with two decimals."""
    final_loss: float | None = None
    final_metrics: dict[str, float] = {}
    error: str | None = None


class Gap(msgspec.Struct, frozen=True):
    """A silence between two progress lines, longer than a minute and than ten usual ones."""

    begin: datetime
    end: datetime
    seconds: float
    step_before: int
    step_after: int
    restarted: bool
    """A training started within it."""


class PhaseSummary(msgspec.Struct, frozen=True):
    """What the log says of one phase."""

    name: str
    """Empty where lines name none."""
    lines: int
    seconds: float
    """Between lines of this phase that follow each other."""
    first: datetime
    last: datetime


class MetricSummary(msgspec.Struct, frozen=True):
    """One metric over all progress lines."""

    name: str
    count: int
    """Finite values."""
    nonfinite: int
    first: float | None
    last: float | None
    minimum: float | None
    maximum: float | None
    mean: float | None


class SpeedSummary(msgspec.Struct, frozen=True):
    """Steps of the training phase a second, gaps left out; None where the log's whole seconds do not tell."""

    mean: float | None
    recent: float | None
    """Over the newest quarter of the lines."""
    trend: float | None
    """The newest quarter against the oldest: -0.1 is a tenth slower; None for fewer than 32 seconds with a line."""


class TrainingAnalysis(msgspec.Struct, frozen=True):
    """What `training_progress.log` says."""

    files: tuple[str, ...]
    """Oldest first."""
    lines: int
    """Lines in them."""
    unread: int
    """Records and lines that are none of the kinds below."""
    progress_lines: int
    left_out: int
    """Progress lines that the log says were left out: with `progress_lines`, all calls but those that were left out
    behind the last line."""
    points: tuple[ProgressPoint, ...]
    """Every `stride`-th progress line, oldest first, at most 2,048."""
    stride: int
    first: ProgressPoint | None
    last: ProgressPoint | None
    best: ProgressPoint | None
    """The first with the lowest finite loss in the phase `training`."""
    nonfinite: int
    """Training losses that were NaN or infinite."""
    metrics: tuple[MetricSummary, ...]
    """In the order in which they came first, at most 512."""
    speed: SpeedSummary
    gaps: tuple[Gap, ...]
    """The longest 100, the longest first."""
    gap_count: int
    phases: tuple[PhaseSummary, ...]
    """In the order in which they came first, at most 100."""
    validations: tuple[ValidationPoint, ...]
    """Every n-th, oldest first, at most 2,048."""
    validation_count: int
    last_validation: ValidationPoint | None
    best_validation: ValidationPoint | None
    """The newest one that is marked as best, else the one with the lowest loss."""
    checkpoints: tuple[CheckpointPoint, ...]
    """Every n-th, oldest first, at most 2,048."""
    checkpoint_count: int
    last_checkpoint: CheckpointPoint | None
    runs: tuple[LoggedRun, ...]
    """The newest 100, oldest first."""
    run_count: int


class Tally(msgspec.Struct, frozen=True):
    """How often something came."""

    name: str
    count: int
    """Repetitions that a record speaks for are counted."""
    first: datetime
    last: datetime


class RecurringError(msgspec.Struct, frozen=True):
    """Errors of the same type from the same place."""

    fingerprint: str
    """Eight hexadecimal digits; those of the journal where the log is ours."""
    error_type: str | None
    """None where the log does not say it."""
    category: str
    """What kind of trouble it is, see `trainmon.meaning.diagnosis`."""
    advice: str | None
    message: str
    """Of the newest, its first 2,000 characters."""
    context: str | None
    location: str | None
    """`train.py:123 in step`, of the newest."""
    count: int
    first: datetime
    last: datetime


class ErrorAnalysis(msgspec.Struct, frozen=True):
    """What `errors.log` says; tallies are the most frequent first, at most 256 each."""

    files: tuple[str, ...]
    lines: int
    records: int
    """Of any level."""
    errors: int
    """Of the levels ERROR and CRITICAL, repetitions counted."""
    by_level: tuple[Tally, ...]
    by_type: tuple[Tally, ...]
    """By exception type; `unknown` where the log does not say it."""
    by_category: tuple[Tally, ...]
    by_context: tuple[Tally, ...]
    recurring: tuple[RecurringError, ...]
    """Groups of errors by fingerprint, the most frequent first, at most 256; those with a count of 1 came once."""
    first: datetime | None
    last: datetime | None


class MemorySummary(msgspec.Struct, frozen=True):
    """One value of `memory_usage`, in the unit of the log."""

    name: str
    last: float | None
    mean: float | None
    maximum: float | None


class OperationSummary(msgspec.Struct, frozen=True):
    """One operation; durations in seconds."""

    operation: str
    count: int
    timed: int
    """Those with a duration that is a number."""
    total: float
    mean: float | None
    minimum: float | None
    maximum: float | None
    p50: float | None
    """Median, within 1 % of the duration at that rank (DDSketch)."""
    p95: float | None
    """The same for 95 %."""
    trend: float | None
    """The newest quarter against the oldest: 0.1 is a tenth slower; None for fewer than 32."""
    throughput_mean: float | None
    """Samples a second."""
    throughput_last: float | None
    memory: tuple[MemorySummary, ...]
    """In the order in which they came first, at most 64."""
    first: datetime
    last: datetime


class PerformanceAnalysis(msgspec.Struct, frozen=True):
    """What `performance.log` says."""

    files: tuple[str, ...]
    lines: int
    unread: int
    """Records that are none of ours."""
    records: int
    """Operations that were timed, all together."""
    operations: tuple[OperationSummary, ...]
    """Those that took most time first, at most 512."""
    further: int
    """Records of operations beyond those."""
