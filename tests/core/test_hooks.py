"""What is recorded without being asked for; what was there before is called, and comes back at the end."""

import faulthandler
import logging
import logging.config
import signal
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import pytest

from tests.conftest import OpenLogger
from tests.core.test_logger import events
from tests.run_folders import environment
from trainmon.calls.hooks import LOGGERS
from trainmon.calls.logger import TrainLogger
from trainmon.facts.events import Ended, Error, Message, Warned


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the hooks that were there before trainmon's got."""
    seen: list[str] = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, trace: seen.append(f"main {kind.__name__}"))
    monkeypatch.setattr(threading, "excepthook", lambda args: seen.append(f"thread {args.exc_type.__name__}"))
    monkeypatch.setattr(warnings, "showwarning", lambda message, *rest: seen.append(f"warning {message}"))
    return seen


def of(logger: TrainLogger, kind: type) -> list[object]:
    """Its events of a kind, without what trainmon itself has to say."""
    found = [event for event in events(logger) if type(event) is kind]
    return [event for event in found if not (isinstance(event, Message) and event.logger == "trainmon")]


def test_w04_an_uncaught_exception_is_recorded_ends_the_training_and_is_shown(
    open_logger: OpenLogger, shown: list[str]
) -> None:
    logger = open_logger(record_exceptions=True)
    logger.log_training_start("m", 1, 1, 1, 0.1, "o")
    error = ValueError("bad")

    sys.excepthook(ValueError, error, None)

    (recorded,), (ended,) = of(logger, Error), of(logger, Ended)
    assert isinstance(recorded, Error)
    assert isinstance(ended, Ended)
    assert (recorded.uncaught, recorded.message) == (True, "bad")
    assert (ended.success, ended.reason) == (False, "failed")
    assert shown == ["main ValueError"]


def test_an_interrupt_is_an_end_and_no_error(open_logger: OpenLogger, shown: list[str]) -> None:
    logger = open_logger(record_exceptions=True)
    logger.log_training_start("m", 1, 1, 1, 0.1, "o")

    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)

    assert of(logger, Error) == []
    (ended,) = of(logger, Ended)
    assert isinstance(ended, Ended)
    assert ended.reason == "interrupted"


