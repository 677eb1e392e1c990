"""Messages end to end: real trainings that die, a real sentinel, and a real receiver on this machine."""

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.processes.harness import until
from tests.processes.test_verdicts import kernel_tells
from tests.receivers import SECRET, Receiver, nobody, receiver
from tests.run_folders import REPOSITORY, environment, trainmon
from trainmon.notify import duty
from trainmon.notify.deliver import Order
from trainmon.notify.message import Message
from trainmon.notify.rules import VARIABLE
from trainmon.notify.sender import deliver_apart
from trainmon.notify.sentinel import COMM
from trainmon.reading.reader import RunReader
from trainmon.storage.exit_file import read_exit
from trainmon.system.sentinel_start import VARIABLE as SENTINEL
from trainmon.words.paths import JOURNAL, LOCK

pytest.importorskip("apprise")
pytestmark = [
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs pidfds"),
    pytest.mark.usefixtures("spool_base"),
]

PROMISE = 10.0
"""Seconds within which people are told."""


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    with receiver() as found:
        monkeypatch.setenv(VARIABLE, found.url)
        yield found


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A run folder whose sentinel is gone when the test is over."""
    yield tmp_path / "logs"
    pid = duty.on_duty(tmp_path / "logs")
    if pid:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@contextlib.contextmanager
def started(words: list[str], more: Mapping[str, str] | None = None) -> Iterator["subprocess.Popen[bytes]"]:
    """A process in a session of its own, all of which is gone when the block is left."""
    child = subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=environment() | dict(more or {}), start_new_session=True,
    )  # fmt: skip
    try:
        yield child
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.communicate()


def demo(folder: Path, *options: str) -> list[str]:
    words = [
        sys.executable,
        str(REPOSITORY / "demo_train.py"),
        "--backend",
        "python",
        "--log-dir",
        str(folder),
    ]
    return [*words, "--speed", "50", *options]


def wait_for_steps(folder: Path) -> int:
    """The process id of the trainer, once it has recorded some steps."""
    journal = folder / JOURNAL
    until(lambda: journal.exists() and journal.read_bytes().count(b'"progress"') > 5, "some steps")
    reader = RunReader(folder)
    opened = reader.poll().state.opened
    reader.close()
    assert opened is not None
    return opened.pid


def watched(folder: Path, trainer: int) -> int:
    """The process id of the sentinel, once it has the trainer in sight."""
    until(lambda: holds(duty.on_duty(folder) or 0, trainer), "a sentinel that looks")
    return duty.on_duty(folder) or 0


def holds(pid: int, other: int) -> bool:
    """Whether a process has a pidfd of another one."""
    infos = Path(f"/proc/{pid}/fdinfo")
    with contextlib.suppress(OSError):  # One that was closed meanwhile.
        return any(f"\nPid:\t{other}\n" in info.read_text() for info in infos.iterdir())
    return False


def open_files(pid: int) -> list[str]:
    """The files that a process has open."""
    found = []
    for path in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # One that was closed meanwhile.
            found.append(os.readlink(path))
    return found


def kill_and_wait(pid: int, service: Receiver) -> float:
    """Kills a trainer; the seconds until the receiver was told."""
    before = len(service.messages)
    os.kill(pid, signal.SIGKILL)
    return until(lambda: len(service.messages) > before, "a message", PROMISE)


def test_of_a_training_under_run_that_is_killed_people_are_told_by_which_signal(
    folder: Path, service: Receiver
) -> None:
    """No screen is open, and `trainmon run` itself ends at once."""
    with started([sys.executable, "-m", "trainmon", "run", "--", *demo(folder)]) as launcher:
        pid = wait_for_steps(folder)
        watched(folder, pid)

        kill_and_wait(pid, service)

        launcher.wait(PROMISE)
    [message] = service.messages
    assert message["title"] == "✖ SpiralNet: killed: SIGKILL"
    assert f"trainmon watch {folder}" in message["message"]
    until(lambda: duty.on_duty(folder) is None, "the sentinel to end by itself")
    assert len(service.messages) == 1
    assert SECRET not in "".join(
        path.read_text(errors="replace") for path in folder.iterdir() if path.is_file()
    )


@pytest.mark.skipif(not kernel_tells(), reason="needs Linux 6.15: nobody but a parent learns an exit status")
@pytest.mark.parametrize("then", ["exit 0", "sleep 3; exit 0"])
def test_a_trainer_below_a_script_is_told_of_by_its_own_end_and_not_by_that_of_the_script(
    folder: Path, service: Receiver, then: str
) -> None:
    """The script goes on, and well; `trainmon run` is parent of the script alone."""
    script = f"{shlex.join(demo(folder))}; {then}"
    with started([sys.executable, "-m", "trainmon", "run", "--", "sh", "-c", script]) as launcher:
        pid = wait_for_steps(folder)
        watched(folder, pid)

        kill_and_wait(pid, service)

        launcher.wait(PROMISE)
    until(lambda: duty.on_duty(folder) is None, "the sentinel to end by itself")
    record = read_exit(folder)
    assert record is not None
    assert service.titles == ["✖ SpiralNet: killed: SIGKILL"]
    assert (record.pid, record.signal) == (pid, signal.SIGKILL)
    assert "KILLED" in trainmon("status", str(folder)).stdout


def test_a_sentinel_outlives_all_of_the_training_and_leaves_how_it_ended(
    folder: Path, service: Receiver
) -> None:
    """A training that nobody launched: its whole process group is killed, and its terminal hangs up."""
    with started(demo(folder), {SENTINEL: "1"}) as trainer:
        pid = wait_for_steps(folder)
        guard = watched(folder, pid)
        stat = Path(f"/proc/{guard}/stat").read_text().rpartition(")")[2].split()
        assert Path(f"/proc/{guard}/comm").read_text().strip() == COMM
        assert int(stat[1]) != pid
        assert int(stat[3]) != os.getsid(pid)
        assert not any(name.endswith(LOCK) for name in open_files(guard))
        resident = int(Path(f"/proc/{guard}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        assert resident < 64 << 20
        again = trainmon("sentinel", str(folder))
        assert f"pid {guard} watches" in again.stdout

        begin = time.monotonic()
        os.killpg(trainer.pid, signal.SIGHUP)
        os.killpg(trainer.pid, signal.SIGKILL)
        until(lambda: bool(service.messages), "a message", PROMISE)
        assert time.monotonic() - begin < PROMISE
    [title] = service.titles
    assert title.startswith("✖ SpiralNet: ")
    until(lambda: duty.on_duty(folder) is None, "the sentinel to end by itself")
    record = read_exit(folder)
    if record is not None:  # Linux 6.15 and later tell it to whoever held the process.
        assert record.pid == pid
        assert record.signal in (signal.SIGKILL, signal.SIGHUP)
        assert "killed" in title


def test_a_sentinel_by_hand_tells_of_nan_and_of_the_end_and_is_told_again_by_nobody(
    folder: Path, service: Receiver
) -> None:
    with started(demo(folder, "--epochs", "3", "--steps", "100", "--nan-at", "250")) as trainer:
        wait_for_steps(folder)
        begun = trainmon("sentinel", str(folder))
        assert begun.returncode == 0, begun.stderr
        assert "ends by itself after the run" in begun.stdout
        until(lambda: len(service.messages) >= 2, "two messages")
        trainer.wait(PROMISE)
    nan, end = service.titles[:2]
    assert "NaN" in nan
    assert end == "✔ SpiralNet: finished"
    until(lambda: duty.on_duty(folder) is None, "the sentinel to end by itself")
    late = trainmon("sentinel", "--foreground", "--since", "0", str(folder))
    assert late.returncode == 0
    assert len(service.messages) == 2


def test_a_program_without_trainmon_that_fails_at_once_is_told_of(tmp_path: Path, service: Receiver) -> None:
    """It is over before any sentinel has begun."""
    folder = tmp_path / "logs"
    done = trainmon("run", "--log-dir", str(folder), "--", "sh", "-c", "exit 3")

    assert done.returncode == 3
    until(lambda: bool(service.messages), "a message", PROMISE)
    assert service.titles == ["✖ sh -c exit 3: failed: exit status 3"]
    until(lambda: duty.on_duty(folder) is None, "the sentinel to end by itself")


def test_a_receiver_that_is_away_holds_up_no_training_and_is_told_when_it_is_back(
    folder: Path, service: Receiver
) -> None:
    service.status = 503
    with started(
        [sys.executable, "-m", "trainmon", "run", "--", *demo(folder, "--epochs", "1", "--steps", "30")]
    ) as run:
        run.wait(40)  # It is tried for about an hour.
    until(lambda: service.tries > 0, "a try")
    service.status = 200

    until(lambda: bool(service.messages), "the message")

    assert service.titles == ["✔ SpiralNet: finished"]


def test_of_several_senders_at_once_one_sends(tmp_path: Path, service: Receiver) -> None:
    """A screen, a sentinel, and one that is just starting: processes that find the same death in the same instant."""
    order = Order(str(tmp_path), "run:0/end", "died", Message("title", "body", "critical"))
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(deliver_apart, [order] * 4))

    assert sorted(answer.outcome for answer in answers) == ["known", "known", "known", "told"]
    assert service.titles == ["title"]


def test_without_a_service_a_sentinel_says_so_and_ends(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)

    done = trainmon("sentinel", str(folder))

    assert done.returncode == 1
    assert "no service is configured" in done.stderr
    assert duty.on_duty(folder) is None


def test_notify_says_what_is_told_and_tries_each_service(
    service: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, f"{service.url} {nobody()}")

    done = trainmon("notify", "--test")

    assert done.returncode == 1
    assert "services  2 (json, json)" in done.stdout
    first, second = done.stdout.splitlines()[-2:]
    assert first.split() in (["✓", "1", "json"], ["ok", "1", "json"])
    assert second.split()[:3] in (["✗", "2", "json:"], ["no", "2", "json:"])
    assert service.titles == ["trainmon: it works"]
    assert SECRET not in done.stdout + done.stderr


def test_a_sentinel_loads_no_screen_no_torch_and_nothing_that_sends() -> None:
    """It sits beside a training for weeks."""
    program = (
        "import sys, trainmon.cli.sentinel, trainmon.notify.sentinel, trainmon.notify.duty\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=REPOSITORY
    )

    assert not {"textual", "rich", "torch", "apprise", "requests", "psutil", "trainmon_tui"} & set(
        done.stdout.split()
    )
