"""Processes on GPUs: who they are, what they use of the host, and what is not known of those that are gone."""

from __future__ import annotations

import os
from pathlib import Path

from tests.core.test_process import PAGE, TICK, a_process
from trainmon.facts.readings import GpuProcess, GpuReading
from trainmon.system.gpu_users import COMMAND_LIMIT, GpuUsers


def a_program(root: Path, pid: int, command: bytes, *, ticks: int = 0, start: int = 500) -> None:
    a_process(root, pid, ticks=ticks, start=start, pages=3)
    (root / "proc" / str(pid) / "cmdline").write_bytes(command)


def card(index: int, *processes: GpuProcess) -> GpuReading:
    return GpuReading(index=index, processes=processes)


def test_a_process_is_named_once_for_all_its_cards(tmp_path: Path) -> None:
    """With what the driver says of it on each."""
    a_program(tmp_path, 7, b"python\0train.py\0")
    cards = card(0, GpuProcess(7, 10, own=True)), card(1, GpuProcess(7, 20, own=True)), card(2)

    first, second, empty = GpuUsers(tmp_path).name(cards, 1.0)

    assert first.processes is not None
    (process,) = first.processes
    assert (process.command, process.rss, process.cpu_percent) == ("python train.py", 3 * PAGE, None)
    assert process.user is not None
    assert (process.memory_used, process.own) == (10, True)
    assert second.processes is not None
    assert (second.processes[0].memory_used, second.processes[0].command) == (20, "python train.py")
    assert empty == cards[2]


def test_cpu_is_percent_of_one_cpu_since_the_reading_before(tmp_path: Path) -> None:
    users = GpuUsers(tmp_path)
    a_program(tmp_path, 7, b"x\0")
    users.name((card(0, GpuProcess(7)),), 10.0)
    a_program(tmp_path, 7, b"x\0", ticks=round(3.0 / TICK))

    (found,) = users.name((card(0, GpuProcess(7)),), 12.0)

    assert found.processes is not None
    assert found.processes[0].cpu_percent == 150.0


def test_a_process_that_was_given_the_number_has_used_nothing_yet(tmp_path: Path) -> None:
    users = GpuUsers(tmp_path)
    a_program(tmp_path, 7, b"x\0", ticks=900)
    users.name((card(0, GpuProcess(7)),), 10.0)
    a_program(tmp_path, 7, b"y\0", start=999)

    (found,) = users.name((card(0, GpuProcess(7)),), 12.0)

    assert found.processes is not None
    assert found.processes[0].cpu_percent is None


def test_of_a_process_that_is_gone_nothing_is_known(tmp_path: Path) -> None:
    cards = (card(0, GpuProcess(8, 5)),)

    assert GpuUsers(tmp_path).name(cards, 1.0) == cards


def test_a_long_command_is_cut(tmp_path: Path) -> None:
    a_program(tmp_path, 7, b"x" * 50_000)

    (found,) = GpuUsers(tmp_path).name((card(0, GpuProcess(7)),), 1.0)

    assert found.processes is not None
    assert found.processes[0].command == "x" * COMMAND_LIMIT


def test_this_very_process_is_found() -> None:
    (found,) = GpuUsers().name((card(0, GpuProcess(os.getpid())),), 1.0)

    assert found.processes is not None
    assert found.processes[0].rss
    assert found.processes[0].command
