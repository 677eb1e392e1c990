"""The hang X-ray of real processes: it tells where they hang, and it never ends one that goes on."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from trainmon.reading.reader import RunReader
from trainmon.stacks import stack_file
from trainmon.stacks.stack_words import likeliest
from trainmon.stacks.stacks import XRay
from trainmon.stacks.xray import xray

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux's /proc")

ROOT = Path(__file__).parents[2]
HANGS = ROOT / "tests" / "core" / "hangs.py"
LIMIT = 20.0

QUESTIONS = int(os.environ.get("TRAINMON_QUESTIONS", "150"))
"""To a busy program, of some six signals each; the proof in docs/proofs.md is of more."""

Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts programs, waits for their first line, and ends them."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(*line: str, path: str = "") -> "subprocess.Popen[bytes]":
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": f"{path}:{os.environ['PATH']}"}
        process = subprocess.Popen(
            [sys.executable, *line],
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=_as_from_a_shell,
        )
        started.append(process)
        assert process.stdout is not None
        process.stdout.readline()
        return process

    yield begin
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def _as_from_a_shell() -> None:
    """A logger of the process that runs the tests leaves its signal ignored, which programs inherit."""
    for number in stack_file.CANDIDATES:
        signal.signal(number, signal.SIG_DFL)


def program(code: str) -> tuple[str, str]:
    """A training that records into `logs`, says so, and then does that."""
    head = (
        "import os, signal, time, threading, trainmon\n"
        "trainmon.setup_logging('logs', machine_every=None)\n"
        "trainmon.log_training_start('m', 1, 10, 1, 0.1, 'o')\n"
        "print('ready', flush=True)\n"
    )
    return "-c", head + code


def ask(folder: Path) -> XRay:
    reader = RunReader(folder)
    found = xray(reader.poll().state.opened)
    reader.close()
    return found


def until(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LIMIT
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def journaled(folder: Path) -> list[dict[str, str]]:
    """What the trainer recorded of questions; a line that is being written is none yet."""
    *whole, _ = (folder / "journal.jsonl").read_bytes().split(b"\n")
    return [line for line in map(json.loads, whole) if "hang X-ray" in line.get("text", "")]


@pytest.mark.parametrize(
    ("how", "words", "line"),
    [
        ("deadlock", "a deadlock?", "with second:"),
        ("interpreter", "in hold_the_interpreter", "library.pthread_mutex_lock(mutex)"),
        ("subprocess", "waits for a program to end", None),
    ],
)
def test_a_hang_is_told_with_its_line_while_it_lasts(
    start: Start,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
    how: str,
    words: str,
    line: str | None,
) -> None:
    """Also where no Python thread can run any more, because a library holds the interpreter."""
    process = start(str(HANGS), str(tmp_path / "logs"), how)
    found = XRay(0.0, 0)

    def told() -> bool:
        nonlocal found
        found = ask(tmp_path / "logs")
        what = likeliest(found.stacks)
        if what is None or words not in what.words:
            return False
        return line in (None, found.stacks[what.stack].frames[what.frame].source)

    began = time.monotonic()
    until(told)
    record_property("seconds", round(time.monotonic() - began, 2))

    assert found.how.startswith(f"faulthandler, signal {stack_file.CANDIDATES[0]}")
    assert process.poll() is None


def test_the_trainer_records_that_it_was_asked_and_what_it_answered(start: Start, tmp_path: Path) -> None:
    start(*program("time.sleep(60)"))

    ask(tmp_path / "logs")
    until(lambda: bool(journaled(tmp_path / "logs")))

    (message,) = journaled(tmp_path / "logs")
    assert message["logger"] == "trainmon"
    assert "Stack (most recent call first)" in message["traceback"]


def test_a_busy_program_with_busy_threads_survives_being_asked_again_and_again(
    start: Start, tmp_path: Path
) -> None:
    """`faulthandler` with all threads at once crashed this very program at the first signal."""
    work = (
        "def deep(n): return 0 if n == 0 else deep(n - 1) + 1\n"
        "def work():\n    while True: deep(400)\n"
        "for _ in range(3): threading.Thread(target=work, daemon=True).start()\n"
        "work()"
    )
    process = start(*program(work))

    for _ in range(QUESTIONS):
        assert ask(tmp_path / "logs").stacks
    assert process.poll() is None


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("signal.signal(47, signal.SIG_DFL); print('x', flush=True); time.sleep(60)", "does not catch signal 47"),
        ("import faulthandler; faulthandler.unregister(47); print('x', flush=True); time.sleep(60)", "does not catch"),
    ],
)  # fmt: skip
def test_a_signal_that_would_kill_is_not_sent(start: Start, tmp_path: Path, code: str, reason: str) -> None:
    process = start(*program(code))
    assert process.stdout is not None
    process.stdout.readline()

    found = ask(tmp_path / "logs")

    assert reason in (found.why_not or "")
    assert process.poll() is None


def test_a_program_that_does_not_take_the_question_is_not_asked(start: Start, tmp_path: Path) -> None:
    process = start(
        "-c",
        "import time, trainmon; trainmon.setup_logging('logs', record_stacks=False, machine_every=None)\n"
        "print('ready', flush=True); time.sleep(60)",
    )

    found = ask(tmp_path / "logs")

    assert "takes no such question" in (found.why_not or "")
    assert "py-spy is not installed" in (found.why_not or "")
    assert process.poll() is None


def test_a_dead_program_and_another_one_under_its_number_are_not_asked(start: Start, tmp_path: Path) -> None:
    process = start(*program("time.sleep(60)"))
    reader = RunReader(tmp_path / "logs")
    opened = reader.poll().state.opened
    reader.close()
    assert opened is not None
    process.kill()
    process.wait()

    assert xray(opened).why_not == "its process is gone"
    assert xray(None).why_not == "no training has recorded here"


def test_a_stopped_program_is_said_to_be_stopped(start: Start, tmp_path: Path) -> None:
    process = start(*program("time.sleep(60)"))
    process.send_signal(signal.SIGSTOP)
    stat = Path(f"/proc/{process.pid}/stat")
    until(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T")

    found = ask(tmp_path / "logs")

    assert "stopped by a signal" in (found.why_not or "")


def test_a_kernel_without_descriptors_for_threads_leaves_the_others_to_the_trainer(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Linux before 6.9 says EINVAL to the flag."""
    work = (
        "threading.Thread(target=time.sleep, args=(60,), name='other', daemon=True).start()\n"
        "print('both', flush=True)\ntime.sleep(60)"
    )
    process = start(*program(work))
    assert process.stdout is not None
    process.stdout.readline()
    monkeypatch.setattr("trainmon.stacks.asking._ONE_THREAD", 1 << 30)
    found = XRay(0.0, 0)

    def told() -> bool:
        nonlocal found
        found = ask(tmp_path / "logs")
        return found.how.endswith("and the trainer itself")

    until(told)  # A trainer on a busy machine may be late with its answer.

    assert found.stacks[0].main
    assert {"MainThread", "other"} <= {stack.name for stack in found.stacks}


