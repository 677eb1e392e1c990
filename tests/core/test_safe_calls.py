"""Loading and inference never raise: they return the result or a sentence, and leave the records of the spec."""

import json
import weakref
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import trainmon
from tests.conftest import OpenLogger
from trainmon.calls.logger import TrainLogger
from trainmon.errors import ArgumentError

OUT_OF_MEMORY = (
    "CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total capacity of 14.00 GiB "
    "of which 4.00 MiB is free."
)


class Pipeline(nn.Module):  # type: ignore[misc]  # mypy does not follow torch
    """A small diffusion pipeline's shape: a prompt goes in, images come out."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 4)

    def forward(
        self, prompt: str, *, num_images_per_prompt: int, generator: torch.Generator | None
    ) -> torch.Tensor:
        noise = torch.randn(num_images_per_prompt, len(prompt), 3, generator=generator)
        images: torch.Tensor = self.layer(noise)
        return images


def a_model(name: str) -> nn.Module:
    """Loads a model as programs do, by its name."""
    if name != "tiny":
        raise FileNotFoundError(2, "No such file or directory", f"{name}.safetensors")
    return nn.Linear(3, 2)


def events(logger: TrainLogger) -> list[dict[str, Any]]:
    """The lines of the journal, without those about the logger itself."""
    logger.recorder.drained()
    lines = (Path(logger.folder) / "journal.jsonl").read_text().splitlines()
    return [line for line in map(json.loads, lines) if line["kind"] not in ("opened", "message")]


def seed(number: int = 7) -> torch.Generator:
    return torch.Generator().manual_seed(number)


def test_a_model_that_loads_is_returned_with_an_empty_message(open_logger: OpenLogger) -> None:
    """By the loader that is given."""
    model, message = open_logger().safe_model_loading("tiny", loader=a_model)

    assert isinstance(model, nn.Linear)
    assert message == ""


def test_loading_leaves_the_records_of_the_spec_in_their_order(open_logger: OpenLogger) -> None:
    """Start, system statistics for whoever debugs, performance, success."""
    logger = open_logger()

    logger.safe_model_loading("tiny", True, loader=a_model)
    start, stats, performance, success = events(logger)

    assert (start["operation"], start["success"]) == ("model_loading_start", True)
    assert start["details"] == {"debug_mode": True}
    assert stats["message"] == "System stats before model loading"
    assert stats["data"]["memory_percent"] > 0
    assert performance["operation"] == "model_loading"
    assert performance["memory_usage"]["cpu_memory"] > 0
    assert (success["operation"], success["model_name"]) == ("model_loading_success", "tiny")
    assert set(success["details"]) == {"loading_time", "system_stats"}


def test_a_model_that_does_not_load_is_none_with_an_explanation(open_logger: OpenLogger) -> None:
    """And an error record with the spec's context and data."""
    logger = open_logger()

    model, message = logger.safe_model_loading("large", loader=a_model)
    error, failure = events(logger)[2:]

    assert model is None
    assert message.startswith("File not found: [Errno 2]")
    assert "\nAdvice: check the path" in message
    assert (error["context"], error["error_type"]) == ("model_loading_large", "FileNotFoundError")
    assert set(error["additional_data"]) == {"model_name", "loading_time", "debug_mode"}
    assert (failure["operation"], failure["success"]) == ("model_loading_failure", False)


def test_the_registered_loader_is_used_where_none_is_given(open_logger: OpenLogger) -> None:
    """`setup_logging(model_loader=…)`; also one that Python takes for false, as an empty container of modules."""

    class Empty(nn.Sequential):  # type: ignore[misc]  # mypy does not follow torch
        def forward(self, name: str) -> str:
            return name * 2

    assert open_logger(model_loader=Empty()).safe_model_loading("ab") == ("abab", "")


def test_without_any_loader_the_message_says_what_to_give(open_logger: OpenLogger) -> None:
    """It is recorded as any other failure."""
    logger = open_logger()

    model, message = logger.safe_model_loading("tiny")

    assert model is None
    assert "loader=…" in message
    assert events(logger)[-1]["operation"] == "model_loading_failure"


def test_a_loader_that_cannot_be_called_is_refused_at_setup(open_logger: OpenLogger) -> None:
    """A wrong argument raises at setup, and nowhere else."""
    with pytest.raises(ArgumentError, match="model_loader"):
        open_logger(model_loader="tiny")


def test_debug_mode_puts_the_traceback_into_the_message(open_logger: OpenLogger) -> None:
    """For the text box of a demo."""
    logger = open_logger()

    _, short = logger.safe_model_loading("large", loader=a_model)
    _, long = logger.safe_model_loading("large", True, loader=a_model)

    assert "Traceback" not in short
    assert "Traceback (most recent call last)" in long
    assert "in a_model" in long


def test_inference_returns_what_the_pipeline_makes(open_logger: OpenLogger) -> None:
    """Of the prompt, the number of images and the generator that it is given."""
    pipeline = Pipeline()

    output, message = open_logger().safe_inference(pipeline, "a cat", 4, seed(), False)

    assert message == ""
    assert output is not None
    assert torch.equal(output, pipeline("a cat", num_images_per_prompt=4, generator=seed()))


