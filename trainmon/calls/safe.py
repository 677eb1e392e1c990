"""Loading a model and running it, so that a failure becomes a record and a sentence instead of an exception.

`safe_model_loading` and `safe_inference` return `(result, "")` or `(None, message)` and leave the records that the spec
shows. The GPU's cache is freed after the `except` clause has ended: within it the exception holds the frames, and they
hold the tensors (https://docs.pytorch.org/docs/stable/notes/faq.html, "My out of memory exception handler can't
allocate memory").
"""

import gc
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any, ParamSpec, TypeVar, overload

import msgspec

from trainmon.calls.log_calls import LogCalls
from trainmon.calls.operations import TimedOperation, memory_change, memory_use, throughput, timed_function
from trainmon.errors import ArgumentError
from trainmon.facts.tracebacks import describe
from trainmon.facts.values import as_text
from trainmon.meaning.diagnosis import Category, diagnose
from trainmon.system.stats import Stats, system_stats

P = ParamSpec("P")
R = TypeVar("R")
Model = TypeVar("Model")
Output = TypeVar("Output")

ModelLoader = Callable[[str], object]
"""Makes a model from its name."""

_MESSAGE = 2_000
"""Characters of an exception's message that a returned message has; the journal has all."""

_ERROR = 500
"""Characters of an exception in the record of a failed operation; the error's own record has all."""

_CAUSES = 5
"""Exceptions behind an exception that are asked whether memory was missing."""


class _Failure(msgspec.Struct, frozen=True):
    """What is kept of an exception: text only, so that no frame stays alive."""

    message: str
    """For whoever called: category, message and advice."""
    error: str
    """For the record: type and message."""
    missing: Category | None
    """Which memory was missing; None where none was."""


class SafeCalls(LogCalls):
    """What `TrainLogger` does for inference programs, and the operations behind it."""

    model_loader: ModelLoader | None = None
    """Loads models where `safe_model_loading` is given no loader; None: there is none."""

    @overload
    def safe_model_loading(
        self, model_name: str, debug_mode: bool = False, *, loader: Callable[[str], Model]
    ) -> tuple[Model | None, str]: ...
    @overload
    def safe_model_loading(
        self, model_name: str, debug_mode: bool = False, *, loader: None = None
    ) -> tuple[Any, str]: ...
    def safe_model_loading(
        self, model_name: str, debug_mode: bool = False, *, loader: ModelLoader | None = None
    ) -> tuple[Any, str]:
        """Loads a model, records how that went, and raises nothing but interrupts.

        Args:
            model_name: What the loader is called with.
            debug_mode: Is recorded; True puts the traceback into the message.
            loader: Makes the model from its name; None: the one given to `setup_logging(model_loader=…)`.

        Returns:
            The model and an empty text, or None and what went wrong with advice.
        """
        self.log_model_operation("model_loading_start", model_name, True, {"debug_mode": debug_mode})
        stats = system_stats()
        self.log_debug_info("System stats before model loading", stats)
        # From here on, because the first statistics of a process take a tenth of a second.
        begin, before = time.monotonic(), memory_use()
        try:
            model = self._load(model_name, loader)
        except Exception as error:  # noqa: BLE001 - a foreign loader; what it raises is recorded and said
            seconds = time.monotonic() - begin
            data = {"model_name": model_name, "loading_time": seconds, "debug_mode": debug_mode}
            self.log_error_with_context(error, f"model_loading_{as_text(model_name, 200)}", data)
            failure = _failure(error, debug_mode)
        else:
            seconds = time.monotonic() - begin
            memory = _cpu_memory(stats) | memory_change(before, memory_use())
            self.log_performance_metrics("model_loading", seconds, memory)
            details = {"loading_time": round(seconds, 3), "system_stats": stats}
            self.log_model_operation("model_loading_success", model_name, True, details)
            return model, ""
        self._after(failure)
        details = {"loading_time": round(seconds, 3), "error": failure.error}
        self.log_model_operation("model_loading_failure", model_name, False, details)
        return None, failure.message

    def _load(self, model_name: str, loader: ModelLoader | None) -> object:
        chosen = loader if loader is not None else self.model_loader
        if chosen is None:
            raise ArgumentError(
                f"model {model_name!r}: there is no loader: expected loader=… here or model_loader=… in setup_logging"
            )
        return chosen(model_name)

    def safe_inference(
        self,
        pipeline: Callable[..., Output],
        prompt: str,
        num_images: int,
        generator: object,
        use_mixed_precision: bool,
        debug_mode: bool = False,
    ) -> tuple[Output | None, str]:
        """Runs a pipeline, records how that went, and raises nothing but interrupts.

        Args:
            pipeline: Called as those of diffusers: `pipeline(prompt, num_images_per_prompt=…, generator=…)`.
            prompt: Its length is recorded, its text is not.
            num_images: Samples to make; the throughput counts them.
            generator: Random numbers for the pipeline, or None.
            use_mixed_precision: Run under `torch.autocast` of the pipeline's device, where torch is loaded.
            debug_mode: True puts the traceback into the message.

        Returns:
            What the pipeline returned and an empty text, or None and what went wrong with advice.
        """
        begin, before = time.monotonic(), memory_use()
        request = {"num_images": num_images, "use_mixed_precision": use_mixed_precision}
        self.log_model_operation(
            "inference_start", "pipeline", True, request | {"prompt_length": _length(prompt)}
        )
        memory_before = _spec_gpu_memory(before)
        try:
            with _precision(pipeline, use_mixed_precision):
                output = pipeline(prompt, num_images_per_prompt=num_images, generator=generator)
        except Exception as error:  # noqa: BLE001 - a foreign pipeline; what it raises is recorded and said
            seconds = time.monotonic() - begin
            failure = _failure(error, debug_mode)
            context = "inference_out_of_memory" if failure.missing else "inference_general_error"
            data = request | {"memory_before": memory_before, "inference_time": seconds}
            self.log_error_with_context(error, context, data)
        else:
            seconds = time.monotonic() - begin
            memory = memory_before | memory_change(before, memory_use())
            rate = throughput(num_images, seconds)
            self.log_performance_metrics("inference", seconds, memory, rate, num_images)
            self.log_model_operation(
                "inference_success", "pipeline", True, {"inference_time": round(seconds, 3)}
            )
            return output, ""
        self._after(failure)
        details = {"inference_time": round(seconds, 3), "error": failure.error}
        self.log_model_operation("inference_failure", "pipeline", False, details)
        return None, failure.message

    def _after(self, failure: _Failure) -> None:
        """Frees what the failed call left in the GPU's cache; the exception must be gone by now."""
        if failure.missing is not Category.CUDA_MEMORY:
            return
        try:
            free_gpu_cache()
        except Exception as error:  # noqa: BLE001 - a driver that is out of memory may refuse even this
            self.complain("freeing the GPU's cache", error)

    @overload
    def operation(self, name: Callable[P, R], /) -> Callable[P, R]: ...
    @overload
    def operation(self, name: str, /, *, batch_size: int | None = None) -> TimedOperation: ...
    def operation(
        self, name: str | Callable[P, R], /, *, batch_size: int | None = None
    ) -> TimedOperation | Callable[P, R]:
        """Times a block (`with logger.operation("tokenize", batch_size=32):`) or a function (`@logger.operation`).

        Args:
            name: Of the operation; or the function, which is timed under its own name.
            batch_size: Samples in a block, for the throughput.

        Raises:
            ArgumentError: The name is no text, or what is decorated is no function.
        """
        if isinstance(name, str):
            return TimedOperation(lambda: self, name, batch_size)
        return timed_function(lambda: self, name)


