"""trainmon: records a training so that nothing is lost, and never holds it up.

Public names only: the functions of the spec on a process-wide logger, `TrainLogger`, `training`, readers and errors.
Nobody inside the package imports this module. The machinery is imported when the first logger is made, so that
`import trainmon` alone costs a few milliseconds.
"""

import gc
import os
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, TypeVar, Unpack, overload

from trainmon.errors import ArgumentError, FolderError, SnapshotError, TrainmonError
from trainmon.version import __version__
from trainmon.words.forgiving import forgiving

if TYPE_CHECKING:
    from trainmon.analysis import analyze_errors, analyze_performance, analyze_training_progress
    from trainmon.calls.logger import LoggerOptions, TrainLogger
    from trainmon.calls.operations import TimedOperation
    from trainmon.calls.training_run import TrainingRun

__all__ = [
    "ArgumentError",
    "FolderError",
    "SnapshotError",
    "TrainLogger",
    "TrainingRun",
    "TrainmonError",
    "__version__",
    "analyze_errors",
    "analyze_performance",
    "analyze_training_progress",
    "get_monitoring_data",
    "get_system_stats",
    "log_debug_info",
    "log_error_with_context",
    "log_model_checkpoint",
    "log_model_operation",
    "log_performance_metrics",
    "log_training_end",
    "log_training_progress",
    "log_training_start",
    "log_validation_results",
    "operation",
    "safe_inference",
    "safe_model_loading",
    "setup_logging",
    "training",
]

P = ParamSpec("P")
R = TypeVar("R")
Output = TypeVar("Output")

_logger: "TrainLogger | None" = None
_making = threading.RLock()
# In a forked child the thread that was making a logger is not there to give the lock back.
os.register_at_fork(after_in_child=lambda: globals().update(_making=threading.RLock()))


def __getattr__(name: str) -> object:
    """The two public classes and the analyses, imported when they are asked for."""
    if name.startswith("analyze_") and name in __all__:
        from trainmon import analysis

        return getattr(analysis, name)
    if name == "TrainLogger":
        return _logger_class()
    if name == "TrainingRun":
        from trainmon.calls.training_run import TrainingRun

        return TrainingRun
    raise AttributeError(f"module 'trainmon' has no attribute {name!r}")