def test_a_mistake_at_a_prompt_ends_no_training(
    open_logger: OpenLogger, shown: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The session goes on, and so may the training."""
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)
    logger = open_logger(record_exceptions=True)
    logger.log_training_start("m", 1, 1, 1, 0.1, "o")

    sys.excepthook(NameError, NameError("no such name"), None)

    (recorded,) = of(logger, Error)
    assert isinstance(recorded, Error)
    assert (recorded.context, recorded.uncaught, of(logger, Ended)) == ("at the prompt", False, [])
    assert shown == ["main NameError"]


def test_an_exception_that_was_logged_is_not_recorded_twice(
    open_logger: OpenLogger, shown: list[str]
) -> None:
    logger = open_logger(record_exceptions=True)
    error = ValueError("bad")
    logger.log_error_with_context(error, "epoch 1")

    sys.excepthook(ValueError, error, None)

    assert len(of(logger, Error)) == 1


def test_another_exception_in_the_same_memory_is_recorded(
    open_logger: OpenLogger, shown: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`id` of an exception that is gone may be that of the next."""
    monkeypatch.setattr("trainmon.calls.error_calls.id", lambda thing: 1, raising=False)
    logger = open_logger(record_exceptions=True)
    logger.log_error_with_context(ValueError("caught"), "epoch 1")

    sys.excepthook(KeyError, KeyError("fatal"), None)

    assert [error.error_type for error in of(logger, Error) if isinstance(error, Error)] == [
        "ValueError",
        "KeyError",
    ]


def test_a_hook_that_fails_does_not_hide_the_exception(
    open_logger: OpenLogger, shown: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    logger = open_logger(record_exceptions=True)

    def broken(error: BaseException) -> bool:
        raise RuntimeError("a bug")

    monkeypatch.setattr(logger, "recorded", broken)
    sys.excepthook(ValueError, ValueError("bad"), None)

    assert shown == ["main ValueError"]


def test_an_exception_that_leaves_a_thread_is_recorded(open_logger: OpenLogger, shown: list[str]) -> None:
    logger = open_logger(record_exceptions=True)
    thread = threading.Thread(target=lambda: 1 / 0, name="loader")

    thread.start()
    thread.join()

    (recorded,) = of(logger, Error)
    assert isinstance(recorded, Error)
    assert (recorded.error_type, recorded.uncaught) == ("ZeroDivisionError", False)
    assert "loader" in recorded.context
    assert shown == ["thread ZeroDivisionError"]


def test_warnings_are_recorded_and_shown(open_logger: OpenLogger, shown: list[str]) -> None:
    logger = open_logger(record_warnings=True)

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = logger_shows = warnings.showwarning
        warnings.warn("the schedule has ended", UserWarning, stacklevel=1)
        assert warnings.showwarning is logger_shows

    (recorded,) = of(logger, Warned)
    assert isinstance(recorded, Warned)
    assert (recorded.category, recorded.message) == ("UserWarning", "the schedule has ended")
    assert recorded.location is not None
    assert recorded.location.startswith("test_hooks.py:")
    assert shown == ["warning the schedule has ended"]


@pytest.mark.parametrize("name", ["gradio_app", *LOGGERS])
def test_the_five_loggers_record_what_a_program_says(open_logger: OpenLogger, name: str) -> None:
    logger = open_logger(record_loggers=True)

    logging.getLogger(name).info("hello %s", "world")

    (recorded,) = of(logger, Message)
    assert isinstance(recorded, Message)
    assert (recorded.logger, recorded.level, recorded.text) == (name, "INFO", "hello world")


@pytest.mark.parametrize("arguments", [("%d", "x"), ("%s %s", 1), ("\ud800",), ({"a": 1},)], ids=repr)
def test_w20_a_broken_call_of_a_logger_raises_nothing_and_is_recorded(
    open_logger: OpenLogger, arguments: tuple[object, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        logging.getLogger("performance"), "propagate", False
    )  # pytest's own handler would raise
    logger = open_logger(record_loggers=True)

    logging.getLogger("performance").warning(*arguments)  # type: ignore[arg-type]  # broken on purpose

    assert len(of(logger, Message)) == 1


def test_a_logged_exception_has_its_traceback(open_logger: OpenLogger) -> None:
    logger = open_logger(record_loggers=True)

    try:
        raise ValueError("bad")
    except ValueError:
        logging.getLogger("error_logger").exception("it failed")

    (recorded,) = of(logger, Message)
    assert isinstance(recorded, Message)
    assert "ValueError: bad" in recorded.traceback


def test_a_stack_that_was_asked_for_is_recorded(open_logger: OpenLogger) -> None:
    logger = open_logger(record_loggers=True)

    logging.getLogger("gradio_app").warning("how did we get here", stack_info=True)

    (recorded,) = of(logger, Message)
    assert isinstance(recorded, Message)
    assert recorded.traceback.startswith("Stack (most recent call last):\n")
    assert "test_a_stack_that_was_asked_for_is_recorded" in recorded.traceback


def test_a_logging_configuration_that_takes_our_handler_away_gets_it_back(open_logger: OpenLogger) -> None:
    """`dictConfig` removes the handlers of each logger that it names."""
    logger = open_logger(record_loggers=True)
    hooks = logger._hooks
    assert hooks is not None

    logging.config.dictConfig(
        {"version": 1, "disable_existing_loggers": False, "loggers": {"gradio_app": {"level": "INFO"}}}
    )
    hooks.each_second()
    logging.getLogger("gradio_app").info("after the configuration")

    (recorded,) = of(logger, Message)
    assert isinstance(recorded, Message)
    assert recorded.text == "after the configuration"
    hooks.remove()
    hooks.each_second()
    assert logging.getLogger("gradio_app").handlers == []


@pytest.mark.parametrize("captured_first", [True, False])
def test_warnings_that_logging_captures_are_recorded_once(
    open_logger: OpenLogger, shown: list[str], captured_first: bool
) -> None:
    """Whether they were captured before the logger was made or after it."""
    logging.captureWarnings(captured_first)
    logger = open_logger(record_warnings=True)
    logging.captureWarnings(True)

    try:
        warnings.showwarning("the schedule\nhas ended", FutureWarning, "/app/train.py", 3)
        logging.getLogger("py.warnings").warning("not in the usual form")
    finally:
        logger._hooks.remove()  # type: ignore[union-attr]  # it has some
        logging.captureWarnings(False)

    (warned,), (said,) = of(logger, Warned), of(logger, Message)
    assert isinstance(warned, Warned)
    assert isinstance(said, Message)
    assert (warned.category, warned.message) == ("FutureWarning", "the schedule\nhas ended")
    assert warned.location == "train.py:3"
    assert (said.logger, said.text) == ("py.warnings", "not in the usual form")


def test_s08_a_secret_said_to_a_logger_is_masked(open_logger: OpenLogger) -> None:
    logger = open_logger(record_loggers=True)
    token = "hf_" + "abcdefghijklmnopqrstuvwxyzABCDEFGH"

    logging.getLogger("gradio_app").error("login with %s", token)
    logger.close()

    assert not any(token in path.read_text() for path in logger.folder.iterdir() if path.is_file())


def test_after_closing_everything_is_as_before(open_logger: OpenLogger) -> None:
    before = (sys.excepthook, threading.excepthook, warnings.showwarning, faulthandler.is_enabled())
    handlers = [list(logging.getLogger(name).handlers) for name in ("gradio_app", *LOGGERS)]
    levels = [logging.getLogger(name).level for name in ("gradio_app", *LOGGERS)]
    logger = open_logger(
        record_exceptions=True, record_warnings=True, record_faults=True, record_loggers=True
    )

    hooked = sys.excepthook
    logger.close()

    assert hooked is not before[0]
    assert (sys.excepthook, threading.excepthook, warnings.showwarning, faulthandler.is_enabled()) == before
    assert [list(logging.getLogger(name).handlers) for name in ("gradio_app", *LOGGERS)] == handlers
    assert [logging.getLogger(name).level for name in ("gradio_app", *LOGGERS)] == levels
    assert list(logger.folder.glob("faulthandler*")) == []


def test_a_hook_that_was_put_on_top_of_ours_stays(open_logger: OpenLogger, shown: list[str]) -> None:
    logger = open_logger(record_exceptions=True)
    ours = sys.excepthook

    def theirs(*arguments: object) -> None:
        ours(*arguments)  # type: ignore[arg-type]  # as it came

    sys.excepthook = theirs
    logger.close()

    assert sys.excepthook is theirs


def test_a_faulthandler_that_the_program_enabled_is_left_alone(
    open_logger: OpenLogger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faulthandler, "is_enabled", lambda: True)
    monkeypatch.setattr(faulthandler, "enable", lambda *rest: pytest.fail("it was enabled again"))

    open_logger(record_faults=True)


def test_loggers_that_follow_each_other_use_no_more_descriptors_and_record_crashes(tmp_path: Path) -> None:
    """A search for hyper-parameters makes thousands in one process; a crash is that of the last one.

    The threads of a logger open files for moments, so one more or less says nothing; one that stays is ten in the end.
    """
    program = """
import ctypes, gc, os, sys, trainmon
counts = []
for number in range(12):
    logger = trainmon.setup_logging(f"{sys.argv[1]}/run-{number}", machine_every=None)
    gc.collect()
    counts.append(len(os.listdir("/proc/self/fd")))
print(counts[1], counts[-1], flush=True)
ctypes.string_at(0)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )

    second, last = map(int, done.stdout.split())
    assert done.returncode == -signal.SIGSEGV
    assert last - second < 5
    (report,) = tmp_path.rglob("faulthandler.*.log")
    assert report.parent.name == "run-11"
    assert "Segmentation fault" in report.read_text()
