"""`analyze_training_progress`: what a progress log says about its trainings."""

from collections import deque
from collections.abc import Callable
from os import PathLike

from msgspec import structs

from trainmon.analysis import progress_lines as lines
from trainmon.analysis.line_numbers import finite
from trainmon.analysis.records import Record, TextLog
from trainmon.analysis.results import (
    CheckpointPoint,
    LoggedRun,
    MetricSummary,
    ProgressPoint,
    TrainingAnalysis,
    ValidationPoint,
)
from trainmon.analysis.tallies import Extent, Thinned
from trainmon.analysis.timing import Timing
from trainmon.fold.counting import Counting

MOST_METRICS = 512
"""Names of metrics that are told apart; a program that makes names up must not fill the memory."""

MOST_RUNS = 100
"""Runs that are listed, the newest."""

TRAINING = (None, "training")
"""Phases in which a loss is a training loss; a line that names no phase is of it."""


def analyze_training_progress(log_file: str | PathLike[str]) -> TrainingAnalysis:
    """Points, speed, gaps, best and last, phases, validations, checkpoints and runs of a progress log.

    Args:
        log_file: `training_progress.log`; its rotated files are found beside it.

    Raises:
        FileNotFoundError: Neither it nor a rotated one is there, nor a run that has written nothing to it.
        OSError: It cannot be read.
    """
    with TextLog(log_file) as log:
        reading = _Reading()
        for record in log:
            reading.take(record)
        return reading.result(log)


