"""A system that has no thread, no descriptor or no working folder left: a logger opens all the same, and records."""

import errno
import inspect
import os
import threading
from pathlib import Path

import pytest

import trainmon
from tests.conftest import OpenLogger
from trainmon.calls.logger import TrainLogger
from trainmon.facts.codec import decode_lines
from trainmon.facts.events import Progress
from trainmon.words.paths import JOURNAL


def steps(folder: Path) -> list[int]:
    """The steps in the journal."""
    items = decode_lines((folder / JOURNAL).read_bytes().split(b"\n")[:-1])
    return [item.step for item in items if isinstance(item, Progress)]


def test_w17_without_room_for_threads_the_end_moves_what_was_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A limit of processes (RLIMIT_NPROC, a pids cgroup) that others have used up."""

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    logger = TrainLogger(tmp_path / "logs")
    for step in (1, 2, 3):
        logger.log_training_progress(1, step, None, 0.5)
    logger.log_training_end(True)
    logger.close()

    assert steps(tmp_path / "logs") == [1, 2, 3]
    assert (tmp_path / "logs" / "training_progress.log").read_text("utf-8").count("Epoch 1, Step") == 3


def test_w17_without_a_descriptor_to_wake_the_writer_it_looks_when_its_time_comes(
    open_logger: OpenLogger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: int) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(os, "pipe2", refuse)
    logger = open_logger()
    logger.log_training_progress(1, 1, None, 0.5)
    logger.log_error_with_context(ValueError("x"), "c")
    logger.close()

    assert steps(logger.folder) == [1]


def test_a_level_of_the_environment_that_is_none_is_said_and_stops_no_training(
    open_logger: OpenLogger, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """It is the environment of a cluster, not an argument of the program."""
    monkeypatch.setenv("TRAINMON_LEVEL", "loud")

    logger = open_logger(level="ERROR")

    assert logger.options.level == "ERROR"
    assert "TRAINMON_LEVEL: level: expected one of DEBUG" in capfd.readouterr().err


def test_the_home_folder_may_be_named_as_in_a_shell(
    open_logger: OpenLogger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))

    assert open_logger("~/runs/a").folder == tmp_path / "home" / "runs" / "a"


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # Of Python 3.12: it is what is tested.
def test_m01_a_fork_while_another_thread_makes_the_logger_leaves_no_child_stuck(tmp_path: Path) -> None:
    """The child has the lock, and not the thread that would give it back."""
    making, forked = threading.Event(), threading.Event()

    def make() -> None:
        with trainmon._making:
            making.set()
            forked.wait()

    thread = threading.Thread(target=make)
    thread.start()
    making.wait()
    child = os.fork()
    if child == 0:
        os._exit(0 if trainmon._making.acquire(blocking=False) else 1)
    forked.set()
    thread.join()

    assert os.waitpid(child, 0)[1] == 0


def test_the_functions_take_what_the_methods_take() -> None:
    """But for what the package itself passes."""
    for name in trainmon.__all__:
        if name.startswith("log_"):
            function = inspect.signature(getattr(trainmon, name)).parameters
            method = inspect.signature(getattr(TrainLogger, name)).parameters
            missing = set(method) - set(function) - {"self", "uncaught", "error", "reason", "waited"}
            assert not missing, name
            assert all(function[each].default == method[each].default for each in function), name


def test_w31_a_working_folder_that_was_deleted_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first log call makes the logger, and must not raise there."""
    monkeypatch.setattr(trainmon, "_logger", None)  # Whatever an earlier test of this process has left.
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()

    trainmon.log_training_progress(1, 1, None, 0.5)
    trainmon.setup_logging(tmp_path / "elsewhere").close()

    assert steps(gone / "logs") == [1]
