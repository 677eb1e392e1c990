"""What the programs share: their arguments, and a page of numbers that tells the test what had returned.

The page outlives the process; a number in it rises only after the call that it counts has returned.
"""

import argparse
import ctypes
import mmap
import time
from pathlib import Path

import trainmon

SLOTS = 64
WORST, RAISED, CLOSING, OPENING = SLOTS - 1, SLOTS - 2, SLOTS - 3, SLOTS - 4


def arguments(**more: object) -> argparse.ArgumentParser:
    """The parser of a program, with the options of all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", required=True)
    parser.add_argument("--page", required=True)
    parser.add_argument("--stop", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=1)
    for name, default in more.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default)
    return parser


class Counters:
    """The page, from the side of the training.

    A number is stored with one instruction: `struct.pack_into` clears the bytes first, and a kill may come then.
    """

    def __init__(self, path: str) -> None:
        with Path(path).open("r+b") as file:
            memory = mmap.mmap(file.fileno(), 8 * SLOTS)
        self._slots = (ctypes.c_int64 * SLOTS).from_buffer(memory)

    def __setitem__(self, slot: int, number: int) -> None:
        self._slots[slot] = number

    def __getitem__(self, slot: int) -> int:
        return self._slots[slot]

    def at_most(self, slot: int, number: int) -> None:
        if number > self[slot]:
            self[slot] = number


def open_logger(folder: str, **options: object) -> trainmon.TrainLogger:
    """A logger whose progress lines all get a text line, so that the test can count them."""
    quiet = {"machine_every": None, "progress_per_second": 1e5}
    return trainmon.setup_logging(folder, **{**quiet, **options})


def log_steps(
    counters: Counters,
    thread: int,
    first: int,
    last: int,
    *,
    pause: float = 0.0,
    metrics: dict[str, float] | None = None,
) -> None:
    """Progress calls `first` to `last` of a thread: its number is the epoch, the number of the call the step."""
    log, clock = trainmon.log_training_progress, time.perf_counter_ns
    for step in range(first, last + 1):
        begin = clock()
        try:
            log(thread + 1, step, None, 1.0 / step, 1e-3, metrics)
        except BaseException:
            counters[RAISED] += 1
            raise
        took = clock() - begin
        counters[thread] = step
        counters.at_most(WORST, took)
        if pause:
            time.sleep(pause)
