"""How much longer a training takes because it is recorded: 5 ms steps of array work, caches cold at each call.

Budget: 1 %, counted as (time in the calls + CPU of all other threads) / wall time.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import recording
from benchmarks.measure import Row, Scale, in_child, judged, left_out, noted, scratch
from benchmarks.progress_call import encode_and_write

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

STEP = 0.005
"""Seconds of work a step."""

LEAST = {"nothing": "an empty function", "least": "encode + one os.write"}
"""Names and words of what is called in the same loop, to compare with."""


def _least(name: str) -> recording.Recording:
    if name == "nothing":
        return recording.Recording(lambda step, loss, rate, metrics: None, lambda: None)
    path = Path("/dev/shm") / f"trainmon-bench-{os.getpid()}"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
    path.unlink()
    return recording.Recording(encode_and_write(descriptor), lambda: os.close(descriptor))


def training_loop(recorder: str, folder: str, steps: int) -> dict[str, float]:
    """Percent of the wall time, mean call and background CPU of the first `steps` steps, and of as many after them."""
    import numpy as np

    weights = np.random.default_rng(0).standard_normal((192, 192), dtype=np.float32)
    batch = np.random.default_rng(1).standard_normal((2_000_000,), dtype=np.float32)
    them = _least(recorder) if recorder in LEAST else recording.RECORDERS[recorder](Path(folder))
    recording.settle()
    found: dict[str, float] = {}
    for part, first in (("first", 1), ("later", steps + 1)):
        measured = _part(them.record, batch, weights, range(first, first + steps))
        found |= {f"{part} {name}": value for name, value in measured.items()}
    them.close()
    return found


def _part(record: recording.Record, batch: "Floats", weights: "Floats", steps: range) -> dict[str, float]:
    clock = time.perf_counter
    inside = 0.0
    cpu, own, start = time.process_time(), time.thread_time(), clock()
    for step in steps:
        _work(batch, weights, clock() + STEP)
        loss, metrics = recording.loss_of(step), recording.metrics_of(step)
        begin = clock()
        record(step, loss, 1e-3, metrics)
        inside += clock() - begin
    wall = clock() - start
    background = (time.process_time() - cpu) - (time.thread_time() - own)
    return {
        "percent": 100 * (inside + background) / wall,
        "call": 1e6 * inside / len(steps),
        "background": 1e6 * background / len(steps),
    }


def _work(batch: "Floats", weights: "Floats", until: float) -> None:
    """Products and a sweep over 8 MB until it is `until` on the performance clock."""
    import numpy as np

    while time.perf_counter() < until:
        place = int(time.perf_counter() * 1e6) % 1_750_000
        np.tanh(batch[place : place + 30_000], out=batch[place : place + 30_000])
        batch[place : place + 250_000] *= 0.999
        product = weights @ weights
        np.divide(product, np.abs(product).max() + 1e-6, out=weights)


def measure(scale: Scale) -> Iterator[Row]:
    """The rows of this subject."""
    try:
        import numpy  # noqa: F401 - only whether it is there
    except ImportError:
        yield left_out("slow-down of a loop of 5 ms steps", "numpy is not installed")
        return
    names = ("trainmon", *LEAST, *recording.installed_peers())
    found: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    steps = scale.count(1_500)
    os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"
    for _ in range(scale.runs(5)):
        for name, runs in found.items():
            with scratch() as folder:
                runs.append(in_child(training_loop, recorder=name, folder=str(folder), steps=steps))
    ours = found.pop("trainmon")
    how = f"steps {steps + 1:,} to {2 * steps:,}; numpy (192x192 products, a sweep over 8 MB), one core"
    later = [run["later percent"] for run in ours]
    yield judged("slow-down of a loop of 5 ms steps", later, 1, "%", how, digits=2)
    how = f"steps 1 to {steps:,}: each of the first 1,000 gets a line in the text log, later ten a second do"
    yield noted("  at its begin", [run["first percent"] for run in ours], "%", how, digits=2)
    yield noted("  mean call, caches cold", [run["later call"] for run in ours], "µs", "in the first row")
    yield noted(
        "  background CPU a step", [run["later background"] for run in ours], "µs", "in the first row"
    )
    for name, what in LEAST.items():
        calls = [run["later call"] for run in found.pop(name)]
        yield noted(f"  {what}: mean call", calls, "µs", "the same loop, in turn")
    for name, runs in found.items():
        percents = [run["later percent"] for run in runs]
        yield noted(f"  {name}: the same", percents, "%", "its other processes not counted", digits=2)
