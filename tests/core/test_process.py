"""Samples of the trainer's process: what counts as its own, CPU shares, and what a dead one says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from trainmon.facts.readings import ProcessReading
from trainmon.system.proc import command_of, environment_of, user_of
from trainmon.system.process import ProcessSampler

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads Linux's /proc")
TICK = 1 / os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def a_process(
    root: Path,
    pid: int,
    *,
    parent: int = 1,
    state: str = "S",
    ticks: int = 0,
    start: int = 500,
    pages: int = 1,
) -> None:
    """A line of a made-up process table, whose kernel does not list children."""
    numbers = [parent, *[0] * 9, ticks, 0, 0, 0, 0, 0, 3, 0, start, 0, pages]
    (root / "proc" / str(pid)).mkdir(parents=True, exist_ok=True)
    (root / "proc" / str(pid) / "stat").write_text(f"{pid} (py) {state} {' '.join(map(str, numbers))} 0 0\n")


def test_a_process_is_read_with_all_its_descendants(tmp_path: Path) -> None:
    """A worker's helper counts as well; a neighbour and a zombie do not."""
    a_process(tmp_path, 10, pages=7)
    a_process(tmp_path, 11, parent=10, pages=2)
    a_process(tmp_path, 12, parent=11, pages=3)
    a_process(tmp_path, 13, parent=10, state="Z", pages=50)
    a_process(tmp_path, 14, parent=1, pages=90)

    (tmp_path / "proc/12/fd").mkdir()
    for number in ("0", "1"):
        (tmp_path / "proc/12/fd" / number).touch()

    reading = ProcessSampler(10, root=tmp_path).sample(100.0)

    assert reading == ProcessReading(
        pid=10,
        rss=7 * PAGE,
        threads=3,
        children=2,
        children_rss=5 * PAGE,
        children_threads=6,
        children_open_files=2,
    )


def test_cpu_is_percent_of_one_cpu(tmp_path: Path) -> None:
    """Three CPU seconds in two are 150 percent; a worker that is new used all of its time since."""
    a_process(tmp_path, 10)
    a_process(tmp_path, 11, parent=10, ticks=round(5 / TICK))
    sampler = ProcessSampler(10, root=tmp_path)
    sampler.sample(100.0)
    a_process(tmp_path, 10, ticks=round(3 / TICK))
    a_process(tmp_path, 11, parent=10, ticks=round(6 / TICK))
    a_process(tmp_path, 12, parent=10, ticks=round(1 / TICK), start=900)

    reading = sampler.sample(102.0)

    assert reading is not None
    assert (reading.cpu_percent, reading.children_cpu_percent) == (150.0, 100.0)


@pytest.mark.parametrize(("state", "start"), [("Z", 500), ("S", 501)], ids=["a zombie", "another process"])
def test_a_dead_process_has_no_reading(tmp_path: Path, state: str, start: int) -> None:
    """Nor has a stranger who was given its number."""
    a_process(tmp_path, 10)
    sampler = ProcessSampler(10, root=tmp_path)
    a_process(tmp_path, 10, state=state, start=start)

    assert sampler.sample(100.0) is None


def test_a_process_that_never_was_has_no_reading(tmp_path: Path) -> None:
    """Nothing raises."""
    assert ProcessSampler(10, root=tmp_path).sample(100.0) is None


@linux
def test_a_real_process_sees_its_real_child() -> None:
    """The kernel's own lists, not made-up ones."""
    sampler = ProcessSampler(os.getpid())
    before = sampler.sample(100.0)
    program = "print('here', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"here\n"  # Before that its memory may still be counted as none.
        reading = sampler.sample(101.0)
        child.communicate(b"\n")

    assert before is not None
    assert before.children is not None
    assert reading is not None
    assert reading.children == before.children + 1
    assert reading.children_rss is not None
    assert reading.children_rss > 0
    assert reading.open_files is not None
    assert reading.open_files > 2


def test_descendants_are_looked_for_as_seldom_as_they_are_dear(tmp_path: Path) -> None:
    """With many workers a look costs milliseconds; those that are known are read each time."""
    cpu = iter([0.0, 0.004, 0.004, 0.008])
    a_process(tmp_path, 10)
    a_process(tmp_path, 11, parent=10)
    sampler = ProcessSampler(10, root=tmp_path, cpu_clock=lambda: next(cpu))
    sampler.sample(100.0)
    a_process(tmp_path, 12, parent=10)

    soon, later = sampler.sample(107.9), sampler.sample(108.1)

    assert soon is not None
    assert later is not None
    assert (soon.children, later.children) == (1, 2)


def test_the_family_is_kept_beyond_the_death_of_the_process(tmp_path: Path) -> None:
    """What is left on a GPU is still the trainer's."""
    a_process(tmp_path, 10)
    a_process(tmp_path, 11, parent=10)
    sampler = ProcessSampler(10, root=tmp_path)
    sampler.sample(100.0)
    a_process(tmp_path, 10, state="Z")

    sampler.sample(102.0)

    assert sampler.family == {10, 11}


def test_a_process_that_was_given_the_number_before_the_first_look_is_not_read(tmp_path: Path) -> None:
    a_process(tmp_path, 10, start=600)

    assert ProcessSampler(10, start_ticks=500, root=tmp_path).sample(100.0) is None


def test_command_user_and_environment_of_a_process_are_told(tmp_path: Path) -> None:
    """A kernel thread has no command line, and a user need not have a name here."""
    a_process(tmp_path, 10)
    folder = tmp_path / "proc/10"
    (folder / "cmdline").write_bytes(b"python\0train.py\0--x=\xff\0")
    (folder / "environ").write_bytes(b"A=1\0CUDA_VISIBLE_DEVICES=0,1\0B\0")
    a_process(tmp_path, 11)
    (tmp_path / "proc/11/cmdline").write_bytes(b"")
    (tmp_path / "proc/11/comm").write_bytes(b"kworker\n")

    assert command_of(10, tmp_path) == "python train.py --x=\\xff"
    assert command_of(11, tmp_path) == "[kworker]"
    assert environment_of(10, tmp_path) == {"A": "1", "CUDA_VISIBLE_DEVICES": "0,1", "B": ""}
    assert user_of(10, tmp_path) is not None
    assert (command_of(12, tmp_path), user_of(12, tmp_path), environment_of(12, tmp_path)) == (None,) * 3
