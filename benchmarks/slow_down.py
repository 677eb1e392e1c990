"""How much longer a training takes because it is recorded: 5 ms steps of array work, caches cold at each call.

Budget: 1 %, counted as (time in the calls + CPU of all other threads) / wall time.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import recording
from benchmarks.measure import Row, Scale, in_child, judged, left_out, noted, scratch
from benchmarks.progress_call import encode_and_write

STEP = 0.005
"""Seconds of work a step."""


LEAST = {"nothing": "an empty function", "least": "encode + one os.write"}
"""Names and words of what is compared in the same loop."""


def _least(name: str, folder: str) -> recording.Recording:
    """What the calls are compared with: nothing at all, and one line encoded and written to shared memory."""
    if name == "nothing":
        return recording.Recording(lambda step, loss, rate, metrics: None, lambda: None)
    path = Path("/dev/shm") / f"trainmon-bench-{os.getpid()}"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
    path.unlink()
    return recording.Recording(encode_and_write(descriptor), lambda: os.close(descriptor))


def training_loop(recorder: str, folder: str, steps: int) -> dict[str, float]:
    """Percent of the wall time; microseconds of the mean call and of the background's CPU a step."""
    import numpy as np

    weights = np.random.default_rng(0).standard_normal((192, 192), dtype=np.float32)
    batch = np.random.default_rng(1).standard_normal((2_000_000,), dtype=np.float32)
    them = (
        recording.RECORDERS[recorder](Path(folder))
        if recorder in recording.RECORDERS
        else _least(recorder, folder)
    )
    recording.settle()
    clock, record = time.perf_counter, them.record
    inside = 0.0
    cpu, own, start = time.process_time(), time.thread_time(), clock()
    for step in range(1, steps + 1):
        until = clock() + STEP
        while clock() < until:
            place = int(clock() * 1e6) % 1_750_000
            np.tanh(batch[place : place + 30_000], out=batch[place : place + 30_000])
            batch[place : place + 250_000] *= 0.999
            weights = weights @ weights
            weights /= np.abs(weights).max() + 1e-6
        loss, metrics = recording.loss_of(step), recording.metrics_of(step)
        begin = clock()
        record(step, loss, 1e-3, metrics)
        inside += clock() - begin
    wall = clock() - start
    background = (time.process_time() - cpu) - (time.thread_time() - own)
    children = os.times()
    them.close()
    return {
        "percent": 100 * (inside + background) / wall,
        "call": 1e6 * inside / steps,
        "background": 1e6 * background / steps,
        "steps a second": steps / wall,
        "children": children.children_user + children.children_system,
    }


def measure(scale: Scale) -> Iterator[Row]:
    """The rows of this subject."""
    try:
        import numpy  # noqa: F401 - only whether it is there
    except ImportError:
        yield left_out("slow-down of a loop of 5 ms steps", "numpy is not installed")
        return
    found: dict[str, list[dict[str, float]]] = {
        name: [] for name in ("trainmon", *recording.installed_peers())
    }
    steps = scale.count(2_000)
    os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"
    for _ in range(scale.runs(5)):
        for name, runs in found.items():
            with scratch() as folder:
                runs.append(in_child(training_loop, recorder=name, folder=str(folder), steps=steps))
    ours = found.pop("trainmon")
    how = f"{steps:,} steps of numpy (192x192 products, a sweep over 8 MB), one core"
    yield judged("slow-down of a loop of 5 ms steps", [run["percent"] for run in ours], 1, "%", how, digits=2)
    yield noted("  mean call, caches cold", [run["call"] for run in ours], "µs", "part of the above")
    yield noted("  background CPU a step", [run["background"] for run in ours], "µs", "part of the above")
    for name, runs in found.items():
        yield noted(
            f"  {name}: the same",
            [run["percent"] for run in runs],
            "%",
            "its other processes not counted",
            digits=2,
        )
