"""Makes the screenshots of the README: the demo trainer, watched by the real screen.

    python docs/screenshots.py

Each view is drawn by the program itself, at 160x45 and at 80x24. Takes some two minutes.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import shooting

WELL = {
    "overview": (), "metrics": ("2",), "chart": ("2", "enter", "c", *["left"] * 12), "machine": ("3",), "logs": ("5",),
    "operations": ("6",), "configuration": ("i",),
}  # fmt: skip
"""Keys that lead to each view of a run that goes well."""

FAILED = {"failed": (), "errors": ("4",)}
"""The same of a run that failed."""


LIST = {
    "runs": ("down",), "compare": ("enter", "7", "down", "c", "down", "c", "2", "enter"),
}  # fmt: skip
"""The same of the list of runs, of which the first goes well."""


def start(folder: str, environment: dict[str, str], *arguments: str) -> "subprocess.Popen[bytes]":
    """The demo under `trainmon run`, which keeps its output."""
    demo = ["./python3", "demo_train.py", "--log-dir", folder, *arguments]
    return subprocess.Popen(
        [sys.executable, "-m", "trainmon", "run", "--log-dir", folder, "--", *demo],
        env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def main() -> None:
    """Runs the demo three times: into an error, to its end, and well for as long as it is drawn."""
    with tempfile.TemporaryDirectory() as scratch:
        environment = shooting.prepare(Path(scratch))
        os.chdir(scratch)
        failed = start("runs/wide", environment, "--speed", "90", "--fail-at", "1400", "--backend", "python")
        done = start("runs/baseline", environment, "--speed", "0", "--backend", "python", "--epochs", "8")
        well = start("runs/adam", environment, "--speed", "45", "--warn-at", "300", "--epochs", "60")
        try:
            for ended in (failed, done):
                ended.wait(120)
            asyncio.run(shooting.shoot(Path("runs/wide"), FAILED))
            time.sleep(15.0)
            asyncio.run(shooting.shoot(Path("runs/adam"), WELL))
            asyncio.run(shooting.shoot(Path("runs"), LIST, 4.0, "runs"))
        finally:
            for process in (failed, done, well):
                process.terminate()
                process.wait()


if __name__ == "__main__":
    main()
