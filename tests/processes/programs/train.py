"""A training in one or more threads that logs so many steps a second until it is stopped, and ends as it is told."""

import os
import signal
import sys
import threading
import time

from training import CLOSING, OPENING, Counters, arguments, log_steps, open_logger

import trainmon

parser = arguments(rate=0.0, count=10**9, end="close", console=0, resume=0, metrics=0, eat=0)
given = parser.parse_args()
counters = Counters(given.page)
begin = time.perf_counter_ns()
logger = open_logger(given.folder, console=bool(given.console))
counters[OPENING] = time.perf_counter_ns() - begin
trainmon.log_training_start("m", None, None, 32, 1e-3, "Adam", resume=bool(given.resume))
metrics = {f"metric-{number:02}": 0.123456789 for number in range(given.metrics)} or None


def run(thread: int) -> None:
    """Steps in pieces of about 20 ms, so that a pause is kept whatever the timer's grain is."""
    first, begin = counters[thread] + 1, time.monotonic()
    already = first - 1
    while first <= given.count and (given.eat or not given.stop.exists()):
        if given.rate:
            due = already + int((time.monotonic() - begin) * given.rate) + 1
            last = min(given.count, due, first + 1_000)
            if last < first:
                time.sleep(1.0 / given.rate if given.rate < 200 else 0.002)
                continue
        else:
            last = min(given.count, first + 1_000)
        log_steps(counters, thread, first, last, metrics=metrics)
        first = last + 1


def eat() -> None:
    """Takes more and more memory from the moment that the stop file is there, while the others go on."""
    while not given.stop.exists():
        time.sleep(0.002)
    eaten = []
    while True:
        eaten.append(b"x" * (4 << 20))
        time.sleep(0.002)


if given.eat:
    threading.Thread(target=eat, daemon=True).start()
threads = [threading.Thread(target=run, args=(number,)) for number in range(1, given.threads)]
for thread in threads:
    thread.start()
run(0)
for thread in threads:
    thread.join()
while not given.stop.exists():
    time.sleep(0.002)

if given.end == "close":
    begin = time.perf_counter_ns()
    logger.close()
    counters[CLOSING] = time.perf_counter_ns() - begin
elif given.end == "raise":
    raise RuntimeError("the training failed")
elif given.end == "exit":
    os._exit(1)
elif given.end == "thread":
    thread = threading.Thread(target=sys.exit, args=(3,))
    thread.start()
    thread.join()
elif given.end == "status":
    sys.exit(7)
elif given.end == "term":
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(10)
