"""A training without room in its files, without descriptors or without rights; SIGUSR1 gives the first two back."""

import ctypes
import importlib
import os
import resource
import signal
import time

from training import CLOSING, Counters, arguments, log_steps, open_logger

parser = arguments(rate=100.0, fsize=0, descriptors=0, early=0, rights="all")
given = parser.parse_args()
counters = Counters(given.page)
if given.rights == "none":
    # As root without capabilities: permissions count again. Another user could not read the interpreter's files.
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.capset((ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()) == 0
held: list[int] = []


def use_up_descriptors() -> None:
    """High numbers, too."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
    while len(held) < 300:
        try:
            held.append(os.open(os.devnull, os.O_RDONLY))
        except OSError:
            break


def give_back(*_: object) -> None:
    """Takes the limits away."""
    if given.fsize:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    while held:
        os.close(held.pop())


signal.signal(signal.SIGUSR1, give_back)
# A program that has no descriptors cannot import anything.
importlib.import_module("trainmon.calls.logger")
if given.early:
    use_up_descriptors()
logger = open_logger(given.folder)
if given.fsize:
    resource.setrlimit(resource.RLIMIT_FSIZE, (given.fsize, resource.RLIM_INFINITY))
if given.descriptors:
    use_up_descriptors()
begin, step = time.monotonic(), 0
while not os.path.exists(given.stop):
    due = int((time.monotonic() - begin) * given.rate)
    log_steps(counters, 0, step + 1, due)
    step = max(step, due)
    time.sleep(0.002)
begin_closing = time.perf_counter_ns()
logger.close()
counters[CLOSING] = time.perf_counter_ns() - begin_closing
