"""A reading of the whole machine: what hangs is left out, and everything else is there."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from trainmon.facts.readings import FileSystemReading, GpuProcess, GpuReading
from trainmon.system import gpus as gpus_module
from trainmon.system import machine_reader
from trainmon.system.disks import DiskSampler
from trainmon.system.gpus import Gpus
from trainmon.system.kernel_log import HOST_PIDS
from trainmon.system.machine_reader import Disks, MachineReader, parent_of

PATIENCE = 20.0


class Card:
    """A driver with one card, which this process uses."""

    def open(self) -> str | None:
        return None

    def sample(self) -> tuple[GpuReading, ...]:
        return (GpuReading(index=0, processes=(GpuProcess(os.getpid(), 5), GpuProcess(1, 5))),)

    def close(self) -> None:
        """Nothing to give back."""


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    gate = threading.Event()
    yield gate
    gate.set()


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may take long to run another thread."""
    monkeypatch.setattr(Gpus.sample, "__defaults__", (PATIENCE,))
    monkeypatch.setattr(Disks.sample, "__defaults__", (PATIENCE,))


def test_a_reading_has_host_disk_process_and_gpus(tmp_path: Path) -> None:
    reader = MachineReader(tmp_path, os.getpid(), gpus=Gpus(Card()), per_core=1_024, clock=lambda: 5.0)
    reader.sample()

    reading = reader.sample()

    assert reading.time == 5.0
    assert reading.host is not None
    assert reading.host.disk_free == reading.file_systems[0].free
    assert reading.host.disk_path == str(tmp_path)
    assert reading.process is not None
    assert reading.process.pid == os.getpid()
    assert len(reading.gpus) == 1
    reader.close()


def test_the_trainers_processes_on_a_gpu_are_marked_where_numbers_compare(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = machine_reader.own_identity
    for namespace, own in ((HOST_PIDS, True), (HOST_PIDS + 1, None)):
        monkeypatch.setattr(
            machine_reader,
            "own_identity",
            lambda namespace=namespace: machine_reader.replace(identity(), pid_namespace=namespace),
        )
        reader = MachineReader(tmp_path, os.getpid(), gpus=Gpus(Card()))
        (card,) = reader.sample().gpus
        reader.close()

        assert card.processes is not None
        assert card.processes[0].own is own


def test_a_file_system_that_hangs_costs_the_disk_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gate: threading.Event
) -> None:
    def hang(_self: DiskSampler, _folders: Sequence[Path], _mono: float) -> tuple[FileSystemReading, ...]:
        assert gate.wait(PATIENCE)
        return ()

    monkeypatch.setattr(DiskSampler, "sample", hang)
    monkeypatch.setattr(Disks.sample, "__defaults__", (0.0,))
    reader = MachineReader(tmp_path, None, gpus=Gpus(Card()))

    reading = reader.sample()

    assert reading.file_systems == ()
    assert reading.host is not None
    assert reading.host.disk_free is None
    assert reading.host.memory_used is not None
    assert reading.gpus
    reader.close()


def test_an_answer_that_was_long_in_coming_is_not_taken_for_that_of_other_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gate: threading.Event
) -> None:
    sample = DiskSampler.sample

    def slow(self: DiskSampler, folders: Sequence[Path], mono: float) -> tuple[FileSystemReading, ...]:
        assert gate.wait(PATIENCE)
        return sample(self, folders, mono)

    monkeypatch.setattr(DiskSampler, "sample", slow)
    disks = Disks()
    disks.sample((Path("/proc"),), 0.0)
    gate.set()

    late = disks.sample((tmp_path,), PATIENCE)
    own = disks.sample((tmp_path,), PATIENCE)

    assert late == ()
    assert [reading.path for reading in own] == [str(tmp_path)]
    disks.close()


def test_a_machine_without_a_driver_says_so_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class NoDriver(Card):
        def open(self) -> str | None:
            return "no NVML"

    monkeypatch.setattr(gpus_module, "AnyMaker", lambda _environment: NoDriver())
    reader = MachineReader(tmp_path, None)

    reading = reader.sample()

    assert (reading.gpus, reading.gpu_note) == ((), "no NVML")
    reader.close()


@pytest.mark.parametrize(
    ("checkpoint", "folder"), [("/ckpt/a.pt", Path("/ckpt")), ("ckpt/a.pt", None), ("a.pt", None), ("", None)]
)
def test_the_folder_of_a_checkpoint_is_known_only_where_its_path_is_whole(
    checkpoint: str, folder: Path | None
) -> None:
    assert parent_of(checkpoint) == folder
