"""The progress call while another Python thread computes without end: nobody may wait for the interpreter.

Budget: 50 µs at the 99th percentile, back to back as in `progress_call`. `os.write` releases the interpreter and comes
back a switch interval later. Beside it the same call with cold caches, which has no budget: each after the interpreter
was given away and won back, some 5 ms on a core that slept.
"""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import recording
from benchmarks.measure import Row, Scale, in_child, judged, noted, quantile, scratch
from benchmarks.progress_call import encode_and_write


def _spaced(record: recording.Record, count: int) -> list[float]:
    """Microseconds of each call; before each the interpreter is given away and won back, outside of the measurement."""
    clock, give_way = time.perf_counter_ns, time.sleep
    taken: list[float] = []
    for step in range(1, count + 1):
        loss, metrics = recording.loss_of(step), recording.metrics_of(step)
        give_way(0)
        begin = clock()
        record(step, loss, 1e-3, metrics)
        taken.append((clock() - begin) / 1_000)
    return taken


def _back_to_back(record: recording.Record, count: int) -> list[float]:
    clock = time.perf_counter_ns
    rows = [(step, recording.loss_of(step), 1e-3, recording.metrics_of(step)) for step in range(1, count + 1)]
    taken: list[float] = []
    for row in rows:
        begin = clock()
        record(*row)
        taken.append((clock() - begin) / 1_000)
    return taken


def beside_busy_thread(folder: str, calls: int) -> dict[str, float]:
    """Ours, spaced and back to back, and `os.write` alone, all beside the same busy thread."""
    ours = recording.ours(Path(folder))
    descriptor = os.open(Path(folder) / "least", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    stopping = False

    def busy() -> None:
        number = 0
        while not stopping:
            number += 1

    thread = threading.Thread(target=busy, daemon=True)
    thread.start()
    spaced = _spaced(ours.record, calls)
    dense = _back_to_back(ours.record, calls * 20)
    least = _back_to_back(encode_and_write(descriptor), calls // 2)
    stopping = True
    thread.join()
    ours.close()
    return {
        "spaced p50": quantile(spaced, 0.5),
        "spaced p99": quantile(spaced, 0.99),
        "dense p99": quantile(dense, 0.99),
        "dense p99.9": quantile(dense, 0.999),
        "least p50": quantile(least, 0.5),
        "least p99": quantile(least, 0.99),
    }


def measure(scale: Scale) -> Iterator[Row]:
    """The rows of this subject."""
    runs: list[dict[str, float]] = []
    for _ in range(scale.runs(5)):
        with scratch() as folder:
            runs.append(
                in_child(
                    beside_busy_thread, pinned=False, folder=str(folder), calls=max(200, scale.count(1_000))
                )
            )
    tail = quantile([run["dense p99.9"] for run in runs], 0.5)
    how = f"20,000 calls back to back; p99.9 {tail:,.0f} µs: the switch interval of 5 ms hits one in about a thousand"
    yield judged("progress call beside a busy thread, p99", [run["dense p99"] for run in runs], 50, "µs", how)
    how = "1,000 calls a process, each after the interpreter was given away and won back"
    yield noted("  with cold caches, p50", [run["spaced p50"] for run in runs], "µs", how)
    yield noted("  with cold caches, p99", [run["spaced p99"] for run in runs], "µs", how)
    yield noted(
        "  encode + os.write there, p99",
        [run["least p99"] for run in runs],
        "µs",
        "what peers that write pay",
    )
