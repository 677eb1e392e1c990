"""Log calls with arguments that there are not: a training that ran for days does not end at its first checkpoint."""

from collections.abc import Callable
from pathlib import Path

import pytest

import trainmon
from tests.conftest import OpenLogger
from trainmon.calls.training_run import TrainingRun
from trainmon.facts.codec import Unread, decode_lines
from trainmon.facts.events import AnyEvent, Checkpoint, Message
from trainmon.words.paths import JOURNAL

FUNCTIONS = [
    trainmon.log_training_start,
    trainmon.log_training_end,
    trainmon.log_model_checkpoint,
    trainmon.log_validation_results,
    trainmon.log_error_with_context,
    trainmon.log_performance_metrics,
    trainmon.log_model_operation,
    trainmon.log_debug_info,
]


def recorded(folder: Path) -> list[AnyEvent]:
    items = decode_lines((folder / JOURNAL).read_bytes().split(b"\n")[:-1])
    return [item for item in items if not isinstance(item, Unread)]


@pytest.mark.parametrize("call", FUNCTIONS, ids=lambda call: str(call.__name__))
@pytest.mark.parametrize("wrong", [{"los": 1}, {}], ids=["unknown", "missing"])
def test_a_wrong_call_is_said_on_standard_error_and_to_whoever_watches(
    call: Callable[..., None],
    wrong: dict[str, object],
    open_logger: OpenLogger,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    logger = open_logger()
    monkeypatch.setattr(trainmon, "_logger", logger)

    for _ in range(2):
        call(**wrong)
    logger.close()

    texts = [event.text for event in recorded(logger.folder) if isinstance(event, Message)]
    said = [text for text in texts if "failed" in text]
    assert len(said) == 1
    assert said[0].startswith(f"{call.__name__} failed and goes on: TypeError(")
    assert capfd.readouterr().err.count("failed and goes on") == 1


def test_in_a_block_the_training_goes_on_after_a_wrong_call(open_logger: OpenLogger) -> None:
    logger = open_logger()

    with TrainingRun(logger, "m", total_steps=2) as run:
        run.progress(loss=1.0)
        better = run.validation(los=0.5)  # type: ignore[call-arg]  # wrong on purpose
        run.checkpoint()  # type: ignore[call-arg]  # wrong on purpose
        run.checkpoint("store://a/b.pt")
        run.progress(loss=1.0)
    logger.close()

    assert better is False
    assert run.step == 2
    assert [event.checkpoint_path for event in recorded(logger.folder) if isinstance(event, Checkpoint)] == [
        "store://a/b.pt"
    ]


def test_a_function_still_tells_its_arguments() -> None:
    """For help(), editors and type checkers."""
    assert "checkpoint_path" in trainmon.log_model_checkpoint.__annotations__
    assert trainmon.log_model_checkpoint.__doc__ is not None
