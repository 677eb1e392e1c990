"""Reports of C-level crashes that were never written: none outlives its process for long."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.core.test_opening import opened
from trainmon.storage.fault_files import remove_empty
from trainmon.storage.repair import repair
from trainmon.words.paths import FAULTS


@pytest.fixture(scope="module")
def dead() -> int:
    """The pid of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def report(folder: Path, pid: int | str, text: str = "") -> Path:
    path = folder / f"{FAULTS}.{pid}.log"
    path.write_text(text)
    return path


def test_an_opening_removes_the_empty_reports_of_the_dead_alone(tmp_path: Path, dead: int) -> None:
    empty, living, other = report(tmp_path, dead), report(tmp_path, os.getpid()), report(tmp_path, "x")

    opened(tmp_path).close()

    assert not empty.exists()
    assert living.exists()
    assert other.exists()


def test_a_report_that_says_something_stays(tmp_path: Path, dead: int) -> None:
    crash = report(tmp_path, dead, "Fatal Python error: Segmentation fault\n")

    opened(tmp_path).close()

    assert crash.exists()


def test_a_repair_removes_it(tmp_path: Path, dead: int) -> None:
    opened(tmp_path).close()
    empty = report(tmp_path, dead)

    repair(tmp_path)

    assert not empty.exists()


def test_without_the_lock_only_processes_that_we_know_are_looked_for(tmp_path: Path, dead: int) -> None:
    empty = report(tmp_path, dead)

    remove_empty(tmp_path, {dead + 1})
    kept = empty.exists()
    remove_empty(tmp_path, {dead})

    assert kept
    assert not empty.exists()
    remove_empty(tmp_path / "gone")
