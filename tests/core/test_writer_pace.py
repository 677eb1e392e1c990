"""How often the writer thread looks: seldom where much flows, soon where a single record came, at once for a flood."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from trainmon.calls.logger import TrainLogger
from trainmon.recording import writer
from trainmon.recording.wakeup import Wakeup
from trainmon.spool import spool as spool_module
from trainmon.spool.spool import STANDSTILL, Spool
from trainmon.spool.spool_header import SpoolHeader

OpenLogger = Callable[..., TrainLogger]


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds for which the thread meant to wait, one look after another."""
    meant: list[float] = []
    wait = Wakeup.wait

    def noted(self: Wakeup, seconds: float) -> None:
        meant.append(seconds)
        wait(self, seconds)

    monkeypatch.setattr(Wakeup, "wait", noted)
    return meant


def drained(logger: TrainLogger) -> None:
    """Waits until the writer has moved everything."""
    assert logger.recorder.drained(30.0)


def test_single_records_are_looked_for_ten_times_a_second(
    open_logger: OpenLogger, pauses: list[float]
) -> None:
    logger = open_logger()
    logger.log_training_start("tiny", 1, 10, 1, 0.1, "sgd")
    drained(logger)
    pauses.clear()

    logger.log_training_progress(1, 1, 10, 1.0)
    drained(logger)

    assert set(pauses) == {writer.TICK}


@pytest.mark.parametrize(
    ("lines", "seconds"), [(writer.FLOW * 3, writer.FLOW_TICK), (writer.DENSE * 4, writer.DENSE_TICK)]
)
def test_a_flow_is_moved_four_times_a_second_and_a_dense_one_twice(
    open_logger: OpenLogger, pauses: list[float], lines: int, seconds: float
) -> None:
    logger = open_logger()
    logger.log_training_start("tiny", 1, 1_000, 1, 0.1, "sgd")
    drained(logger)
    pauses.clear()

    for step in range(1, lines + 1):
        logger.log_training_progress(1, step, 1_000, 1.0)
    drained(logger)
    drained(logger)

    assert seconds in pauses
    assert pauses[-1] == writer.TICK


def test_a_call_that_finds_no_room_has_the_thread_look(spools: Path) -> None:
    asked: list[str] = []
    spool = Spool(SpoolHeader("/runs/a/journal.jsonl", "0123456789ab", "0123456789ab", 4711))
    spool.open()
    spool.on_full = lambda: asked.append("room")
    spool.set_used(spool.limit)
    spool.moved_at = time.monotonic() + 60.0  # However long the next line takes to come, it was just now.

    assert not spool.append(b"progress\n")

    assert asked == ["room"]
    spool.let_go()


def test_a_call_that_finds_no_room_under_storage_that_stands_wakes_nobody(spools: Path) -> None:
    """It would wake the thread with every record for nothing, and wait for it to give back the interpreter."""
    asked: list[str] = []
    spool = Spool(SpoolHeader("/runs/a/journal.jsonl", "0123456789ab", "0123456789ab", 4711))
    spool.open()
    spool.on_full = lambda: asked.append("room")
    spool.set_used(spool.limit)
    spool.moved_at = time.monotonic() - 2 * STANDSTILL

    assert not spool.append(b"progress\n")

    assert asked == []
    spool.let_go()


def test_a_flood_that_fills_the_spool_does_not_wait_for_the_next_look(
    open_logger: OpenLogger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The looks come only when somebody wakes the thread; a fortieth of the lines fit into the spool.

    The calls are patient, so that a machine that is busy elsewhere refuses no line.
    """
    monkeypatch.setattr(writer, "TICK", 60.0)
    monkeypatch.setattr(writer, "FLOW_TICK", 60.0)
    monkeypatch.setattr(writer, "DENSE_TICK", 60.0)
    for name in ("PATIENCE", "MOST_PATIENCE", "STANDSTILL"):
        monkeypatch.setattr(spool_module, name, 10.0)
    logger = open_logger()
    drained(logger)
    spool = logger.recorder.spool
    spool.limit = 128 << 10
    spool.set_used(0)

    for step in range(1, 20_001):
        logger.log_training_progress(1, step, 20_000, 1.0, 0.1, {"accuracy": 0.5})
    drained(logger)

    thread = logger.recorder.writer
    state = thread.copy_state() if thread is not None else None
    assert state is not None
    assert state.totals.events > 20_000
