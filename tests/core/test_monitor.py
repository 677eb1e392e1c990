"""The monitor's thread: readings come by themselves, cost little, and no driver holds them up."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.test_gpus import Source
from trainmon.calls import monitor as monitor_module
from trainmon.calls.monitor import MOST_OF_A_CORE, Monitor, pause
from trainmon.facts.readings import MachineReading
from trainmon.system import gpus as gpus_module
from trainmon.system import machine_reader

PATIENCE = 20.0


class Inbox:
    """Readings as they come."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.found: list[MachineReading] = []

    def take(self, reading: MachineReading) -> None:
        with self._changed:
            self.found.append(reading)
            self._changed.notify_all()

    def until(self, count: int) -> list[MachineReading]:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.found) >= count, PATIENCE)
            return list(self.found)


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Source]:
    """A driver, and no limit of time or of a core's share that a busy machine could come to."""
    driver = Source()
    monkeypatch.setattr(gpus_module, "AnyMaker", lambda _environment: driver)
    monkeypatch.setattr(gpus_module.Gpus.sample, "__defaults__", (PATIENCE,))
    monkeypatch.setattr(gpus_module, "SAID_AFTER", 1_000.0)
    monkeypatch.setattr(machine_reader.Disks.sample, "__defaults__", (PATIENCE,))
    monkeypatch.setattr(monitor_module, "MOST_OF_A_CORE", 1.0)
    monkeypatch.setattr(monitor_module, "FIRST_AFTER", 0.0)
    monkeypatch.setattr(monitor_module, "FIRST_SPAN", 0.01)
    yield driver
    driver.may_answer.set()


def test_readings_come_until_it_is_stopped(tmp_path: Path, driver: Source) -> None:
    inbox = Inbox()
    monitor = Monitor(0.01, tmp_path, inbox.take)
    monitor.start()

    first, second = inbox.until(2)[:2]
    monitor.stop()

    assert second.time > first.time
    assert first.process is not None
    assert first.host is not None
    assert first.host.cpu_percent is not None or first.host.cpu_count is not None
    assert driver.opened == 1


def test_a_driver_that_hangs_holds_up_no_reading_of_the_host(
    tmp_path: Path, driver: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gpus_module.Gpus.sample, "__defaults__", (0.0,))
    driver.may_answer.clear()
    inbox = Inbox()
    monitor = Monitor(0.01, tmp_path, inbox.take)
    monitor.start()

    readings = inbox.until(3)
    monitor.stop()

    assert all(reading.host is not None and reading.gpus == () for reading in readings)
    assert readings[-1].gpu_note == "the driver has not answered yet"


def test_the_file_system_of_the_newest_checkpoint_is_measured_too(tmp_path: Path, driver: Source) -> None:
    """Another one, where there is one at hand; the same one counts once."""
    assert driver.note is None
    inbox = Inbox()
    monitor = Monitor(0.01, tmp_path, inbox.take, checkpoint=lambda: "/proc/self/epoch_001.pt")
    monitor.start()

    readings = inbox.until(2)
    monitor.stop()

    assert [found.path for found in readings[-1].file_systems] == [str(tmp_path), "/proc/self"]


def test_a_checkpoint_in_a_store_that_is_no_file_system_is_not_measured(
    tmp_path: Path, driver: Source
) -> None:
    assert driver.note is None
    inbox = Inbox()
    monitor = Monitor(0.01, tmp_path, inbox.take, checkpoint=lambda: "s3://bucket/epoch_001.pt")
    monitor.start()

    readings = inbox.until(1)
    monitor.stop()

    assert [found.path for found in readings[0].file_systems] == [str(tmp_path)]


@given(cost=st.floats(0, 10), took=st.floats(0, 30), every=st.floats(0.5, 60))
def test_readings_never_use_more_of_a_core_than_they_may(cost: float, took: float, every: float) -> None:
    """However many cards and workers there are; a slow driver does not make them come at once."""
    wait = pause(every, took, cost)

    assert wait >= 0.1
    assert cost <= MOST_OF_A_CORE * (wait + took) * (1 + 1e-9)


def test_ordinary_readings_come_as_often_as_wished() -> None:
    assert pause(2.0, 0.001, 0.001) == pytest.approx(1.999)
