"""What `import trainmon`, and making a logger, cost in a fresh interpreter.

Budget: 60 ms for the import, and none of the heavy packages in memory.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec

from benchmarks.measure import Row, Scale, child_environment, judged, noted, one_core, scratch
from benchmarks.recording import installed_peers

HEAVY = ("psutil", "pynvml", "textual", "rich", "watchfiles", "torch", "trainmon_tui", "click")

CODES = {
    "python": "pass",
    "trainmon": "import trainmon",
    "logger": "from trainmon.calls.logger import TrainLogger",
    "msgspec": "import msgspec",
}


def _seconds(code: str) -> float:
    begin = time.perf_counter()
    subprocess.run(
        ["taskset", "-c", str(one_core()), sys.executable, "-c", code],
        env=child_environment(), check=True, capture_output=True,
    )  # fmt: skip
    return time.perf_counter() - begin


def heavy_modules() -> dict[str, float]:
    """Which heavy packages are in memory once the logger was imported; 1.0 each."""
    code = f"import sys, trainmon, trainmon.calls.logger; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], env=child_environment(), check=True, capture_output=True, text=True
    )
    return dict.fromkeys(done.stdout.split(), 1.0)


BESIDE_TORCH = """
import time
import numpy, logging
try:
    import torch
except ImportError:
    pass
begin = time.perf_counter()
from trainmon import TrainLogger
print(1e3 * (time.perf_counter() - begin))
"""


def _beside_torch() -> float:
    """Milliseconds of the import where the training has loaded numpy and torch already."""
    done = subprocess.run(
        [sys.executable, "-c", BESIDE_TORCH],
        env=child_environment(),
        check=True,
        capture_output=True,
        text=True,
    )
    return float(done.stdout)


SET_UP = """
import sys, time
begin = time.perf_counter()
import trainmon
logger = trainmon.setup_logging(sys.argv[1])
ready = time.perf_counter()
logger.log_training_start("model", 1, 1, 1, 1.0, "sgd")
started = time.perf_counter()
logger.close()
print(1e3 * (ready - begin), 1e3 * (started - ready), 1e3 * (time.perf_counter() - started))
"""


def _set_up(folder: str) -> list[float]:
    """Milliseconds of import and `setup_logging`, of the start of a run, and of `close`, in a fresh interpreter."""
    done = subprocess.run(
        ["taskset", "-c", str(one_core()), sys.executable, "-c", SET_UP, folder],
        env=child_environment(), check=True, capture_output=True, text=True,
    )  # fmt: skip
    return [float(number) for number in done.stdout.split()]


def measure(scale: Scale) -> Iterator[Row]:
    """The rows of this subject."""
    codes = CODES | {name: f"import {name}" for name in installed_peers() if name != "tensorboard"}
    taken: dict[str, list[float]] = {name: [] for name in codes}
    for code in codes.values():
        _seconds(code)
    for _ in range(scale.runs(15)):
        for name, code in codes.items():
            taken[name].append(_seconds(code))
    bare = statistics.median(taken["python"])
    net = {name: [1e3 * (seconds - bare) for seconds in times] for name, times in taken.items()}
    how = f"fresh interpreters in turn, less bare python ({1e3 * bare:.1f} ms)"
    yield judged("import trainmon", net["trainmon"], 60, "ms", how)
    heavy = ", ".join(heavy_modules())
    yield Row(
        "heavy packages after importing the logger",
        "none",
        heavy or "none",
        "MISSED" if heavy else "met",
        ", ".join(HEAVY),
    )
    yield noted(
        "import trainmon.calls.logger (all that records), with the first log call", net["logger"], "ms", how
    )
    yield noted("  msgspec alone, part of it", net["msgspec"], "ms", how)
    for name in codes.keys() - CODES.keys():
        yield noted(f"  {name}: import", net[name], "ms", how)
    beside = [_beside_torch() for _ in range(scale.runs(7))] if find_spec("numpy") else []
    if beside:
        yield noted(
            "  the same after numpy and torch",
            beside,
            "ms",
            "what it adds to a training; torch where installed",
        )
    made: list[list[float]] = []
    for _ in range(scale.runs(9)):
        with scratch() as folder:
            made.append(_set_up(str(folder)))
    ready, started, closed = ([one[index] for one in made] for index in range(3))
    yield noted("import trainmon + setup_logging()", ready, "ms", "first in its process, folder on disk")
    yield noted("log_training_start()", started, "ms", "git, versions and system statistics included")
    yield noted("close()", closed, "ms", "journal synced, last snapshot written")
