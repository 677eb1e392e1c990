"""The facts of a journal: one frozen class a kind of line.

A line is what the caller said, with when and by whom; nothing in it is derived. The classes are the schema: what
decodes into one of them is an event, what does not is counted by the reader and skipped. Adding a kind means that
every `match` on `AnyEvent` stops type-checking until it knows the kind.
"""

from typing import Literal

import msgspec

from trainmon.facts.readings import MachineReading
from trainmon.words.quantities import Count as Count
from trainmon.words.quantities import JsonObject as JsonObject
from trainmon.words.quantities import Metrics as Metrics
from trainmon.words.quantities import NonFinite as NonFinite
from trainmon.words.quantities import Number as Number
from trainmon.words.quantities import Seconds as Seconds
from trainmon.words.quantities import Seq as Seq
from trainmon.words.quantities import Severity as Severity
from trainmon.words.quantities import Time as Time
from trainmon.words.quantities import Whole as Whole
from trainmon.words.quantities import WriterName as WriterName

SCHEMA = 1
"""Version of the line format; readers accept every version and skip what they do not know."""

Direction = Literal["min", "max"]
"""Whether a lower (`min`) or a higher (`max`) value of a metric is better."""

SpanName = Literal["validation", "checkpoint"]
"""What a training does beside its steps and is timed apart."""

EndReason = Literal["finished", "failed", "interrupted"]
"""How a training said that it ended."""


class Event(msgspec.Struct, frozen=True, gc=False, tag_field="kind", omit_defaults=True):
    """What every line says."""

    writer: WriterName
    """Twelve hexadecimal digits, random: one opening of a journal by one process."""
    seq: Seq
    """Position among the lines of this writer, from 0; a number that never arrives is a loss."""
    time: Time
    """Unix seconds, UTC, when the call was made; the machine's clock, which may jump."""
    mono: Time
    """Monotonic seconds at the same moment; comparable only within one writer."""


class Opened(Event, frozen=True, gc=False, tag="opened"):
    """The first line of a writer: who records here."""

    schema: Whole
    host: str
    pid: Whole
    version: str
    """Of trainmon."""
    utc_offset: Whole = 0
    """Seconds that the writer's local time is ahead of UTC."""
    boot_id: str | None = None
    pid_namespace: Whole | None = None
    """Inode of the pid namespace in which `pid` means something."""
    process_start: Whole | None = None
    """Clock ticks between boot and the start of the process, from `/proc/PID/stat`."""
    cgroup: str | None = None
    process_group: Whole | None = None
    session: Whole | None = None
    """With the group it tells which processes a dead trainer left behind."""
    rank: Whole | None = None
    local_rank: Whole | None = None
    world_size: Whole | None = None
    command: tuple[str, ...] = ()
    """The command line, secrets masked."""
    python: str | None = None
    folder: str | None = None
    """The run folder as the writer saw it, absolute."""
    app_name: str = "gradio_app"
    """Name of the general text log and its logger."""
    level: str = "INFO"
    """The lowest level that the text logs show."""
    progress_per_second: float = 10.0
    """Progress lines a second that the text log gets in the long run."""
    parent: str | None = None
    """For a forked child or spawned worker: the writer that owns the journal."""
    heir: bool = False
    """This process goes on with the run of `parent`, which has ended: a training that became a daemon."""
    job: str | None = None
    """The batch job around it, `slurm 88213`."""
    allocation_end: Time | None = None
    """Unix seconds when the job's time is over, as the batch system says."""
    deadline: Time | None = None
    """Unix seconds until which the user wants the run to be done."""


class Closed(Event, frozen=True, gc=False, tag="closed"):
    """The last line of a writer that closed in order."""

    refused: Count = 0
    """Records that this writer could not keep."""


class Started(Event, frozen=True, gc=False, tag="started"):
    """A training begins."""

    run_id: str
    model_name: str
    total_epochs: Whole | None = None
    total_steps: Whole | None = None
    """As the caller counts: over the run or over an epoch (see `trainmon.fold.counting`)."""
    batch_size: Whole | None = None
    learning_rate: Number | None = None
    optimizer: str | None = None
    steps_per_epoch: Whole | None = None
    config: JsonObject = {}
    resume: Literal["never", "always", "auto"] = "never"
    """Continue the last run of the journal: always, or if it has the same `run_id`."""
    initial_step: Whole | None = None
    """Steps done before this start; None where the caller did not say."""
    steps_count: Literal["unknown", "run", "epoch"] = "unknown"
    """`run`: steps and their total are known to count over the whole run, `epoch`: over each epoch; else it is found
    out from the steps."""
    best_metric: str = "loss"
    """The validation metric that decides what is best; `loss` is the validation loss."""
    best_direction: Direction = "min"
    git: str | None = None
    """Commit, with `+dirty` behind it where files were changed."""
    versions: dict[str, str] = {}
    """Of Python and of the libraries that were loaded, by name."""
    system: JsonObject = {}
    """`get_system_stats()` at the start."""


