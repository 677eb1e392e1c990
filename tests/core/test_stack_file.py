"""The file through which a trainer is asked for its stacks: nothing of the program's is taken, and nothing can kill."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from trainmon.stacks import stack_file
from trainmon.stacks.stack_file import (
    CANDIDATES,
    HELP,
    HELPED,
    StackFile,
    find,
    free_signal,
    read,
    read_header,
    threads_in,
)
from trainmon.stacks.stacks import parse
from trainmon.system.proc import read_signals

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux's /proc")


@pytest.fixture
def file(spools: Path) -> Iterator[StackFile]:
    number = free_signal()
    assert number is not None
    file = StackFile(number, "aabbccddeeff")
    file.register()
    yield file
    file.remove()


def path() -> Path:
    found = find("aabbccddeeff")
    assert found is not None
    return found


def signal_of(file: Path) -> int:
    header = read_header(file)
    assert header is not None
    return header.signal


def caught() -> int:
    signals = read_signals(os.getpid())
    assert signals is not None
    return signals.caught


def test_a_signal_that_the_program_handles_is_never_taken() -> None:
    first = CANDIDATES[0]
    before = signal.signal(first, lambda *_: None)

    number = free_signal()
    there = signal.getsignal(first)
    signal.signal(first, before)
    stack_file._taken.discard(number or 0)

    assert number not in (None, first)
    assert callable(there)


def test_neither_usr1_nor_usr2_nor_any_classic_signal_is_a_candidate() -> None:
    assert min(CANDIDATES) >= signal.SIGRTMIN
    assert max(CANDIDATES) <= signal.SIGRTMAX


def test_the_header_says_who_answers_to_which_signal_and_the_kernel_that_it_is_caught(
    file: StackFile,
) -> None:
    header = read_header(path())

    assert header is not None
    assert header.identity.pid == os.getpid()
    assert caught() >> (header.signal - 1) & 1


def test_the_thread_that_gets_the_signal_writes_its_stack_and_the_trainer_notices(file: StackFile) -> None:
    signal.raise_signal(signal_of(path()))

    first, second, third = file.look(), file.look(), file.look()

    assert first is None  # More may come.
    assert second is not None
    (stack,) = parse(second)
    assert any(frame.function.startswith("test_the_thread") for frame in stack.frames)
    assert third is None


def test_the_file_lists_the_threads_by_their_names(file: StackFile) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait, name="loader")
    thread.start()

    file.look()
    threads = threads_in(read(path(), 0))
    stop.set()
    thread.join()

    assert threads[os.getpid()] == "MainThread"
    assert threads[thread.native_id or 0] == "loader"


def test_a_trainer_that_is_asked_for_help_writes_down_the_other_threads_itself(file: StackFile) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait, name='odd "name"\n')
    thread.start()
    stack_file.ask_for_help(path())

    file.look()
    data = read(path(), 0)
    stop.set()
    thread.join()

    assert HELP in data
    assert HELPED in data
    assert any(stack.name == "odd 'name' " for stack in parse(data.decode()))


def test_a_file_that_grows_begins_anew(file: StackFile, monkeypatch: pytest.MonkeyPatch) -> None:
    """It counts against the memory of the job."""
    monkeypatch.setattr(stack_file, "MOST", 2_000)
    for _ in range(40):
        signal.raise_signal(signal_of(path()))

    file.look()
    file.look()

    assert path().stat().st_size < 2_000
    assert read_header(path()) is not None
    assert threads_in(read(path(), 0))


def test_after_the_end_the_file_is_gone_and_a_late_signal_does_nothing(spools: Path) -> None:
    number = free_signal()
    assert number is not None
    file = StackFile(number, "aabbccddeeff")
    file.register()

    file.remove()
    signal.raise_signal(number)

    assert find("aabbccddeeff") is None
    assert free_signal() == number  # The same again: a program that sets up often does not use them up.
    stack_file._taken.discard(number)


def test_a_program_that_closes_all_descriptors_keeps_answering_into_the_file(
    file: StackFile, tmp_path: Path
) -> None:
    """And not into whatever got the number."""
    os.close(file._descriptor)
    theirs = os.open(tmp_path / "theirs", os.O_CREAT | os.O_RDWR)
    os.dup2(theirs, file._descriptor)

    file.look()
    signal.raise_signal(signal_of(path()))

    assert os.fstat(theirs).st_size == 0
    assert b"Stack (most recent call first)" in read(path(), 0)
    os.close(theirs)


def test_what_a_killed_trainer_left_is_taken_away_by_the_next(spools: Path) -> None:
    code = (
        "import os, signal; from trainmon.stacks.stack_file import *\n"
        "f = StackFile(free_signal(), 'dead'); f.register(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code], env={**os.environ}, check=False)
    left = find("dead")

    number = free_signal()
    assert number is not None
    file = StackFile(number, "next")
    file.register()
    file.remove()

    assert left is not None
    assert find("dead") is None


def test_a_stranger_under_the_name_is_no_header(spools: Path) -> None:
    folder = spools / f"trainmon-{os.geteuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / "x.stacks").write_bytes(b"not ours\n")

    assert read_header(folder / "x.stacks") is None
    assert threads_in(b"#threads nonsense\n") == {}
