"""Which validation is the best: by metric and direction, or as the caller says."""

import pytest

from tests.builders import Journal
from trainmon.facts.events import Direction, Number
from trainmon.fold.best import better


@pytest.mark.parametrize(
    ("value", "than", "direction", "expected"),
    [
        (1.0, 2.0, "min", True),
        (1.0, 2.0, "max", False),
        (2.0, 2.0, "min", False),
        (2.0, 2.0, "max", False),
        (2.0, None, "min", True),
        (2.0, "NaN", "max", True),
        (None, 2.0, "min", False),
        (None, None, "min", False),
        ("NaN", 2.0, "min", False),
        ("-Infinity", 2.0, "min", False),
        ("Infinity", None, "max", False),
    ],
)
def test_a_number_beats_none_and_what_is_not_finite_beats_nothing(
    value: Number | None, than: Number | None, direction: Direction, expected: bool
) -> None:
    assert better(value, than, direction) is expected


def test_the_lowest_validation_loss_is_best_unless_told_otherwise() -> None:
    journal = Journal().opened().started()
    for step, loss in enumerate((2.0, "NaN", 1.0, 1.5), 1):
        journal.validation(step, loss)  # type: ignore[arg-type]  # a text among floats

    state = journal.state()

    assert [entry.is_best for entry in state.validations] == [True, False, True, False]
    assert state.best is not None
    assert state.best.step == 3


def test_a_configured_metric_decides_by_its_direction() -> None:
    journal = Journal().opened().started(best_metric="accuracy", best_direction="max")
    for step, accuracy in enumerate((0.5, 0.7, 0.6), 1):
        journal.validation(step, 1.0, val_metrics={"accuracy": accuracy})

    state = journal.state()

    assert [entry.is_best for entry in state.validations] == [True, True, False]


def test_true_and_false_of_the_caller_stand_as_given() -> None:
    state = (
        Journal()
        .opened()
        .started()
        .validation(1, 1.0, is_best=False)
        .validation(2, 9.0, is_best=True)
        .state()
    )

    assert state.best is not None
    assert state.best.val_loss == 9.0


def test_the_best_validation_and_its_checkpoint_outlive_the_lists() -> None:
    journal = Journal().opened().started().validation(1, 0.1).checkpoint(1, "/best.pt")
    for step in range(2, 150):
        journal.validation(step, 1.0).checkpoint(step, f"/{step}.pt")

    state = journal.state()

    assert state.best is not None
    assert state.best.step == 1
    assert state.best_checkpoint is not None
    assert state.best_checkpoint.checkpoint_path == "/best.pt"
    assert len(state.validations) == len(state.checkpoints) == 100
