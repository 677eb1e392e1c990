"""The progress call in the calling thread, back to back, beside "encode one line and write it" alone.

Budgets: 4 µs at the median, 12 µs at the 99th percentile, and at most 2.5 times the encode and the write.
"""

import os
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from benchmarks import recording
from benchmarks.measure import Row, Scale, in_child, judged, noted, quantile, scratch
from trainmon.facts.events import Progress

CALLS = 20_000
ROUNDS = 3


def encode_and_write(descriptor: int) -> recording.Record:
    """The least that any logger does which loses nothing: one event that exists already, encoded and written."""
    encode, write = msgspec.json.Encoder().encode, os.write

    def record(step: int, loss: float, rate: float, metrics: dict[str, float]) -> None:
        write(descriptor, encode(event) + b"\n")

    event = Progress("0123456789ab", 12_345, time.time(), time.monotonic(), 1, 12_345, 1_000_000,
                     recording.loss_of(12_345), 1e-3, recording.metrics_of(12_345))  # type: ignore[arg-type]  # floats are numbers # fmt: skip
    return record


def durations(record: recording.Record, first: int, count: int) -> list[float]:
    """Microseconds of each of `count` calls, the two reads of the clock (some 0.06 µs) included."""
    clock = time.perf_counter_ns
    rows = [
        (step, recording.loss_of(step), 1e-3, recording.metrics_of(step))
        for step in range(first, first + count)
    ]
    taken: list[int] = []
    append = taken.append
    for step, loss, rate, metrics in rows:
        begin = clock()
        record(step, loss, rate, metrics)
        append(clock() - begin)
    return [nanoseconds / 1_000 for nanoseconds in taken]


def own_durations(first: int, count: int) -> list[float]:
    """The same of `trainmon.log_training_progress`, called as a training script calls it."""
    import trainmon

    clock, log = time.perf_counter_ns, trainmon.log_training_progress
    rows = [
        (step, recording.loss_of(step), recording.metrics_of(step)) for step in range(first, first + count)
    ]
    taken: list[int] = []
    append = taken.append
    for step, loss, metrics in rows:
        begin = clock()
        log(1, step, 1_000_000, loss, 1e-3, metrics)
        append(clock() - begin)
    return [nanoseconds / 1_000 for nanoseconds in taken]


def in_turn(folder: str, calls: int) -> dict[str, float]:
    """In one process: our calls, then encode and write alone once our writer is idle again, and so on."""
    from trainmon.spool import shared_memory

    ours = recording.ours(Path(folder))
    path = shared_memory.folders()[0] / f"bench-{os.getpid()}"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    least = encode_and_write(descriptor)
    path.unlink()
    taken: dict[str, list[float]] = {"ours": [], "least": []}
    own_durations(1, 2_000)
    durations(least, 1, 2_000)
    for round_ in range(ROUNDS):
        recording.settle()
        taken["least"] += durations(least, 1, calls)
        os.ftruncate(descriptor, 0)
        taken["ours"] += own_durations(2_001 + round_ * calls, calls)
    ours.close()
    return {
        f"{name} {label}": quantile(values, share)
        for name, values in taken.items()
        for label, share in (("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0))
    }


def alone(peer: str, folder: str, calls: int) -> dict[str, float]:
    """The same calls by a peer, in a process of its own."""
    them = recording.RECORDERS[peer](Path(folder))
    durations(them.record, 1, max(1, calls // 10))
    taken = durations(them.record, calls, calls)
    them.close()
    return {"p50": quantile(taken, 0.5), "p99": quantile(taken, 0.99)}


def other_shapes(folder: str, calls: int) -> dict[str, float]:
    """Median microseconds of calls that give something else than floats for everything."""
    import trainmon

    ours = recording.ours(Path(folder))
    clock, log = time.perf_counter_ns, trainmon.log_training_progress
    try:
        from numpy import float32
    except ImportError:
        float32 = float  # type: ignore[assignment,misc]  # then it is one more row of floats
    ten = recording.metrics_of(1, 10)
    shapes: dict[str, tuple[object, object, object]] = {
        "ten metrics": (0.5, 1e-3, ten),
        "neither rate nor metrics": (0.5, None, None),
        "loss a numpy.float32": (float32(0.5), 1e-3, {"a": 0.5, "b": 0.25}),
        "loss NaN": (float("nan"), 1e-3, {"a": 0.5, "b": 0.25}),
    }
    found: dict[str, float] = {}
    for name, (loss, rate, metrics) in shapes.items():
        recording.settle()
        taken: list[float] = []
        for step in range(1, calls + 1):
            begin = clock()
            log(1, step, 1_000_000, loss, rate, metrics)  # type: ignore[arg-type]  # that is the point
            taken.append((clock() - begin) / 1_000)
        found[name] = quantile(taken, 0.5)
    ours.close()
    return found


def measure(scale: Scale) -> Iterator[Row]:
    """The rows of this subject."""
    calls, calls_of_peers = scale.count(CALLS), max(200, scale.count(2_000))
    runs: list[dict[str, float]] = []
    peers: dict[str, list[dict[str, float]]] = {name: [] for name in recording.installed_peers()}
    for _ in range(scale.runs(7)):
        with scratch() as folder:
            runs.append(in_child(in_turn, folder=str(folder), calls=calls))
        for name, figures in peers.items():
            with scratch() as folder:
                figures.append(in_child(alone, peer=name, folder=str(folder), calls=calls_of_peers))
    yield from rows_of_ours(runs, calls)
    yield from rows_of_shapes(scale)
    for name, figures in peers.items():
        for label in ("p50", "p99"):
            taken = [run[label] for run in figures]
            yield noted(
                f"  {name}: the same call, {label}", taken, "µs", f"{calls_of_peers:,} calls a process"
            )


def rows_of_ours(runs: list[dict[str, float]], calls: int) -> Iterator[Row]:
    """Our calls by themselves, and against encoding and writing alone."""
    how = f"{len(runs)} processes x {ROUNDS} x {calls:,} calls of trainmon.log_training_progress, one core"
    yield judged("progress call, p50", [run["ours p50"] for run in runs], 4, "µs", how, digits=2)
    tail = statistics.median(run["ours p99.9"] for run in runs)
    worst = f"p99.9 {tail:.0f} µs, worst {max(run['ours max'] for run in runs):,.0f} µs"
    yield judged("progress call, p99", [run["ours p99"] for run in runs], 12, "µs", worst, digits=2)
    for label in ("p50", "p99"):
        taken = [run[f"least {label}"] for run in runs]
        yield noted(f"encode + one os.write, {label}", taken, "µs", "in turn with ours", digits=2)
    for label in ("p50", "p99"):
        ratios = [run[f"ours {label}"] / run[f"least {label}"] for run in runs]
        name = f"progress call / encode + write, {label}"
        yield judged(name, ratios, 2.5, "x", "ratio within each process", digits=2)


def rows_of_shapes(scale: Scale) -> Iterator[Row]:
    """The median call for each shape of arguments, in processes of their own."""
    calls = scale.count(5_000)
    shapes: list[dict[str, float]] = []
    for _ in range(scale.runs(5)):
        with scratch() as folder:
            shapes.append(in_child(other_shapes, folder=str(folder), calls=calls))
    for name in shapes[0]:
        taken = [run[name] for run in shapes]
        yield noted(f"  with {name}, p50", taken, "µs", f"the same function, {calls:,} calls", digits=2)
