"""A day of ten records a second, on a simulated clock: what trainer and viewer keep does not grow with the run."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import START, WRITER, a_reading
from trainmon import snapshot
from trainmon.codec import encode_line
from trainmon.events import (
    AnyEvent,
    Checkpoint,
    Error,
    Opened,
    Performance,
    Progress,
    Started,
    System,
    Validation,
)
from trainmon.paths import JOURNAL
from trainmon.projection import Projector
from trainmon.reader import RunReader
from trainmon.snapshot import Texts

DAY = int(os.environ.get("TRAINMON_DAY", "60000"))
"""Records; 864,000 are a day of ten a second, and take about a minute."""

BATCH = 64
FLAT = 4 << 20
"""Bytes that the memory of the process may grow by from a tenth of the day to its end."""
SNAPSHOT = 256 << 10


def a_day(count: int) -> Iterator[AnyEvent]:
    """A training with ten metrics that validates, saves, fails now and then and reads the machine every two seconds."""
    seq = 0

    def head() -> tuple[str, int, float, float]:
        nonlocal seq
        seq += 1
        return WRITER, seq - 1, START + seq / 10, 100.0 + seq / 10

    yield Opened(*head(), schema=1, host="gpu-07", pid=4711, version="0.1.0", utc_offset=0)
    yield Started(
        *head(),
        run_id="day",
        model_name="m",
        total_epochs=10,
        total_steps=count,
        batch_size=32,
        learning_rate=1e-3,
    )
    for step in range(1, count - 1):
        if step % 20 == 0:
            yield System(*head(), reading=a_reading(START + seq / 10))
        elif step % 1_009 == 0:
            yield Validation(
                *head(), epoch=1, step=step, val_loss=1.0 + 100.0 / step, val_metrics={"top1": 0.5}
            )
        elif step % 5_003 == 0:
            yield Checkpoint(*head(), epoch=1, step=step, loss=1.0, checkpoint_path=f"/ckpt/{step}.pt")
        elif step % 20_011 == 0:
            yield Error(
                *head(), error_type="ValueError", message=f"at {step}", context="c", traceback="t" * 2_000
            )
        elif step % 503 == 0:
            yield Performance(*head(), operation=f"op-{step % 7}", duration=0.5)
        else:
            metrics = {f"metric-{number}": number + 1.0 / step for number in range(10)}
            yield Progress(
                *head(), epoch=1 + step // 10_000, step=step, total_steps=count, loss=2.0 / step, learning_rate=1e-3,
                metrics=metrics,
            )  # fmt: skip


def resident() -> int:
    """Bytes of memory of this process."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.timeout(60 + DAY // 2_000)
def test_memory_and_snapshot_stay_flat_over_a_day(tmp_path: Path) -> None:
    """The trainer's state and text, its snapshot, and a viewer that polls all day."""
    projector, reader = Projector(), RunReader(tmp_path, clock=lambda: START)
    rows: list[AnyEvent] = []
    offset = count = lines = largest = 0
    early = None
    with (tmp_path / JOURNAL).open("wb", buffering=0) as journal:
        for event in a_day(DAY):
            rows.append(event)
            if len(rows) < BATCH:
                continue
            data = b"".join(map(encode_line, rows))
            journal.write(data)
            lines += len(projector.apply(rows, range(offset, offset + BATCH)))
            offset += len(data)
            count += BATCH
            rows = []
            if count % (50 * BATCH) == 0:
                reader.poll()
            if count % (250 * BATCH) == 0:
                size = len(snapshot.encode(projector.reducer.state, Texts(), START + count / 10))
                largest = max(largest, size)
            if early is None and count >= DAY // 10:
                early = resident()
    assert early is not None
    growth = resident() - early
    while (view := reader.poll()).bytes_read < offset:
        continue

    print(
        f"{count:,} records, {lines:,} text lines: {growth >> 10:,} KiB more, snapshot at most {largest:,} bytes"
    )
    assert view.state.run_step == projector.reducer.state.run_step
    assert growth < FLAT
    assert 0 < largest < SNAPSHOT
