"""NVIDIA GPUs, read by the unchanged pynvml from a fake driver library in a child process.

The library is compiled from tests/fakes/nvml against NVIDIA's own header, so that what is tested is the
layout and the error codes that a driver has, and not this package's idea of them.
"""

from __future__ import annotations

import os
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainmon.facts.readings import GpuProcess, GpuReading, MachineReading
from trainmon.system.gpu import THROTTLE_WORDS, GpuReader, throttle_words
from trainmon.system.gpu_source import GpuSource

FAKE = Path(__file__).parents[1] / "fakes" / "nvml" / "build.py"
CHILD = """
import sys
import msgspec
from trainmon.system.gpu import GpuReader

reader = GpuReader()
print(msgspec.json.encode(reader.open()).decode(), flush=True)
for line in sys.stdin:
    print(msgspec.json.encode(reader.sample()).decode(), flush=True)
reader.close()
"""

THREAD = """
import threading
from trainmon.system.gpu import GpuReader

reader = GpuReader()
reader.open()
thread = threading.Thread(target=reader.sample)
thread.start()
turns = 0
while thread.is_alive():
    turns += 1
print(turns)
"""

MONITOR = """
import pathlib
import queue
import msgspec
from trainmon.calls.monitor import Monitor

readings = queue.Queue()
monitor = Monitor(0.5, pathlib.Path("/"), readings.put)
monitor.start()
found = [readings.get(timeout=30) for _ in range(2)]
print(msgspec.json.encode(found[-1]).decode())
"""


class Machine:
    """A machine with fake GPUs, and a process on it that reads them when asked."""

    def __init__(self, library: Path, state: Path) -> None:
        self._library = library
        self._state = state
        self.process: subprocess.Popen[str] | None = None

    def set(self, *lines: str) -> None:
        """Makes these lines the state; a new file, so that the change shows whatever the clock's grain."""
        new = self._state.with_suffix(".new")
        new.write_text("\n".join(lines) + "\n")
        new.replace(self._state)

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CUDA_")}
        return kept | {"LD_LIBRARY_PATH": str(self._library), "FAKE_NVML": str(self._state)} | more

    def open(self, **environment: str) -> str | None:
        """What `GpuReader.open` says in a fresh process with that environment."""
        self.process = subprocess.Popen(
            [sys.executable, "-c", CHILD],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=self.environment(**environment),
        )
        return msgspec.json.decode(self._line(), type=str | None)

    def sample(self) -> tuple[GpuReading, ...]:
        """What `GpuReader.sample` says in that process."""
        assert self.process is not None
        assert self.process.stdin is not None
        self.process.stdin.write("sample\n")
        self.process.stdin.flush()
        return msgspec.json.decode(self._line(), type=tuple[GpuReading, ...])

    def close(self) -> int:
        """Ends the process; its exit status."""
        if self.process is None:
            return 0
        self.process.communicate(timeout=30)
        return self.process.returncode

    def _line(self) -> str:
        assert self.process is not None
        assert self.process.stdout is not None
        return self.process.stdout.readline()


def build(folder: Path, without: tuple[str, ...] = ()) -> Path:
    fake = runpy.run_path(str(FAKE))
    reason = fake["missing"]()
    if reason is not None:
        pytest.skip(reason)
    fake["build"](folder, without)
    return folder


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a current driver's library."""
    return build(tmp_path_factory.mktemp("nvml"))


@pytest.fixture
def machine(library: Path, tmp_path: Path) -> Iterator[Machine]:
    """A machine with a current driver."""
    machine = Machine(library, tmp_path / "state.txt")
    yield machine
    assert machine.close() == 0


def test_every_quantity_comes_in_its_unit(machine: Machine) -> None:
    """Bytes, watts, degrees, MHz; the driver speaks of milliwatts."""
    machine.set(
        "gpus 1",
        "0.util 97",
        "0.mem_used 68719476736",
        "0.mem_reserved 600000000",
        "0.temp 71",
        "0.power 652500",
        "0.sm_clock 1755",
        "0.throttle 0x44",
        "0.ecc 3",
        "0.proc 4711 68000000000",
    )

    assert machine.open() is None
    assert machine.sample() == (
        GpuReading(
            index=0,
            uuid="GPU-00000000-0000-4000-8000-000000000000",
            name="NVIDIA H100 80GB HBM3",
            visible=True,
            utilisation=97,
            memory_used=68719476736,
            memory_total=85520809984,
            temperature=71,
            power=652.5,
            power_limit=700.0,
            sm_clock=1755,
            sm_clock_max=1980,
            throttle=("power cap", "thermal (hardware)"),
            ecc_uncorrected=3,
            processes=(GpuProcess(4711, 68000000000),),
        ),
    )


