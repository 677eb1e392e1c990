"""A day of ten records a second, on a simulated clock: what trainer and viewer keep does not grow with the run."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import START, WRITER, a_reading
from tests.processes.harness import RAISED, Stage, of_kind
from tests.tui import terminals
from tests.tui.terminals import Terminal
from trainmon.facts.codec import encode_line
from trainmon.facts.events import (
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
from trainmon.reading.reader import RunReader
from trainmon.storage import snapshot
from trainmon.storage.projection import Projector
from trainmon.storage.snapshot import Texts
from trainmon.words.paths import JOURNAL, SNAPSHOT

DAY = int(os.environ.get("TRAINMON_DAY", "40000"))
"""Records; 864,000 are a day of ten a second, and take about a minute."""

BATCH = 64
FLAT = 4 << 20
"""Bytes that the memory of the process may grow by from a tenth of the day to its end."""
LARGEST = 256 << 10
"""Bytes of the snapshot."""
WATCHING = 16 << 20
"""Bytes by which the screen's memory may grow: it folds the day at a thousand times its speed, in larger pieces."""
VIEWER = 80_000_000
"""Bytes of memory that the screen may have at all."""


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
    assert 0 < largest < LARGEST


@pytest.mark.timeout(60 + DAY // 1_000)
def test_the_memory_of_a_real_trainer_and_of_a_real_screen_stays_flat_over_a_day(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Spool, writer thread, text logs and snapshot on one side, the whole monitor in a terminal on the other."""
    monkeypatch.setattr(terminals, "PATIENCE", 30.0 + DAY / 2_000)
    training = stage.start("day", count=DAY, wait=1_000)
    terminal = Terminal(training.folder, width=160, height=45)
    try:
        terminal.until(lambda: training.logged() >= DAY // 10)
        terminal.until(lambda: f"/{DAY:,}" in terminal.text)
        early = resident_of(terminal.pid)
        terminal.until(lambda: training.logged() >= DAY or training.process.poll() is not None)
        status = training.stop()
        terminal.until(lambda: "99.9" in terminal.text or "100" in terminal.text)
        late = resident_of(terminal.pid)
    finally:
        terminal.close()

    grown, watching = training.page[2] - training.page[1], late - early
    snapshot_size = (training.folder / SNAPSHOT).stat().st_size
    (first, *_), (last, *_) = of_kind(training.folder, "started"), of_kind(training.folder, "closed")
    print(
        f"{DAY:,} records: the trainer {grown >> 10:,} KiB more, the screen {watching >> 10:,} KiB more "
        f"({late >> 20} MiB), snapshot {snapshot_size:,} bytes"
    )
    assert (status, training.page[RAISED]) == (0, 0)
    assert float(str(last["time"])) - float(str(first["time"])) > 0.099 * DAY
    assert grown < FLAT
    assert watching < WATCHING
    assert late < VIEWER
    assert snapshot_size < LARGEST


def resident_of(pid: int) -> int:
    """Bytes of memory of another process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
