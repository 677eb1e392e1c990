"""`trainmon status` from the shell's point of view. Budget: 150 ms."""

import subprocess
import time
from collections.abc import Iterator
from importlib.util import find_spec

from benchmarks import recording
from benchmarks.measure import (
    Row,
    Scale,
    child_environment,
    in_child,
    judged,
    left_out,
    noted,
    one_core,
    scratch,
)
from benchmarks.terminal import COMMAND


def seconds(command: list[str]) -> float:
    """Wall time of a command on one core."""
    begin = time.perf_counter()
    subprocess.run(
        ["taskset", "-c", str(one_core()), *command], env=child_environment(), check=True, capture_output=True
    )
    return time.perf_counter() - begin


def measure(scale: Scale) -> Iterator[Row]:
    """The rows of this subject."""
    if find_spec("trainmon.cli.main") is None:
        yield left_out("trainmon status", "there is no trainmon.cli.main yet")
        return
    with scratch() as folder:
        short, long = folder / "short", folder / "long"
        in_child(recording.write_run_in_child, folder=str(short), steps=100, pinned=False)
        in_child(recording.write_run_in_child, folder=str(long), steps=scale.count(1_000_000), pinned=False)
        commands = {
            "short": [*COMMAND, "status", str(short)],
            "long": [*COMMAND, "status", str(long)],
            "json": [*COMMAND, "status", "--json", str(long)],
            "python": [*COMMAND[:1], "-c", "pass"],
        }
        taken: dict[str, list[float]] = {name: [] for name in commands}
        for command in commands.values():
            seconds(command)
        for _ in range(scale.runs(15)):
            for name, command in commands.items():
                taken[name].append(1e3 * seconds(command))
    yield judged("trainmon status, run of 100 steps", taken["short"], 150, "ms", "whole process, one core")
    yield judged(
        f"trainmon status, run of {scale.count(1_000_000):,} steps",
        taken["long"],
        150,
        "ms",
        "in turn with it",
    )
    yield judged("trainmon status --json, the same", taken["json"], 150, "ms", "in turn with it")
    yield noted("  python -c pass", taken["python"], "ms", "in turn with it")
