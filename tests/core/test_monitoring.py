"""`get_monitoring_data()`: the keys, the order and the types of the spec."""

import math

import pytest

from tests.builders import START, Journal
from tests.conftest import OpenLogger
from trainmon.meaning.monitoring import SPEC, empty_monitoring_data, monitoring_data, with_floats

SAMPLE = {
    "training_progress": {
        "epoch": 1, "step": 10, "total_steps": 150, "progress_percentage": 6.7, "loss": 2.345678,
        "learning_rate": 0.001, "eta": "0.2h 15m", "phase": "training",
        "metrics": {"batch_loss": 2.345678, "epoch_loss": 2.456789}, "timestamp": "2024-01-15T10:30:15",
    },
    "training_config": {
        "model_name": "DemoModel", "total_epochs": 5, "total_steps": 150, "batch_size": 32, "learning_rate": 0.001,
        "optimizer": "Adam", "start_time": "2024-01-15T10:30:00",
    },
    "checkpoints": [
        {"epoch": 2, "step": 50, "loss": 1.234567, "checkpoint_path": "checkpoints/DemoModel_epoch_2.pth",
         "metrics": {"accuracy": 94.32}, "timestamp": "2024-01-15T10:35:00"}
    ],
    "validation_results": [
        {"epoch": 2, "step": 75, "val_loss": 0.987654,
         "val_metrics": {"accuracy": 94.32, "correct": 943, "total": 1000},
         "is_best": True, "timestamp": "2024-01-15T10:40:00"}
    ],
    "errors": [
        {"error_type": "RuntimeError", "error_message": "GPU out of memory", "context": "inference_out_of_memory",
         "timestamp": "2024-01-15T10:32:15", "traceback": "...", "additional_data": {}}
    ],
    "performance_metrics": [
        {"operation": "inference", "duration": 2.345, "memory_usage": {"cpu_percent": 75.0, "gpu_memory": 2.5},
         "throughput": 13.62, "batch_size": 4, "timestamp": "2024-01-15T10:30:20"}
    ],
    "model_operations": [
        {"operation": "model_loading_success", "model_name": "Stable Diffusion v1.5", "success": True, "details": {},
         "timestamp": "2024-01-15T10:30:00"}
    ],
}  # fmt: skip
"""The sample of the spec; what it elides is empty here."""


def a_journal() -> Journal:
    """A run in which everything of the spec happened."""
    journal = Journal().opened().started(total_epochs=5, total_steps=150)
    journal.steps(10, metrics={"batch_loss": 2.345678, "epoch_loss": 2.456789}, total_steps=150)
    journal.validation(10, 0.9, val_metrics={"accuracy": 94.32, "correct": 943, "total": 1000})
    return journal.checkpoint(10).error().performance().operation()


def differences(ours: object, spec: object, path: str = "") -> list[str]:
    """Where ours lacks a key of the spec, has it elsewhere, or has another type."""
    if type(ours) is not type(spec):
        return [f"{path}: {type(ours).__name__} for {type(spec).__name__}"]
    if isinstance(spec, list) and isinstance(ours, list):
        return differences(ours[0], spec[0], f"{path}[0]") if ours else [f"{path} is empty"]
    if not isinstance(spec, dict) or not isinstance(ours, dict):
        return []
    found = [f"{path}/{key} is missing" for key in spec if key not in ours]
    return found + [
        line for key in spec if key in ours for line in differences(ours[key], spec[key], f"{path}/{key}")
    ]


def test_every_key_path_of_the_spec_is_there_with_its_type() -> None:
    journal = a_journal()
    data = monitoring_data(journal.state(), journal.now)
    # The builder's metrics have other names than the sample's.
    data["checkpoints"][0]["metrics"] = {"accuracy": 94.32}

    assert differences(data, SAMPLE) == []
    assert list(data) == list(SAMPLE) == list(SPEC)


def test_of_an_entry_the_keys_of_the_spec_come_first() -> None:
    data = monitoring_data(a_journal().state(), START)

    for key in ("checkpoints", "validation_results", "errors", "performance_metrics", "model_operations"):
        spec = list(SAMPLE[key][0])  # type: ignore[index]  # a list of entries
        assert list(data[key][0])[: len(spec)] == spec
    config = list(SAMPLE["training_config"])
    assert list(data["training_config"])[: len(config)] == config


def test_before_a_run_every_key_is_there_and_empty() -> None:
    assert empty_monitoring_data() == {key: {} if key.startswith("training") else [] for key in SPEC}


