"""The lines of the text logs, byte by byte: the spec's samples, and ours in their manner.

A golden file is the text of all files in order, `== name` before each. A change of format adds a file here.
"""

from pathlib import Path

from trainmon.facts.events import (
    AnyEvent,
    Checkpoint,
    Closed,
    Debug,
    Ended,
    Error,
    Lost,
    Message,
    Opened,
    Operation,
    Performance,
    Progress,
    Started,
    Validation,
    Warned,
)
from trainmon.facts.textlines import LineContext, text_lines
from trainmon.words.paths import LogFile

GOLDEN = Path(__file__).parent


def at(clock: str) -> tuple[str, int, float, float]:
    """What every event says, at a time of day on the spec's 15 January 2024, UTC."""
    hours, minutes, seconds = map(int, clock.split(":"))
    return "0123456789ab", 0, 1_705_276_800.0 + hours * 3600 + minutes * 60 + seconds, 5.0


def text_of(said: list[tuple[AnyEvent, LineContext]]) -> str:
    """What the events put into each file."""
    lines = [line for event, context in said for line in text_lines(event, context)]
    parts: list[str] = []
    for file in LogFile:
        parts.append(f"== {file.name_in('gradio_app')}\n")
        parts += [text + "\n" for where, text in lines if where is file]
    return "".join(parts)


def spec_samples() -> list[tuple[AnyEvent, LineContext]]:
    """The calls behind the sample lines of the spec, in its order."""
    plain = LineContext()
    return [
        (
            Started(
                *at("10:30:00"),
                run_id="r",
                model_name="DemoModel",
                total_epochs=5,
                total_steps=150,
                batch_size=32,
                learning_rate=0.001,
                optimizer="Adam",
            ),
            plain,
        ),
        (
            Progress(
                *at("10:30:15"),
                epoch=1,
                step=10,
                total_steps=150,
                loss=2.345678,
                learning_rate=0.001,
                metrics={"batch_loss": 2.345678, "epoch_loss": 2.456789},
            ),
            LineContext(percent=100 * 10 / 150, eta=900.0),
        ),
        (
            Ended(
                *at("11:45:30"),
                success=True,
                final_loss=0.123456,
                final_metrics={"accuracy": 95.67, "final_val_loss": 0.123456, "best_val_loss": 0.098765},
            ),
            LineContext(duration=4500.0),
        ),
        (
            Checkpoint(
                *at("10:35:00"),
                epoch=2,
                step=50,
                loss=1.234567,
                checkpoint_path="checkpoints/DemoModel_epoch_2.pth",
                metrics={"accuracy": 94.32},
            ),
            plain,
        ),
        (
            Validation(
                *at("10:40:00"),
                epoch=2,
                step=75,
                val_loss=0.987654,
                val_metrics={"accuracy": 94.32, "correct": 943, "total": 1000},
            ),
            LineContext(is_best=True),
        ),
        (
            Error(
                *at("10:32:15"),
                error_type="RuntimeError",
                message="CUDA out of memory",
                context="safe_inference:inference_out_of_memory",
                location="/path/to/gradio_app.py:123",
            ),
            LineContext(headline="GPU out of memory during inference"),
        ),
        (
            Performance(
                *at("10:30:20"),
                operation="inference",
                duration=2.345,
                memory_usage={"cpu_percent": 75.0, "gpu_memory": 2.5},
                throughput=13.62,
                batch_size=4,
            ),
            plain,
        ),
        (
            Operation(
                *at("10:30:00"),
                operation="model_loading_success",
                model_name="Stable Diffusion v1.5",
                success=True,
                details={
                    "loading_time": 15.234,
                    "system_stats": {f"reading_{number}": 1.5 for number in range(9)},
                },
            ),
            plain,
        ),
    ]


TRACEBACK = """Traceback (most recent call last):
  File "train.py", line 12, in step
    loss.backward()
ValueError: bad shape

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "train.py", line 40, in main
    step()
RuntimeError: step failed
"""


