"""Makes two screenshots of the README from what really happens: an out-of-memory kill, and a hang under X-ray.

    python docs/screenshots_deaths.py [oom] [xray]

The first needs the right to make a control group with a memory limit (version 1 or 2), the second torch. Each is drawn
by the program itself, at 160x45 and at 80x24, and saved as SVG into docs/images. Takes some three minutes.
"""

import asyncio
import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import shooting

SCRATCH = Path("/tmp/spirals")
"""Where the trainings run: the pictures show this path, and no folder of whoever makes them."""

HOST = "gpu-07"
"""Name of the host in the pictures, in a namespace of our own; without the right to make one it is the real name."""

LIMIT = 2 << 30
"""Bytes of the control group's memory limit."""

STALLED_AFTER = 66
"""Seconds of silence after which a run is called stalled, and some more."""

LEAK = '''"""The demo, beside a cache that is never emptied."""

import os
import sys
import threading
import time
from pathlib import Path

Path(os.environ["GROUP"]).write_text(str(os.getpid()))

import demo_train

cache = []


def fill_cache() -> None:
    time.sleep(3.0)
    while True:
        cache.append(bytearray(os.urandom(1 << 20)) * 24)
        time.sleep(0.25)


threading.Thread(target=fill_cache, daemon=True).start()
sys.exit(demo_train.main())
'''

HANG = '''"""A small training in torch whose data comes from a store that stops answering."""

import os
import time
from pathlib import Path

import torch
from torch.utils.data import DataLoader, Dataset

import trainmon


class Shards(Dataset):
    """Samples from files; the last shard is on the store that hangs."""

    def __len__(self) -> int:
        return 64_000

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        if index >= 12_800:
            Path("shard-003").read_bytes()
        generator = torch.Generator().manual_seed(index)
        x = torch.randn(16, generator=generator)
        return x, (x.sum() > 0).float()


def main() -> None:
    os.mkfifo("shard-003")
    torch.set_num_threads(1)
    model = torch.nn.Sequential(torch.nn.Linear(16, 32), torch.nn.Tanh(), torch.nn.Linear(32, 1))
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    loader = DataLoader(Shards(), batch_size=32, num_workers=2)
    trainmon.setup_logging("logs")
    with trainmon.training("shards-mlp", total_epochs=3, steps_per_epoch=len(loader), batch_size=32,
                           learning_rate=3e-3, optimizer="AdamW") as run:
        for _ in run.epochs():
            for x, y in run.track(loader):
                loss = torch.nn.functional.binary_cross_entropy_with_logits(model(x)[:, 0], y)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.progress(loss=loss.item(), learning_rate=3e-3)
                if run.step % 50 == 0:
                    print(f"step {run.step} loss {loss.item():.4f}", flush=True)
                time.sleep(0.02)


if __name__ == "__main__":
    main()
'''


def start(program: str, text: str, *arguments: str) -> "subprocess.Popen[bytes]":
    """Starts a training under `trainmon run` in the scratch folder."""
    (SCRATCH / program).write_text(text)
    return subprocess.Popen(
        [sys.executable, "-m", "trainmon", "run", "--", "./python3", program, *arguments],
        cwd=SCRATCH, env=shooting.prepare(SCRATCH),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip


@contextmanager
def limited_group() -> Iterator[Path]:
    """The file that takes the process ids of a control group with a memory limit."""
    own = [line.split(":", 2) for line in Path("/proc/self/cgroup").read_text().splitlines()]
    first = next((path for _, kinds, path in own if "memory" in kinds.split(",")), None)
    base = Path("/sys/fs/cgroup/memory" if first is not None else "/sys/fs/cgroup")
    above = first if first is not None else next(path for _, kinds, path in own if not kinds)
    group = base / above.strip("/") / f"trainmon-{os.getpid()}"
    group.mkdir()
    try:
        limit = "memory.limit_in_bytes" if first is not None else "memory.max"
        (group / limit).write_text(str(LIMIT))
        yield group / "cgroup.procs"
    finally:
        for _ in range(100):
            if not (group / "cgroup.procs").read_text().split():
                break
            time.sleep(0.05)
        group.rmdir()


def out_of_memory() -> None:
    """The demo in a control group that it outgrows, drawn some seconds after the kernel has killed it."""
    with limited_group() as processes:
        os.environ["GROUP"] = str(processes)
        demo = start("train.py", LEAK, "--backend", "python", "--speed", "40", "--log-dir", "logs")
        code = demo.wait(180)
        if code != -signal.SIGKILL:
            raise SystemExit(f"the training was not killed, it ended with {code}")
        time.sleep(3.0)
        asyncio.run(shooting.shoot(Path("logs"), {"oom": ()}, 2.0))


def hang() -> None:
    """A loader whose workers hang, drawn once the run is stalled, and under X-ray."""
    launcher = start("train_shards.py", HANG)
    try:
        journal = SCRATCH / "logs" / "journal.jsonl"
        seen, quiet = -1, 0
        while quiet < STALLED_AFTER:
            time.sleep(1.0)
            lines = journal.read_bytes().count(b'"kind":"progress"') if journal.exists() else 0
            seen, quiet = lines, quiet + 1 if lines == seen and lines else 0
        asyncio.run(shooting.shoot(Path("logs"), {"xray": ("X",)}, 2.0))
    finally:
        family = psutil.Process(launcher.pid).children(recursive=True)
        launcher.terminate()
        launcher.wait()
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()  # The workers hang, and would outlive their parent.


def take_a_name() -> None:
    """Gives this process and its children the host name of the pictures, where that is allowed."""
    if ctypes.CDLL(None, use_errno=True).unshare(0x04000000) == 0:  # CLONE_NEWUTS
        with contextlib.suppress(PermissionError):
            socket.sethostname(HOST)


def main() -> None:
    """Makes the pictures that the command line names, or all."""
    take_a_name()
    makers: dict[str, Callable[[], None]] = {"oom": out_of_memory, "xray": hang}
    for name in sys.argv[1:] or list(makers):
        SCRATCH.mkdir()
        os.chdir(SCRATCH)
        try:
            makers[name]()
        finally:
            os.chdir(shooting.ROOT)
            shutil.rmtree(SCRATCH)


if __name__ == "__main__":
    main()
