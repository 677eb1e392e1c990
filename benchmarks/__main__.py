"""`python -m benchmarks [NAME…] [--quick | --full]`: measures and prints one table."""

import argparse
import os
import platform
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

from benchmarks.measure import Row, Scale

SUBJECTS = (
    "progress_call",
    "cpu_per_record",
    "busy_thread",
    "slow_down",
    "imports",
    "fold",
    "status",
    "snapshot_size",
    "opening",
    "viewer",
    "slow_terminal",
    "machine",
)

WIDTHS = (54, 22, 34, 8)
"""Columns of the table; how it was measured comes below each row."""


def main() -> int:
    """Exit code 0; 1 where a budget was missed."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measures the budgets of the design."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[[], *SUBJECTS], help=", ".join(SUBJECTS))
    parser.add_argument("--quick", action="store_true", help="fewer and shorter runs; noisy")
    parser.add_argument("--full", action="store_true", help="runs of 10,000,000 steps, too")
    given = parser.parse_args()
    scale = Scale(quick=given.quick, full=given.full)
    print(machine())
    print(line("what", "budget", "measured (lowest–highest run)", "verdict"))
    missed = 0
    for name in given.names or SUBJECTS:
        print(f"\n{name}  (load {os.getloadavg()[0]:.2f})", flush=True)
        measure: Callable[[Scale], Iterator[Row]] = import_module(f"benchmarks.{name}").measure
        begin = time.monotonic()
        for row in measure(scale):
            missed += row.verdict == "MISSED"
            print(line(row.what, row.budget, row.measured, row.verdict))
            print(textwrap.indent(textwrap.fill(row.how, 112), "        "), flush=True)
        print(f"        [{time.monotonic() - begin:.0f} s; load then {os.getloadavg()[0]:.2f}]", flush=True)
    print(f"\n{missed} budgets missed" if missed else "\nall budgets met")
    return 1 if missed else 0


def line(*cells: str) -> str:
    """One line of the table."""
    return "  ".join(f"{cell:<{width}}" for cell, width in zip(cells, WIDTHS, strict=True)).rstrip()


def machine() -> str:
    """What was measured on, and with what."""
    processor = platform.machine()
    with open("/proc/cpuinfo", encoding="utf-8") as file:  # noqa: PTH123 - not a file
        processor = next(
            (row.partition(":")[2].strip() for row in file if row.startswith("model name")), processor
        )
    packages = []
    for name in ("msgspec", "textual", "torch", "tensorboard", "wandb", "trackio"):
        try:
            packages.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            packages.append(f"no {name}")
    cores = len(os.sched_getaffinity(0))
    return (
        f"{time.strftime('%Y-%m-%d %H:%M')}  {cores} x {processor}, Linux {platform.release()}, "
        f"CPython {platform.python_version()}\n{', '.join(packages)}\n"
        f"load average {' '.join(f'{load:.2f}' for load in os.getloadavg())}\n"
    )


if __name__ == "__main__":
    sys.exit(main())
