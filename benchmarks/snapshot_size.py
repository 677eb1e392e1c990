"""Bytes of the snapshot of a long run. Budgets: 256 KiB with 10 metrics, 1 MiB with 200."""

import random
from collections.abc import Iterator
from pathlib import Path

from benchmarks import recording
from benchmarks.measure import Row, Scale, in_child, judged, scratch

FULL = 120
"""Entries given for each list of the state, which keeps 100."""

STEPS = 16_384
"""A power of two: every bucket of the histories is full just then, and the next step merges them."""


def _noisy(numbers: random.Random, count: int) -> dict[str, float]:
    """Metrics as noisy as real ones: smooth ones would be packed far tighter."""
    return {f"train/metric_{index}": numbers.gauss(1.0, 0.2) for index in range(count)}


def _raise(depth: int) -> None:
    if depth:
        _raise(depth - 1)
    raise RuntimeError(
        "CUDA out of memory. Tried to allocate 2.00 GiB (GPU 0; 79.15 GiB total capacity) " + "x" * 400
    )


def sizes(folder: str, metrics: int, steps: int, validation_metrics: int) -> dict[str, float]:
    """KiB of a snapshot whose every list is full, and of its parts."""
    import msgspec

    from trainmon.calls.logger import TrainLogger

    numbers = random.Random(0)
    logger = TrainLogger(folder)
    logger.log_training_start(
        "m", 10, steps, 32, 1e-3, "AdamW", config={f"setting_{n}": "value " * 5 for n in range(100)}
    )
    for step in range(1, steps + 1):
        logger.log_training_progress(1, step, steps, recording.loss_of(step), 1e-3, _noisy(numbers, metrics))
        if step % 2_000 == 0:
            logger.recorder.drained(60.0)
    for entry in range(1, FULL + 1):
        some = _noisy(numbers, validation_metrics)
        logger.log_validation_results(1, entry * 100, recording.loss_of(entry), some)
        logger.log_model_checkpoint(
            1, entry * 100, 0.5, f"/data/checkpoints/experiment/step-{entry:08}.pt", some
        )
        logger.log_performance_metrics(
            "forward pass", 0.01, {"gpu_0_allocated": 12.5, "ram": 8.0}, 1_000.0, 32
        )
        logger.log_model_operation(
            "load", "bench-model", True, {"path": "/data/model.pt", "parameters": 1_000_000}
        )
        try:
            _raise(entry % 30)
        except RuntimeError as error:
            logger.log_error_with_context(error, f"training step {entry}", {"batch": entry, "lr": 1e-3})
    logger.close()
    data = (Path(folder) / "snapshot.json").read_bytes()
    parts = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    return {"total": len(data) / 1024} | {name: len(raw) / 1024 for name, raw in parts.items()}


def measure(scale: Scale) -> Iterator[Row]:
    """The rows of this subject."""
    for metrics, limit, validation_metrics in ((10, 256.0, 10), (200, 1_024.0, 4), (200, 1_024.0, 200)):
        with scratch() as folder:
            found = in_child(
                sizes,
                folder=str(folder),
                metrics=metrics,
                steps=scale.count(STEPS),
                validation_metrics=validation_metrics,
                pinned=False,
            )
        total = found.pop("total")
        largest = sorted(found.items(), key=lambda part: -part[1])[:4]
        how = "every list full; " + ", ".join(f"{name} {size:.0f}" for name, size in largest)
        what = f"snapshot, {metrics} metrics a step, {validation_metrics} a validation and checkpoint"
        yield judged(what, [total], limit, "KiB", how, digits=0)
