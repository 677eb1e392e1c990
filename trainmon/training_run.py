"""`with trainmon.training(...) as run:` - the log calls in the shape that people like to type.

`run` owns epoch and step. A step is a completed optimiser step; the first is 1. Validation, saving and waiting for data
are timed apart from training steps.
"""

import itertools
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, TypeVar

from trainmon import checks
from trainmon.best import better, measure
from trainmon.events import Number, Span, SpanName
from trainmon.given import as_integer, as_metrics, as_recorded, path_text
from trainmon.logger import TrainLogger
from trainmon.look import size_of
from trainmon.resumption import Resume, Resumption, check_resume, continued, resumption
from trainmon.state import RunState

Item = TypeVar("Item")


class TrainingRun:
    """One training: start, steps, validations, checkpoints, and an end whatever happens."""

    def __init__(
        self,
        logger: TrainLogger,
        model_name: str,
        *,
        total_epochs: int | None = None,
        steps_per_epoch: int | None = None,
        total_steps: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        optimizer: object = None,
        config: object = None,
        run_id: str | None = None,
        initial_step: int | None = None,
        initial_epoch: int | None = None,
        resume: bool | Literal["auto"] = False,
    ) -> None:
        """Takes note of what is to be trained; recording begins when the `with` block is entered.

        Args:
            logger: Where it is recorded.
            model_name: What is trained.
            total_epochs: Epochs to run; None where nobody knows.
            steps_per_epoch: Optimiser steps of an epoch.
            total_steps: Optimiser steps of the run; None: `total_epochs * steps_per_epoch`, or no ETA.
            batch_size: Examples in an optimiser step on one rank: under DDP the world size is multiplied in, for
                samples a second.
            learning_rate: At the start.
            optimizer: Its name, or itself.
            config: All other settings by name, as a mapping, a namespace, a dataclass, or an object with `to_dict` or
                `model_dump`; secrets are masked.
            run_id: Names the run across restarts.
            initial_step: Steps done before this start; None: 0, or when resuming those of the newest checkpoint whose
                file is there (`resumed_from`).
            initial_epoch: The first epoch; None: 1, or the one that `initial_step` is in; without `steps_per_epoch`
                that of the checkpoint.
            resume: True continues the last run of the folder; `"auto"` does if it has the same `run_id`.

        Raises:
            ArgumentError: An argument is not what it has to be.
        """
        self._logger = logger
        self.model_name = checks.check_text("model_name", model_name)
        self.total_epochs = checks.check_optional_count("total_epochs", total_epochs, least=1)
        self.steps_per_epoch = checks.check_optional_count("steps_per_epoch", steps_per_epoch, least=1)
        self.total_steps = checks.check_optional_count("total_steps", total_steps, least=1)
        if self.total_steps is None and self.total_epochs and self.steps_per_epoch:
            self.total_steps = self.total_epochs * self.steps_per_epoch
        self._resume, self._run_id = check_resume(resume, run_id)
        self._batch_size = checks.check_optional_count("batch_size", batch_size, least=1)
        checks.check_optional_number("learning_rate", learning_rate)
        self._learning_rate = learning_rate
        self._optimizer = optimizer
        self._config = checks.check_settings("config", config)
        initial_step = checks.check_optional_count("initial_step", initial_step)
        found = resumption(self._continued()) if initial_step is None else Resumption()
        self._said = found.said
        self.resumed_from = found.path
        """The checkpoint that is to be gone on from: the newest that is there; None: from the beginning, or from where
        `initial_step` says."""
        self.step = found.step if initial_step is None else initial_step
        """Optimiser steps completed over the run."""
        if initial_epoch is None:
            epoch = found.checkpoint.epoch if found.checkpoint is not None else 1
            initial_epoch = 1 + self.step // self.steps_per_epoch if self.steps_per_epoch else epoch
        self.epoch = checks.check_count("initial_epoch", initial_epoch)
        """The epoch that runs, or is to run first."""
        self._waited = 0.0
        self._tracked = False
        self._loss: Number | None = None
        self._best: Number | None = None
        self._process: int | None = None
        """The process in which the block is; None outside of it."""
        self._around: Callable[[], None] | None = None
        """Begins the training anew whose block is around this one."""

    def _continued(self) -> RunState | None:
        """The last run of the folder, where it will be continued."""
        state = self._logger.recorder.state() if self._resume else None
        return continued(state, self._resume, self._run_id)

    def __enter__(self) -> Self:
        """Records the start."""
        logger = self._logger
        if self._said is not None:
            logger.recorder.warn_once(f"resumed {self._run_id}", self._said)
        self._around, logger.begin_again = logger.begin_again, self._begin_again
        self._process = os.getpid()
        if logger.running:
            logger.recorder.warn_once(
                "two trainings", f"{self.model_name} begins before the training before it has ended"
            )
        state = self._continued()
        if state is not None and state.best is not None:
            self._best = measure(state.best, logger.best_metric)
        self._start(self._resume)
        return self

    def _start(self, resume: Resume) -> None:
        self._logger.log_training_start(
            self.model_name,
            self.total_epochs,
            self.total_steps,
            self._batch_size,
            self._learning_rate,
            self._optimizer,
            config=self._config,
            run_id=self._run_id,
            steps_per_epoch=self.steps_per_epoch,
            initial_step=self.step,
            resume=resume,
            steps_count="run",
        )

    def _begin_again(self) -> None:
        """Goes on as a run of its own after a training inside its block, whose records would else go on."""
        if self._process is not None:
            self._start(False)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Records the end; an exception is recorded with its traceback, and goes on."""
        if self._process != os.getpid():
            return  # A forked child; the block is its parent's.
        if self._logger.running:  # Else the program said its own end.
            self._end(error)
        self._process = None
        self._logger.begin_again = self._around
        if self._around is not None:
            self._around()

    def _end(self, error: BaseException | None) -> None:
        logger = self._logger
        if error is None or (isinstance(error, SystemExit) and not error.code):
            logger.log_training_end(True, self._newest_loss())
            return
        interrupted = isinstance(error, KeyboardInterrupt | GeneratorExit)
        interrupted = (
            interrupted or type(error).__name__ == "CancelledError"
        )  # of asyncio, which need not be imported
        logger.end_by(error, f"training {self.model_name}", interrupted=interrupted)

    def _newest_loss(self) -> float | None:
        return float(self._loss) if isinstance(self._loss, str) else self._loss

    def epochs(self) -> Iterator[int]:
        """The epochs to run, from the first that is not done, through `total_epochs` where that is known."""
        first = self.epoch
        numbers = itertools.count(first) if self.total_epochs is None else range(first, self.total_epochs + 1)
        for self.epoch in numbers:
            yield self.epoch

    def track(self, loader: Iterable[Item]) -> Iterator[Item]:
        """The batches of a loader; the time that the loop waits for each is recorded with the next progress."""
        self._tracked = True
        monotonic = time.monotonic
        batches = iter(loader)
        while True:
            begin = monotonic()
            try:
                batch = next(batches)
            except StopIteration:
                return
            self._waited += monotonic() - begin
            yield batch

    def progress(
        self,
        loss: float | None = None,
        learning_rate: float | None = None,
        metrics: Mapping[str, float] | None = None,
        *,
        step: int | None = None,
        epoch: int | None = None,
        phase: str = "training",
    ) -> None:
        """Records that a step was completed: `step` rises by one, or is set to what is given.

        Args:
            loss: Training loss; see `TrainLogger.log_training_progress` for tensors.
            learning_rate: Of the step.
            metrics: More numbers by name.
            step: Steps completed over the run.
            epoch: The epoch that runs.
            phase: Only `training` enters the curve, the bars and the speed, and moves the step.
        """
        if phase == "training":
            given = as_integer(step)
            self.step = self.step + 1 if given is None else given
        given = as_integer(epoch)
        self.epoch = self.epoch if given is None else given
        waited, self._waited = (self._waited if self._tracked else None), 0.0
        self._loss = as_recorded(loss) if phase == "training" else self._loss
        self._logger.log_training_progress(
            self.epoch,
            self.step,
            self.total_steps,
            loss,  # type: ignore[arg-type]  # None is recorded as unknown
            learning_rate,
            metrics,
            phase,
            waited=waited,
        )

    @contextmanager
    def _span(self, name: SpanName) -> Iterator[None]:
        recorder = self._logger.recorder
        recorder.put(Span(*recorder.stamp(), name=name))
        begin = time.monotonic()
        try:
            yield
        finally:
            recorder.put(Span(*recorder.stamp(), name=name, duration=time.monotonic() - begin))

    @contextmanager
    def validating(self) -> Iterator[None]:
        """Times a validation; the status says so meanwhile."""
        with self._span("validation"):
            yield

    def validation(
        self,
        val_loss: float | None,
        val_metrics: Mapping[str, float] | None = None,
        is_best: bool | None = None,
    ) -> bool:
        """Records the result of a validation.

        Args:
            val_loss: Loss on validation data.
            val_metrics: More numbers by name.
            is_best: Whether it is the best so far; None: found out by the configured metric and direction.

        Returns:
            Whether it is the best so far.
        """
        logger = self._logger
        numbers, _ = as_metrics(val_metrics)
        loss = as_recorded(val_loss)
        measured = loss if logger.best_metric in ("loss", "val_loss") else numbers.get(logger.best_metric)
        if is_best is None:
            is_best = better(measured, self._best, logger.best_direction)
        if is_best:
            self._best = measured
        logger.log_validation_results(self.epoch, self.step, val_loss, val_metrics, is_best)
        return is_best

    @contextmanager
    def saving(
        self, path: str | os.PathLike[str], metrics: Mapping[str, float] | None = None
    ) -> Iterator[Path]:
        """Times the saving of a checkpoint and records it, with its size, once the block wrote the file.

        Args:
            path: Where the block is to write; its folder is made.
            metrics: Numbers that belong to the checkpoint.
        """
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        begin = time.monotonic()
        with self._span("checkpoint"):
            yield target
        self.checkpoint(target, metrics=metrics, duration=time.monotonic() - begin)

    def checkpoint(
        self,
        path: str | os.PathLike[str],
        metrics: Mapping[str, float] | None = None,
        *,
        duration: float | None = None,
    ) -> None:
        """Records a checkpoint that the program saved by itself.

        Args:
            path: Where it is; a file's size is looked up, and a file that is not there is warned about. What is in
                a store, `s3://…`, is not looked at.
            metrics: Numbers that belong to it.
            duration: Seconds that saving took.
        """
        recorder = self._logger.recorder
        size: int | None = None
        text = path_text(path)
        try:
            size = None if "://" in text else size_of(Path(path))
        except Exception as error:  # noqa: BLE001 - a foreign path may be anything; looking at it must fail nothing
            recorder.warn_once(f"checkpoint {type(error).__name__}", f"checkpoint {text}: {error}")
        self._logger.log_model_checkpoint(
            self.epoch, self.step, self._newest_loss(), text, metrics, size=size, duration=duration
        )