def _logger_class() -> "type[TrainLogger]":
    """`TrainLogger`, imported when it is first needed: some 70 ms.

    Garbage is not collected meanwhile: beside torch a collection took 120 of 160 ms (measured 2026-11).
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        from trainmon.calls.logger import TrainLogger  # not needed to import trainmon
    finally:
        if collecting:
            gc.enable()
    return TrainLogger


def setup_logging(
    log_dir: str | os.PathLike[str] = "logs", **options: "Unpack[LoggerOptions]"
) -> "TrainLogger":
    """Makes the process-wide logger, which the other functions record to, and returns it.

    Args:
        log_dir: The run folder; it is made where it is missing.
        **options: As `TrainLogger` takes them.

    Raises:
        ArgumentError: An argument is not what it has to be.
    """
    global _logger
    logger_class = _logger_class()
    from trainmon.calls.logger import check_options  # with the logger, see above

    check_options(options)
    with _making:
        if _logger is not None:
            _logger.close()
        _logger = logger_class(log_dir, **options)
        return _logger


def _current() -> "TrainLogger":
    """The process-wide logger; the first log call makes it in `logs` where nobody did."""
    return _logger if _logger is not None else _first()


def _first() -> "TrainLogger":
    with _making:
        return _logger if _logger is not None else setup_logging()


_forgiving = forgiving(lambda *_: _current(), None)


def training(
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
) -> "TrainingRun":
    """A training as a context manager on the process-wide logger; see `TrainingRun`."""
    from trainmon.calls.training_run import TrainingRun  # with the logger, see above

    return TrainingRun(
        _current(),
        model_name,
        total_epochs=total_epochs,
        steps_per_epoch=steps_per_epoch,
        total_steps=total_steps,
        batch_size=batch_size,
        learning_rate=learning_rate,
        optimizer=optimizer,
        config=config,
        run_id=run_id,
        initial_step=initial_step,
        initial_epoch=initial_epoch,
        resume=resume,
    )


@_forgiving
def log_training_start(
    model_name: str,
    total_epochs: int | None,
    total_steps: int | None,
    batch_size: int | None,
    learning_rate: float | None,
    optimizer: object,
    *,
    config: Mapping[str, object] | None = None,
    run_id: str | None = None,
    steps_per_epoch: int | None = None,
    initial_step: int | None = None,
    resume: bool | Literal["auto"] = False,
    steps_count: Literal["unknown", "run", "epoch"] = "unknown",
) -> None:
    """Records that a training begins; see `TrainLogger.log_training_start`."""
    _current().log_training_start(
        model_name, total_epochs, total_steps, batch_size, learning_rate, optimizer, config=config, run_id=run_id,
        steps_per_epoch=steps_per_epoch, initial_step=initial_step, resume=resume, steps_count=steps_count,
    )  # fmt: skip


def log_training_progress(
    epoch: int,
    step: int,
    total_steps: int | None,
    loss: float,
    learning_rate: float | None = None,
    metrics: Mapping[str, float] | None = None,
    phase: str = "training",
) -> None:
    """Records that a step was completed; see `TrainLogger.log_training_progress`."""
    (_logger or _first()).log_training_progress(epoch, step, total_steps, loss, learning_rate, metrics, phase)


@_forgiving
def log_training_end(
    success: bool,
    final_loss: float | None = None,
    total_training_time: float | None = None,
    final_metrics: Mapping[str, float] | None = None,
) -> None:
    """Records that a training is over; see `TrainLogger.log_training_end`."""
    _current().log_training_end(success, final_loss, total_training_time, final_metrics)


@_forgiving
def log_model_checkpoint(
    epoch: int,
    step: int,
    loss: float | None,
    checkpoint_path: str | os.PathLike[str],
    metrics: Mapping[str, float] | None = None,
    *,
    size: int | None = None,
    duration: float | None = None,
) -> None:
    """Records that a model was saved; see `TrainLogger.log_model_checkpoint`."""
    _current().log_model_checkpoint(epoch, step, loss, checkpoint_path, metrics, size=size, duration=duration)


@_forgiving
def log_validation_results(
    epoch: int,
    step: int,
    val_loss: float | None,
    val_metrics: Mapping[str, float] | None = None,
    is_best: bool | None = None,
) -> None:
    """Records a validation; see `TrainLogger.log_validation_results`."""
    _current().log_validation_results(epoch, step, val_loss, val_metrics, is_best)


@_forgiving
def log_error_with_context(
    error: BaseException, context: str, additional_data: Mapping[str, object] | None = None
) -> None:
    """Records an exception with its traceback; see `TrainLogger.log_error_with_context`."""
    _current().log_error_with_context(error, context, additional_data)


@_forgiving
def log_performance_metrics(
    operation: str,
    duration: float,
    memory_usage: Mapping[str, float] | None = None,
    throughput: float | None = None,
    batch_size: int | None = None,
) -> None:
    """Records how long an operation took; see `TrainLogger.log_performance_metrics`."""
    _current().log_performance_metrics(operation, duration, memory_usage, throughput, batch_size)


@_forgiving
def log_model_operation(
    operation: str, model_name: str, success: bool, details: Mapping[str, object] | None = None
) -> None:
    """Records what was done to a model; see `TrainLogger.log_model_operation`."""
    _current().log_model_operation(operation, model_name, success, details)


@_forgiving
def log_debug_info(message: str, data: Mapping[str, object] | None = None) -> None:
    """Records a detail; see `TrainLogger.log_debug_info`."""
    _current().log_debug_info(message, data)


def safe_model_loading(
    model_name: str, debug_mode: bool = False, *, loader: Callable[[str], object] | None = None
) -> tuple[Any, str]:
    """Loads a model: `(model, "")`, or `(None, message)`; see `TrainLogger.safe_model_loading`."""
    if loader is None:
        return _current().safe_model_loading(model_name, debug_mode)
    return _current().safe_model_loading(model_name, debug_mode, loader=loader)


def safe_inference(
    pipeline: Callable[..., Output],
    prompt: str,
    num_images: int,
    generator: object,
    use_mixed_precision: bool,
    debug_mode: bool = False,
) -> tuple[Output | None, str]:
    """Runs a pipeline: `(output, "")`, or `(None, message)`; see `TrainLogger.safe_inference`."""
    return _current().safe_inference(pipeline, prompt, num_images, generator, use_mixed_precision, debug_mode)


@overload
def operation(name: Callable[P, R], /) -> Callable[P, R]: ...
@overload
def operation(name: str, /, *, batch_size: int | None = None) -> "TimedOperation": ...
def operation(
    name: str | Callable[P, R], /, *, batch_size: int | None = None
) -> "TimedOperation | Callable[P, R]":
    """Times a block or a function; see `TrainLogger.operation`. Decorating makes no logger, the first call does."""
    from trainmon.calls.operations import TimedOperation, timed_function  # with the logger, see above

    return (
        TimedOperation(_current, name, batch_size)
        if isinstance(name, str)
        else timed_function(_current, name)
    )


def get_system_stats() -> dict[str, Any]:
    """What the machine does now; see `TrainLogger.get_system_stats`."""
    return _current().get_system_stats()


def get_monitoring_data(limit: int | None = 100) -> dict[str, Any]:
    """The spec's `monitoring_data`; see `TrainLogger.get_monitoring_data`."""
    return _current().get_monitoring_data(limit)
