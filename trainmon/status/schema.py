"""The schema of `trainmon status --json`: the classes are what docs/cli.md documents.

Fields may be added; a change of meaning raises `STATUS_SCHEMA`. Numbers that are not finite are the strings "NaN",
"Infinity" and "-Infinity"; what is not known is null.
"""

import msgspec

from trainmon.facts.events import Direction, Metrics, Severity
from trainmon.meaning.statuses import Certainty, Status
from trainmon.words.scalars import Number

STATUS_SCHEMA = 1
"""Version of the document."""


class TrainerPart(msgspec.Struct, frozen=True):
    """The process that records here, or did last."""

    host: str
    pid: int
    alive: bool | None
    """Whether it lives; None: cannot be known from here."""
    rank: int | None
    world_size: int | None
    command: tuple[str, ...]
    """Its command line, secrets masked."""
    utc_offset: int
    """Seconds that its local time is ahead of UTC."""


class RunPart(msgspec.Struct, frozen=True):
    """Which run."""

    run_id: str
    number: int
    """How many runs were started in this folder; this is the newest."""
    model_name: str
    started: float
    """Unix seconds."""
    elapsed: Number | None
    """Seconds from the start to now, or to the end of a run that is over, said or not."""
    resumed: int
    """How often it was continued by another start."""
    git: str | None
    """Commit, with `+dirty` behind it where files were changed."""


class ProgressPart(msgspec.Struct, frozen=True):
    """How far it is."""

    run_step: int
    total_steps: int | None
    fraction: float | None
    """Of the run, 0 to 1."""
    epoch: int | None
    """As the program counts."""
    epoch_number: int | None
    """The same counted from 1, also where the program calls its first epoch 0."""
    total_epochs: int | None
    epoch_step: int
    """Steps done in this epoch."""
    steps_per_epoch: int | None
    epoch_fraction: float | None
    phase: str | None
    loss: Number | None
    """Newest training loss."""
    nonfinite: int
    """How many losses were NaN or infinite."""
    first_nonfinite_step: int | None
    """Run step of the first of them."""
    learning_rate: Number | None
    metrics: Metrics
    time: float | None
    """Unix seconds of the newest progress."""


class SpeedPart(msgspec.Struct, frozen=True):
    """How fast it is, and how long it takes."""

    steps_per_second: Number | None
    samples_per_second: Number | None
    remaining: Number | None
    """Seconds until the last step; None: not known, or nothing moves."""
    remaining_low: Number | None
    remaining_high: Number | None
    """The truth lies between the two in 80 % of all cases."""
    ends: Number | None
    """Unix seconds."""
    silence: Number | None
    """Seconds without a step, where that is unusual for the run though it does not count as stalled yet."""
    no_estimate: str | None
    """Why `remaining` is not known, in words; None where it is, and until the pace is known."""


class DeadlinePart(msgspec.Struct, frozen=True):
    """When the run has to be done, and whether it will be."""

    time: float
    """Unix seconds."""
    allocation: bool
    """Whether it is the end of the batch job's allocation; else somebody set it."""
    fits: bool | None
    """Whether the run ends in time; None: not known yet."""
    spare: Number | None
    """Seconds between the end of the run and the deadline; below 0: the run ends later."""
    last_checkpoint: int | None
    """Run step of the last checkpoint that will be whole in time, where the run ends later."""


class AlertPart(msgspec.Struct, frozen=True):
    """Something that deserves attention now."""

    kind: str
    """Stable name, see docs/alerts.md."""
    severity: Severity
    text: str
    """What and why."""
    since: float | None
    """Unix seconds."""


class BestPart(msgspec.Struct, frozen=True):
    """The best validation."""

    metric: str
    """What decides; `loss` is the validation loss."""
    direction: Direction
    value: Number | None
    """Of that metric."""
    epoch: int
    step: int
    """As the program counts."""
    run_step: int
    val_loss: Number | None
    val_metrics: Metrics
    time: float


class CheckpointPart(msgspec.Struct, frozen=True):
    """The newest checkpoint."""

    path: str
    there: bool | None
    """Whether its file is there; None: cannot be known from here."""
    epoch: int
    step: int
    run_step: int
    loss: Number | None
    size: int | None
    """Bytes, when it was saved."""
    time: float


