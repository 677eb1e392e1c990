"""A terminal that is not read for a while beside a live run: at most 20 MB more, and 2 s to the present (V06).

It stops reading, as after Ctrl-S or when a connection stalls, for 20 s, or 60 s with `--full`, while a run logs ten
records a second, and then reads again.
"""

import json
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from benchmarks.measure import (
    Row,
    Scale,
    judged,
    left_out,
    memory,
    noted,
    scratch,
)
from benchmarks.terminal import COMMAND, Replay, Terminal
from benchmarks.viewer import BEFORE, SETTLE, live_trainer, step_on

RATE = 10
"""Records a second."""

AFTER = 4.0
"""Seconds that are looked at once it reads again."""


def held(seconds: float) -> tuple[float, float, float]:
    """Seconds to the present, megabytes more while held, kilobytes that came until then."""
    count = int(RATE * (seconds + AFTER + 2))
    with scratch() as folder:
        with live_trainer(folder, count, 1 / RATE, BEFORE) as (run, ready, trainer):
            with Terminal([*COMMAND, "watch", str(run)]) as terminal:
                time.sleep(SETTLE)
                ready.touch()
                time.sleep(2.0)
                before = memory("VmRSS", terminal.process.pid)
                terminal.hold()
                time.sleep(seconds)
                grown = memory("VmRSS", terminal.process.pid) - before
                resumed = time.monotonic()
                terminal.go_on()
                time.sleep(AFTER)
            trainer.wait(30)
        called: list[float] = json.loads(Path(f"{ready}.calls").read_text(encoding="ascii"))
    newest = BEFORE + sum(at < resumed for at in called)
    replay = Replay(terminal.chunks)
    while (at := replay.step()) is not None:
        if step_on(replay) >= newest:
            came = sum(len(chunk.data) for chunk in terminal.chunks if resumed <= chunk.at <= at)
            return at - resumed, grown, came / 1e3
    raise RuntimeError(f"step {newest} never came on the screen")


def measure(scale: Scale) -> Iterator[Row]:
    """The rows of this subject."""
    for name in ("trainmon.cli.main", "pyte"):
        if find_spec(name) is None:
            yield left_out("a terminal that is not read", f"there is no {name} here")
            return
    seconds = 60.0 if scale.full else 20.0
    found = [held(seconds) for _ in range(scale.runs(3))]
    how = f"not read for {seconds:.0f} s at {RATE} records/s, then read again"
    yield judged("watch: to the present", [one[0] for one in found], 2, "s", how, digits=2)
    yield judged("watch: memory while held", [one[1] for one in found], 20, "MB", how)
    yield noted(
        "  bytes until then", [one[2] for one in found], "KB", "what the kernel held, and one difference"
    )