def free_gpu_cache() -> bool:
    """Gives what PyTorch keeps but does not use back to the GPU; False where PyTorch does not use one."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return False
    gc.collect()  # Frames of the failed call may be in cycles, and hold tensors.
    torch.cuda.empty_cache()
    return True


def _failure(error: Exception, with_traceback: bool) -> _Failure:
    described = describe(error)
    diagnosis = diagnose(described.error_type, described.message)
    said = described.message[:_MESSAGE] or described.error_type
    message = f"{diagnosis.headline}: {said}" if diagnosis.headline else f"{described.error_type}: {said}"
    if diagnosis.advice:
        message += f"\nAdvice: {diagnosis.advice}"
    if with_traceback:
        message += f"\n{described.traceback}"
    return _Failure(message, f"{described.error_type}: {said}"[:_ERROR], _missing_memory(error))


def _missing_memory(error: BaseException) -> Category | None:
    """Which memory was missing, also where the pipeline raised an error of its own from that."""
    for link in _chain(error):
        category = diagnose(type(link).__name__, as_text(link, 8_192)).category
        if category in (Category.CUDA_MEMORY, Category.HOST_MEMORY):
            return category
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    for _ in range(_CAUSES):
        if link is None:
            return
        yield link
        link = link.__cause__


def _cpu_memory(stats: Stats) -> dict[str, float]:
    """The spec's `cpu_memory`: percent of the memory in use; empty where it cannot be read."""
    percent = stats.get("memory_percent")
    return {"cpu_memory": percent} if isinstance(percent, float) else {}


def _spec_gpu_memory(used: dict[str, float]) -> dict[str, float]:
    """The spec's `memory_before`: GiB on the GPUs; empty where CUDA is not in use."""
    if "gpu_memory" not in used:
        return {}
    return {"gpu_allocated": used["gpu_memory"], "gpu_reserved": used["gpu_reserved"]}


def _length(prompt: object) -> int | None:
    """Characters of a prompt, or prompts of a list; None where it is neither."""
    return len(prompt) if isinstance(prompt, str | list | tuple) else None


def _precision(pipeline: object, mixed: bool) -> AbstractContextManager[object]:
    """`torch.autocast` for the device of the pipeline where it is asked for and torch is loaded."""
    torch = sys.modules.get("torch")
    if not mixed or torch is None:
        return nullcontext()
    context: AbstractContextManager[object] = torch.autocast(_device_type(pipeline))
    return context


def _device_type(pipeline: object) -> str:
    """`cuda`, `cpu` and the like: of the pipeline, else of its first parameter, else the GPU where there is one."""
    device = getattr(pipeline, "device", None)
    if device is None and callable(parameters := getattr(pipeline, "parameters", None)):
        device = getattr(next(iter(parameters()), None), "device", None)
    if device is None:
        return "cuda" if sys.modules["torch"].cuda.is_available() else "cpu"
    return str(getattr(device, "type", device)).partition(":")[0]
