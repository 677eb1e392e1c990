"""A training that logs a day of ten records a second as fast as they can be moved, on a simulated clock.

Only the stamps of records are simulated: whatever waits for storage keeps the real clock. The page gets the memory of
the process when a tenth of the day is over, and at its end.
"""

import gc
import os
import time
from pathlib import Path

from training import Counters, arguments, open_logger

from tests.builders import a_reading
from trainmon.calls import progress_call
from trainmon.facts.events import System
from trainmon.recording import recorder

EARLY, LATE = 1, 2
"""Slots of the memory in bytes."""


class Simulated:
    """The clock that stamps records: a tenth of a second passes with each."""

    def __init__(self) -> None:
        self._begin, self._passed = time.time(), 0.0

    def advance(self) -> None:
        self._passed += 0.1

    def time(self) -> float:
        return self._begin + self._passed

    def monotonic(self) -> float:
        return 1_000.0 + self._passed


def resident() -> int:
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


parser = arguments(count=864_000)
given = parser.parse_args()
page = Counters(given.page)
recorder.time = clock = Simulated()
progress_call.time, progress_call.monotonic = clock.time, clock.monotonic
logger = open_logger(given.folder, progress_per_second=10.0)
logger.log_training_start("m", 10, given.count, 32, 1e-3, "Adam")
for step in range(1, given.count + 1):
    clock.advance()
    if step % 20 == 0:
        reading = a_reading(clock.time())
        logger.recorder.put(System(*logger.recorder.stamp(), reading=reading))
    elif step % 1_009 == 0:
        logger.log_validation_results(1, step, 1.0 + 100.0 / step, {"top1": 0.5})
    elif step % 5_003 == 0:
        logger.log_model_checkpoint(1, step, 1.0, f"/ckpt/{step}.pt")
    elif step % 20_011 == 0:
        logger.log_error_with_context(ValueError(f"at {step}"), "c")
    elif step % 503 == 0:
        logger.log_performance_metrics(f"op-{step % 7}", 0.5)
    else:
        metrics = {f"metric-{number}": number + 1.0 / step for number in range(10)}
        logger.log_training_progress(1 + step // 10_000, step, given.count, 2.0 / step, 1e-3, metrics)
    page[0] = step
    if step % 1_000 == 0:
        logger.recorder.drained()
    if step == given.count // 10:
        page[EARLY] = resident()
page[LATE] = resident()
while not given.stop.exists():
    time.sleep(0.002)
logger.close()
