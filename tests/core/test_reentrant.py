"""Log calls out of `__del__`, which a collection of garbage makes in the middle of anything, in any thread."""

import gc
import threading
from collections.abc import Iterator

import pytest

from tests.conftest import OpenLogger
from trainmon.calls.logger import TrainLogger
from trainmon.facts.codec import decode_lines
from trainmon.facts.events import Debug, Progress
from trainmon.words.paths import JOURNAL


class Noisy:
    """Part of a circle, so that only the collector ends it; says so when it does."""

    def __init__(self, logger: TrainLogger, ended: list[int]) -> None:
        self.me, self.logger, self.ended = self, logger, ended

    def __del__(self) -> None:
        self.logger.log_debug_info("collected", {"number": len(self.ended)})
        self.logger.get_monitoring_data()
        self.ended.append(1)


@pytest.fixture
def often() -> Iterator[None]:
    """Garbage is collected all the time."""
    before = gc.get_threshold()
    gc.set_threshold(40)
    yield
    gc.set_threshold(*before)


@pytest.mark.usefixtures("often")
@pytest.mark.timeout(30)
def test_p7_a_del_that_logs_deadlocks_nobody_and_loses_nothing(open_logger: OpenLogger) -> None:
    """In the threads that log, and in the writer thread while it has the state."""
    logger = open_logger()
    ended: list[int] = []

    def run() -> None:
        for step in range(300):
            Noisy(logger, ended)
            logger.log_training_progress(1, step, None, 0.5)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    gc.collect()
    logger.close()

    items = decode_lines((logger.folder / JOURNAL).read_bytes().split(b"\n")[:-1])
    assert len(ended) == 600
    assert sum(isinstance(item, Debug) for item in items) == 600
    assert sum(isinstance(item, Progress) for item in items) == 600
    assert not logger.recorder.complaints.counts