class _Reading:
    """What was read so far. A point is held back until the line with its metrics can no longer come."""

    def __init__(self) -> None:
        self._unread = self._left_out = self._nonfinite = 0
        self._held: ProgressPoint | ValidationPoint | None = None
        self._counting = Counting()
        self._timing = Timing()
        self._points: Thinned[ProgressPoint] = Thinned()
        self._validations: Thinned[ValidationPoint] = Thinned()
        self._checkpoints: Thinned[CheckpointPoint] = Thinned()
        self._first: ProgressPoint | None = None
        self._last: ProgressPoint | None = None
        self._best: ProgressPoint | None = None
        self._last_validation: ValidationPoint | None = None
        self._marked: ValidationPoint | None = None
        self._lowest: ValidationPoint | None = None
        self._last_checkpoint: CheckpointPoint | None = None
        self._metrics: dict[str, Extent] = {}
        self._runs: deque[LoggedRun] = deque(maxlen=MOST_RUNS)
        self._run_count = 0
        self._others: tuple[Callable[[Record], bool], ...] = (
            self._take_validation,
            self._take_checkpoint,
            self._take_start,
            self._take_end,
            self._take_left_out,
        )

    def take(self, record: Record) -> None:
        """The next record of the log."""
        point = lines.progress(record, {})
        if point is not None:
            self._let_go()
            self._held = self._placed(point)
            self._timing.take(self._held, record.second)
            return
        values = lines.values_line(record)
        if values is not None:
            self._take_values(*values)
        elif not any(take(record) for take in self._others):
            self._unread += 1

    def _placed(self, point: ProgressPoint) -> ProgressPoint:
        """The point with its step over the run, where it is one of training."""
        counting = self._counting
        if point.phase in TRAINING:
            counting.observe(point.epoch, (point.step,), point.total_steps)
        return structs.replace(point, run_step=counting.run_step(point.epoch, point.step))

    def _take_values(self, title: str, values: dict[str, float]) -> None:
        match title, self._held:
            case ("Metrics", ProgressPoint(metrics=known)) | (
                "Validation metrics",
                ValidationPoint(metrics=known),
            ):
                known.update(values)
            case "Final metrics", _ if self._runs:
                self._runs[-1] = structs.replace(self._runs[-1], final_metrics=values)
            case "Summary", _:
                return  # Said from what the other lines say, too.
            case _:
                self._unread += 1

    def _let_go(self) -> None:
        """Counts the point that was held back: no more metrics can come."""
        held, self._held = self._held, None
        if isinstance(held, ProgressPoint):
            self._count_point(held)
        elif isinstance(held, ValidationPoint):
            self._count_validation(held)

    def _count_point(self, point: ProgressPoint) -> None:
        self._points.add(point)
        self._first = self._first or point
        self._last = point
        if point.phase in TRAINING and point.loss is not None:
            if not finite(point.loss):
                self._nonfinite += 1
            elif self._best is None or self._best.loss is None or point.loss < self._best.loss:
                self._best = point
        for name, value in point.metrics.items():
            extent = self._metrics.get(name)
            if extent is None:
                if len(self._metrics) >= MOST_METRICS:
                    continue
                extent = self._metrics[name] = Extent()
            extent.add(value)

    def _count_validation(self, point: ValidationPoint) -> None:
        self._validations.add(point)
        self._last_validation = point
        if point.is_best:
            self._marked = point
        lowest = self._lowest.loss if self._lowest is not None else None
        if point.loss is not None and finite(point.loss) and (lowest is None or point.loss < lowest):
            self._lowest = point

    def _take_validation(self, record: Record) -> bool:
        point = lines.validation(record, {})
        if point is None:
            return False
        self._let_go()
        self._held = point
        return True

    def _take_checkpoint(self, record: Record) -> bool:
        point = lines.checkpoint(record)
        if point is None:
            return False
        self._let_go()
        self._checkpoints.add(point)
        self._last_checkpoint = point
        return True

    def _take_start(self, record: Record) -> bool:
        run = lines.start(record)
        if run is None:
            return False
        self._let_go()
        self._runs.append(run)
        self._run_count += 1
        self._counting = Counting(total_epochs=run.total_epochs)
        self._timing.restart()
        return True

    def _take_end(self, record: Record) -> bool:
        end = lines.end(record)
        if end is None:
            return False
        self._let_go()
        if not self._runs or self._runs[-1].ended is not None:
            self._runs.append(LoggedRun(started=None))
            self._run_count += 1
        self._runs[-1] = structs.replace(
            self._runs[-1],
            ended=end.ended,
            outcome=end.outcome,
            duration=end.duration,
            final_loss=end.final_loss,
            error=end.error,
        )
        return True

    def _take_left_out(self, record: Record) -> bool:
        count = lines.left_out(record)
        self._left_out += count or 0
        return count is not None

    def result(self, log: TextLog) -> TrainingAnalysis:
        """What was read, when all was."""
        self._let_go()
        gaps, gap_count = self._timing.gaps()
        return TrainingAnalysis(
            files=log.files,
            lines=log.lines,
            unread=self._unread + log.stray,
            progress_lines=self._points.count,
            left_out=self._left_out,
            points=tuple(self._points.items),
            stride=self._points.stride,
            first=self._first,
            last=self._last,
            best=self._best,
            nonfinite=self._nonfinite,
            metrics=tuple(_summary(name, extent) for name, extent in self._metrics.items()),
            speed=self._timing.speed(),
            gaps=gaps,
            gap_count=gap_count,
            phases=self._timing.phases(),
            validations=tuple(self._validations.items),
            validation_count=self._validations.count,
            last_validation=self._last_validation,
            best_validation=self._marked or self._lowest,
            checkpoints=tuple(self._checkpoints.items),
            checkpoint_count=self._checkpoints.count,
            last_checkpoint=self._last_checkpoint,
            runs=tuple(self._runs),
            run_count=self._run_count,
        )


def _summary(name: str, extent: Extent) -> MetricSummary:
    return MetricSummary(
        name=name,
        count=extent.count,
        nonfinite=extent.nonfinite,
        first=extent.first,
        last=extent.last,
        minimum=extent.minimum,
        maximum=extent.maximum,
        mean=extent.mean,
    )
