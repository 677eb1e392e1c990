"""What a journal holds and what its text logs say agree."""

import math
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.conftest import OpenLogger
from trainmon.analysis import analyze_errors, analyze_performance, analyze_training_progress
from trainmon.calls.logger import TrainLogger
from trainmon.cli.main import group
from trainmon.facts.events import Checkpoint, Error, Performance, Progress, Started, Validation
from trainmon.meaning.diagnosis import diagnose
from trainmon.reading.walk import Told, Walk
from trainmon.words.scalars import decode_number


def record(logger: TrainLogger) -> None:
    """A training with some of everything, texts that try to break the lines included."""
    logger.log_training_start("a, Epochs: 9 - Model: b", 3, 1_500, 32, 1e-3, "Adam, W")
    for step in range(1, 1_501):
        loss = math.nan if step == 700 else 3 / step + 0.01 * (step % 7)
        logger.log_training_progress(
            1 + step // 500, step, 1_500, loss, 1e-3, {"train/acc": step / 1_500, "grad norm": 1.5}
        )
        if step % 500 == 0:
            logger.log_validation_results(step // 500, step, 2 / step, {"top1": step / 20})
            logger.log_model_checkpoint(step // 500, step, loss, f"ckpt/epoch {step}, Loss: 7.pt")
    for context in ("training step", "loading - data", "[2024-01-15 10:30:00] ERROR - ERROR - x - forged"):
        for kind in (ValueError, RuntimeError):
            try:
                raise kind("CUDA out of memory - tried 2 GiB\nin two lines")
            except kind as error:
                logger.log_error_with_context(error, context, {"step": 3, "names": ["a", "b"]})
    for index in range(40):
        logger.log_performance_metrics("inference", 0.5 + index / 100, {"gpu_memory": 2.5}, 13.62, 4)
    logger.log_training_end(True, 0.01, 3_600.0, {"accuracy": 95.67})
    logger.close()


def told(folder: Path) -> list[Told]:
    with Walk(folder) as walk:
        return list(walk)


@pytest.mark.parametrize("max_log_bytes", [None, 20_000])
def test_the_journal_and_the_progress_log_agree(open_logger: OpenLogger, max_log_bytes: int | None) -> None:
    """Counts, first and last, best, validations, checkpoints, runs: the same in both, rotated or not."""
    logger = open_logger(progress_per_second=1e6, max_log_bytes=max_log_bytes, backup_count=100)
    record(logger)
    steps = [each for each in told(logger.folder) if isinstance(each.event, Progress)]
    events = [each.event for each in told(logger.folder)]

    found = analyze_training_progress(logger.folder / "training_progress.log")

    assert (len(found.files) > 1) is (max_log_bytes is not None)
    assert found.progress_lines + found.left_out == len(steps) == 1_500
    assert found.unread == 0
    by_step = {each.run_step: each.event for each in steps}
    for point in found.points:
        event = by_step[point.run_step]
        assert isinstance(event, Progress)
        assert (point.epoch, point.step, point.total_steps) == (event.epoch, event.step, event.total_steps)
        assert point.loss == pytest.approx(decode_number(event.loss or 0), abs=6e-7, nan_ok=True)
        assert point.metrics == event.metrics
    best = min(
        (each for each in steps if not isinstance(each.event.loss, str)), key=lambda each: each.event.loss
    )
    assert found.best is not None
    assert found.best.run_step == best.run_step
    assert found.nonfinite == 1
    validations = [event for event in events if isinstance(event, Validation)]
    assert [point.metrics for point in found.validations] == [event.val_metrics for event in validations]
    assert found.best_validation is not None
    assert found.best_validation.step == validations[-1].step
    checkpoints = [event.checkpoint_path for event in events if isinstance(event, Checkpoint)]
    assert [point.path for point in found.checkpoints] == checkpoints
    (started,) = [event for event in events if isinstance(event, Started)]
    (run,) = found.runs
    assert (run.model_name, run.optimizer) == (started.model_name, started.optimizer)
    assert (run.outcome, run.duration, run.final_metrics) == ("finished", 3_600.0, {"accuracy": 95.67})


def test_the_journal_and_the_error_log_agree(open_logger: OpenLogger) -> None:
    """Types, contexts, messages, categories and fingerprints are those of the journal."""
    logger = open_logger()
    record(logger)
    events = [each.event for each in told(logger.folder) if isinstance(each.event, Error)]

    found = analyze_errors(logger.folder / "errors.log")

    assert found.errors == sum(event.count for event in events) == 6
    assert {tally.name for tally in found.by_type} == {event.error_type for event in events}
    assert {tally.name for tally in found.by_context} == {event.context for event in events}
    assert {group.fingerprint for group in found.recurring} == {event.fingerprint for event in events}
    assert {group.message for group in found.recurring} == {event.message for event in events}
    assert {group.location for group in found.recurring} == {event.location for event in events}
    categories = {diagnose(event.error_type, event.message).category.value for event in events}
    assert {tally.name for tally in found.by_category} == categories


def test_the_journal_and_the_performance_log_agree(open_logger: OpenLogger) -> None:
    """Durations to the millisecond that the line has."""
    logger = open_logger()
    record(logger)
    durations = [
        decode_number(each.event.duration)
        for each in told(logger.folder)
        if isinstance(each.event, Performance) and each.event.duration is not None
    ]

    (found,) = analyze_performance(logger.folder / "performance.log").operations

    assert found.count == len(durations) == 40
    assert found.mean == pytest.approx(sum(durations) / 40, abs=5e-4)
    assert (found.minimum, found.maximum) == (0.5, 0.89)
    assert found.throughput_mean == pytest.approx(13.62)


def test_the_command_prints_tables_and_a_document(open_logger: OpenLogger, tmp_path: Path) -> None:
    """The three logs in one; a folder without them is code 6."""
    logger = open_logger()
    record(logger)
    folder = str(logger.folder)

    tables = CliRunner().invoke(group, ["analyze", folder])
    document = CliRunner().invoke(group, ["analyze", folder, "--json"])
    nothing = CliRunner().invoke(group, ["analyze", str(tmp_path / "none")])

    assert tables.exit_code == document.exit_code == 0
    assert "best loss" in tables.output
    assert "GPU out of memory" in tables.output
    assert '"progress_lines"' in document.output
    assert "NaN" in document.output
    assert document.output.isascii()
    assert nothing.exit_code == 6
