"""`with trainmon.training(...) as run:` - the log calls in the shape that people like to type.

What is recorded inside the block stands in `trainmon.calls.run_calls`.
"""

import os
from collections.abc import Callable
from types import TracebackType
from typing import Literal, Self

from trainmon.calls import checks
from trainmon.calls.logger import TrainLogger
from trainmon.calls.resumption import Resume, Resumption, check_resume, continued, resumption
from trainmon.calls.run_calls import RunCalls
from trainmon.fold.best import measure
from trainmon.fold.state import RunState


class TrainingRun(RunCalls):
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
        self.model_name = checks.check_text("model_name", model_name)
        total_epochs = checks.check_optional_count("total_epochs", total_epochs, least=1)
        self.steps_per_epoch = checks.check_optional_count("steps_per_epoch", steps_per_epoch, least=1)
        total_steps = checks.check_optional_count("total_steps", total_steps, least=1)
        if total_steps is None and total_epochs and self.steps_per_epoch:
            total_steps = total_epochs * self.steps_per_epoch
        self._resume, self._run_id = check_resume(resume, run_id)
        self._batch_size = checks.check_optional_count("batch_size", batch_size, least=1)
        checks.check_optional_number("learning_rate", learning_rate)
        self._learning_rate = learning_rate
        self._optimizer = optimizer
        self._config = checks.check_settings("config", config)
        step = checks.check_optional_count("initial_step", initial_step)
        found = Resumption() if step is not None else resumption(self._continued(logger))
        step = found.step if step is None else step
        self._said = found.said
        self.resumed_from = found.path
        """The checkpoint that is to be gone on from: the newest that is there; None: from the beginning, or from where
        `initial_step` says."""
        if initial_epoch is None:
            epoch = found.checkpoint.epoch if found.checkpoint is not None else 1
            initial_epoch = 1 + step // self.steps_per_epoch if self.steps_per_epoch else epoch
        epoch = checks.check_count("initial_epoch", initial_epoch)
        super().__init__(logger, step=step, epoch=epoch, total_epochs=total_epochs, total_steps=total_steps)
        self._process: int | None = None
        """The process in which the block is; None outside of it."""
        self._around: Callable[[], None] | None = None
        """Begins the training anew whose block is around this one."""

    def _continued(self, logger: TrainLogger) -> RunState | None:
        """The last run of the folder, where it will be continued."""
        state = logger.recorder.state() if self._resume else None
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
        state = self._continued(logger)
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
        # That of asyncio, which need not be imported, is known by its name.
        cancelled = type(error).__name__ == "CancelledError"
        interrupted = cancelled or isinstance(error, KeyboardInterrupt | GeneratorExit)
        logger.end_by(error, f"training {self.model_name}", interrupted=interrupted)
