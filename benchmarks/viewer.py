"""`trainmon watch` in a real pseudo-terminal of 200x50: first paint, CPU, memory, bytes, and log call to cells.

Budgets: 500 ms to the first useful paint at any length of run; 1 / 3 / 10 % of a core idle / at 10 / at 1,000 records
a second; 80 MB; 4 KB/s at 10 records a second; 250 ms (after a quiet second) and 450 ms (at 10 a second) to the cells.
"""

import json
import re
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import msgspec

from benchmarks import recording
from benchmarks.measure import (
    Row,
    Scale,
    child_command,
    child_environment,
    in_child,
    judged,
    left_out,
    memory,
    noted,
    quantile,
    scratch,
)  # fmt: skip
from benchmarks.terminal import COMMAND, Replay, Terminal

TOTAL = 1_000_000
"""Steps that the live run says it will have; the screen shows `step/1,000,000`."""

BEFORE = 3_000
"""Steps that the live run has when it is first seen: five minutes at 10 a second."""

SETTLE = 4.0
"""Seconds that the screen gets to come up before anything is counted."""

_STEP = re.compile(r"([\d,]+)/1,000,000")


class Load(msgspec.Struct, frozen=True):
    """What a viewer did beside a live run."""

    cpu: float
    """Percent of a core."""
    rate: float
    """Kilobytes (10**3) a second to the terminal."""
    rss: float
    """Megabytes at the end."""
    waits: float
    """How often a second one of its threads began to wait: at most as often one woke up."""
    latencies: list[float]
    """Milliseconds from each log call to the first screen that shows its step or a later one."""
    unseen: int
    """Records of which that never came."""


def live_run(folder: str, count: int, gap: float, ready: str, before: int) -> dict[str, float]:
    """A training that logs `count` steps and notes when; begins when `ready` exists.

    From one to the next it waits `gap` seconds; a gap over a second is up to a quarter longer, so that the calls fall
    on every moment of the viewer's rhythm.
    """
    from trainmon.calls.logger import TrainLogger

    logger = TrainLogger(folder)
    logger.log_training_start(recording.MODEL, 1, TOTAL, 32, 1e-3, "AdamW", steps_count="run")
    for step in range(1, before + 1):
        logger.log_training_progress(
            1, step, TOTAL, recording.loss_of(step), 1e-3, recording.metrics_of(step)
        )
    logger.recorder.drained()
    while not Path(ready).exists():
        time.sleep(0.02)
    called: list[float] = []
    due = time.monotonic()
    for step in range(before + 1, before + count + 1):
        due += gap * (1 + 0.035 * (step % 7)) if gap > 1 else gap
        time.sleep(max(0.0, due - time.monotonic()))
        called.append(time.monotonic())
        logger.log_training_progress(
            1, step, TOTAL, recording.loss_of(step), 1e-3, recording.metrics_of(step)
        )
    time.sleep(1.5)
    Path(f"{ready}.calls").write_text(json.dumps(called), encoding="ascii")
    return {}


@contextmanager
def live_trainer(
    folder: Path, count: int, gap: float, before: int
) -> Iterator[tuple[Path, Path, "subprocess.Popen[bytes]"]]:
    """(run folder, file that has it begin, process) of a `live_run` that has its first steps behind it."""
    run, ready = folder / "run", folder / "ready"
    arguments: dict[str, object] = {
        "folder": str(run), "count": count, "gap": gap, "ready": str(ready), "before": before,
    }  # fmt: skip
    command = child_command(live_run, arguments, pinned=False)
    trainer = subprocess.Popen(command, env=child_environment(), stdout=subprocess.DEVNULL)
    try:
        while not (run / "snapshot.json").exists():
            time.sleep(0.02)
        yield run, ready, trainer
    finally:
        if trainer.poll() is None:
            trainer.kill()
            trainer.wait()


def beside(per_second: float, seconds: float, before: int = BEFORE) -> Load:
    """Watches a live run for some seconds; at 0 records a second it is silent."""
    count, gap = max(1, int(per_second * seconds)), 1 / per_second if per_second else seconds
    with scratch() as folder:
        with (
            live_trainer(folder, count, gap, before) as (run, ready, trainer),
            Terminal([*COMMAND, "watch", str(run)]) as terminal,
        ):
            time.sleep(SETTLE)
            ready.touch()
            time.sleep(1.0)
            cpu, written, waits = terminal.cpu(), terminal.bytes_written(), terminal.switches()
            begin = time.monotonic()
            time.sleep(max(1.0, seconds - 1.0))
            took = time.monotonic() - begin
            cpu, written = terminal.cpu() - cpu, terminal.bytes_written() - written
            trainer.wait(seconds + 30)
            rss = memory("VmRSS", terminal.process.pid)
            waits = (terminal.switches() - waits) / (time.monotonic() - begin)
        called: list[float] = json.loads(Path(f"{ready}.calls").read_text(encoding="ascii"))
        latencies = shown_after(terminal, called, before) if 0 < per_second <= 10 else []
    return Load(
        100 * cpu / took,
        written / took / 1e3,
        rss,
        waits,
        latencies,
        (len(called) if latencies else 0) - len(latencies),
    )


