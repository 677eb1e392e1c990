"""How fast a journal becomes a state where there is no snapshot, done as the reader does it.

Budget: 300,000 events a second, from bytes in the page cache to a folded state.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import recording
from benchmarks.measure import Row, Scale, in_child, judged, noted, scratch


def fold_journal(journal: str) -> dict[str, float]:
    """Events a second of the whole, and of each part measured by itself."""
    from trainmon.facts.codec import decode_lines
    from trainmon.fold.reducer import Reducer
    from trainmon.storage.journal import read_lines

    descriptor = os.open(journal, os.O_RDONLY)
    reducer, offset, events = Reducer(), 0, 0
    reading = decoding = folding = 0.0
    clock = time.perf_counter
    begin = clock()
    while True:
        a = clock()
        part = read_lines(descriptor, offset)
        if part.end == offset:
            break
        b = clock()
        items = decode_lines(part.lines)
        c = clock()
        reducer.apply(items, part.offsets)
        d = clock()
        offset, events = part.end, events + len(items)
        reading, decoding, folding = reading + b - a, decoding + c - b, folding + d - c
    return {
        "speed": events / (clock() - begin),
        "reading": 1e6 * reading / events,
        "decoding": 1e6 * decoding / events,
        "folding": 1e6 * folding / events,
        "bytes": offset / events,
    }


def decode_alone(journal: str) -> dict[str, float]:
    """Events a second of msgspec by itself: lines decoded one by one and thrown away."""
    import msgspec

    from trainmon.facts.events import AnyEvent

    lines = Path(journal).read_bytes().splitlines()
    decode = msgspec.json.Decoder(AnyEvent).decode
    begin = time.perf_counter()
    for line in lines:
        decode(line)
    return {"speed": len(lines) / (time.perf_counter() - begin)}


def measure(scale: Scale) -> Iterator[Row]:
    """The rows of this subject."""
    steps = scale.count(500_000)
    for metrics in (2, 10):
        with scratch() as folder:
            in_child(
                recording.write_run_in_child, folder=str(folder), steps=steps, metrics=metrics, pinned=False
            )
            journal = str(folder / "journal.jsonl")
            runs: list[dict[str, float]] = []
            alone: list[float] = []
            for _ in range(scale.runs(7)):
                runs.append(in_child(fold_journal, journal=journal))
                alone.append(in_child(decode_alone, journal=journal)["speed"])
        speeds = [run["speed"] / 1e3 for run in runs]
        parts = ", ".join(f"{name} {runs[0][name]:.2f}" for name in ("reading", "decoding", "folding"))
        how = f"{steps:,} steps, {metrics} metrics, {runs[0]['bytes']:.0f} B a line; µs an event: {parts}"
        what = f"fold of a journal, {metrics} metrics a step"
        if metrics == 2:
            yield judged(what, speeds, 300, "thousand events/s", how, digits=0, least=True)
        else:
            yield noted(what, speeds, "thousand events/s", how, digits=0)
        yield noted(
            "  msgspec's decoding alone",
            [speed / 1e3 for speed in alone],
            "thousand events/s",
            "in turn with it",
            digits=0,
        )
