"""Records that could not be kept: counted by the callers without a lock, taken by the writer thread."""

import threading
from collections import deque

Loss = tuple[int, int, int, str]
"""How many, the lowest and the highest `seq` among them, and why."""

_MOST = 4_096
"""Numbers that wait one by one; then a caller adds them up."""


class Refusals:
    """The numbers of refused records since they were last taken."""

    def __init__(self) -> None:
        self._taken = 0
        self._waiting: deque[int] = deque()
        self._sum: Loss | None = None
        self._why = ""
        self._adding = threading.Lock()

    @property
    def total(self) -> int:
        """All that were ever counted."""
        return self._taken + len(self._waiting) + (self._sum[0] if self._sum is not None else 0)

    def note(self, seq: int, why: str) -> None:
        """Counts a refused record. For any thread and signal handler: never waits, and keeps bounded memory."""
        self._why = why
        self._waiting.append(seq)
        # Whoever is interrupted while adding up leaves the rest to the next.
        if len(self._waiting) > _MOST and self._adding.acquire(blocking=False):
            try:
                self._add_up()
            finally:
                self._adding.release()

    def _add_up(self) -> None:
        seqs: list[int] = []
        while self._waiting:
            seqs.append(self._waiting.popleft())
        if not seqs:
            return
        count, first, last, _ = self._sum or (0, seqs[0], seqs[0], "")
        self._sum = (count + len(seqs), min(first, *seqs), max(last, *seqs), self._why)

    def take(self) -> Loss | None:
        """What was refused since the last call; None: nothing. For the writer thread, and for the calls of a worker."""
        if not self._waiting and self._sum is None:
            return None
        if not self._adding.acquire(blocking=False):
            return None  # Perhaps by the very thread that a signal handler interrupted: the next call has it.
        try:
            self._add_up()
            loss, self._sum = self._sum, None
        finally:
            self._adding.release()
        if loss is not None:
            self._taken += loss[0]
        return loss