def test_eight_gpus_come_in_the_drivers_order(machine: Machine) -> None:
    """A node of eight, each with its own numbers."""
    machine.set("gpus 8", *(f"{index}.util {index * 10}" for index in range(8)))

    machine.open()

    assert [(gpu.index, gpu.utilisation) for gpu in machine.sample()] == [(i, i * 10) for i in range(8)]


def test_a_sample_is_of_now(machine: Machine) -> None:
    """Nothing but what never changes is kept."""
    machine.set("gpus 1", "0.util 10")
    machine.open()
    before = machine.sample()
    machine.set("gpus 1", "0.util 90", "0.power_limit 350000")

    after = machine.sample()

    assert (before[0].utilisation, after[0].utilisation) == (10, 90)
    assert (before[0].power_limit, after[0].power_limit) == (700.0, 350.0)


@pytest.mark.parametrize(
    ("word", "field"),
    [
        ("util", "utilisation"),
        ("mem", "memory_used"),
        ("temp", "temperature"),
        ("power", "power"),
        ("power_limit", "power_limit"),
        ("sm_clock", "sm_clock"),
        ("sm_clock_max", "sm_clock_max"),
        ("throttle", "throttle"),
        ("ecc", "ecc_uncorrected"),
        ("proc", "processes"),
        ("name", "name"),
        ("uuid", "uuid"),
    ],
)
def test_what_a_card_does_not_support_is_unknown_and_alone(machine: Machine, word: str, field: str) -> None:
    """A GeForce has no ECC, a MIG slice no utilisation: the rest is still told."""
    machine.set("gpus 1", f"0.unsupported {word}")
    machine.open()

    (gpu,) = machine.sample()

    unknown = {name for name in GpuReading.__struct_fields__ if getattr(gpu, name) is None}
    assert unknown - {"memory_total"} == {field, "state"}


def test_processes_are_told_once_with_what_is_known(machine: Machine) -> None:
    """One that computes and draws is one process; some drivers keep its memory to themselves."""
    machine.set("gpus 1", "0.proc 30 500", "0.proc 10 -", "0.gproc 30 500", "0.gproc 20 7")
    machine.open()

    (gpu,) = machine.sample()

    assert gpu.processes == (GpuProcess(10, None), GpuProcess(20, 7), GpuProcess(30, 500))


def test_an_idle_card_is_not_held_down_and_has_no_processes(machine: Machine) -> None:
    """Empty is known; it is not None."""
    machine.set("gpus 1", "0.throttle 1")
    machine.open()

    (gpu,) = machine.sample()

    assert (gpu.throttle, gpu.processes) == ((), ())


def test_a_card_that_falls_off_the_bus_is_said_to_be_lost_and_the_others_go_on(machine: Machine) -> None:
    """It keeps its place and its name, and no number of before."""
    machine.set("gpus 2")
    machine.open()
    machine.sample()
    machine.set("gpus 2", "0.fail 15", "1.util 50")

    lost, other = machine.sample()

    assert lost == GpuReading(
        index=0,
        uuid="GPU-00000000-0000-4000-8000-000000000000",
        name="NVIDIA H100 80GB HBM3",
        visible=True,
        state="lost",
    )
    assert (other.utilisation, other.state) == (50, None)


def test_a_card_that_comes_back_is_read_again(machine: Machine) -> None:
    """Lost from the start: its handle is asked for each time."""
    machine.set("gpus 1", "0.fail 15")
    machine.open()
    lost = machine.sample()
    machine.set("gpus 1", "0.util 5")

    (back,) = machine.sample()

    assert lost[0].state == "lost"
    assert (back.state, back.utilisation) == (None, 5)


@pytest.mark.parametrize(("code", "state"), [(16, "needs a reset"), (9, "driver gone"), (999, None)])
def test_what_ails_a_whole_card_is_said_in_words(machine: Machine, code: int, state: str | None) -> None:
    """An unknown error is no diagnosis."""
    machine.set("gpus 1")
    machine.open()
    machine.set("gpus 1", f"0.fail {code}")

    (gpu,) = machine.sample()

    assert (gpu.state, gpu.utilisation) == (state, None)


@pytest.mark.parametrize(
    ("state", "note"),
    [
        ("init 9", "no NVML"),
        ("init 28", "no GPU"),
        ("gpus 0", "no GPU"),
        ("init 18", "no NVML (RM has detected an NVML/RM version mismatch.)"),
        ("init 4", "no NVML (Insufficient Permissions)"),
    ],
)
def test_where_there_is_nothing_to_read_the_reason_is_said(machine: Machine, state: str, note: str) -> None:
    """An ordinary machine gets two words, a broken one its driver's."""
    machine.set(state)

    assert machine.open() == note
    assert machine.sample() == ()


def test_a_machine_without_the_library_has_no_nvml(tmp_path: Path) -> None:
    """The most ordinary machine of all, and no exception."""
    machine = Machine(tmp_path, tmp_path / "none")

    try:
        note = machine.open()
        readings = machine.sample()
    finally:
        machine.close()

    if note is None:
        pytest.skip("this machine has a real NVIDIA driver")
    assert (note, readings) == ("no NVML", ())


