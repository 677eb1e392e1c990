"""What `import trainmon`, and making a logger, cost in a fresh interpreter.

Budget: 60 ms for the import, and none of the heavy packages in memory.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

from benchmarks.measure import Row, Scale, child_environment, in_child, judged, noted, one_core, scratch
from benchmarks.recording import installed_peers

HEAVY = ("psutil", "pynvml", "textual", "rich", "watchfiles", "torch", "trainmon_tui", "click")

CODES = {
    "python": "pass",
    "trainmon": "import trainmon",
    "logger": "from trainmon.logger import TrainLogger",
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
    code = f"import sys, trainmon, trainmon.logger; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], env=child_environment(), check=True, capture_output=True, text=True)
    return dict.fromkeys(done.stdout.split(), 1.0)


def set_up(folder: str) -> dict[str, float]:
    """Milliseconds of the import, of `setup_logging` with its own imports, and of a first record, in one process."""
    begin = time.perf_counter()
    import trainmon

    imported = time.perf_counter()
    logger = trainmon.setup_logging(folder)
    ready = time.perf_counter()
    logger.log_training_start("model", 1, 1, 1, 1.0, "sgd")
    started = time.perf_counter()
    logger.close()
    return {
        "import": 1e3 * (imported - begin),
        "setup": 1e3 * (ready - imported),
        "start": 1e3 * (started - ready),
        "close": 1e3 * (time.perf_counter() - started),
    }


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
    yield Row("heavy packages after importing the logger", "none", heavy or "none", "MISSED" if heavy else "met", ", ".join(HEAVY))
    yield judged("import trainmon.logger (all that records)", net["logger"], 60, "ms", how)
    yield noted("  msgspec alone, part of it", net["msgspec"], "ms", how)
    for name in codes.keys() - CODES.keys():
        yield noted(f"  {name}: import", net[name], "ms", how)
    made: list[dict[str, float]] = []
    for _ in range(scale.runs(9)):
        with scratch() as folder:
            made.append(_set_up(str(folder)))
    yield noted("import trainmon + setup_logging()", [one["import"] + one["setup"] for one in made], "ms", "first in its process")
    yield noted("log_training_start()", [one["start"] for one in made], "ms", "git, versions and system statistics included")
    yield noted("close()", [one["close"] for one in made], "ms", "journal synced, last snapshot written")


def _set_up(folder: str) -> dict[str, float]:
    """`set_up` in a process that has imported nothing of ours yet."""
    return in_child(set_up, folder=folder)
