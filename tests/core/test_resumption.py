"""Where a training that broke off goes on: at its newest checkpoint whose file is there."""

from pathlib import Path

import pytest

from tests.conftest import OpenLogger
from tests.core.test_logger import events
from trainmon.calls.logger import TrainLogger
from trainmon.calls.resumption import check_resume
from trainmon.calls.training_run import TrainingRun
from trainmon.errors import ArgumentError
from trainmon.facts.events import Message


def broken_off(open_logger: OpenLogger, folder: Path, **options: object) -> list[Path]:
    """The files of three checkpoints, after 2, 4 and 6 steps in epochs 1, 2 and 3, of a run that was then killed."""
    logger = open_logger()
    files = [folder / f"{number}.pt" for number in (2, 4, 6)]
    run = TrainingRun(logger, "m", run_id="job", total_epochs=9, **options).__enter__()  # type: ignore[arg-type]
    for epoch, file in enumerate(files, 1):
        run.epoch = epoch
        run.progress(1.0)
        run.progress(1.0)
        file.touch()
        run.checkpoint(file)
    logger.close()
    return files


def resumed(open_logger: OpenLogger, **options: object) -> tuple[TrainLogger, TrainingRun]:
    """The same line of the program, run again."""
    logger = open_logger()
    run = TrainingRun(logger, "m", run_id="job", total_epochs=9, resume="auto", **options)  # type: ignore[arg-type]
    with run:
        pass
    return logger, run


def said(logger: TrainLogger) -> list[str]:
    """What trainmon has to say."""
    return [each.text for each in events(logger) if isinstance(each, Message) and "checkpoint" in each.text]


def test_the_newest_checkpoint_that_is_there_is_gone_on_from(open_logger: OpenLogger, tmp_path: Path) -> None:
    files = broken_off(open_logger, tmp_path, steps_per_epoch=2)

    logger, run = resumed(open_logger, steps_per_epoch=2)

    assert (run.resumed_from, run.step, run.epoch, said(logger)) == (str(files[2]), 6, 4, [])


def test_checkpoints_whose_files_are_gone_are_passed_over_and_said(
    open_logger: OpenLogger, tmp_path: Path
) -> None:
    """The program can only have loaded one that exists."""
    files = broken_off(open_logger, tmp_path, steps_per_epoch=2)
    files[2].unlink()

    logger, run = resumed(open_logger, steps_per_epoch=2)

    assert (run.resumed_from, run.step, run.epoch) == (str(files[1]), 4, 3)
    assert said(logger) == [
        "the newest checkpoint, 6.pt of step 6, is gone; the run goes on from 4.pt of step 4"
    ]


def test_without_any_file_steps_count_from_0_and_that_is_said(
    open_logger: OpenLogger, tmp_path: Path
) -> None:
    for file in broken_off(open_logger, tmp_path):
        file.unlink()

    logger, run = resumed(open_logger)

    assert (run.resumed_from, run.step, run.epoch) == (None, 0, 1)
    assert "as are all before it: steps count from 0; initial_step= says where" in said(logger)[0]


def test_a_given_initial_step_asks_for_no_checkpoint(open_logger: OpenLogger, tmp_path: Path) -> None:
    for file in broken_off(open_logger, tmp_path):
        file.unlink()

    logger, run = resumed(open_logger, initial_step=5)

    assert (run.resumed_from, run.step, said(logger)) == (None, 5, [])


def test_where_epochs_have_no_known_length_the_epoch_of_the_checkpoint_is_gone_on_with(
    open_logger: OpenLogger, tmp_path: Path
) -> None:
    broken_off(open_logger, tmp_path)

    _, run = resumed(open_logger)

    assert (run.step, run.epoch) == (6, 3)


def test_a_checkpoint_in_a_store_is_not_called_gone(open_logger: OpenLogger) -> None:
    logger = open_logger()
    run = TrainingRun(logger, "m", run_id="job").__enter__()
    run.progress(1.0)
    logger.log_model_checkpoint(1, 1, 1.0, "s3://bucket/model.pt")
    logger.close()

    again, run = resumed(open_logger)

    assert (run.resumed_from, run.step, said(again)) == ("s3://bucket/model.pt", 1, [])


@pytest.mark.parametrize(
    ("resume", "run_id"), [("yes", "a"), (2, "a"), (None, "a"), ("auto", None), (True, 7), (True, "")]
)
def test_wrong_arguments_of_resuming_say_what_was_expected(resume: object, run_id: object) -> None:
    with pytest.raises(ArgumentError, match="expected"):
        check_resume(resume, run_id)


def test_1_counts_as_true_and_a_run_id_is_compared_as_it_is_recorded() -> None:
    assert check_resume(1, None) == (True, None)
    long_one = check_resume("auto", "x" * 300)[1]
    assert long_one is not None
    assert long_one.startswith("x" * 200)
