"""The call of every step: what is too long is cut before it is encoded."""

import tracemalloc

import pytest

from tests.conftest import OpenLogger
from trainmon.calls import progress_call
from trainmon.facts import codec
from trainmon.facts.events import AnyEvent, Progress

LONG = 5_000_000


@pytest.mark.parametrize("what", ["name", "second name", "phase"])
def test_w22_a_name_of_any_length_is_cut_before_it_costs_anything(
    open_logger: OpenLogger, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Encoding a hundred megabytes takes a quarter of a second of the training."""
    encoded: list[Progress] = []

    def noted(event: AnyEvent) -> bytes:
        assert isinstance(event, Progress)
        encoded.append(event)
        return codec.encode_line(event)

    logger = open_logger()
    monkeypatch.setattr(progress_call, "encode_line", noted)
    metrics = {"name": {"n" * LONG: 0.5}, "second name": {"short": 0.5, "m" * LONG: 0.5}}.get(what)
    phase = "p" * LONG if what == "phase" else "training"

    logger.log_training_progress(1, 1, 10, 0.5, 0.1, metrics, phase)

    (event,) = encoded
    assert len(event.phase) < 200
    assert all(len(name) < 2_000 for name in event.metrics or {})
    assert "truncated" in str(event)


def test_a_call_leaves_no_memory_behind(open_logger: OpenLogger) -> None:
    """A day has 864,000 of them."""
    logger = open_logger()
    calls = 3_000
    ours = tracemalloc.Filter(True, progress_call.__file__)
    logger.log_training_progress(1, 1, calls, 0.5, 0.1, {"accuracy": 0.5})
    assert logger.recorder.drained(30.0)
    tracemalloc.start()
    try:
        for step in range(2, calls):
            logger.log_training_progress(1, step, calls, 0.5, 0.1, {"accuracy": 0.5})
        assert logger.recorder.drained(30.0)
        left = sum(
            trace.size for trace in tracemalloc.take_snapshot().filter_traces([ours]).statistics("filename")
        )
    finally:
        tracemalloc.stop()

    assert left < 8 * calls
