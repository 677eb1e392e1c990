"""What a dead trainer left behind, found by the session and the group that it wrote down; real processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from trainmon.meaning.statuses import Orphan
from trainmon.reading.reader import RunReader

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux's /proc")

ROOT = Path(__file__).parents[2]
LIMIT = 10.0

TRAINER = """
import os, subprocess, sys, time, trainmon
trainmon.setup_logging('logs', machine_every=None)
trainmon.log_training_start('m', 1, 10, 1, 0.1, 'o')
child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)  # worker'])
print(os.getpid(), child.pid, flush=True)
time.sleep(60)
"""

Shell = Callable[[str], "subprocess.Popen[str]"]


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """Runs a script of a shell in a session of its own, with the trainer as `$T`."""
    (tmp_path / "t.py").write_text(TRAINER)
    started: list[subprocess.Popen[str]] = []

    def begin(script: str) -> "subprocess.Popen[str]":
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "T": f"{sys.executable} t.py"}
        process = subprocess.Popen(
            ["/bin/sh", "-c", script], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True,
            start_new_session=True,
        )  # fmt: skip
        started.append(process)
        return process

    yield begin
    for process in started:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def kill_trainer(process: "subprocess.Popen[str]") -> tuple[int, int]:
    """Has the trainer killed; process ids of it and of its worker."""
    assert process.stdout is not None
    trainer, worker = map(int, process.stdout.readline().split())
    os.kill(trainer, signal.SIGKILL)
    return trainer, worker


def left(folder: Path) -> tuple[Orphan, ...] | None:
    """What an observer finds once the trainer is dead."""
    reader = RunReader(folder / "logs")
    deadline = time.monotonic() + LIMIT
    while (evidence := reader.poll().evidence).alive is not False and time.monotonic() < deadline:
        time.sleep(0.01)
    reader.close()
    return evidence.orphans


def test_a_worker_that_lives_on_is_named_with_its_command(shell: Shell, tmp_path: Path) -> None:
    _, worker = kill_trainer(shell("exec $T"))

    found = left(tmp_path)

    assert found is not None
    assert [orphan.pid for orphan in found] == [worker]
    assert "# worker" in (found[0].command or "")


def test_what_the_script_starts_next_is_no_orphan(shell: Shell, tmp_path: Path) -> None:
    process = shell("$T; echo next; exec sleep 60")
    _, worker = kill_trainer(process)
    assert process.stdout is not None
    process.stdout.readline()

    found = left(tmp_path)

    assert found is not None
    assert [orphan.pid for orphan in found] == [worker]


def test_another_training_of_the_same_script_is_no_orphan_and_neither_are_its_workers(
    shell: Shell, tmp_path: Path
) -> None:
    """`kill` beside its number would end a training that is well."""
    (tmp_path / "other").mkdir()
    process = shell("$T & cd other; ${T%t.py}../t.py & exit")
    assert process.stdout is not None
    pairs = [tuple(map(int, process.stdout.readline().split())) for _ in range(2)]
    trainer, worker = next(pair for pair in pairs if os.readlink(f"/proc/{pair[0]}/cwd") == str(tmp_path))
    os.kill(trainer, signal.SIGKILL)

    found = left(tmp_path)

    assert found is not None
    assert [orphan.pid for orphan in found] == [worker]


def test_a_trainer_that_left_nothing_says_so_and_a_living_one_says_nothing(
    shell: Shell, tmp_path: Path
) -> None:
    process = shell("exec $T")
    assert process.stdout is not None
    trainer, worker = map(int, process.stdout.readline().split())
    reader = RunReader(tmp_path / "logs")
    living = reader.poll().evidence
    reader.close()
    os.kill(worker, signal.SIGKILL)
    stat = Path(f"/proc/{worker}/stat")
    until = time.monotonic() + LIMIT
    while stat.read_text().rpartition(")")[2].split()[0] != "Z" and time.monotonic() < until:
        time.sleep(0.002)  # It stays a zombie: its parent does not ask for it.
    os.kill(trainer, signal.SIGKILL)

    assert living.orphans is None
    assert left(tmp_path) == ()


def test_a_trainer_of_an_older_version_leaves_it_unknown(shell: Shell, tmp_path: Path) -> None:
    from trainmon.reading.left_behind import Orphans

    kill_trainer(shell("exec $T"))
    left(tmp_path)
    reader = RunReader(tmp_path / "logs")
    opened = reader.poll().state.opened
    reader.close()
    assert opened is not None

    assert Orphans().look(replace(opened, session=None), None, 0.0) is None
