"""`get_system_stats()`: the keys of the spec, and only what is known."""

from __future__ import annotations

import json
import subprocess
import sys
from types import SimpleNamespace

import psutil
import pytest

from trainmon.facts.readings import AllocatorReading
from trainmon.system import stats
from trainmon.system.stats import SystemStats, allocators, system_stats

GIB = 1 << 30
NOON = 1_705_314_600.0


class Clock:
    """Monotonic seconds that only waiting moves."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.waited = 0.0

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.waited += seconds


def the_cpu_at(monkeypatch: pytest.MonkeyPatch, *moments: tuple[float, float]) -> None:
    """Lets psutil tell one CPU's (busy, idle) seconds, a moment after the other."""
    answers = iter(moments)
    real = psutil.cpu_times()
    nothing = real._replace(**dict.fromkeys(real._fields, 0.0))

    def cpu_times() -> list[tuple[float, ...]]:
        busy, idle = next(answers)
        return [nothing._replace(user=busy, idle=idle)]

    monkeypatch.setattr(psutil, "cpu_times", lambda **asked: cpu_times() if asked else real)


def a_torch(*, initialised: bool = True) -> SimpleNamespace:
    """A torch with two CUDA devices, of which the first is in use."""
    used = {
        "allocated_bytes.all.current": 3 * GIB,
        "reserved_bytes.all.current": 4 * GIB,
        "allocated_bytes.all.peak": 5 * GIB,
    }
    memory = [used, dict.fromkeys(used, 0)]
    cuda = SimpleNamespace(
        is_initialized=lambda: initialised, device_count=lambda: 2, memory_stats=memory.__getitem__
    )
    return SimpleNamespace(cuda=cuda)


def test_the_keys_of_the_spec_are_there_and_json() -> None:
    """What is logged as `system_stats` must be storable."""
    read = system_stats()

    assert {"timestamp", "memory_percent", "memory_used_gb", "memory_total_gb", "disk_percent"} <= read.keys()
    assert json.loads(json.dumps(read)) == read


def test_the_first_call_waits_a_tenth_of_a_second_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """A CPU percentage needs two moments; most programs ask once."""
    clock = Clock()
    the_cpu_at(monkeypatch, (0.0, 0.0), (0.04, 0.06), (0.04, 1.06))
    reader = SystemStats(clock, clock.wait)

    first = reader.read(NOON)
    clock.now += 1.0
    second = reader.read(NOON)

    assert (first["cpu_percent"], second["cpu_percent"]) == (40.0, 0.0)
    assert clock.waited == pytest.approx(0.1)


def test_asked_again_at_once_the_cpu_stays_what_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over a millisecond the kernel's counters say 0 or 100."""
    clock = Clock()
    the_cpu_at(monkeypatch, (0.0, 0.0), (0.04, 0.06))
    reader = SystemStats(clock, clock.wait)

    first, second = reader.read(NOON), reader.read(NOON)

    assert first == second


def test_without_cuda_there_are_no_gpu_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Torch that has not started CUDA is not made to."""
    monkeypatch.setitem(sys.modules, "torch", a_torch(initialised=False))

    assert allocators() == ()
    assert "gpu_stats" not in system_stats()


def test_torch_tells_its_memory_in_gigabytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The spec's `gpu_stats.gpu_0.memory_allocated_gb`, and its neighbours."""
    monkeypatch.setitem(sys.modules, "torch", a_torch())

    gpus = system_stats()["gpu_stats"]

    assert isinstance(gpus, dict)
    assert gpus["gpu_0"] == {
        "memory_allocated_gb": 3.0,
        "memory_reserved_gb": 4.0,
        "max_memory_allocated_gb": 5.0,
    }
    assert gpus["gpu_1"]["memory_allocated_gb"] == 0.0
    assert allocators()[0] == AllocatorReading(device=0, allocated=3 * GIB, reserved=4 * GIB, peak=5 * GIB)


@pytest.mark.parametrize("torch", [SimpleNamespace(), SimpleNamespace(cuda=None)])
def test_a_half_imported_torch_is_no_torch(monkeypatch: pytest.MonkeyPatch, torch: SimpleNamespace) -> None:
    """Another thread may be importing it at this moment."""
    monkeypatch.setitem(sys.modules, "torch", torch)

    assert "gpu_stats" not in system_stats()


def test_a_part_that_fails_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing raises, and nothing is reported as 0."""

    def fail(**_: object) -> None:
        raise OSError("no /proc")

    monkeypatch.setattr(psutil, "virtual_memory", fail)
    monkeypatch.setattr(stats, "HostSampler", fail)
    clock = Clock()

    read = SystemStats(clock, clock.wait).read(NOON)

    assert read.keys() == {"timestamp"}


def test_it_never_imports_torch() -> None:
    """That would cost more than a second and start what the training did not ask for."""
    script = "import sys, trainmon.system.stats as s; s.system_stats(); print('torch' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout == "False\n"
