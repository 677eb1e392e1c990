"""`analyze_training_progress`: what a progress log says, whoever wrote it."""

import math
import tracemalloc
from datetime import datetime
from pathlib import Path

import pytest

from trainmon.analysis import TrainingAnalysis, analyze_training_progress
from trainmon.analysis.line_numbers import eta_seconds

GOLDEN = Path(__file__).parents[1] / "golden"


def golden(name: str, file: str) -> str:
    """The lines of one log in a golden file."""
    return (GOLDEN / name).read_text("utf-8").partition(f"== {file}\n")[2].partition("== ")[0]


def analysis_of(folder: Path, text: str) -> TrainingAnalysis:
    path = folder / "training_progress.log"
    path.write_text(text, "utf-8")
    return analyze_training_progress(path)


def line(second: int, step: int, loss: str = "1.000000", *, epoch: int = 1, phase: str = "training") -> str:
    minutes, seconds = divmod(second, 60)
    hours, minutes = divmod(minutes, 60)
    return (
        f"[2024-01-15 {10 + hours:02}:{minutes:02}:{seconds:02}] TRAINING - INFO - Epoch {epoch}, Step {step}/1000"
        f" - Loss: {loss}, LR: 1.00e-03, ETA: 0.2h 15m, Phase: {phase}\n"
    )


def test_the_sample_lines_of_the_spec_are_understood_to_the_letter(tmp_path: Path) -> None:
    """Every line of the spec's training log ends up in a field."""
    found = analysis_of(tmp_path, golden("spec_lines.txt", "training_progress.log"))

    assert found.unread == 0
    point = found.points[0]
    assert (point.epoch, point.step, point.total_steps, point.percent) == (1, 10, 150, 6.7)
    assert (point.loss, point.learning_rate, point.eta, point.phase) == (2.345678, 1e-3, 900.0, "training")
    assert point.metrics == {"batch_loss": 2.345678, "epoch_loss": 2.456789}
    assert point.time == datetime(2024, 1, 15, 10, 30, 15)
    run = found.runs[0]
    assert (run.model_name, run.total_epochs, run.total_steps, run.batch_size) == ("DemoModel", 5, 150, 32)
    assert (run.learning_rate, run.optimizer, run.outcome) == (1e-3, "Adam", "finished")
    assert (run.duration, run.final_loss) == (4500.0, 0.123456)
    assert run.final_metrics == {"accuracy": 95.67, "final_val_loss": 0.123456, "best_val_loss": 0.098765}
    assert found.best_validation is not None
    assert found.best_validation.is_best
    assert found.best_validation.metrics == {"accuracy": 94.32, "correct": 943.0, "total": 1000.0}
    assert found.last_checkpoint is not None
    assert found.last_checkpoint.path == "checkpoints/DemoModel_epoch_2.pth"


def test_our_own_lines_with_parts_missing_are_understood(tmp_path: Path) -> None:
    """No total, no learning rate, an unknown ETA, a NaN, lines left out, a failed and an interrupted end."""
    found = analysis_of(tmp_path, golden("our_lines.txt", "training_progress.log"))

    assert found.progress_lines == 2
    assert found.left_out == 95
    assert found.nonfinite == 1
    assert [point.phase for point in found.points] == ["training", "warmup"]
    assert found.points[0].eta is None
    assert math.isinf(found.points[0].metrics["grad_norm"])
    assert [run.outcome for run in found.runs] == ["failed", "interrupted"]
    assert found.runs[0].error == "RuntimeError: step failed"
    assert found.validation_count == 2
    assert found.unread == 1  # a message of the program's own


def test_rotated_files_are_read_oldest_first(tmp_path: Path) -> None:
    """`.10` is older than `.9`: the numbers count, not the letters."""
    for number, step in ((10, 1), (9, 2), (1, 3)):
        (tmp_path / f"training_progress.log.{number}").write_text(line(step, step))

    found = analysis_of(tmp_path, line(4, 4))

    assert [point.step for point in found.points] == [1, 2, 3, 4]
    assert [Path(name).suffix for name in found.files] == [".10", ".9", ".1", ".log"]


def test_a_log_of_which_only_rotated_files_are_left_is_read_and_a_missing_one_raises(tmp_path: Path) -> None:
    (tmp_path / "training_progress.log.1").write_text(line(1, 1))

    assert analyze_training_progress(tmp_path / "training_progress.log").progress_lines == 1
    with pytest.raises(FileNotFoundError):
        analyze_training_progress(str(tmp_path / "other.log"))