def our_samples() -> list[tuple[AnyEvent, LineContext]]:
    """What the spec has no sample of."""
    plain = LineContext()
    debug = LineContext(level="DEBUG")
    return [
        (
            Opened(*at("10:00:00"), schema=1, host="node7", pid=41, version="0.1", rank=0, world_size=8),
            plain,
        ),
        (Message(*at("10:00:01"), logger="gradio_app", level="INFO", text="two\nlines"), plain),
        (Message(*at("10:00:02"), logger="training_progress", level="WARNING", text="slow"), plain),
        (
            Message(*at("10:00:03"), logger="my.library", level="ERROR", text="no", traceback=TRACEBACK[:90]),
            plain,
        ),
        (
            Message(*at("10:00:04"), logger="error_logger.child", level="CRITICAL", text="\x1b[31mred"),
            plain,
        ),
        (Debug(*at("10:00:05"), message="System stats", data={"cpu_percent": 7.5, "gpu": {}}), debug),
        (Warned(*at("10:00:06"), category="UserWarning", message="old", location="a.py:3", count=2), plain),
        (Lost(*at("10:00:07"), count=1200, first=3, last=1202, why="the disk was full"), plain),
        (Progress(*at("10:01:00"), epoch=1, step=3, loss="NaN", metrics={"grad_norm": "Infinity"}), plain),
        (
            Progress(
                *at("10:01:01"), epoch=1, step=4, loss=1.5, phase="warmup", texts={"learning_rate": "high"}
            ),
            LineContext(left_out=95, eta=9_000.0),
        ),
        (Validation(*at("10:02:00"), epoch=2, step=75, val_loss=0.987654), plain),
        (
            Validation(*at("10:02:01"), epoch=2, step=76, val_metrics={"top1": 0.5}),
            LineContext(is_best=True),
        ),
        (Checkpoint(*at("10:03:00"), epoch=2, step=50, loss=None, checkpoint_path="a.pt"), plain),
        (
            Performance(*at("10:04:00"), operation="load", duration=None, memory_usage={"GPU_0_MemUsed": 3}),
            plain,
        ),
        (
            Operation(
                *at("10:05:00"),
                operation="load",
                model_name="m",
                success=False,
                details={"why": "x", "n": [1]},
            ),
            plain,
        ),
        (
            Error(
                *at("10:06:00"),
                error_type="RuntimeError",
                message="step failed",
                context="train",
                traceback=TRACEBACK,
                count=5,
                additional_data={"batch": 4, "memory": {"gpu": 2.5}},
            ),
            LineContext(advice="Look at the shapes."),
        ),
        (Error(*at("10:06:01"), error_type="KeyboardInterrupt", message="", context=""), plain),
        (
            Ended(
                *at("10:07:00"),
                success=False,
                final_loss=2.5,
                total_training_time=90.0,
                reason="failed",
                error="RuntimeError: step failed",
            ),
            LineContext(duration=1.0, summary=(("steps", "4"), ("best", "0.5 at step 76"))),
        ),
        (Ended(*at("10:07:01"), success=False, reason="interrupted"), LineContext(duration=3600.0)),
        (Closed(*at("10:08:00")), plain),
        (Closed(*at("10:08:01"), refused=3), plain),
    ]


def test_the_sample_lines_of_the_spec_come_out_to_the_letter() -> None:
    """The golden file holds the samples as the spec prints them, file by file."""
    text = text_of(spec_samples())

    assert text == (GOLDEN / "spec_lines.txt").read_text(encoding="utf-8")


def test_lines_that_the_spec_has_no_sample_of_stay_as_they_are() -> None:
    """Failed and interrupted ends, NaN, messages with line breaks, errors with causes."""
    text = text_of(our_samples())

    assert text == (GOLDEN / "our_lines.txt").read_text(encoding="utf-8")
