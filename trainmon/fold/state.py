"""What is known of a run: the value that the fold makes and that everything else reads.

Nothing here depends on when it is looked at: what does is a function of state and time, in `trainmon.meaning`. What
its lists hold is in `trainmon.fold.state_entries`.
"""

import msgspec

from trainmon.facts.events import Direction, EndReason, JsonObject, Metrics, Number, Opened
from trainmon.facts.readings import MachineReading
from trainmon.fold.alert_log import AlertEntry
from trainmon.fold.counting import Counting
from trainmon.fold.divergence import Divergence
from trainmon.fold.error_groups import ErrorGroup
from trainmon.fold.operation_summaries import OperationSummary
from trainmon.fold.pace import Pace
from trainmon.fold.series import Series
from trainmon.fold.state_entries import (
    CheckpointEntry,
    ErrorEntry,
    OperationEntry,
    PerformanceEntry,
    ProgressEntry,
    ValidationEntry,
    WarningEntry,
)


class Configuration(msgspec.Struct, frozen=True):
    """What `log_training_start` said; steps and epochs as the caller counts them."""

    model_name: str
    total_epochs: int | None
    total_steps: int | None
    batch_size: int | None
    learning_rate: Number | None
    optimizer: str | None
    start_time: str
    """`time` as the spec writes it, in the trainer's local time."""
    time: float
    """Unix seconds."""
    steps_per_epoch: int | None = None
    config: JsonObject = {}
    best_metric: str = "loss"
    best_direction: Direction = "min"
    git: str | None = None
    """Commit, with `+dirty` behind it where files were changed."""
    versions: dict[str, str] = {}
    """Of Python and of the libraries that were loaded, by name."""
    system: JsonObject = {}
    """`get_system_stats()` at the start."""
    initial_step: int | None = None
    """Steps done before this start; None where the caller did not say."""
    offset: int = -1
    """Of its line in the journal; -1 where it is not reachable."""
    mono: float = 0.0
    """Monotonic seconds of the start, comparable within `writer`."""
    writer: str = ""
    """Who started the run."""


class End(msgspec.Struct, frozen=True):
    """How a training said that it ended."""

    success: bool
    reason: EndReason
    time: float
    duration: float | None
    """Seconds, as said by the caller, else since the start."""
    final_loss: Number | None
    final_metrics: Metrics
    error: str | None


class RunSummary(msgspec.Struct, frozen=True):
    """An earlier run of the same journal."""

    run_id: str
    model_name: str
    started: float
    """Unix seconds."""
    last_time: float
    """Unix seconds of its newest event."""
    run_step: int
    end: End | None
    best: ValidationEntry | None
    offset: int
    """Of its `started` line; -1 where it is not reachable."""


class Writer(msgspec.Struct):
    """What arrived from one writer."""

    next_seq: int = 0
    """One above the highest `seq` seen."""
    missing: list[tuple[int, int]] = []
    """Ranges (first, last) below `next_seq` that did not arrive, by rising number, at most 64."""
    closed: bool = False
    """It said that it closed in order."""


class Totals(msgspec.Struct):
    """Counts over the journal; never reset by a new run, except where said."""

    events: int = 0
    errors: int = 0
    warnings: int = 0
    """Of this run, as `errors`, repeats included."""
    nonfinite: int = 0
    """Losses of this run that were NaN or infinite."""
    first_nonfinite_step: int | None = None
    waited: float = 0.0
    """Seconds since the newest start spent waiting for data, where that is timed."""
    spent: dict[str, float] = {}
    """Seconds since the newest start by span: validation, checkpoint."""
    checkpoints: int = 0
    """Of this run; `RunState.checkpoints` holds the newest only."""
    checkpoint_bytes: int = 0
    """Bytes of all checkpoints of this run whose size is known, whether or not they are still there."""
    unsummarised: int = 0
    """Performance records of this run in summaries that were given up, see `operation_summaries.add`."""
    refused: int = 0
    """Records that writers said they could not keep; their numbers are missing, too."""
    gone: int = 0
    """Missing records in ranges that are no longer listed by writer."""
    unknown: int = 0
    """Lines of kinds that this version does not know."""
    malformed: int = 0
    """Lines of a known kind whose fields are not what they have to be."""
    damaged: int = 0
    """Lines that are not JSON."""
    long: int = 0
    """Lines over `codec.LINE_LIMIT` bytes."""
    repeated: int = 0
    """Lines that came twice and were dropped."""
    unjournaled: int = 0
    """Steps of this run that a journal had which was moved away or deleted meanwhile; ours begins behind them."""
    first_bad_offset: int | None = None
    """Where the first line stands that is not JSON; None: there is none."""