def test_an_older_driver_is_asked_by_the_older_names(tmp_path: Path) -> None:
    """Four getters came with drivers 510 to 575; their forerunners say the same, with the reserve in use."""
    newer = (
        "nvmlDeviceGetTemperatureV",
        "nvmlDeviceGetCurrentClocksEventReasons",
        "nvmlDeviceGetMemoryInfo_v2",
        "nvmlDeviceGetComputeRunningProcesses_v3",
        "nvmlDeviceGetGraphicsRunningProcesses_v3",
    )
    machine = Machine(build(tmp_path, newer), tmp_path / "state.txt")
    machine.set("gpus 1", "0.temp 66", "0.throttle 8", "0.mem_used 10", "0.mem_reserved 5", "0.proc 7 9")

    try:
        machine.open()
        (gpu,) = machine.sample()
    finally:
        machine.close()

    assert (gpu.temperature, gpu.throttle, gpu.memory_used) == (66, ("hardware slowdown",), 15)
    assert gpu.processes == (GpuProcess(7, 9),)


def test_a_slow_driver_does_not_hold_the_interpreter(machine: Machine) -> None:
    """Other threads run while a call hangs; the training is one of them."""
    machine.set("gpus 1", "0.sleep_ms 20")

    done = subprocess.run(
        [sys.executable, "-c", THREAD], env=machine.environment(), capture_output=True, text=True, check=True
    )

    assert int(done.stdout) > 10_000


def test_a_driver_that_never_answers_holds_up_neither_readings_nor_the_end(machine: Machine) -> None:
    """A minute for each call: the host is read without it, and the program ends at once."""
    machine.set("gpus 1", "0.sleep_ms 60000")

    done = subprocess.run(
        [sys.executable, "-c", MONITOR], env=machine.environment(), capture_output=True, text=True, check=True,
        timeout=50,
    )  # fmt: skip

    reading = msgspec.json.decode(done.stdout, type=MachineReading)
    assert reading.host is not None
    assert reading.process is not None
    assert (reading.gpus, reading.gpu_note) == ((), "the driver has not answered yet")


def test_the_trainers_own_cards_are_marked(machine: Machine) -> None:
    """By the environment of the process that reads, unless it is given another."""
    machine.set("gpus 3")

    machine.open(CUDA_VISIBLE_DEVICES="GPU-00000002,0")

    assert [gpu.visible for gpu in machine.sample()] == [True, False, True]


def test_a_part_of_a_card_tells_its_card(machine: Machine) -> None:
    """A MIG instance has a name of its own, and only the driver knows of what it is a part."""
    machine.set("gpus 3", "1.mig MIG-7f0e5a44-0000-4000-8000-000000000000")

    machine.open(CUDA_VISIBLE_DEVICES="MIG-7f0e5a44-0000-4000-8000-000000000000")

    assert [gpu.visible for gpu in machine.sample()] == [False, True, False]


def test_a_part_that_is_no_more_leaves_the_cards_unknown(machine: Machine) -> None:
    machine.set("gpus 2")

    machine.open(CUDA_VISIBLE_DEVICES="MIG-7f0e5a44-0000-4000-8000-000000000000")

    assert [gpu.visible for gpu in machine.sample()] == [None, None]


@pytest.mark.parametrize("program", ["gpustat", "nvitop"])
def test_other_peoples_programs_read_the_fake_too(machine: Machine, program: str) -> None:
    """What they show of it is what they would show of a card."""
    found = shutil.which(
        program, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    )
    if found is None:
        pytest.skip(f"{program} is not installed")
    machine.set("gpus 2", "0.util 97", "0.temp 71", "0.power 652000", "1.fail 15")
    arguments = {"gpustat": [], "nvitop": ["--once", "--ascii"]}[program]

    done = subprocess.run(
        [found, *arguments], env=machine.environment(), capture_output=True, text=True, timeout=60, check=True
    )

    assert all(word in done.stdout for word in ("H100", "97", "71")), done.stdout
    assert "lost" in done.stdout.lower()


@given(bits=st.integers(0, 2**64 - 1))
def test_every_reason_to_throttle_has_a_word_and_idling_has_none(bits: int) -> None:
    """A bit that is not known yet is told by its number."""
    words = throttle_words(bits)

    assert len(words) == (bits & ~1).bit_count()
    assert {THROTTLE_WORDS[bit] for bit in THROTTLE_WORDS if bits & bit} <= set(words)


def test_a_reader_is_a_gpu_source() -> None:
    """The interface that other makers' readers follow; unopened, it has nothing and may be closed."""
    make: Callable[[], GpuSource] = GpuReader
    source = make()

    assert source.sample() == ()
    source.close()
