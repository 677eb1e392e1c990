"""A block or a function is timed: how long, how many samples a second, what it did to the memory, and how it failed."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import trainmon
from tests.conftest import OpenLogger
from trainmon.calls.logger import TrainLogger
from trainmon.calls.operations import memory_change, memory_use, throughput
from trainmon.errors import ArgumentError


def recorded(logger: TrainLogger, key: str) -> list[dict[str, Any]]:
    """What stands under a key of the monitoring data, once everything so far is in the journal."""
    logger.recorder.drained()
    entries: list[dict[str, Any]] = logger.get_monitoring_data()[key]
    return entries


def test_a_block_is_a_performance_record_with_throughput_and_memory(open_logger: OpenLogger) -> None:
    """Samples a second follow from the batch size and the duration."""
    logger = open_logger()

    with logger.operation("tokenize", batch_size=32):
        sum(range(10_000))

    (entry,) = recorded(logger, "performance_metrics")
    assert (entry["operation"], entry["batch_size"]) == ("tokenize", 32)
    assert entry["throughput"] == pytest.approx(32 / entry["duration"])
    assert entry["memory_usage"]["rss_gb"] > 0


def test_the_number_of_samples_may_be_known_only_at_the_end(open_logger: OpenLogger) -> None:
    """A last batch is shorter."""
    logger = open_logger()

    with logger.operation("tokenize") as timed:
        timed.batch_size = 17

    assert recorded(logger, "performance_metrics")[0]["batch_size"] == 17


def test_what_a_block_raises_is_recorded_and_goes_on(open_logger: OpenLogger) -> None:
    """With the operation's name for its context, and no performance record: it did not do its work."""
    logger = open_logger()

    with pytest.raises(KeyError), logger.operation("tokenize", batch_size=32):
        raise KeyError("vocabulary")

    (error,) = recorded(logger, "errors")
    assert (error["error_type"], error["context"]) == ("KeyError", "tokenize")
    assert error["additional_data"]["batch_size"] == 32
    assert error["additional_data"]["duration"] >= 0
    assert recorded(logger, "performance_metrics") == []


def test_an_error_that_passes_two_operations_is_recorded_once(open_logger: OpenLogger) -> None:
    """By the inner one, which is nearer to it."""
    logger = open_logger()

    with pytest.raises(KeyError), logger.operation("outer"), logger.operation("inner"):
        raise KeyError("x")

    assert [error["context"] for error in recorded(logger, "errors")] == ["inner"]


def test_an_interrupt_is_no_failure(open_logger: OpenLogger) -> None:
    """Ctrl-C is recorded as the end of the training, not as an error of whatever ran."""
    logger = open_logger()

    with pytest.raises(KeyboardInterrupt), logger.operation("tokenize"):
        raise KeyboardInterrupt

    assert recorded(logger, "errors") == []


def test_a_decorated_function_keeps_its_name_and_result_and_every_call_counts(
    open_logger: OpenLogger,
) -> None:
    """Also where it calls itself."""
    logger = open_logger()

    @logger.operation("factorial")
    def factorial(n: int) -> int:
        """Of n."""
        return n * factorial(n - 1) if n else 1

    assert (factorial(3), factorial.__name__, factorial.__doc__) == (6, "factorial", "Of n.")
    assert [entry["operation"] for entry in recorded(logger, "performance_metrics")] == ["factorial"] * 4


def test_without_a_name_the_function_gives_it(open_logger: OpenLogger) -> None:
    """With its class, without the function that it was defined in."""
    logger = open_logger()

    class Trainer:
        @logger.operation
        def step(self, by: int) -> int:
            return by + 1

    assert Trainer().step(1) == 2
    assert recorded(logger, "performance_metrics")[0]["operation"] == "Trainer.step"


def test_a_coroutine_is_timed_until_it_is_done(open_logger: OpenLogger) -> None:
    """And its failure is recorded when it fails, not when it is called."""
    logger = open_logger()

    @logger.operation("fetch")
    async def fetch(fails: bool) -> int:
        await asyncio.sleep(0)
        if fails:
            raise OSError("gone")
        return 7

    assert asyncio.run(fetch(False)) == 7
    with pytest.raises(OSError, match="gone"):
        asyncio.run(fetch(True))

    assert len(recorded(logger, "performance_metrics")) == 1
    assert [error["context"] for error in recorded(logger, "errors")] == ["fetch"]


def test_what_cannot_be_timed_is_refused_where_it_is_decorated(open_logger: OpenLogger) -> None:
    """The call of a class or a generator does not do the work; a wrong argument raises at setup."""
    logger = open_logger()

    def batches() -> Iterator[int]:
        yield 1

    with pytest.raises(ArgumentError, match="expected a function"):
        logger.operation(batches)
    with pytest.raises(ArgumentError, match="expected a function"):
        logger.operation(dict)
    with pytest.raises(ArgumentError, match="expected a name or a function"):
        logger.operation(7)  # type: ignore[call-overload]  # that is the point
    with pytest.raises(ArgumentError, match="expected a text"):
        logger.operation("")


def test_decorating_makes_no_run_folder_and_calling_does(tmp_path: Path) -> None:
    """Importing a program that uses `@trainmon.operation` must leave no files behind."""
    script = (
        "import os, trainmon\n"
        "@trainmon.operation\n"
        "def step(): return 1\n"
        "print(os.path.exists('logs'))\n"
        "step()\n"
        "print(os.path.exists('logs'))\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True,
        env=os.environ | {"PYTHONPATH": str(Path(trainmon.__file__).parents[1])},
    )  # fmt: skip

    assert done.stdout.split() == ["False", "True"]
    assert "step" in (tmp_path / "logs" / "performance.log").read_text()


def test_importing_the_package_loads_neither_torch_nor_the_logger() -> None:
    """`import trainmon` stays light."""
    script = "import sys, trainmon; print([m for m in ('torch', 'psutil', 'msgspec', 'inspect') if m in sys.modules])"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_throughput_needs_samples_and_time() -> None:
    """None, not 0 and not infinity."""
    assert throughput(32, 2.0) == 16.0
    assert throughput(None, 2.0) is None
    assert throughput(32, 0.0) is None
    assert throughput("many", 2.0) is None


def test_only_a_peak_within_the_block_is_said_to_be_its_own() -> None:
    """The GPU's peak counter belongs to the program, which may reset or read it."""
    before = {"rss": 1.0, "gpu_memory": 2.0, "gpu_peak": 5.0}

    lower = memory_change(before, {"rss": 1.25, "gpu_memory": 3.0, "gpu_peak": 5.0})
    higher = memory_change(before, {"rss": 1.0, "gpu_memory": 2.0, "gpu_peak": 6.0})

    assert lower == {"rss_gb": 1.25, "rss_gb_change": 0.25, "gpu_memory": 3.0, "gpu_memory_change": 1.0}
    assert higher["gpu_memory_peak"] == 6.0


def test_memory_is_in_gib_and_names_no_gpu_that_is_not_used() -> None:
    """This process has some megabytes and no CUDA."""
    used = memory_use()

    assert 0.005 < used["rss"] < 64
    assert set(used) == {"rss"}
