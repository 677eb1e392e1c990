"""What is done for records that come after the writer thread has ended: at exit, by the threads that record them."""

import threading
import time
from collections.abc import Callable

LIMIT = 0.05
"""Seconds after which whoever works stops working for others; what they leave is in the spool."""


class LateWork:
    """Work that one thread at a time does, for all that ask for it meanwhile."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._busy = threading.Lock()
        self._asked = False

    def ask(self) -> None:
        """Has the work done, after this call was made, by this thread or by the one that is at it; waits for nobody."""
        self._asked = True
        deadline = time.monotonic() + LIMIT
        while self._asked and time.monotonic() < deadline and self._busy.acquire(blocking=False):
            try:
                self._asked = False
                self._work()
            finally:
                self._busy.release()
