"""CPU of the whole process for one record: call, journal, fold, text logs and snapshots, until it is closed.

Budget: 12 µs.
"""

import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import recording
from benchmarks.measure import Row, Scale, in_child, judged, noted, scratch


def _cpu() -> float:
    return time.process_time()


def until_closed(recorder: str, folder: str, records: int, per_second: float) -> dict[str, float]:
    """CPU microseconds a record; `per_second` 0: back to back. Setting up and the records' numbers are not counted."""
    them = recording.RECORDERS[recorder](Path(folder))
    rows = [
        (step, recording.loss_of(step), 1e-3, recording.metrics_of(step)) for step in range(1, records + 1)
    ]
    recording.settle()
    record, sleep, clock = them.record, time.sleep, time.monotonic
    begin, start = _cpu(), clock()
    for row in rows:
        record(*row)
        if per_second:
            sleep(max(0.0, start + row[0] / per_second - clock()))
    them.close()
    return {"cpu": 1e6 * (_cpu() - begin) / records, "seconds": clock() - start}


def empty_loop(records: int, per_second: float) -> dict[str, float]:
    """The same loop without a record: what waiting costs by itself."""
    sleep, clock = time.sleep, time.monotonic
    begin, start = _cpu(), clock()
    for step in range(1, records + 1):
        sleep(max(0.0, start + step / per_second - clock()))
    return {"cpu": 1e6 * (_cpu() - begin) / records}


def lost(folder: Path, records: int) -> int:
    """Records that are not in the journal."""
    journal = (folder / "journal.jsonl").read_bytes()
    return records - journal.count(b'"kind":"progress"')


def measure(scale: Scale) -> Iterator[Row]:
    """The rows of this subject."""
    burst: list[float] = []
    missing = 0
    peers: dict[str, list[float]] = {name: [] for name in recording.installed_peers()}
    records = scale.count(100_000)
    for _ in range(scale.runs(5)):
        with scratch() as folder:
            burst.append(
                in_child(
                    until_closed, recorder="trainmon", folder=str(folder), records=records, per_second=0
                )["cpu"]
            )
            missing += lost(folder, records)
        for name, figures in peers.items():
            with scratch() as folder:
                count = max(500, scale.count(5_000))
                figures.append(
                    in_child(until_closed, recorder=name, folder=str(folder), records=count, per_second=0)[
                        "cpu"
                    ]
                )
    how = f"{records:,} back to back, then close(); {missing:,} of {records * len(burst):,} records refused"
    yield judged("CPU of the process a record", burst, 12, "µs", how, digits=2)
    for name, figures in peers.items():
        yield noted(
            f"  {name}: the same", figures, "µs", "5,000 records; processes it leaves behind not counted"
        )
    for rate in (100, 1_000):
        paced: list[float] = []
        for _ in range(scale.runs(3)):
            count = scale.count(10 * rate)
            with scratch() as folder:
                found = in_child(
                    until_closed, recorder="trainmon", folder=str(folder), records=count, per_second=rate
                )
            waiting = in_child(empty_loop, records=count, per_second=rate)
            paced.append(found["cpu"] - waiting["cpu"])
        yield noted(
            f"the same at {rate:,} records/s",
            paced,
            "µs",
            "timer, syncs and snapshots included; sleeping taken off",
        )
