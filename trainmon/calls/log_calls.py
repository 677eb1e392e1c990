"""The log calls of the spec beside progress: each makes one event of whatever it is given, and never raises."""

import os
from collections.abc import Callable, Mapping
from typing import Literal, get_args

from trainmon.calls.error_calls import ErrorCalls, never_raises
from trainmon.calls.surroundings import git_commit, versions
from trainmon.facts.events import (
    Checkpoint,
    Debug,
    Direction,
    Ended,
    EndReason,
    Operation,
    Performance,
    Started,
    Validation,
)
from trainmon.facts.given import (
    as_flag,
    as_integer,
    as_metrics,
    as_object,
    as_recorded,
    as_seconds,
    base_of,
    path_text,
)
from trainmon.facts.tracebacks import describe
from trainmon.facts.values import as_text, type_name
from trainmon.system.stats import system_stats


class LogCalls(ErrorCalls):
    """What `TrainLogger` records beside progress."""

    best_metric: str
    best_direction: Direction

    def __init__(self) -> None:
        super().__init__()
        self._running_in: int | None = None
        """The process that started a training which has not ended."""
        self.begin_again: Callable[[], None] | None = None
        """Begins the training anew whose block the program is in; another one inside it calls that when it ends."""
        self.newest_checkpoint: str | None = None
        """The path of the newest checkpoint, as it was logged."""

    @property
    def running(self) -> bool:
        """A training was started in this process and has not ended; that of a parent is not a forked child's to end."""
        return self._running_in == os.getpid()

    # The run.

    @never_raises
    def log_training_start(
        self,
        model_name: str,
        total_epochs: int | None,
        total_steps: int | None,
        batch_size: int | None,
        learning_rate: float | None,
        optimizer: object,
        *,
        config: object = None,
        run_id: str | None = None,
        steps_per_epoch: int | None = None,
        initial_step: int | None = None,
        resume: bool | str = False,
        steps_count: str = "unknown",
    ) -> None:
        """Records that a training begins, with system statistics, command line, git commit and versions.

        Args:
            model_name: What is trained.
            total_epochs: Epochs that it is to run.
            total_steps: Steps of the run, or of an epoch where the program counts so.
            batch_size: Examples in an optimiser step on one rank: under DDP the world size is multiplied in, for
                samples a second.
            learning_rate: At the start.
            optimizer: Its name, or itself, which gives the name of its class.
            config: All other settings; secrets are masked.
            run_id: Names the run across restarts; None: a random one.
            steps_per_epoch: Steps of an epoch, as the program counts them.
            initial_step: Steps done before this start.
            resume: True continues the last run of the folder; `"auto"` does if it has the same `run_id`.
            steps_count: `"run"` says that steps and `total_steps` count over the whole run, `"epoch"` that both count
                over each epoch; else it is found out.
        """
        recorder = self.recorder
        event = Started(
            *recorder.stamp(),
            run_id=as_text(run_id, 200) if run_id is not None else recorder.new_run_id(),
            model_name=as_text(model_name, 2_000),
            total_epochs=as_integer(total_epochs),
            total_steps=as_integer(total_steps),
            batch_size=as_integer(batch_size),
            learning_rate=as_recorded(learning_rate),
            optimizer=_optimizer_name(optimizer),
            steps_per_epoch=as_integer(steps_per_epoch),
            config=as_object(config),
            resume="auto" if as_text(resume, 80) == "auto" else "always" if as_flag(resume) else "never",
            initial_step=as_integer(initial_step),
            steps_count=_steps_count(steps_count),
            best_metric=self.best_metric,
            best_direction=self.best_direction,
            git=git_commit(),
            versions=versions(),
            system=as_object(system_stats()),
        )
        self._running_in = os.getpid()
        recorder.put(event, wake=True)

    @never_raises
    def log_training_end(
        self,
        success: bool,
        final_loss: float | None = None,
        total_training_time: float | None = None,
        final_metrics: Mapping[str, float] | None = None,
        *,
        reason: EndReason | None = None,
        error: str | None = None,
    ) -> None:
        """Records that a training is over, and waits until that is in the journal, 2 s at most.

        Args:
            success: Whether it did what it was to do.
            final_loss: The last loss.
            total_training_time: Seconds; None: since the start.
            final_metrics: The last numbers by name.
            reason: How it ended; None: `finished` or `failed`, as `success` says.
            error: Type and message of the exception that ended it.
        """
        metrics, _ = as_metrics(final_metrics)
        done = as_flag(success)
        if as_text(reason, 80) not in get_args(EndReason):
            reason = None
        self.record_repeats(all_of_them=True)
        event = Ended(
            *self.recorder.stamp(),
            success=done,
            final_loss=as_recorded(final_loss),
            total_training_time=as_seconds(total_training_time),
            final_metrics=metrics,
            reason=reason or ("finished" if done else "failed"),
            error=as_text(error, 2_000) if error is not None else None,
        )
        self._running_in = None
        self.recorder.put(event, wake=True)
        self.recorder.drained()

    def end_by(self, error: BaseException, context: str, *, interrupted: bool) -> None:
        """Records an exception, where that was not done yet, and the end of the training that runs.

        Args:
            error: What leaves the training.
            context: What was being done.
            interrupted: It was stopped, which is no error.
        """
        if not (interrupted or isinstance(error, SystemExit) or self.recorded(error)):
            self.log_error_with_context(error, context, uncaught=True)
        if not self.running:
            return
        described = describe(error)
        said = described.error_type if interrupted else f"{described.error_type}: {described.message}"
        self.log_training_end(False, reason="interrupted" if interrupted else "failed", error=said[:2_000])

    @never_raises
    def log_model_checkpoint(
        self,
        epoch: int,
        step: int,
        loss: float | None,
        checkpoint_path: str | os.PathLike[str],
        metrics: Mapping[str, float] | None = None,
        *,
        size: int | None = None,
        duration: float | None = None,
    ) -> None:
        """Records that a model was saved.

        Args:
            epoch: When.
            step: When, as in `log_training_progress`.
            loss: At that step.
            checkpoint_path: Where; the file is not looked at.
            metrics: Numbers that belong to it.
            size: Bytes of the file.
            duration: Seconds that saving took.
        """
        numbers, _ = as_metrics(metrics)
        self.newest_checkpoint = path_text(checkpoint_path)
        event = Checkpoint(
            *self.recorder.stamp(),
            epoch=as_integer(epoch) or 0,
            step=as_integer(step) or 0,
            loss=as_recorded(loss),
            checkpoint_path=self.newest_checkpoint,
            metrics=numbers,
            size=as_integer(size),
            duration=as_seconds(duration),
            folder=base_of(self.newest_checkpoint),
        )
        self.recorder.put(event, wake=True)

    @never_raises
    def log_validation_results(
        self,
        epoch: int,
        step: int,
        val_loss: float | None,
        val_metrics: Mapping[str, float] | None = None,
        is_best: bool | None = None,
    ) -> None:
        """Records a validation.

        Args:
            epoch: When.
            step: When, as in `log_training_progress`.
            val_loss: Loss on validation data.
            val_metrics: More numbers by name.
            is_best: Whether it is the best so far; None: found out by the configured metric and direction.
        """
        numbers, _ = as_metrics(val_metrics)
        event = Validation(
            *self.recorder.stamp(),
            epoch=as_integer(epoch) or 0,
            step=as_integer(step) or 0,
            val_loss=as_recorded(val_loss),
            val_metrics=numbers,
            is_best=None if is_best is None else as_flag(is_best),
        )
        self.recorder.put(event)

    # Operations.

    @never_raises
    def log_performance_metrics(
        self,
        operation: str,
        duration: float,
        memory_usage: Mapping[str, float] | None = None,
        throughput: float | None = None,
        batch_size: int | None = None,
    ) -> None:
        """Records how long an operation took.

        Args:
            operation: Its name.
            duration: Seconds.
            memory_usage: Numbers by name; GPU memory in GiB.
            throughput: Samples a second.
            batch_size: Samples.
        """
        memory, _ = as_metrics(memory_usage)
        event = Performance(
            *self.recorder.stamp(),
            operation=as_text(operation, 200),
            duration=as_recorded(duration),
            memory_usage=memory,
            throughput=as_recorded(throughput),
            batch_size=as_integer(batch_size),
        )
        self.recorder.put(event)

    @never_raises
    def log_model_operation(
        self, operation: str, model_name: str, success: bool, details: Mapping[str, object] | None = None
    ) -> None:
        """Records what was done to a model.

        Args:
            operation: What.
            model_name: To which model.
            success: Whether it worked.
            details: Anything that helps; secrets are masked.
        """
        event = Operation(
            *self.recorder.stamp(),
            operation=as_text(operation, 200),
            model_name=as_text(model_name, 2_000),
            success=as_flag(success),
            details=as_object(details),
        )
        self.recorder.put(event)

    @never_raises
    def log_debug_info(self, message: str, data: Mapping[str, object] | None = None) -> None:
        """Records a detail; the general text log shows it at level DEBUG.

        Args:
            message: What it is.
            data: The detail; secrets are masked.
        """
        self.recorder.put(Debug(*self.recorder.stamp(), message=as_text(message), data=as_object(data)))


def _optimizer_name(value: object) -> str | None:
    """A text, or the name of an object's class: the `repr` of an optimiser is a table of its settings."""
    if value is None:
        return None
    named = issubclass(type(value), str | type)
    return as_text(value if named else type_name(value), 200)


def _steps_count(value: object) -> Literal["unknown", "run", "epoch"]:
    match as_text(value, 80):
        case "run":
            return "run"
        case "epoch":
            return "epoch"
    return "unknown"