class Bookmark(msgspec.Struct, frozen=True):
    """How far a state has read which journal."""

    journal: str | None = None
    """The writer of the journal's first line, which names the journal wherever it is copied; None: nothing read."""
    offset: int = 0
    """Bytes read: the next line begins here."""
    mark: int = 0
    """CRC-32 of the 64 bytes before `offset`: tells whether it is still the same journal."""


class RunState(msgspec.Struct):
    """All that is known. Only `trainmon.fold.reducer` changes one; readers get copies that nobody changes."""

    opened: Opened | None = None
    """Of the newest writer that owns the journal."""
    run_id: str | None = None
    """None before the first start in this journal."""
    run_number: int = 0
    """How many runs were started in this journal."""
    configuration: Configuration | None = None
    progress: ProgressEntry | None = None
    """The newest progress in any phase."""
    counting: Counting = msgspec.field(default_factory=Counting)
    run_step: int = 0
    """Steps completed over the run; 0 before the first."""
    rewinding: bool = False
    """The run was continued and has not said yet from which step."""
    stepper: str | None = None
    """Writer of the newest training progress since the start; None before it."""
    resumed: int = 0
    """How often this run was continued by another start."""
    last_time: float | None = None
    """Unix seconds of the newest event."""
    first_step_time: float | None = None
    """Unix seconds of the first progress in the training phase since the newest start."""
    last_step_time: float | None = None
    """Unix seconds of the newest progress in the training phase."""
    beginning: tuple[int, int] | None = None
    """Offset (-1: not reachable) and run step of the run's first training progress; a curve may lose them on a redo."""
    epoch_time: float | None = None
    """Unix seconds of the first progress of the current epoch."""
    span: str | None = None
    """`validation` or `checkpoint` while one is open."""
    span_time: float | None = None
    """Unix seconds when it began."""
    end: End | None = None
    checkpoints: list[CheckpointEntry] = []
    validations: list[ValidationEntry] = []
    best: ValidationEntry | None = None
    best_checkpoint: CheckpointEntry | None = None
    """The newest checkpoint at or after the best validation's step, where one came."""
    errors: list[ErrorEntry] = []
    error_groups: list[ErrorGroup] = []
    """Errors of this run by fingerprint, by rising time of the newest, at most `error_groups.MOST`."""
    alerts: list[AlertEntry] = []
    """What the trainer saw come and go in this run, by rising time, at most `alert_log.MOST`."""
    warnings: list[WarningEntry] = []
    performance: list[PerformanceEntry] = []
    operation_summaries: dict[str, OperationSummary] = {}
    """Timed operations of the whole run by name, at most `operation_summaries.MOST`."""
    operations: list[OperationEntry] = []
    prelude: float | None = 0.0
    """Unix seconds from which entries belong to the run that starts next; None while a run goes on."""
    reading: MachineReading | None = None
    oom_kills_before: int | None = None
    """What the control group's counter of out-of-memory kills said when the run began; None: it was not read."""
    loss: Series = msgspec.field(default_factory=Series)
    metrics: Series = msgspec.field(default_factory=Series)
    """Over run steps, as `loss`: learning rate, wait for data and the caller's metrics."""
    validation: Series = msgspec.field(default_factory=lambda: Series(capacity=256, cells=704))
    """Validation loss and metrics over run steps; fewer buckets, because there are fewer of them."""
    machine: Series = msgspec.field(default_factory=lambda: Series(capacity=128, cells=1_024))
    """Readings of the machine over whole Unix seconds, see `trainmon.fold.machine`."""
    redone: Series | None = None
    """The loss of steps that a resumed run did again."""
    divergence: Divergence = msgspec.field(default_factory=Divergence)
    pace: Pace = msgspec.field(default_factory=Pace)
    earlier: list[RunSummary] = []
    writers: dict[str, Writer] = {}
    totals: Totals = msgspec.field(default_factory=Totals)
    bookmark: Bookmark = Bookmark()

    @property
    def utc_offset(self) -> int:
        """Seconds that the trainer's local time is ahead of UTC; 0 where it is not known."""
        return self.opened.utc_offset if self.opened is not None else 0