def test_percentage_and_eta_are_as_the_spec_writes_them() -> None:
    journal = Journal().opened().started(total_steps=105).steps(15, every=10.0, total_steps=105)

    progress = monitoring_data(journal.state(), journal.now)["training_progress"]

    assert progress["progress_percentage"] == 14.3
    assert progress["eta"] == "0.2h 15m"


@pytest.mark.parametrize("total", [None, 0])
def test_without_a_total_there_is_no_percentage(total: int | None) -> None:
    state = Journal().opened().started(total_steps=total).progress(5, total_steps=total).state()

    assert monitoring_data(state, START)["training_progress"]["progress_percentage"] is None


def test_w19_in_the_same_process_numbers_that_are_not_finite_are_floats() -> None:
    journal = Journal().opened().started(learning_rate="NaN").progress(1, "NaN", metrics={"a": "-Infinity"})
    state = journal.validation(1, "Infinity").state()

    data = with_floats(monitoring_data(state, START))

    assert math.isnan(data["training_progress"]["loss"])
    assert data["training_progress"]["metrics"] == {"a": -math.inf}
    assert data["validation_results"][0]["val_loss"] == math.inf
    assert math.isnan(data["training_config"]["learning_rate"])


def test_a_text_that_reads_like_a_number_stays_a_text() -> None:
    state = (
        Journal().opened().started(model_name="NaN").progress(1, phase="Infinity").operation("NaN").state()
    )

    data = with_floats(monitoring_data(state, START))

    assert data["training_config"]["model_name"] == "NaN"
    assert data["training_progress"]["phase"] == "Infinity"
    assert data["model_operations"][0]["operation"] == "NaN"


@pytest.mark.parametrize("limit", ["many", math.nan, [3]], ids=repr)
def test_w19_a_limit_that_is_no_number_counts_as_the_usual_one(
    open_logger: OpenLogger, limit: object
) -> None:
    """A dashboard's mistake must not stop the training in the same process."""
    logger = open_logger()
    logger.log_model_operation("load", "m", True)
    assert logger.recorder.drained()

    data = logger.get_monitoring_data(limit)  # type: ignore[arg-type]  # wrong on purpose

    assert len(data["model_operations"]) == 1


def test_all_entries_of_the_run_are_given_where_somebody_asks_for_them(open_logger: OpenLogger) -> None:
    """The state keeps a hundred; the journal has all, and those of the run before are none of its business."""
    logger = open_logger()
    logger.log_training_start("first", 1, 10, 32, 1e-3, "Adam")
    logger.log_validation_results(1, 1, 9.0, {})
    logger.log_training_end(True)
    logger.log_model_operation("model_loading", "m", True)
    logger.log_training_start("second", 1, 1_000, 32, 1e-3, "Adam")
    for step in range(1, 251):
        logger.log_training_progress(1, step, 1_000, 1.0 / step, 1e-3)
        logger.log_validation_results(1, step, math.nan if step == 7 else 1.0 / step, {"a": step})
        logger.log_model_checkpoint(1, step, 1.0, f"{step}.pt")
        logger.log_performance_metrics("step", 0.1)
    assert logger.recorder.drained()

    usual, all_of_it, few = (logger.get_monitoring_data(limit) for limit in (100, None, 3))

    assert [len(usual[key]) for key in ("checkpoints", "validation_results", "performance_metrics")] == [
        100
    ] * 3
    assert [entry["checkpoint_path"] for entry in all_of_it["checkpoints"]] == [
        f"{n}.pt" for n in range(1, 251)
    ]
    assert math.isnan(all_of_it["validation_results"][6]["val_loss"])
    assert len(all_of_it["performance_metrics"]) == 250
    assert [entry["operation"] for entry in all_of_it["model_operations"]] == ["model_loading"]
    assert [entry["step"] for entry in few["validation_results"]] == [248, 249, 250]
    assert list(all_of_it) == list(usual)
    assert all_of_it["checkpoints"][-100:] == usual["checkpoints"]
    assert len(logger.get_monitoring_data(150)["checkpoints"]) == 150


def test_without_a_journal_the_newest_entries_are_given_all_the_same(open_logger: OpenLogger) -> None:
    """Somebody deleted the folder under a training."""
    logger = open_logger()
    logger.log_training_start("m", 1, 10, 32, 1e-3, "Adam")
    logger.log_validation_results(1, 1, 9.0, {})
    assert logger.recorder.drained()
    logger.recorder.folder = logger.folder / "gone"

    assert len(logger.get_monitoring_data(None)["validation_results"]) == 1