def shown_after(terminal: Terminal, called: list[float], before: int) -> list[float]:
    """Milliseconds from each call to the screen; the first call is that of step `before + 1`."""
    replay = Replay(terminal.chunks)
    seen, found = before, []
    while (at := replay.step()) is not None:
        shown = step_on(replay)
        while seen < shown and seen - before < len(called):
            found.append(1e3 * (at - called[seen - before]))
            seen += 1
    return found


def step_on(replay: Replay) -> int:
    """The step that stands on the screen now; 0 where none does."""
    shown = _STEP.findall("\n".join(replay.rows()))
    return max((int(text.replace(",", "")) for text in shown), default=0)


def first_paint(folder: Path) -> tuple[float, float, float]:
    """Milliseconds until the run's name and status are on the screen; after 3 s megabytes, and kilobytes read."""
    with Terminal([*COMMAND, "watch", str(folder)]) as terminal:
        time.sleep(3.0)
        rss, read = memory("VmRSS", terminal.process.pid), terminal.bytes_read()
    at = Replay(terminal.chunks).first(recording.MODEL, "FINISHED")
    if at is None:
        raise RuntimeError(f"the run never came on the screen: {terminal.chunks[-1:]}")
    return 1e3 * (at - terminal.started), rss, read / 1e3


def measure(scale: Scale) -> Iterator[Row]:
    """The rows of this subject."""
    for name in ("trainmon.cli.main", "pyte"):
        if find_spec(name) is None:
            yield left_out("trainmon watch", f"there is no {name} here")
            return
    yield from _paints(scale)
    yield from _loads(scale)


def _paints(scale: Scale) -> Iterator[Row]:
    long_run = 10_000_000 if scale.full else scale.count(1_000_000)
    with scratch() as folder:
        paths = {steps: folder / str(steps) for steps in (100, long_run)}
        for steps, path in paths.items():
            in_child(recording.write_run_in_child, folder=str(path), steps=steps, pinned=False)
            first_paint(path)
        found: dict[int, list[tuple[float, float, float]]] = {steps: [] for steps in paths}
        for _ in range(scale.runs(11)):
            for steps, path in paths.items():
                found[steps].append(first_paint(path))
    how = "from exec until the model's name and FINISHED stand on the screen; interleaved"
    for steps, runs in found.items():
        yield judged(
            f"watch: first useful paint, {steps:,} steps", [run[0] for run in runs], 500, "ms", how, digits=0
        )
        yield judged(
            f"watch: memory, {steps:,} steps", [run[1] for run in runs], 80, "MB", "VmRSS after 3 s", digits=0
        )
        yield noted(
            "  read", [run[2] for run in runs], "KB", "rchar after 3 s, with Python's own files", digits=0
        )
    ratios = [long[0] / short[0] for long, short in zip(found[long_run], found[100], strict=True)]
    yield judged(
        f"watch: first paint, {long_run:,} / 100 steps", ratios, 1.1, "x", "interleaved pairs", digits=2
    )


def _loads(scale: Scale) -> Iterator[Row]:
    seconds = 8.0 if scale.quick else 20.0
    runs, how = scale.runs(3), f"{seconds:.0f} s, {BEFORE:,} steps before"
    idle = [beside(0, seconds) for _ in range(runs)]
    how_idle = f"{how}; readings of the machine go on"
    what = "watch: CPU, live run that is silent"
    yield judged(what, [load.cpu for load in idle], 1, "% of a core", how_idle, digits=2)
    yield noted("  bytes", [load.rate for load in idle], "KB/s", how_idle, digits=2)
    yield noted("  wake-ups", [load.waits for load in idle], "/s", "voluntary switches of all threads")
    slow = [beside(10, seconds) for _ in range(runs)]
    yield judged("watch: CPU at 10 records/s", [load.cpu for load in slow], 3, "% of a core", how, digits=2)
    yield judged("watch: bytes at 10 records/s", [load.rate for load in slow], 4, "KB/s", how, digits=2)
    yield _latency("watch: log call to cells at 10 records/s, p99", slow, 450)
    fresh = [beside(10, seconds, before=1) for _ in range(runs)]
    how_fresh = "a run that begins, where each step moves the axes"
    yield noted("  bytes in its first seconds", [load.rate for load in fresh], "KB/s", how_fresh, digits=2)
    yield noted(
        "  CPU in its first seconds", [load.cpu for load in fresh], "% of a core", how_fresh, digits=2
    )
    quiet = [beside(1 / 1.2, 1.5 * seconds) for _ in range(runs)]
    yield _latency("watch: log call to cells after a quiet second, p99", quiet, 250)
    fast = [beside(1_000, seconds) for _ in range(runs)]
    yield judged(
        "watch: CPU at 1,000 records/s", [load.cpu for load in fast], 10, "% of a core", how, digits=2
    )
    yield noted("  bytes at 1,000 records/s", [load.rate for load in fast], "KB/s", how, digits=2)
    yield judged(
        "watch: memory beside a live run", [load.rss for load in fast], 80, "MB", "VmRSS at its end", digits=0
    )


def _latency(what: str, loads: list[Load], limit: float) -> Row:
    """The 99th percentile over all calls of all runs."""
    every = [latency for load in loads for latency in load.latencies]
    unseen = sum(load.unseen for load in loads)
    how = (
        f"{len(every)} calls, p50 {statistics.median(every):.0f} ms, worst {max(every):.0f} ms; "
        f"{unseen} never seen"
    )
    return judged(what, [quantile(every, 0.99)], limit, "ms", how, digits=0)
