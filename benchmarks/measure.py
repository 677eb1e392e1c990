"""What every benchmark uses: rows of the table, quantiles, and functions called in fresh processes.

The one thing to know: each measurement is a median over several fresh processes, and what is compared is measured
in turn (ours, theirs, ours, theirs …), because other jobs may share the machine.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import msgspec

ROOT = Path(__file__).resolve().parent.parent
"""The repository: children find both packages there, installed or not."""

CHILD_LIMIT = 900.0
"""Seconds that one child may take."""

Verdict = Literal["met", "MISSED", "–", "left out"]


class Scale(msgspec.Struct, frozen=True):
    """How much is measured."""

    quick: bool = False
    """A look in a minute or two; its figures are noisy."""
    full: bool = False
    """Runs of 10,000,000 steps, too."""

    def runs(self, usual: int) -> int:
        """How many fresh processes a median is taken over."""
        return max(1, usual // 3) if self.quick else usual

    def count(self, usual: int) -> int:
        """How many calls, records or steps one of them makes."""
        return max(1, usual // 10) if self.quick else usual


class Row(msgspec.Struct, frozen=True):
    """One line of the table."""

    what: str
    budget: str
    measured: str
    """Median over the runs and, in brackets, the lowest and the highest run."""
    verdict: Verdict
    how: str


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest of the values that `share` (0 to 1) of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def spread(values: Sequence[float], unit: str, digits: int = 1) -> str:
    """`3.4 µs (3.3–3.9)`: median, lowest and highest."""
    middle = f"{statistics.median(values):,.{digits}f} {unit}".rstrip()
    return f"{middle} ({min(values):,.{digits}f}–{max(values):,.{digits}f})" if len(values) > 1 else middle


def judged(
    what: str,
    values: Sequence[float],
    limit: float,
    unit: str,
    how: str,
    *,
    digits: int = 1,
    least: bool = False,
) -> Row:
    """A row for a budget, decided by the median of the runs.

    Args:
        what: The subject.
        values: One figure a run.
        limit: The budget, in `unit`.
        unit: Of figures and budget.
        how: How it was measured, in few words.
        digits: Decimals shown.
        least: The budget is the least that is wanted, not the most.
    """
    middle = statistics.median(values)
    met = middle >= limit if least else middle <= limit
    budget = f"{'≥' if least else '≤'} {limit:,g} {unit}".rstrip()
    return Row(what, budget, spread(values, unit, digits), "met" if met else "MISSED", how)


def noted(what: str, values: Sequence[float], unit: str, how: str, *, digits: int = 1) -> Row:
    """A row without a budget, to compare with."""
    return Row(what, "", spread(values, unit, digits), "–", how)


def left_out(what: str, why: str) -> Row:
    """A row for what cannot be measured here."""
    return Row(what, "", "", "left out", why)


def child_environment() -> dict[str, str]:
    """For fresh processes: our packages importable, byte code kept, no run of ours inherited."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("PYTHONDONTWRITEBYTECODE", "TRAINMON_WRITER")
    }
    path = environment.get("PYTHONPATH")
    environment["PYTHONPATH"] = f"{ROOT}{os.pathsep}{path}" if path else str(ROOT)
    return environment


def one_core() -> int:
    """The core that measured processes are pinned to: the last one that we may use."""
    return max(os.sched_getaffinity(0))


def child_command(
    function: Callable[..., object], arguments: dict[str, object], *, pinned: bool
) -> list[str]:
    """The command that calls a function of a benchmark in a fresh interpreter; see `benchmarks.child`."""
    name = f"{function.__module__}:{function.__qualname__}"
    core = str(one_core()) if pinned else ""
    return [sys.executable, "-m", "benchmarks.child", name, json.dumps(arguments), core]


def in_child(
    function: Callable[..., dict[str, float]], *, pinned: bool = True, **arguments: object
) -> dict[str, float]:
    """What a function of a benchmark returns when a fresh interpreter calls it.

    Args:
        function: At the top of its module; returns numbers by name.
        pinned: Whether the process stays on one core.
        **arguments: For the function; JSON.

    Raises:
        RuntimeError: It failed; the message has its standard error.
    """
    done = subprocess.run(
        child_command(function, arguments, pinned=pinned),
        env=child_environment(),
        capture_output=True,
        text=True,
        timeout=CHILD_LIMIT,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{function.__module__}.{function.__qualname__}: {done.stderr.strip()[-2_000:]}")
    # What peers print at their end may come behind it.
    found: dict[str, float] = json.loads(
        next(line for line in reversed(done.stdout.splitlines()) if line[:1] == "{")
    )
    return found


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder on the disk of the temporary folder, removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="trainmon-bench-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def memory(field: str, pid: int | str = "self") -> float:
    """Megabytes (10**6 bytes) of a process from /proc: `VmRSS` now, `VmHWM` at its highest."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise RuntimeError(f"/proc/{pid}/status has no {field}")
