"""`with training(...) as run:` - it owns epoch and step, and says an end whatever happens."""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import OpenLogger
from tests.core.test_logger import events, state
from tests.hostile import HOSTILE
from tests.run_folders import environment
from trainmon.calls.logger import TrainLogger
from trainmon.calls.training_run import TrainingRun
from trainmon.errors import ArgumentError
from trainmon.facts.codec import decode_lines
from trainmon.facts.events import Checkpoint, Ended, Error, Message, Progress, Span, Started, Validation
from trainmon.words.paths import JOURNAL


def a_run(logger: TrainLogger, **options: object) -> TrainingRun:
    """A training of two epochs with three steps each."""
    return TrainingRun(logger, "m", **{"total_epochs": 2, "steps_per_epoch": 3} | options)


def of(logger: TrainLogger, kind: type) -> list[object]:
    """Its events of a kind."""
    return [event for event in events(logger) if type(event) is kind]


def test_epochs_and_steps_count_from_1_and_the_total_follows(open_logger: OpenLogger) -> None:
    logger = open_logger()

    with a_run(logger) as run:
        for _ in run.epochs():
            for loss in (3.0, 2.0, 1.0):
                run.progress(loss=loss, learning_rate=0.1)

    found = of(logger, Progress)
    assert [(event.epoch, event.step, event.total_steps) for event in found if isinstance(event, Progress)] == [
        (1, 1, 6), (1, 2, 6), (1, 3, 6), (2, 4, 6), (2, 5, 6), (2, 6, 6),
    ]  # fmt: skip
    (ended,) = of(logger, Ended)
    assert isinstance(ended, Ended)
    assert (ended.success, ended.reason, ended.final_loss) == (True, "finished", 1.0)


def test_steps_and_epochs_can_be_given_and_wrong_ones_do_not_fail_the_training(
    open_logger: OpenLogger,
) -> None:
    logger = open_logger()

    with a_run(logger) as run:
        run.progress(1.0, step=10, epoch=0)
        run.progress(1.0)
        run.progress(1.0, step="many")  # type: ignore[arg-type]  # wrong on purpose

    steps = [(event.epoch, event.step) for event in of(logger, Progress) if isinstance(event, Progress)]
    assert steps == [(0, 10), (0, 11), (0, 12)]


def test_another_phase_does_not_move_the_step(open_logger: OpenLogger) -> None:
    logger = open_logger()

    with a_run(logger) as run:
        run.progress(1.0)
        run.progress(9.0, phase="validation")
        run.progress(1.0)

    assert [event.step for event in of(logger, Progress) if isinstance(event, Progress)] == [1, 1, 2]


def test_the_wait_for_data_is_timed_apart(open_logger: OpenLogger, monkeypatch: pytest.MonkeyPatch) -> None:
    logger, clock = open_logger(), [100.0]
    monkeypatch.setattr("trainmon.calls.run_calls.time.monotonic", lambda: clock[0])

    def loader() -> Iterator[int]:
        for batch in range(2):
            clock[0] += 0.25
            yield batch

    with a_run(logger) as run:
        for _ in run.track(loader()):
            clock[0] += 5.0
            run.progress(1.0)
    monkeypatch.undo()

    assert [event.waited for event in of(logger, Progress) if isinstance(event, Progress)] == [0.25, 0.25]


def test_without_track_no_wait_is_made_up(open_logger: OpenLogger) -> None:
    logger = open_logger()

    with a_run(logger) as run:
        run.progress(1.0)

    (event,) = of(logger, Progress)
    assert isinstance(event, Progress)
    assert event.waited is None


def test_validation_is_a_span_and_the_best_is_found(open_logger: OpenLogger) -> None:
    logger = open_logger(best_metric="accuracy", best_direction="max")

    with a_run(logger) as run, run.validating():
        best = [run.validation(1.0, {"accuracy": value}) for value in (0.5, 0.7, 0.6)]

    assert best == [True, True, False]
    spans = [event for event in of(logger, Span) if isinstance(event, Span)]
    assert [(span.name, span.duration is None) for span in spans] == [
        ("validation", True),
        ("validation", False),
    ]
    assert [event.is_best for event in of(logger, Validation) if isinstance(event, Validation)] == best


def test_saving_times_the_block_and_looks_at_the_file(open_logger: OpenLogger, tmp_path: Path) -> None:
    logger = open_logger()

    with a_run(logger) as run:
        run.progress(0.5)
        with run.saving(tmp_path / "new" / "model.pt", {"accuracy": 0.9}) as path:
            path.write_bytes(b"x" * 1_234)

    (saved,) = of(logger, Checkpoint)
    assert isinstance(saved, Checkpoint)
    assert (saved.size, saved.step, saved.loss, saved.metrics) == (1_234, 1, 0.5, {"accuracy": 0.9})
    assert saved.duration is not None