def test_points_are_thinned_evenly_and_counted_exactly(tmp_path: Path) -> None:
    """10,000 lines give at most 2,048 points, the first and every n-th; first, last and best are exact."""
    losses = (f"{3 - index / 10_000 - (index == 7_777):.6f}" for index in range(10_000))

    found = analysis_of(
        tmp_path, "".join(line(index // 10, index + 1, loss) for index, loss in enumerate(losses))
    )

    assert found.progress_lines == 10_000
    assert 1_024 <= len(found.points) <= 2_048
    assert [point.step for point in found.points] == list(range(1, 10_001, found.stride))
    assert found.last is not None
    assert found.last.step == 10_000
    assert found.best is not None
    assert found.best.step == 7_778


def test_the_speed_is_that_of_the_steps_and_a_gap_does_not_slow_it(tmp_path: Path) -> None:
    """Ten steps a second, then an hour of silence, then ten a second again."""
    before = [line(index // 10, index + 1) for index in range(1_000)]
    after = [line(3_700 + index // 10, 1_001 + index) for index in range(1_000)]

    found = analysis_of(tmp_path, "".join(before + after))

    assert found.speed.mean == pytest.approx(10.0, rel=0.02)
    assert found.speed.trend == pytest.approx(0.0, abs=0.1)
    assert found.gap_count == 1
    assert (found.gaps[0].seconds, found.gaps[0].step_before, found.gaps[0].step_after) == (
        3_601.0,
        1_000,
        1_001,
    )


def test_a_usual_silence_is_no_gap(tmp_path: Path) -> None:
    """A run with a line every two minutes has no gaps."""
    found = analysis_of(tmp_path, "".join(line(120 * index, index + 1) for index in range(30)))

    assert found.gaps == ()
    assert found.speed.mean == pytest.approx(1 / 120)


def test_steps_that_start_again_with_the_epoch_count_on(tmp_path: Path) -> None:
    text = "".join(line(step, step, epoch=1) for step in range(1, 1_001))
    text += line(1_001, 1, epoch=2)

    found = analysis_of(tmp_path, text)

    assert found.last is not None
    assert found.last.run_step == 1_001


def test_phases_have_their_lines_and_their_time(tmp_path: Path) -> None:
    text = "".join(
        line(second, second + 1, phase="warmup" if second < 60 else "training") for second in range(90)
    )

    found = analysis_of(tmp_path, text)

    assert [(phase.name, phase.lines) for phase in found.phases] == [("warmup", 60), ("training", 30)]
    assert found.phases[0].seconds == 59.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0.2h 15m", 900.0), ("2.5h 150m", 9_000.0), ("2h 30m", 9_000.0), ("2.5h 30m", 9_000.0), ("0.0h 0m", 0.0),
        ("unknown", None), ("N/A", None),
    ],
)  # fmt: skip
def test_an_eta_means_the_same_whoever_wrote_it(text: str, seconds: float | None) -> None:
    """Ours says the span twice; other programs split it into hours and minutes."""
    assert eta_seconds(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        b"", b"\n\n\n", b"\xff\xfe\x00", b"[2024-01-15 10:30:00] TRAINING - INFO - Epoch ", b"[" * 5_000,
        b"[2024-13-99 99:99:99] TRAINING - INFO - Epoch 1, Step 1 - Loss: 1\n",
        b"[2024-01-15 10:30:00] TRAINING - INFO - Epoch 99999999999999999999999, Step 1 - Loss: 1\n",
        b"[2024-01-15 10:30:00] TRAINING - INFO - Epoch 1, Step 1 (1.2.3%) - Loss: x, LR: , ETA: ?, Phase: \n",
        b"a" * 3_000_000 + b"\n",
        b"[2024-01-15 10:30:00] TRAINING - INFO - Training started - Model: a, Epochs: b, LR: c\n",
    ],
)  # fmt: skip
def test_no_text_whatever_makes_it_fail(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "training_progress.log"
    path.write_bytes(text)

    found = analyze_training_progress(path)

    assert found.progress_lines <= 1


def test_memory_does_not_grow_with_the_log(tmp_path: Path) -> None:
    """A log of 10 MB, a long line in it included, is read in a few megabytes."""
    path = tmp_path / "training_progress.log"
    block = "".join(line(index, index + 1) for index in range(2_000))
    with path.open("w") as file:
        for _ in range(35):
            file.write(block)
        file.write("x" * 4_000_000 + "\n")

    tracemalloc.start()
    analyze_training_progress(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 8_000_000