def test_a_program_that_knows_nothing_of_trainmon_is_asked_with_py_spy(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script in the place of py-spy prints what py-spy 0.4 printed of such a program."""
    spy = tmp_path / "bin" / "py-spy"
    spy.parent.mkdir()
    spy.write_text(
        '#!/bin/sh\necho "Process $4: python x.py"\necho\necho "Thread $4 (idle): \\"MainThread\\""\n'
        "echo '    Queue.get (/usr/lib/python3.11/queue.py:171)'\necho '    <module> (x.py:1)'\n"
    )
    spy.chmod(0o755)
    monkeypatch.setenv("PATH", f"{spy.parent}:{os.environ['PATH']}")
    start(
        "-m",
        "trainmon",
        "run",
        "--",
        sys.executable,
        "-c",
        "import time; print('x', flush=True); time.sleep(60)",
    )
    until(lambda: (tmp_path / "logs" / "journal.jsonl").exists())
    found = XRay(0.0, 0)

    def told() -> bool:
        nonlocal found
        found = ask(tmp_path / "logs")
        return bool(found.stacks)

    until(told)
    what = likeliest(found.stacks)
    os.kill(found.pid, signal.SIGKILL)

    assert what is not None
    assert what.words == "waits for a queue: queue.get"
    assert found.how == "py-spy, because the program does not record with trainmon"


def test_the_command_prints_the_stacks_with_the_line_marked(start: Start, tmp_path: Path) -> None:
    start(*program("time.sleep(60)"))

    done = subprocess.run(
        [sys.executable, "-m", "trainmon", "xray", str(tmp_path / "logs")],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=LIMIT,
    )  # fmt: skip
    nothing = subprocess.run(
        [sys.executable, "-m", "trainmon", "xray", str(tmp_path / "none")],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=LIMIT,
    )  # fmt: skip

    assert done.returncode == 0
    assert "MainThread" in done.stdout
    assert "\n> <string>:5 in <module>" in done.stdout
    assert "trainmon-writer" not in done.stdout
    assert (nothing.returncode, nothing.stdout) == (6, "")


def test_forked_workers_are_asked_too_and_programs_that_were_started_are_not(
    start: Start, tmp_path: Path
) -> None:
    """A loader's main thread tells only that it waits; where its worker hangs is what matters."""
    code = (
        "import subprocess, sys\n"
        "def hang_in_worker(): time.sleep(60)\n"
        "child = os.fork()\n"
        "if child == 0: hang_in_worker()\n"
        "other = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(child, other.pid, flush=True); time.sleep(60)"
    )
    process = start(*program(code))
    assert process.stdout is not None
    child, other = process.stdout.readline().split()
    found = XRay(0.0, 0)

    def told() -> bool:
        nonlocal found
        found = ask(tmp_path / "logs")
        return any(stack.worker for stack in found.stacks)

    until(told)  # Workers that have just begun are left alone.

    (worker,) = [stack for stack in found.stacks if stack.worker]
    assert worker.thread == int(child)
    assert worker.frames[0].function == "hang_in_worker"
    assert Path(f"/proc/{int(other)}").exists()