def test_a_block_that_fails_to_save_records_no_checkpoint_and_ends_its_span(
    open_logger: OpenLogger, tmp_path: Path
) -> None:
    logger = open_logger()

    with a_run(logger) as run, pytest.raises(OSError), run.saving(tmp_path / "model.pt"):
        raise OSError("No space left on device")

    assert of(logger, Checkpoint) == []
    assert state(logger).span is None


@pytest.mark.parametrize("path", ["missing.pt", "a\0b", 3, *HOSTILE.values()], ids=str)
def test_a_checkpoint_that_cannot_be_looked_at_is_recorded_and_warned_about(
    open_logger: OpenLogger, path: object
) -> None:
    logger = open_logger()

    with a_run(logger) as run:
        run.checkpoint(path() if isinstance(path, type) else path)  # type: ignore[arg-type]  # wrong on purpose

    (saved,) = of(logger, Checkpoint)
    assert isinstance(saved, Checkpoint)
    assert saved.size is None
    assert any("checkpoint" in event.text for event in of(logger, Message) if isinstance(event, Message))


@pytest.mark.parametrize(
    ("error", "reason", "recorded"),
    [
        (ValueError("bad"), "failed", 1), (KeyboardInterrupt(), "interrupted", 0), (SystemExit(3), "failed", 0),
        (SystemExit(0), "finished", 0), (SystemExit(), "finished", 0),
    ],
    ids=repr,
)  # fmt: skip
def test_whatever_leaves_the_block_ends_the_run_and_goes_on(
    open_logger: OpenLogger, error: BaseException, reason: str, recorded: int
) -> None:
    logger = open_logger()

    with pytest.raises(type(error)), a_run(logger):
        raise error

    (ended,) = of(logger, Ended)
    assert isinstance(ended, Ended)
    assert ended.reason == reason
    assert len(of(logger, Error)) == recorded


def test_an_end_that_the_program_said_stands(open_logger: OpenLogger) -> None:
    logger = open_logger()

    with a_run(logger):
        logger.log_training_end(True, 0.25)

    (ended,) = of(logger, Ended)
    assert isinstance(ended, Ended)
    assert ended.final_loss == 0.25


def requeued(open_logger: OpenLogger, tmp_path: Path, **options: object) -> TrainLogger:
    """A run that saved after four of six steps and was then killed, and a logger for its next start."""
    first = open_logger()
    run = a_run(first, run_id="job").__enter__()
    for _ in range(4):
        run.progress(1.0)
    (tmp_path / "model.pt").touch()
    run.checkpoint(tmp_path / "model.pt")
    run.validation(0.5)
    run.progress(1.0)
    first.close()
    return open_logger()


def test_a_requeue_goes_on_behind_the_newest_checkpoint(open_logger: OpenLogger, tmp_path: Path) -> None:
    """The same line is right on the first start and on every one after it."""
    logger = requeued(open_logger, tmp_path)

    with a_run(logger, run_id="job", resume="auto") as run:
        at_start = (run.step, run.epoch)
        better = run.validation(0.7)
        for _ in range(2):
            run.progress(0.9)

    found = state(logger)
    assert at_start == (4, 2)
    assert not better
    assert (found.run_step, found.run_number, found.resumed) == (6, 1, 1)
    assert list(found.loss.column("loss").last_step) == [1, 2, 3, 4, 5, 6]


def test_another_run_id_begins_anew(open_logger: OpenLogger, tmp_path: Path) -> None:
    logger = requeued(open_logger, tmp_path)

    with a_run(logger, run_id="other", resume="auto") as run:
        assert run.step == 0

    assert state(logger).run_number == 2


def test_the_given_initial_step_wins(open_logger: OpenLogger, tmp_path: Path) -> None:
    logger = requeued(open_logger, tmp_path)

    with a_run(logger, run_id="job", resume="auto", initial_step=3) as run:
        run.progress(0.9)

    assert state(logger).run_step == 4


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"total_epochs": 0}, "total_epochs"), ({"steps_per_epoch": 1.5}, "steps_per_epoch"),
        ({"total_steps": -3}, "total_steps"), ({"initial_step": "x"}, "initial_step"), ({"resume": "maybe"}, "resume"),
        ({"resume": "auto"}, "run_id"), ({"run_id": 7}, "run_id"), ({"run_id": ""}, "run_id"),
        ({"resume": None}, "resume"), ({"learning_rate": "fast"}, "learning_rate"), ({"config": ["lr"]}, "config"),
    ],
)  # fmt: skip
def test_a_wrong_argument_raises_before_anything_is_recorded(
    open_logger: OpenLogger, options: dict[str, object], said: str
) -> None:
    logger = open_logger()

    with pytest.raises(ArgumentError, match=said):
        a_run(logger, **options)

    assert of(logger, Started) == []


@pytest.mark.parametrize("kind", HOSTILE.values(), ids=HOSTILE)
def test_w20_no_method_raises_for_any_value(open_logger: OpenLogger, kind: Callable[[], float]) -> None:
    logger, value = open_logger(), kind()

    with a_run(logger) as run:
        run.progress(value, value, {"a": value}, step=value, epoch=value)
        run.validation(value, {"a": value}, value)
        run.checkpoint(value, {"a": value}, duration=value)

    assert len(of(logger, Progress)) == 1