class LostPart(msgspec.Struct, frozen=True):
    """What a run that broke off has to do again."""

    steps: int
    """Since the newest checkpoint whose file is not known to be gone; since the start where there is none."""
    since: int | None
    """Run step of that checkpoint; None: the start."""


class ErrorPart(msgspec.Struct, frozen=True):
    """The newest error, explained; of the rank that the headline names."""

    error_type: str
    message: str
    context: str
    location: str | None
    run_step: int | None
    time: float
    uncaught: bool
    category: str
    """What kind of trouble it is, in words (docs/errors.md)."""
    advice: str | None
    """What helps most often; None where nothing general can be said."""
    advice_source: str | None
    """Where the advice is from."""
    sizes: dict[str, int]
    """Bytes that a memory error names: `tried`, `free`, `total`, `allocated`, `reserved`."""
    rank: int | None
    """Whose error it is, where the headline names another rank than this folder's own; else None."""


class ErrorGroupPart(msgspec.Struct, frozen=True):
    """Errors that are alike: of one type, raised from one function of the user's own code."""

    error_type: str
    message: str
    """Of the newest."""
    location: str | None
    count: int
    first_step: int | None
    """Run step at the first; None: before the first step."""
    last_step: int | None
    last_time: float
    """Unix seconds."""


class RecordsPart(msgspec.Struct, frozen=True):
    """What is missing or damaged in the record itself, over the whole journal."""

    missing: int
    """Records whose number never arrived; while it trains, a few may be on their way."""
    refused: int
    """Those of them that the trainer said it could not keep."""
    begins_at: int | None
    """Run step at which the journal begins, where the one before was moved away or deleted during this run."""
    damaged: int
    """Lines that are no JSON, or too long."""


class InsidePart(msgspec.Struct, frozen=True):
    """A folder inside: a rank, or a training that found the folder taken."""

    folder: str
    """Its name, `00001`."""
    status: Status
    why: str | None
    exit_code: int
    run_step: int
    loss: Number | None


class FailurePart(msgspec.Struct, frozen=True):
    """The rank that failed before all others."""

    rank: int
    status: Status
    why: str | None
    since: float | None
    """Unix seconds, by the rank's own clock."""


class StatusDocument(msgspec.Struct, frozen=True):
    """All of it; parts are None before there is something to say."""

    schema: int
    version: str
    """Of trainmon."""
    folder: str
    """Absolute."""
    time: float
    """Unix seconds of the look."""
    status: Status
    why: str | None
    """One sentence; None where the status says it all."""
    since: float | None
    """Unix seconds."""
    certainty: Certainty
    """How sure the status and its reason are."""
    details: tuple[str, ...]
    """More lines of evidence: who had the memory, the stack of a crash."""
    exit_code: int
    """Of `trainmon status`."""
    note: str | None
    """What is wrong with reading the folder."""
    heartbeat: float | None
    """Unix seconds of the newest sign of life in the files."""
    trainer: TrainerPart | None
    left_behind: tuple[int, ...] | None
    """Process ids of what a dead trainer left behind; None while it lives, and where it is not known."""
    run: RunPart | None
    progress: ProgressPart | None
    speed: SpeedPart
    deadline: DeadlinePart | None
    """None: none is known, or the run is over."""
    alerts: tuple[AlertPart, ...]
    """The gravest first; none of a run that is over."""
    best: BestPart | None
    checkpoint: CheckpointPart | None
    lost: LostPart | None
    """None while it is not over, and where it finished."""
    error: ErrorPart | None
    errors: int
    """Of this run, repeats included."""
    error_groups: tuple[ErrorGroupPart, ...]
    """The newest ten, the newest first."""
    warnings: int
    records: RecordsPart
    ranks: tuple[InsidePart, ...]
    busy: tuple[InsidePart, ...]
    first_failure: FailurePart | None
    """Of all ranks; None where none failed, or there is only one."""
    left_out: int
    """Folders inside that were not looked at."""
