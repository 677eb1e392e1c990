"""Programs that hang, each in a way of its own; the first argument names the run folder, the second the way.

`python -m tests.core.hangs` makes the recorded stacks in `tests/core/stacks` anew: each program is started, asked for
its stacks while it hangs, and ended.
"""

import ctypes
import os
import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


class Slow:
    """A dataset whose samples never come."""

    def __len__(self) -> int:
        return 8

    def __getitem__(self, index: int) -> int:
        time.sleep(3_600)
        return index


def load() -> None:
    """A loader whose workers hang."""
    from torch.utils.data import DataLoader

    for _ in DataLoader(Slow(), batch_size=2, num_workers=1):
        pass


def load_here() -> None:
    """A loader without workers whose dataset hangs."""
    from torch.utils.data import DataLoader

    for _ in DataLoader(Slow(), batch_size=2):
        pass


def deadlock() -> None:
    """Two locks, two threads, two orders."""
    first_lock, second_lock = threading.Lock(), threading.Lock()
    both = threading.Barrier(2)

    def take(first: threading.Lock, second: threading.Lock) -> None:
        with first:
            both.wait()
            with second:
                raise AssertionError("both locks were taken")

    threading.Thread(target=take, args=(first_lock, second_lock), name="other", daemon=True).start()
    take(second_lock, first_lock)


def hold_the_interpreter() -> None:
    """A lock of C that its own thread holds, waited for without letting other Python threads run."""
    mutex = ctypes.create_string_buffer(64)
    library = ctypes.PyDLL(None)
    library.pthread_mutex_lock(mutex)
    library.pthread_mutex_lock(mutex)


def wait_for_a_queue() -> None:
    queue.Queue().get()


def wait_for_a_program() -> None:
    subprocess.run([sys.executable, "-c", "import time; time.sleep(3600)"], check=True)


def receive() -> None:
    ours, _theirs = socket.socketpair()
    ours.recv(1)


def join() -> None:
    thread = threading.Thread(target=time.sleep, args=(3_600,), name="slow", daemon=True)
    thread.start()
    thread.join()


def wait_for_a_result() -> None:
    ThreadPoolExecutor(1).submit(time.sleep, 3_600).result()


def read_a_pipe() -> None:
    reading, _writing = os.pipe()
    with os.fdopen(reading, "rb") as pipe:
        pipe.read()


def all_reduce() -> None:
    """The other rank never comes to it."""
    import torch
    import torch.distributed as dist

    store = Path(sys.argv[1]).with_suffix(".store")
    rank = 1 if os.fork() == 0 else 0
    dist.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=2)
    if rank == 1:
        time.sleep(3_600)
    dist.all_reduce(torch.zeros(1))


HANGS: dict[str, Callable[[], None]] = {
    "dataloader": load,
    "dataset": load_here,
    "deadlock": deadlock,
    "interpreter": hold_the_interpreter,
    "queue": wait_for_a_queue,
    "subprocess": wait_for_a_program,
    "recv": receive,
    "join": join,
    "future": wait_for_a_result,
    "pipe": read_a_pipe,
    "all_reduce": all_reduce,
}


def train(folder: str, how: str) -> None:
    """A few steps, and then the hang."""
    import trainmon

    trainmon.setup_logging(folder, machine_every=None)
    trainmon.log_training_start("Small", 1, 1_000_000, 8, 1e-3, "SGD")
    for step in range(1, 21):
        trainmon.log_training_progress(1, step, 1_000_000, 1.0, 1e-3)
    print(f"pid {os.getpid()}", flush=True)
    HANGS[how]()


def record_all() -> None:
    """Starts each program, asks it, and keeps its stacks, without what is this machine's."""
    import contextlib
    import shutil
    import signal
    import tempfile

    import msgspec

    from trainmon.reading.reader import RunReader
    from trainmon.stacks.xray import xray

    target = Path(__file__).with_name("stacks")
    root = str(Path(__file__).parents[2])
    library = str(Path(threading.__file__).parent)
    packages = str(Path(msgspec.__file__).parents[1])
    for how in HANGS:
        folder = Path(tempfile.mkdtemp())
        line = [sys.executable, __file__, str(folder / "logs"), how]
        with subprocess.Popen(
            line,
            cwd=root,
            env={**os.environ, "PYTHONPATH": root},
            stdout=subprocess.PIPE,
            start_new_session=True,
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(6 if how in ("dataloader", "dataset", "all_reduce") else 1.5)
            reader = RunReader(folder / "logs")
            found = xray(reader.poll().state.opened)
            reader.close()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        shutil.rmtree(folder)
        text = msgspec.json.format(msgspec.json.encode(found.stacks), indent=1).decode()
        for path, shown in (
            (packages, "/home/ada/lib/site-packages"),
            (library, "/usr/lib/python3.11"),
            (root, "/home/ada/code"),
        ):
            text = text.replace(path, shown)
        (target / f"{how}.json").write_text(text + "\n")
        print(how, len(found.stacks), found.how, found.why_not)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        train(sys.argv[1], sys.argv[2])
    else:
        record_all()
