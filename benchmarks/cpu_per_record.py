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
    records, records_of_peers = scale.count(100_000), max(500, scale.count(5_000))
    for _ in range(scale.runs(5)):
        with scratch() as folder:
            burst.append(cpu_of("trainmon", folder, records))
            missing += lost(folder, records)
        for name, figures in peers.items():
            with scratch() as folder:
                figures.append(cpu_of(name, folder, records_of_peers))
    how = f"{records:,} back to back, then close(); {missing:,} of {records * len(burst):,} records refused"
    yield judged("CPU of the process a record", burst, 12, "µs", how, digits=2)
    how = f"{records_of_peers:,} records; processes it leaves behind not counted"
    for name, figures in peers.items():
        yield noted(f"  {name}: the same", figures, "µs", how)
    for rate in (100, 1_000):
        paced: list[float] = []
        count = scale.count(10 * rate)
        for _ in range(scale.runs(3)):
            with scratch() as folder:
                recording_and_sleeping = cpu_of("trainmon", folder, count, rate)
            paced.append(recording_and_sleeping - in_child(empty_loop, records=count, per_second=rate)["cpu"])
        how = "timer, syncs and snapshots included; sleeping taken off"
        yield noted(f"the same at {rate:,} records/s", paced, "µs", how)


def cpu_of(recorder: str, folder: Path, records: int, per_second: int = 0) -> float:
    """CPU time of a process that records, until it is closed, in microseconds a record; 0 a second: back to back."""
    found = in_child(
        until_closed, recorder=recorder, folder=str(folder), records=records, per_second=per_second
    )
    return found["cpu"]
