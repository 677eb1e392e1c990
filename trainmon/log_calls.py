"""The log calls of the spec beside progress: each makes one event of whatever it is given, and never raises."""

import os
import time
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec

from msgspec import structs

from trainmon.events import (
    Checkpoint,
    Debug,
    Direction,
    Ended,
    EndReason,
    Error,
    Operation,
    Performance,
    Started,
    Validation,
)
from trainmon.given import as_integer, as_metrics, as_object, as_recorded, as_seconds
from trainmon.recorder import Recorder
from trainmon.repeats import Repeats
from trainmon.surroundings import git_commit, versions
from trainmon.system.stats import system_stats
from trainmon.tracebacks import describe
from trainmon.values import as_text

P = ParamSpec("P")


def never_raises(
    method: Callable[Concatenate["LogCalls", P], None],
) -> Callable[Concatenate["LogCalls", P], None]:
    """A log call whose failure is said once a cause and counted."""

    @wraps(method)
    def guarded(self: "LogCalls", /, *args: P.args, **kwargs: P.kwargs) -> None:
        try:
            method(self, *args, **kwargs)
        except Exception as error:  # noqa: BLE001 - logging must not fail a training, whatever a value does
            self.complain(method.__name__, error)

    return guarded


class LogCalls:
    """What `TrainLogger` records beside progress."""

    recorder: Recorder
    best_metric: str
    best_direction: Direction

    def __init__(self) -> None:
        self.running = False
        """A training was started and has not ended."""
        self._repeats = Repeats()
        self._last_error: int | None = None

    def complain(self, where: str, error: Exception) -> None:
        """Says once a cause that a log call failed; the training goes on."""
        cause = f"{where} {type(error).__name__}"
        sentence = f"{where} failed and goes on: {type(error).__name__}: {as_text(error, 500)}"
        self.recorder.complaints.say(cause, sentence)

    # The run.

    @never_raises
    def log_training_start(
        self,
        model_name: str,
        total_epochs: int | None,
        total_steps: int | None,
        batch_size: int | None,
        learning_rate: float | None,
        optimizer: str | None,
        *,
        config: Mapping[str, Any] | None = None,
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
            batch_size: Examples in a step, on one rank.
            learning_rate: At the start.
            optimizer: Its name.
            config: All other settings; secrets are masked.
            run_id: Names the run across restarts; None: a random one.
            steps_per_epoch: Steps of an epoch.
            initial_step: Steps done before this start.
            resume: True continues the last run of the folder; `"auto"` does if it has the same `run_id`.
            steps_count: `"run"` says that steps count over the whole run; else it is found out.
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
            optimizer=as_text(optimizer, 200) if optimizer is not None else None,
            steps_per_epoch=as_integer(steps_per_epoch),
            config=as_object(config),
            resume="auto" if resume == "auto" else "always" if resume else "never",
            initial_step=as_integer(initial_step),
            steps_count="run" if steps_count == "run" else "unknown",
            best_metric=self.best_metric,
            best_direction=self.best_direction,
            git=git_commit(Path.cwd()),
            versions=versions(),
            system=as_object(system_stats()),
        )
        self.running = True
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
        self.record_repeats(all_of_them=True)
        event = Ended(
            *self.recorder.stamp(),
            success=bool(success),
            final_loss=as_recorded(final_loss),
            total_training_time=as_seconds(total_training_time),
            final_metrics=metrics,
            reason=reason or ("finished" if success else "failed"),
            error=error,
        )
        self.running = False
        self.recorder.put(event, wake=True)
        self.recorder.drained()

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
        event = Checkpoint(
            *self.recorder.stamp(),
            epoch=as_integer(epoch) or 0,
            step=as_integer(step) or 0,
            loss=as_recorded(loss),
            checkpoint_path=as_text(
                checkpoint_path if isinstance(checkpoint_path, str) else str(checkpoint_path), 4_096
            ),
            metrics=numbers,
            size=as_integer(size),
            duration=as_seconds(duration),
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
            is_best=None if is_best is None else bool(is_best),
        )
        self.recorder.put(event)

    # Errors.

    @never_raises
    def log_error_with_context(
        self,
        error: BaseException,
        context: str,
        additional_data: Mapping[str, Any] | None = None,
        *,
        uncaught: bool = False,
    ) -> None:
        """Records an exception with its traceback, its causes and what the program knows beside it.

        The same error more than once in a second becomes one record with a count.

        Args:
            error: The exception; anything else is kept as text.
            context: What was being done.
            additional_data: Anything that helps; secrets are masked, never are locals of frames recorded.
            uncaught: The exception leaves the program or a thread.
        """
        described = describe(error)
        event = Error(
            self.recorder.writer_id,
            -1,  # It gets its number when it is recorded: one that is only counted must not use one up.
            time.time(),
            time.monotonic(),
            error_type=described.error_type,
            message=described.message,
            context=as_text(context),
            traceback=described.traceback,
            fingerprint=described.fingerprint,
            location=described.location,
            additional_data=as_object(additional_data),
            uncaught=uncaught,
        )
        self._last_error = id(error)
        self.record_error(event)

    def recorded(self, error: BaseException) -> bool:
        """Whether this very exception was the last that was recorded."""
        return self._last_error == id(error)

    def record_error(self, event: Error) -> None:
        """Records an error, or counts it where it came within the last second."""
        if self.recorder.writer is None or self._repeats.admit(event):
            self._record_numbered(event, wake=True)

    def record_repeats(self, *, all_of_them: bool = False) -> None:
        """Records the errors that were counted; called by the writer thread each second, and at the end."""
        for event in self._repeats.take(time.monotonic(), all_of_them=all_of_them):
            self._record_numbered(event, wake=False)

    def _record_numbered(self, event: Error, *, wake: bool) -> None:
        writer, seq, _, _ = self.recorder.stamp()
        self.recorder.put(structs.replace(event, writer=writer, seq=seq), wake=wake)

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
        self, operation: str, model_name: str, success: bool, details: Mapping[str, Any] | None = None
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
            success=bool(success),
            details=as_object(details),
        )
        self.recorder.put(event)

    @never_raises
    def log_debug_info(self, message: str, data: Mapping[str, Any] | None = None) -> None:
        """Records a detail; the general text log shows it at level DEBUG.

        Args:
            message: What it is.
            data: The detail; secrets are masked.
        """
        self.recorder.put(Debug(*self.recorder.stamp(), message=as_text(message), data=as_object(data)))
