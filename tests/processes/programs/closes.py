"""A training that closes all descriptors, as daemons do, and then uses the numbers for files of its own."""

import os
import time

from training import Counters, arguments, log_steps, open_logger

parser = arguments(count=2_000)
given = parser.parse_args()
counters = Counters(given.page)
logger = open_logger(given.folder)
log_steps(counters, 0, 1, given.count // 4)
logger.recorder.drained()
os.closerange(3, 65_536)
own = [os.open(f"own-{number}", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600) for number in range(8)]
for descriptor in own:
    os.write(descriptor, b"mine\n")
log_steps(counters, 0, given.count // 4 + 1, given.count // 2)
for step in range(given.count // 2 + 1, given.count + 1):
    log_steps(counters, 0, step, step, pause=0.001)
while not given.stop.exists():
    time.sleep(0.002)
for descriptor in own:
    os.write(descriptor, b"mine still\n")
logger.close()
