"""Opening runs of very different length, which must cost the same: time, memory and bytes read, in interleaved pairs.

The budget, within 10 % of the run of 100 steps, is that of what a user waits for: the first paint in `viewer`. The
reader alone, here, takes half a millisecond more for the larger snapshot of a long run.
"""

import statistics
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import recording
from benchmarks.measure import Row, Scale, in_child, memory, noted, scratch

SHORTEST = 100


def open_run(folder: str) -> dict[str, float]:
    """Milliseconds until a fresh reader is up to date, megabytes that it added, kilobytes that it read."""
    from trainmon.reading.reader import RunReader

    before = memory("VmHWM")
    begin = time.perf_counter()
    reader = RunReader(Path(folder))
    view, polls = reader.poll(), 1
    while view.note is not None:
        view, polls = reader.poll(), polls + 1
    took = time.perf_counter() - begin
    reader.close()
    steps = view.state.run_step
    return {
        "ms": 1e3 * took,
        "MB": memory("VmHWM") - before,
        "RSS": memory("VmRSS"),
        "kB": view.bytes_read / 1e3,
        "steps": float(steps),
        "polls": float(polls),
    }


def lengths(scale: Scale) -> list[int]:
    """Steps of the runs, rising."""
    longest = [1_000_000] if not scale.quick else []
    return [SHORTEST, 10_000, *longest, *([10_000_000] if scale.full else [])]


def measure(scale: Scale) -> Iterator[Row]:
    """The rows of this subject."""
    with scratch() as folder:
        for steps in lengths(scale):
            in_child(recording.write_run_in_child, folder=str(folder / str(steps)), steps=steps, pinned=False)
        for kind in ("with its snapshot", "without a snapshot"):
            yield from _compared(folder, scale, kind)
            for steps in lengths(scale):
                (folder / str(steps) / "snapshot.json").unlink(missing_ok=True)


def _compared(folder: Path, scale: Scale, kind: str) -> Iterator[Row]:
    whole = kind.startswith("with ")
    found: dict[int, list[dict[str, float]]] = {
        steps: [] for steps in lengths(scale) if whole or steps <= 1_000_000
    }
    for steps in found:
        in_child(open_run, folder=str(folder / str(steps)))
    for _ in range(scale.runs(15 if whole else 3)):
        for steps, runs in found.items():
            runs.append(in_child(open_run, folder=str(folder / str(steps))))
    for steps, runs in found.items():
        read = runs[0]["kB"]
        how = f"RunReader.poll until up to date, {runs[0]['polls']:.0f} polls; process at {runs[0]['RSS']:.0f} MB"
        what = f"open a run of {steps:,} steps {kind}"
        size = statistics.median(run["MB"] for run in runs)
        yield noted(
            f"{what}: time",
            [run["ms"] for run in runs],
            "ms",
            f"{how}; +{size:.1f} MB, {read:,.0f} kB read",
            digits=2,
        )
        if whole and steps > SHORTEST:
            ratios = [a["ms"] / b["ms"] for a, b in zip(runs, found[SHORTEST], strict=True)]
            how = "median of interleaved pairs; the shortest has a smaller snapshot"
            yield noted(f"  time / that of {SHORTEST:,} steps", ratios, "x", how, digits=2)
