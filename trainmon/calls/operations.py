"""`with trainmon.operation("tokenize"):` and `@trainmon.operation` - a block or a function that is timed.

For blocks of a millisecond and more: each takes some 0.1 ms, a third of it for reading the memory, and a line of the
journal. A block that ends well becomes a performance record with its duration, memory and throughput; one that raises
becomes an error record, and the exception goes on. The logger is asked for when a block begins, not when a function
is decorated: importing a program must not make a run folder.
"""

import inspect
import os
import time
from collections.abc import Callable
from functools import wraps
from types import TracebackType
from typing import ParamSpec, Self, TypeVar

from trainmon.calls.checks import check_text
from trainmon.calls.log_calls import LogCalls
from trainmon.errors import ArgumentError
from trainmon.facts.given import as_seconds
from trainmon.system.proc import read_stat
from trainmon.system.stats import GIB, allocators

P = ParamSpec("P")
R = TypeVar("R")


class TimedOperation:
    """One block at a time, or a decorator whose every call is a block of its own."""

    def __init__(self, logger: Callable[[], LogCalls], name: str, batch_size: int | None = None) -> None:
        """Takes note of what is to be timed.

        Args:
            logger: Gives the logger when a block begins.
            name: Of the operation; operations of one name are counted and compared.
            batch_size: Samples in a block, for the throughput; None: no throughput.

        Raises:
            ArgumentError: The name is no text.
        """
        self._logger = logger
        self.name = check_text("operation", name)
        self.batch_size = batch_size
        """May be set within the block, where its number of samples is known only then."""
        self._begun: tuple[float, dict[str, float]] | None = None

    def __enter__(self) -> Self:
        """Begins the block."""
        self._logger()
        before = memory_use()
        self._begun = time.monotonic(), before
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Records how the block went; what it raised goes on. Interrupts are no failures and are not recorded."""
        end = time.monotonic()
        if self._begun is None:
            return  # Left without having been entered.
        begin, before = self._begun
        logger, duration = self._logger(), end - begin
        if error is None:
            memory = memory_change(before, memory_use())
            rate = throughput(self.batch_size, duration)
            logger.log_performance_metrics(self.name, duration, memory, rate, self.batch_size)
        elif isinstance(error, Exception) and not logger.recorded(error):
            data = {"duration": duration, "batch_size": self.batch_size, "memory_before": before}
            logger.log_error_with_context(error, self.name, data)

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """The same function, every call timed; an `async` one from its first step to its end.

        Raises:
            ArgumentError: It is a class or a generator, whose call does not do the work.
        """
        if isinstance(function, type) or inspect.isgeneratorfunction(function):
            raise ArgumentError(
                f"operation: expected a function, got {function!r}; time the block that uses it"
            )
        if inspect.isasyncgenfunction(function):
            raise ArgumentError(
                f"operation: expected a function, got {function!r}; time the block that uses it"
            )
        if inspect.iscoroutinefunction(function):

            @wraps(function)
            async def timed_coroutine(*args: P.args, **kwargs: P.kwargs) -> object:
                with TimedOperation(self._logger, self.name, self.batch_size):
                    return await function(*args, **kwargs)

            return timed_coroutine  # type: ignore[return-value]  # R is the coroutine that it gives

        @wraps(function)
        def timed_call(*args: P.args, **kwargs: P.kwargs) -> R:
            with TimedOperation(self._logger, self.name, self.batch_size):
                return function(*args, **kwargs)

        return timed_call


def timed_function(logger: Callable[[], LogCalls], function: Callable[P, R]) -> Callable[P, R]:
    """The function, every call timed under its own name: `step`, `Trainer.step`.

    Raises:
        ArgumentError: It is not a function.
    """
    if not callable(function):
        raise ArgumentError(f"operation: expected a name or a function, got {function!r}")
    name: str = getattr(function, "__qualname__", type(function).__qualname__)
    return TimedOperation(logger, name.rpartition("<locals>.")[2])(function)


def throughput(samples: object, duration: float) -> float | None:
    """Samples a second; None where the number of samples is not known or no time passed."""
    number = as_seconds(samples)
    return number / duration if number is not None and duration > 0 else None


def memory_use() -> dict[str, float]:
    """GiB in use by this process: `rss`, and where CUDA is in use `gpu_memory`, `gpu_reserved` and `gpu_peak`.

    Sums over the devices; a part that cannot be read is absent. `gpu_peak` is the highest since the program started.
    """
    own = read_stat(os.getpid())
    used = {"rss": own.rss / GIB} if own is not None else {}
    readings = allocators()
    if readings:
        used["gpu_memory"] = sum(reading.allocated or 0 for reading in readings) / GIB
        used["gpu_reserved"] = sum(reading.reserved or 0 for reading in readings) / GIB
        used["gpu_peak"] = sum(reading.peak or 0 for reading in readings) / GIB
    return used


def memory_change(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    """What a block did to the memory, in GiB, as `memory_usage` of a performance record has it.

    `rss_gb` and `gpu_memory` at its end, `…_change` since its beginning, and `gpu_memory_peak` where the program's peak
    was within the block; lower peaks cannot be told apart without resetting what the program itself may measure.
    """
    use: dict[str, float] = {}
    for name, label in (("rss", "rss_gb"), ("gpu_memory", "gpu_memory")):
        if name in after:
            use[label] = round(after[name], 3)
            use[f"{label}_change"] = round(after[name] - before.get(name, 0.0), 3)
    if after.get("gpu_peak", 0.0) > before.get("gpu_peak", 0.0):
        use["gpu_memory_peak"] = round(after["gpu_peak"], 3)
    return use