def test_a_checkpoint_in_a_store_is_recorded_and_not_looked_for(open_logger: OpenLogger) -> None:
    logger = open_logger()

    with a_run(logger) as run:
        run.checkpoint("s3://bucket/model.pt")

    (saved,) = of(logger, Checkpoint)
    assert isinstance(saved, Checkpoint)
    assert (saved.checkpoint_path, saved.size) == ("s3://bucket/model.pt", None)
    assert not any("s3" in event.text for event in of(logger, Message) if isinstance(event, Message))


@pytest.mark.parametrize("end", [GeneratorExit(), KeyboardInterrupt(), asyncio.CancelledError()], ids=repr)
def test_who_stops_a_training_early_interrupts_it(open_logger: OpenLogger, end: BaseException) -> None:
    """A generator that is closed and a task that is cancelled have not failed."""
    logger = open_logger()

    with pytest.raises(type(end)), a_run(logger):
        raise end

    (ended,) = of(logger, Ended)
    assert isinstance(ended, Ended)
    assert (ended.reason, of(logger, Error)) == ("interrupted", [])


def test_a_panic_that_is_no_exception_is_recorded_as_an_error(open_logger: OpenLogger) -> None:
    """Those of libraries in Rust derive from BaseException."""
    logger = open_logger()
    panic = type("PanicException", (BaseException,), {})

    with pytest.raises(panic), a_run(logger):
        raise panic("index out of bounds")

    (error,), (ended,) = of(logger, Error), of(logger, Ended)
    assert isinstance(error, Error)
    assert isinstance(ended, Ended)
    assert (error.message, ended.reason) == ("index out of bounds", "failed")


def test_after_a_training_inside_another_the_outer_one_goes_on_as_a_run_of_its_own(
    open_logger: OpenLogger,
) -> None:
    """Else the screen would show the inner one as finished, with the steps of the outer one."""
    logger = open_logger()

    with a_run(logger, total_epochs=9) as outer:
        outer.progress(1.0)
        outer.progress(1.0)
        with a_run(logger) as inner:
            inner.progress(1.0)
        outer.progress(1.0)

    found = [event for event in events(logger) if isinstance(event, Started | Ended)]
    assert [type(event) for event in found] == [Started, Started, Ended, Started, Ended]
    again = found[3]
    assert isinstance(again, Started)
    assert (again.total_epochs, again.initial_step, state(logger).run_step) == (9, 2, 3)
    said = [event.text for event in of(logger, Message) if isinstance(event, Message)]
    assert "m begins before the training before it has ended" in said


def test_an_outer_block_that_is_over_does_not_begin_again(open_logger: OpenLogger) -> None:
    """Blocks of two threads may end in any order."""
    logger = open_logger()
    first, second = a_run(logger), a_run(logger)

    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    second.__exit__(None, None, None)

    kinds = [type(event) for event in events(logger) if isinstance(event, Started | Ended)]
    assert kinds == [Started, Started, Ended]


def test_an_optimizer_that_is_given_itself_gives_its_name(open_logger: OpenLogger) -> None:
    class AdamW:
        def __repr__(self) -> str:
            return "AdamW (\nParameter Group 0\n    lr: 0.1\n)"

    logger = open_logger()

    with a_run(logger, optimizer=AdamW()):
        pass

    (started,) = of(logger, Started)
    assert isinstance(started, Started)
    assert started.optimizer == "AdamW"


FORKS = """
import os, sys
import trainmon

trainmon.setup_logging(sys.argv[1], machine_every=None, record_stacks=False)
with trainmon.training("m", total_steps=3) as run:
    for step in range(3):
        run.progress(loss=1.0)
        child = os.fork() if step < 2 else None
        if child == 0 and step == 0:
            sys.exit(0)
        if child == 0:
            raise RuntimeError("a worker fails")
        if child is not None:
            os.waitpid(child, 0)
"""


def test_a_forked_child_that_leaves_the_block_does_not_end_the_training(tmp_path: Path) -> None:
    """The block is the parent's; what a worker raises is an error, and the run goes on."""
    ran = subprocess.run(
        [sys.executable, "-c", FORKS, str(tmp_path / "logs")],
        env=environment(), capture_output=True, timeout=60, check=False,
    )  # fmt: skip

    found = decode_lines((tmp_path / "logs" / JOURNAL).read_bytes().split(b"\n")[:-1])
    ends = [(event.success, event.final_loss) for event in found if isinstance(event, Ended)]
    assert ran.returncode == 0
    assert ends == [(True, 1.0)]
    assert [event.message for event in found if isinstance(event, Error)] == ["a worker fails"]
    assert isinstance(next(event for event in reversed(found) if isinstance(event, Progress | Ended)), Ended)
