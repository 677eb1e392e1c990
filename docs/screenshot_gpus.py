"""Makes the screenshots of the machine's view with eight GPUs, on a machine that has none.

    python docs/screenshot_gpus.py

The driver's library is the test double of tests/fakes/nvml, loaded by the unchanged pynvml; what it says is written by
this script while the demo trains. Needs gcc and the package nvidia-nvml-dev. Saved as SVG into docs/images.
"""

import asyncio
import math
import os
import runpy
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import shooting

GPUS = 8
SECONDS = 90.0
"""How long the demo trains before it is drawn."""

GIB = 2**30


def state(at: float, trainer: int, other: int) -> str:
    """What the eight cards say `at` seconds after the start: seven that train, one that somebody else has."""
    lines = [f"gpus {GPUS}"]
    for index in range(GPUS):
        wave = math.sin(at / 6 + index)
        # A validation every 25 s, in which a card idles for some.
        pause = 0.35 if at % 25 > 20 else 1.0
        numbers = {
            "util": round((91 + 7 * wave) * pause),
            "mem_used": round((61 + index % 3 + wave) * GIB),
            "temp": round(64 + 2 * index % 9 + 3 * wave),
            "power": round((610 + 60 * wave) * pause) * 1_000,
            "sm_clock": 1_755 + round(40 * wave),
        }
        if index == 3:
            numbers |= {"temp": 89, "throttle": 0x20, "sm_clock": 1_230}
        if index == 5:
            numbers |= {"ecc": 2}
        if index == 6 and at > 15:
            numbers |= {"fail": 15}
        if index == 7:
            numbers |= {"util": 12, "mem_used": 9 * GIB, "temp": 41, "power": 118_000}
        lines += [f"{index}.{name} {value}" for name, value in numbers.items()]
        lines.append(f"7.proc {other} {8 * GIB}" if index == 7 else f"{index}.proc {trainer} {60 * GIB}")
    return "\n".join(lines) + "\n"


def write(path: Path, text: str) -> None:
    """A new file each time, so that the double sees the change whatever the clock's grain."""
    new = path.with_suffix(".new")
    new.write_text(text)
    new.replace(path)


def train(scratch: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """The demo, from a folder of its own, so that the pictures show no folder of whoever makes them."""
    command = ["./python3", "demo_train.py", "--log-dir", "demo_logs", "--speed", "20", "--epochs", "40"]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, stdout=quiet, stderr=quiet, cwd=scratch, env=environment)


def draw(scratch: Path) -> None:
    """Trains while the cards' numbers move, and draws the end of it; the double is in this process's library path."""
    file = Path(os.environ["FAKE_NVML"])
    write(file, state(0.0, 1, 1))
    visible = ",".join(map(str, range(GPUS - 1)))
    environment = shooting.prepare(scratch) | {"CUDA_VISIBLE_DEVICES": visible}
    os.chdir(scratch)
    other = subprocess.Popen(["sleep", "600"])
    demo = train(scratch, environment)
    try:
        began = time.monotonic()
        while (at := time.monotonic() - began) < SECONDS:
            write(file, state(at, demo.pid, other.pid))
            time.sleep(0.5)
        asyncio.run(shooting.shoot(Path("demo_logs"), {"machine-gpus": ("3",)}, 4.0))
    finally:
        for process in (demo, other):
            process.terminate()
            process.wait()


def main() -> None:
    """Builds the double and starts again with it, since a library path counts from the start of a process."""
    if "FAKE_NVML" in os.environ:
        draw(Path(os.environ["FAKE_NVML"]).parent)
        return
    with tempfile.TemporaryDirectory() as scratch:
        runpy.run_path(str(shooting.ROOT / "tests/fakes/nvml/build.py"))["build"](Path(scratch))
        environment = os.environ | {"LD_LIBRARY_PATH": scratch, "FAKE_NVML": f"{scratch}/state.txt"}
        subprocess.run([sys.executable, str(Path(__file__).resolve())], env=environment, check=True)


if __name__ == "__main__":
    main()
