"""What readings of the machine cost a trainer. Budget: 0.2 % of a core on average.

The one thing to know: only the threads that read are counted, by the kernel's own clock for each; the writer that keeps
what they found belongs to `slow_down`. GPUs are those of the test double, so a real driver's own time is not in it.
"""

import os
import runpy
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import trainmon
from benchmarks.measure import ROOT, Row, Scale, in_child, judged, left_out

BUDGET = 0.2
"""Percent of a core."""

READERS = frozenset({"trainmon-monitor", "trainmon-disks", "trainmon-gpus"})
"""The threads that read."""

WARM_UP = 5.0
"""Seconds in which psutil is imported and a driver loaded, which are paid once."""

WORKER = "import threading,time\nfor _ in range(4): threading.Thread(target=time.sleep,args=(900,)).start()"
"""A child with as many threads as a DataLoader worker may have."""


def share(seconds: float, children: int) -> dict[str, float]:
    """Percent of a core that the reading threads of an idle trainer use; in a process of its own."""
    workers = [subprocess.Popen([sys.executable, "-c", WORKER]) for _ in range(children)]
    try:
        with tempfile.TemporaryDirectory() as folder:
            logger = trainmon.TrainLogger(folder)
            time.sleep(WARM_UP + children / 8)
            before = _cpu()
            time.sleep(seconds)
            used = _cpu() - before
            logger.close()
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    return {"percent": 100 * used / seconds}


def _cpu() -> float:
    """Seconds of CPU time of the reading threads so far: the first number of schedstat, in nanoseconds."""
    own = [thread.native_id for thread in threading.enumerate() if thread.name in READERS]
    return sum(int(Path(f"/proc/self/task/{one}/schedstat").read_text().split()[0]) for one in own) / 1e9


def measure(scale: Scale) -> Iterator[Row]:
    """The rows of this subject."""
    seconds = 20.0 if scale.quick else 60.0
    how = f"an idle trainer for {seconds:.0f} s, a reading every 2 s; not pinned"

    def row(what: str, children: int) -> Row:
        runs = [
            in_child(share, pinned=False, seconds=seconds, children=children) for _ in range(scale.runs(3))
        ]
        return judged(what, [run["percent"] for run in runs], BUDGET, "%", how, digits=3)

    yield row("machine readings, no GPU", 0)
    fake = runpy.run_path(str(ROOT / "tests/fakes/nvml/build.py"))
    reason = fake["missing"]()
    if reason is not None:
        yield left_out("machine readings, 8 GPUs", reason)
        return
    with tempfile.TemporaryDirectory() as folder:
        fake["build"](Path(folder))
        state = Path(folder) / "state.txt"
        state.write_text("gpus 8\n" + "".join(f"{gpu}.proc 1 1000000\n" for gpu in range(8)))
        os.environ |= {"LD_LIBRARY_PATH": folder, "FAKE_NVML": str(state)}
        yield row("machine readings, 8 GPUs", 0)
        yield row("machine readings, 8 GPUs and 64 children", 64)
        for name in ("LD_LIBRARY_PATH", "FAKE_NVML"):
            del os.environ[name]
