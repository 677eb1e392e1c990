"""Ranks of one job that all begin at once in a folder that is not there yet; rank 0 comes last."""

import os
import time

from training import RAISED, Counters, arguments

import trainmon
from trainmon.calls.logger import TrainLogger

parser = arguments(count=64)
given = parser.parse_args()
counters = Counters(given.page)
begin = time.monotonic() + 0.02 * given.count / 8
children = []
for rank in reversed(range(given.count)):
    child = os.fork()
    if child:
        children.append(child)
        continue
    status = 1
    try:
        os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank % 8), "WORLD_SIZE": str(given.count)}
        while time.monotonic() < begin + 0.3 * (rank == 0):
            time.sleep(0.001)
        logger = TrainLogger(given.folder, machine_every=None)
        for step in (1, 2, 3):
            logger.log_training_progress(rank + 1, step, None, 0.5)
        logger.close()
        status = 0
    except BaseException:
        counters[RAISED] += 1
        raise
    finally:
        os._exit(status)
failed = sum(os.waitpid(child, 0)[1] != 0 for child in children)
print("failed", failed, trainmon.__version__)
counters[0] = given.count
