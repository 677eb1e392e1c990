"""The call of every step: what is too long is cut before it is encoded."""

import pytest

from tests.conftest import OpenLogger
from trainmon import codec, progress_call
from trainmon.events import AnyEvent, Progress

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


def test_names_are_remembered_up_to_a_limit(open_logger: OpenLogger, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that makes a new name at every step costs bounded memory, and is recorded all the same."""
    known: set[str] = set()
    monkeypatch.setattr(progress_call, "_short_names", known)
    monkeypatch.setattr(progress_call, "_NAMES_KEPT", 8)
    logger = open_logger()

    for step in range(1, 21):
        logger.log_training_progress(1, step, 20, 0.5, 0.1, {f"name {step}": 0.5})
    assert logger.recorder.drained(30.0)

    state = logger.recorder.state()
    assert len(known) == 8
    assert state is not None
    assert set(state.metrics.names) >= {f"name {step}" for step in range(1, 21)}
