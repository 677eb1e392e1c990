"""A bell: any thread rings it, and one that waits in poll(2) hears it, also among other descriptors."""

import os
import select
import threading


class Bell:
    """Rings until it is silenced or closed."""

    def __init__(self) -> None:
        """Nobody has rung."""
        self._lock = threading.Lock()
        self._descriptor = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    @property
    def descriptor(self) -> int | None:
        """What poll(2) finds readable while it rings; None: it is closed."""
        return self._descriptor if self._descriptor >= 0 else None

    def ring(self) -> None:
        """Ends a wait, or the next one, at once; does nothing once it is closed."""
        with self._lock:
            if self._descriptor >= 0:
                os.eventfd_write(self._descriptor, 1)

    def silence(self) -> None:
        """Forgets that it was rung."""
        with self._lock:
            if self._descriptor >= 0:
                try:
                    os.eventfd_read(self._descriptor)
                except BlockingIOError:
                    return

    def wait(self, seconds: float, other: int | None) -> None:
        """Waits for so long, for the bell, or until the other descriptor is readable."""
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        if other is not None:
            poll.register(other, select.POLLIN)
        poll.poll(max(0.0, 1_000 * seconds))

    def close(self) -> None:
        """Gives the descriptor back; ringing does nothing any more."""
        with self._lock:
            if self._descriptor >= 0:
                os.close(self._descriptor)
                self._descriptor = -1
