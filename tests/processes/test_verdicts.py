"""Every way to die, really done to a real training: under `trainmon run`, before a watcher's eyes, found by a stranger.

A watcher has looked at the run while it lived. A stranger comes afterwards and has only the run folder and the process
table. Each test asserts the word, the cause, how sure it is, and that it took less than ten seconds from the deed; the
seconds go into the test report, docs/verdicts.md has a table of them.
"""

import contextlib
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest

from trainmon.meaning.statuses import Certainty, Status, Verdict
from trainmon.meaning.verdict import verdict
from trainmon.reading.reader import RunReader
from trainmon.system.pidfd import Hold

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux's /proc")

LIMIT = 10.0
"""Seconds within which the truth must be told."""

GROUPS = Path("/sys/fs/cgroup/memory")
MEMORY = 160 << 20
"""Bytes of the memory limit: a training with its recorder takes some 60 MiB."""

TRAINING = Path(__file__).with_name("training.py")
ROOT = Path(__file__).parents[2]

Seen = Literal["parent", "watcher", "stranger"]
Record = Callable[[str, object], None]


class Training:
    """A small training, alone or under `trainmon run`."""

    def __init__(self, folder: Path, seen: Seen, how: str, *more: str) -> None:
        self.folder, self.seen = folder / "logs", seen
        self._reader: RunReader | None = None
        line = [sys.executable, str(TRAINING), str(self.folder), how, *more]
        if seen == "parent":
            line = [sys.executable, "-m", "trainmon", "run", "--log-dir", str(folder / "unused"), "--", *line]
        self.process = subprocess.Popen(
            line,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self.process.stdout is not None
        self.pid = int(self.process.stdout.readline().split()[1])
        """Of the trainer itself."""

        if seen == "watcher":
            self.reader().poll()

    def reader(self) -> RunReader:
        """The observer: a watcher has been there from the beginning, the others come when they are needed."""
        if self._reader is None:
            self._reader = RunReader(self.folder)
        return self._reader

    def go(self) -> None:
        """Has it do what it was started for."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"go\n")
        self.process.stdin.flush()

    def end(self) -> None:
        """Ends both processes, whatever is left of them."""
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(LIMIT)  # A launcher ends with its program, and tidies up.
        self.process.kill()
        self.process.communicate()
        if self._reader is not None:
            self._reader.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Training]]:
    """Starts trainings, and ends what is left of them."""
    trainings: list[Training] = []

    def begin(seen: Seen, how: str, *more: str) -> Training:
        trainings.append(Training(tmp_path, seen, how, *more))
        return trainings[-1]

    yield begin
    for training in trainings:
        training.end()


def judged(
    training: Training, status: Status, why: str, certainty: Certainty, since: float
) -> tuple[Verdict, float]:
    """The verdict of an observer once it is the wanted one, or after ten seconds, and the seconds that it took."""
    if training.seen == "stranger" and status.over:
        training.process.wait(LIMIT)
    while True:
        view = training.reader().poll()
        found = verdict(view.state, view.evidence, time.time())
        seconds = time.monotonic() - since
        told = (found.status, found.certainty) == (status, certainty) and why in (found.why or "")
        if told or seconds > LIMIT:
            return found, seconds
        training.process.poll()  # The kernel tells nobody how a zombie ended.
        time.sleep(0.01)


def check(
    training: Training, record: Record, word: Status, why: str, certainty: Certainty, since: float
) -> Verdict:
    """Asserts what an observer says and how long it took."""
    found, seconds = judged(training, word, why, certainty, since)
    record("seconds", round(seconds, 2))
    record("verdict", f"{found.status.value} | {found.why} | {found.certainty}")
    assert (found.status, found.certainty) == (word, certainty)
    assert why in (found.why or "")
    assert seconds < LIMIT
    return found


def kernel_tells() -> bool:
    """Whether this kernel tells observers how a process ended that they held while it lived: Linux 6.15 and later."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    hold = Hold(process.pid)
    process.communicate(b"\n")
    status = hold.wait_status()
    hold.close()
    return status is not None


needs_kernel = pytest.mark.skipif(
    not kernel_tells(), reason="needs Linux 6.15: a watcher learns no exit status"
)

UNKNOWN: tuple[Status, str, Certainty] = (
    Status.DIED,
    "the process is gone and said no end: killed, or exited",
    "unknown",
)


@pytest.mark.parametrize(
    ("number", "seen", "expected"),
    [
        (signal.SIGKILL, "parent", (Status.KILLED, "SIGKILL", "certain")),
        pytest.param(signal.SIGKILL, "watcher", (Status.KILLED, "SIGKILL", "certain"), marks=needs_kernel),
        (signal.SIGKILL, "stranger", UNKNOWN),
        (signal.SIGTERM, "parent", (Status.TERMINATED, "SIGTERM", "certain")),
        pytest.param(
            signal.SIGTERM, "watcher", (Status.TERMINATED, "SIGTERM", "certain"), marks=needs_kernel
        ),
        (signal.SIGTERM, "stranger", UNKNOWN),
        (signal.SIGINT, "parent", (Status.INTERRUPTED, "KeyboardInterrupt", "certain")),
        (signal.SIGINT, "stranger", (Status.INTERRUPTED, "KeyboardInterrupt", "certain")),
    ],
)
def test_a_signal_from_outside(
    start: Callable[..., Training],
    record_property: Record,
    number: signal.Signals,
    seen: Seen,
    expected: tuple[Status, str, Certainty],
) -> None:
    """Sent to the trainer itself; only its parent learns of one that kills."""
    training = start(seen, "train on")
    training.go()

    since = time.monotonic()
    os.kill(training.pid, number)

    check(training, record_property, *expected, since)


@pytest.mark.parametrize(
    ("how", "seen", "expected"),
    [
        ("segfault", "parent", (Status.CRASHED, "SIGSEGV: Segmentation fault", "certain")),
        ("segfault", "stranger", (Status.CRASHED, "Segmentation fault", "certain")),
        ("abort", "parent", (Status.CRASHED, "SIGABRT: Aborted", "certain")),
        ("abort", "stranger", (Status.CRASHED, "Aborted", "certain")),
        ("bus", "parent", (Status.CRASHED, "SIGBUS: Bus error", "certain")),
        ("bus", "stranger", (Status.CRASHED, "Bus error", "certain")),
        ("_exit", "parent", (Status.FAILED, "exit status 3, at once", "certain")),
        pytest.param(
            "_exit", "watcher", (Status.FAILED, "exit status 3, at once", "certain"), marks=needs_kernel
        ),
        ("_exit", "stranger", UNKNOWN),
        ("exit", "parent", (Status.FAILED, "exit status 3", "certain")),
        pytest.param("exit", "watcher", (Status.FAILED, "exit status 3", "certain"), marks=needs_kernel),
        ("exit", "stranger", (Status.DIED, "the program exited without log_training_end", "certain")),
        ("fail", "parent", (Status.FAILED, "ValueError: the main thread gives up", "certain")),
        ("fail", "stranger", (Status.FAILED, "ValueError: the main thread gives up", "certain")),
        ("fail in a thread", "parent", (Status.DIED, "the program exited with status 0", "certain")),
        ("fail in a thread", "stranger", (Status.DIED, "the program exited without", "certain")),
        ("end", "parent", (Status.FINISHED, "", "certain")),
        ("end", "stranger", (Status.FINISHED, "", "certain")),
    ],
)
def test_an_end_of_its_own(
    start: Callable[..., Training],
    record_property: Record,
    how: str,
    seen: Seen,
    expected: tuple[Status, str, Certainty],
) -> None:
    """What the program does to itself."""
    training = start(seen, how)

    since = time.monotonic()
    training.go()

    found = check(training, record_property, *expected, since)
    if found.status is Status.CRASHED:
        assert any("training.py" in line for line in found.details)
    if how == "fail in a thread":
        assert found.details == ("last error: ValueError: a thread gives up",)


@pytest.mark.parametrize("seen", ["parent", "stranger"])
def test_a_stopped_training_is_stopped_until_it_goes_on(
    start: Callable[..., Training], record_property: Record, seen: Seen
) -> None:
    training = start(seen, "train on")
    training.go()

    since = time.monotonic()
    os.kill(training.pid, signal.SIGSTOP)
    check(training, record_property, Status.STOPPED, "stopped by a signal", "certain", since)

    since = time.monotonic()
    os.kill(training.pid, signal.SIGCONT)
    check(training, record_property, Status.RUNNING, "", "certain", since)


@pytest.mark.parametrize("seen", ["parent", "stranger"])
def test_a_deadlock_is_stalled_and_hangs(
    start: Callable[..., Training], record_property: Record, seen: Seen
) -> None:
    """Ten minutes later by the observer's clocks; the readings of the machine go on meanwhile, and say nothing new."""
    training = start(seen, "deadlock")
    training.go()
    since = time.monotonic()

    reader = RunReader(
        training.folder, clock=lambda: time.time() + 600, monotonic=lambda: time.monotonic() + 600
    )
    for _ in itertools.takewhile(lambda _: time.monotonic() - since < LIMIT, itertools.count()):
        view = reader.poll()
        found = verdict(view.state, view.evidence, time.time() + 600)
        if (found.why or "").startswith("hangs"):
            break
        time.sleep(0.05)
    reader.close()

    record_property("seconds", round(time.monotonic() - since, 2))
    record_property("verdict", f"{found.status.value} | {found.why} | {found.certainty}")
    assert (found.status, found.certainty) == (Status.STALLED, "likely")
    assert (found.why or "").startswith("hangs (CPU ")


@pytest.mark.parametrize("seen", ["parent", "stranger"])
def test_sigterm_to_the_launcher_is_passed_on(
    start: Callable[..., Training], record_property: Record, seen: Seen
) -> None:
    """Batch systems end whoever they started; without a launcher that is the trainer."""
    training = start(seen, "train on")
    training.go()

    since = time.monotonic()
    os.kill(training.process.pid, signal.SIGTERM)

    if seen == "stranger":
        check(training, record_property, *UNKNOWN, since)
    else:
        why = "SIGTERM, sent to trainmon run and passed on"
        check(training, record_property, Status.TERMINATED, why, "certain", since)
        assert training.process.wait(LIMIT) == -signal.SIGTERM


@pytest.fixture
def limited_group() -> Iterator[Path]:
    """A control group with a memory limit, below the one of this process; skips where none can be made."""
    lines = Path("/proc/self/cgroup").read_text().splitlines()
    own = next((line.partition(":memory:")[2] for line in lines if ":memory:" in line), None)
    if own is None:
        pytest.skip("no memory controller of cgroup version 1: the killer is tested with fixture files only")
    group = GROUPS / own.strip("/") / f"trainmon-test-{os.getpid()}"
    try:
        group.mkdir()
        (group / "memory.limit_in_bytes").write_text(str(MEMORY))
    except OSError as error:
        pytest.skip(f"no control group can be made ({error}): the killer is tested with fixture files only")
    yield group
    for _ in range(200):
        if not (group / "cgroup.procs").read_text().split():
            break
        time.sleep(0.01)
    group.rmdir()


@pytest.mark.root
@pytest.mark.parametrize("seen", ["parent", "stranger"])
def test_the_out_of_memory_killer(
    start: Callable[..., Training], record_property: Record, limited_group: Path, seen: Seen
) -> None:
    """The real one, in a real control group of version 1 with a limit."""
    training = start(seen, "eat", str(limited_group))
    reader = RunReader(training.folder)
    until = time.monotonic() + LIMIT
    while reader.poll().state.oom_kills_before is None and time.monotonic() < until:
        time.sleep(0.05)
    reader.close()

    since = time.monotonic()
    training.go()
    certainty: Certainty = "certain" if seen == "parent" or os.access("/dev/kmsg", os.R_OK) else "likely"

    found = check(training, record_property, Status.OUT_OF_MEMORY, "oom_kill 0 → 1", certainty, since)
    assert found.details
    assert "of 0.2 GiB" in found.details[0]
