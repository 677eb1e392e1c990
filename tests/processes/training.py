"""A small training that ends, on a word from its standard input, in the way that its last argument names."""

import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

if len(sys.argv) > 3:
    # Before anything is recorded, so that the journal names this group.
    Path(sys.argv[3], "cgroup.procs").write_text(str(os.getpid()))

import trainmon


def crash() -> None:
    """A read from address 0."""
    ctypes.string_at(0)


def fail() -> None:
    raise ValueError("the main thread gives up")


def fail_in_a_thread() -> None:
    """The main thread then ends as if nothing were."""

    def work() -> None:
        raise ValueError("a thread gives up")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def deadlock() -> None:
    """Two locks, two threads, two orders."""
    one, other = threading.Lock(), threading.Lock()
    both = threading.Barrier(2)

    def take(first: threading.Lock, second: threading.Lock) -> None:
        with first:
            both.wait()
            with second:
                raise AssertionError("both locks were taken")

    threading.Thread(target=take, args=(one, other), daemon=True).start()
    take(other, one)


def eat() -> None:
    """Takes memory until somebody says stop, slowly enough to be measured."""
    blocks = []
    while True:
        blocks.append(b"x" * (4 << 20))
        time.sleep(0.005)


def train_on() -> None:
    """Makes steps for ever."""
    for step in range(21, 1 << 30):
        trainmon.log_training_progress(1, step, 1_000_000, 1.0, 1e-3)
        time.sleep(0.02)


ENDS: dict[str, Callable[[], object]] = {
    "segfault": crash,
    "abort": lambda: ctypes.CDLL(None).abort(),
    "bus": lambda: os.kill(os.getpid(), signal.SIGBUS),
    "_exit": lambda: os._exit(3),
    "exit": lambda: sys.exit(3),
    "fail": fail,
    "fail in a thread": fail_in_a_thread,
    "deadlock": deadlock,
    "eat": eat,
    "train on": train_on,
    "end": lambda: trainmon.log_training_end(True),
}

trainmon.setup_logging(log_dir=sys.argv[1], machine_every=0.5)
trainmon.log_training_start("Small", 1, 1_000_000, 8, 1e-3, "SGD")
for number in range(1, 21):
    trainmon.log_training_progress(1, number, 1_000_000, 1.0, 1e-3)
print(f"pid {os.getpid()}", flush=True)
sys.stdin.readline()
ENDS[sys.argv[2]]()