class Progress(Event, frozen=True, gc=False, tag="progress"):
    """A step, or a few, were completed."""

    epoch: Whole
    step: Whole
    total_steps: Whole | None = None
    loss: Number | None = None
    learning_rate: Number | None = None
    metrics: Metrics | None = None
    phase: str = "training"
    waited: Seconds | None = None
    """Seconds spent waiting for data since the last progress; None where nobody timed it."""
    texts: dict[str, str] | None = None
    """Values that were given for numbers and are none, as text."""


class Span(Event, frozen=True, gc=False, tag="span"):
    """Validation or the saving of a checkpoint begins, or ends."""

    name: SpanName
    duration: Seconds | None = None
    """Seconds; None at the beginning."""


class Validation(Event, frozen=True, gc=False, tag="validation"):
    """The model was measured on validation data."""

    epoch: Whole
    step: Whole
    val_loss: Number | None = None
    val_metrics: Metrics = {}
    is_best: bool | None = None
    """As the caller said; None: the fold finds out."""


class Checkpoint(Event, frozen=True, gc=False, tag="checkpoint"):
    """The model was saved."""

    epoch: Whole
    step: Whole
    loss: Number | None
    checkpoint_path: str
    metrics: Metrics = {}
    size: Whole | None = None
    """Bytes on disk after saving; None where nobody looked."""
    duration: float | None = None
    """Seconds that saving took."""
    folder: str | None = None
    """The working directory from which a relative path counts; None where the path is absolute."""


class Error(Event, frozen=True, gc=False, tag="error"):
    """An exception, with where it came from."""

    error_type: str
    message: str
    context: str
    traceback: str = ""
    fingerprint: str = ""
    """Type and innermost own frame, hashed: equal for the same fault at different steps."""
    location: str | None = None
    additional_data: JsonObject = {}
    count: Count = 1
    """How many times it came; more than one where it repeated within a second."""
    uncaught: bool = False
    """True where the exception left the program or a thread."""


class Warned(Event, frozen=True, gc=False, tag="warning"):
    """A Python warning."""

    category: str
    message: str
    location: str | None = None
    count: Count = 1


class Performance(Event, frozen=True, gc=False, tag="performance"):
    """An operation was timed."""

    operation: str
    duration: Number | None
    memory_usage: Metrics = {}
    throughput: Number | None = None
    """Samples a second."""
    batch_size: Whole | None = None


class Operation(Event, frozen=True, gc=False, tag="operation"):
    """Something was done to a model: building, loading, saving, inference."""

    operation: str
    model_name: str
    success: bool
    details: JsonObject = {}


class Debug(Event, frozen=True, gc=False, tag="debug"):
    """A detail for whoever debugs."""

    message: str
    data: JsonObject = {}


class Message(Event, frozen=True, gc=False, tag="message"):
    """What a program said to one of the five loggers, and what trainmon itself has to say."""

    logger: str
    level: str
    """Name of the level, as in `logging`."""
    text: str
    traceback: str = ""


class System(Event, frozen=True, gc=False, tag="system"):
    """What the machine does."""

    reading: MachineReading


class Lost(Event, frozen=True, gc=False, tag="lost"):
    """Records that a writer could not keep."""

    count: Count
    first: Whole
    """The lowest `seq` among them."""
    last: Whole
    """The highest `seq` among them."""
    why: str


class Alerted(Event, frozen=True, gc=False, tag="alert"):
    """The trainer found something that deserves attention, or that it is over."""

    name: str
    """Stable name, `divergence`; an alert that stands is told again only where it became graver."""
    severity: Severity = "info"
    text: str = ""
    """What and why, as of this moment."""
    over: bool = False
    """It has cleared."""


class Ended(Event, frozen=True, gc=False, tag="ended"):
    """A training said that it is over."""

    success: bool
    final_loss: Number | None = None
    total_training_time: float | None = None
    """Seconds, as the caller said; None: the time since its start counts."""
    final_metrics: Metrics = {}
    reason: EndReason = "finished"
    error: str | None = None
    """Type and message of the exception that ended it."""


AnyEvent = (
    Opened
    | Closed
    | Started
    | Progress
    | Span
    | Validation
    | Checkpoint
    | Error
    | Warned
    | Performance
    | Operation
    | Debug
    | Message
    | System
    | Lost
    | Alerted
    | Ended
)
"""Every kind of line."""
