"""What is recorded inside the block of a training: epochs, steps, validations, checkpoints.

A step is a completed optimiser step; the first is 1. Validation, saving and waiting for data are timed apart from
training steps.
"""

import itertools
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from trainmon.calls.logger import TrainLogger
from trainmon.facts.events import Number, Span, SpanName
from trainmon.facts.given import as_integer, as_metrics, as_recorded, path_text
from trainmon.fold.best import better
from trainmon.reading.look import size_of
from trainmon.words.forgiving import forgiving

Item = TypeVar("Item")


class RunCalls:
    """The calls of one training; it owns epoch and step."""

    def __init__(
        self, logger: TrainLogger, *, step: int, epoch: int, total_epochs: int | None, total_steps: int | None
    ) -> None:
        """Takes note of where the training stands.

        Args:
            logger: Where it is recorded.
            step: Optimiser steps that are done.
            epoch: The first that is to run.
            total_epochs: Through which epochs run; None where nobody knows.
            total_steps: Optimiser steps of the run; None where nobody knows.
        """
        self._logger = logger
        self.total_epochs = total_epochs
        self.total_steps = total_steps
        self.step = step
        """Optimiser steps completed over the run."""
        self.epoch = epoch
        """The epoch that runs, or is to run first."""
        self._waited = 0.0
        self._tracked = False
        self._loss: Number | None = None
        self._best: Number | None = None

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

    @forgiving(lambda run, *_: run._logger, False)
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

    @forgiving(lambda run, *_: run._logger, None)
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
