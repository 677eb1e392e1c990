"""A lock that a signal handler cannot deadlock on: the thread that it interrupted may be the one that holds it."""

import threading

PATIENCE = 1.0
"""Seconds that a thread waits at most for another one that holds the lock: for some system calls on memory, made by a
thread that may have to wait for a busy processor itself."""


class HandlerLock:
    """Taken for some system calls on memory; whoever does not get it goes on without."""

    def __init__(self) -> None:
        # Re-entrant, because only that knows its owner in the instant in which it is taken: between any other lock and
        # a note of who took it, a signal handler could come and wait for its own thread.
        self._lock = threading.RLock()
        self._busy = False

    def acquire(self) -> bool:
        """Takes the lock; False if this very thread has it, or another one for too long."""
        if not self._lock.acquire(timeout=PATIENCE):
            return False
        if self._busy:
            self._lock.release()
            return False
        self._busy = True
        return True

    def release(self) -> None:
        """Gives it back."""
        self._busy = False
        self._lock.release()