def test_inference_leaves_the_records_of_the_spec_in_their_order(open_logger: OpenLogger) -> None:
    """Start with the prompt's length and never its text, performance with throughput and memory, success."""
    logger = open_logger()

    logger.safe_inference(Pipeline(), "a secret cat", 4, None, False)
    start, performance, success = events(logger)

    assert (start["operation"], start["model_name"]) == ("inference_start", "pipeline")
    assert start["details"] == {"num_images": 4, "use_mixed_precision": False, "prompt_length": 12}
    assert (performance["operation"], performance["batch_size"]) == ("inference", 4)
    assert performance["throughput"] == pytest.approx(4 / performance["duration"])
    assert performance["memory_usage"]["rss_gb"] > 0
    assert success["operation"] == "inference_success"
    assert "secret" not in json.dumps(events(logger))


@pytest.mark.parametrize(("mixed", "dtype"), [(True, torch.bfloat16), (False, torch.float32)])
def test_mixed_precision_runs_under_autocast_of_the_pipelines_device(
    open_logger: OpenLogger, mixed: bool, dtype: torch.dtype
) -> None:
    """A module says by its parameters where it is."""
    output, _ = open_logger().safe_inference(Pipeline(), "a cat", 1, None, mixed)

    assert output is not None
    assert output.dtype is dtype


def test_a_failed_inference_is_none_with_the_spec_s_general_context(open_logger: OpenLogger) -> None:
    """The shapes do not fit: torch's own error."""
    logger = open_logger()

    def broken(prompt: str, **_: object) -> torch.Tensor:
        return torch.zeros(2, 3) @ torch.zeros(4, 5)

    output, message = logger.safe_inference(broken, "a cat", 2, None, True)
    error, failure = events(logger)[1:]

    assert output is None
    assert message.startswith(
        "Shape mismatch: mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5)\nAdvice: "
    )
    assert error["context"] == "inference_general_error"
    assert set(error["additional_data"]) == {
        "num_images", "use_mixed_precision", "memory_before", "inference_time",
    }  # fmt: skip
    assert (failure["operation"], failure["success"]) == ("inference_failure", False)


def test_a_gpu_out_of_memory_has_a_context_of_its_own(open_logger: OpenLogger) -> None:
    """Also where the pipeline raises an error of its own from it; the log line is headed as in the spec's sample."""
    logger = open_logger(app_name="gradio_app")

    def full(prompt: str, **_: object) -> None:
        try:
            raise torch.OutOfMemoryError(OUT_OF_MEMORY)
        except RuntimeError as error:
            raise ValueError("the unet failed") from error

    def empty(prompt: str, **_: object) -> None:
        raise torch.OutOfMemoryError(OUT_OF_MEMORY)

    logger.safe_inference(full, "a cat", 2, None, False)
    _, message = logger.safe_inference(empty, "a cat", 2, None, False)
    logger.close()

    contexts = [event["context"] for event in events(logger) if event["kind"] == "error"]
    assert contexts == ["inference_out_of_memory"] * 2
    assert message.startswith("GPU out of memory: CUDA out of memory.")
    assert (
        "inference_out_of_memory - GPU out of memory: CUDA out of memory"
        in (Path(logger.folder) / "errors.log").read_text()
    )


def test_the_gpu_s_cache_is_freed_once_nothing_holds_the_tensors_any_more(
    open_logger: OpenLogger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exception holds the frames and they the tensors: freeing within the except clause would free nothing.

    Other failures leave the cache alone: emptying it costs time in the next call.
    """
    tensors: list[weakref.ref[torch.Tensor]] = []
    alive: list[int] = []
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(
        torch.cuda, "empty_cache", lambda: alive.append(sum(tensor() is not None for tensor in tensors))
    )

    def full(prompt: str, **_: object) -> None:
        activations = torch.zeros(9)
        tensors.append(weakref.ref(activations))
        raise torch.OutOfMemoryError(OUT_OF_MEMORY)

    logger = open_logger()
    logger.safe_inference(full, "a cat", 1, None, False)
    logger.safe_model_loading("large", loader=a_model)

    assert (len(tensors), alive) == (1, [0])


def test_host_memory_is_memory_too(open_logger: OpenLogger) -> None:
    """A real one: torch's own allocator says how much it was asked for."""
    logger = open_logger()

    _, message = logger.safe_inference(lambda prompt, **_: torch.empty(2**45), "a cat", 1, None, False)

    assert message.startswith("Out of memory: ")
    assert events(logger)[1]["context"] == "inference_out_of_memory"


def test_odd_arguments_become_records_and_not_exceptions(open_logger: OpenLogger) -> None:
    """Nothing that a caller passes makes it raise."""
    logger = open_logger()

    output, message = logger.safe_inference(None, None, "many", None, True)  # type: ignore[arg-type]  # the point
    named, _ = logger.safe_inference(lambda *_, **__: 7, ["a", "b"], float("nan"), None, False)

    assert output is None
    assert "NoneType" in message
    assert named == 7


def test_an_interrupt_goes_through(open_logger: OpenLogger) -> None:
    """Ctrl-C stops a program, also one that is safe."""

    def stopped(name: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        open_logger().safe_model_loading("tiny", loader=stopped)


def test_the_module_s_functions_use_the_process_wide_logger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a program written against the spec calls them."""
    monkeypatch.setattr(trainmon, "_logger", None)
    logger = trainmon.setup_logging(
        tmp_path / "logs", model_loader=lambda name: Pipeline(), machine_every=None
    )

    pipeline, loading = trainmon.safe_model_loading("tiny")
    images, inference = trainmon.safe_inference(pipeline, "a cat", 2, None, False)
    nothing, failure = trainmon.safe_model_loading("large", loader=a_model)
    logger.close()

    assert images is not None
    assert (loading, inference, len(images), nothing) == ("", "", 2, None)
    assert failure.startswith("File not found")
