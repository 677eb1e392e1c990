"""How any thread, and a signal handler, ends the writer thread's wait; see docs/adr/0001."""

import os
import select
import time

from trainmon.system.private_files import close_own, high_descriptor, identity

_AT_ONCE = 65_536
"""Bytes that a pipe holds usually: all wakes so far."""


class Wakeup:
    """One thread waits, all others may wake it; a wake between two waits ends the next one at once."""

    def __init__(self) -> None:
        """Nobody has woken anybody."""
        self._descriptor = _open()
        self._identity = identity(self._descriptor)
        self._wish = self._heard = object()
        """Another object with every wake: two threads cannot lose one, as they could with a flag."""
        self._poll = select.poll()
        if self._descriptor >= 0:
            self._poll.register(self._descriptor, select.POLLIN)

    @property
    def pending(self) -> bool:
        """Whether somebody woke the thread since it last heard."""
        return self._wish is not self._heard

    def wake(self) -> None:
        """Has the thread look now. Safe in a signal handler."""
        self._wish = object()
        descriptor = self._descriptor
        if descriptor < 0 or identity(descriptor) != self._identity:
            return  # The thread has ended, or the program closed it: then the next look comes when its time comes.
        try:
            os.write(descriptor, b"\0")
        except OSError:
            return  # It is full of wakes.

    # For the thread that waits.

    def hear(self) -> bool:
        """Takes note of all wakes so far; whether there was one."""
        wish = self._wish
        news, self._heard = wish is not self._heard, wish
        return news

    def wait(self, seconds: float) -> None:
        """Waits for so long, or until somebody wakes the thread, or did since it last heard."""
        if not self._poll.poll(0 if self.pending else seconds * 1_000):
            return
        if identity(self._descriptor) != self._identity:
            time.sleep(seconds)  # The program closed our descriptor: then only the timer is left.
            return
        try:
            os.read(self._descriptor, _AT_ONCE)
        except BlockingIOError:
            return

    # At the end.

    def close(self) -> None:
        """Gives the descriptor back; waking does nothing any more."""
        # Forgotten before it is closed: a late call must not write into whoever gets the number next.
        descriptor, self._descriptor = self._descriptor, -1
        close_own(descriptor, self._identity)

    def let_go(self) -> None:
        """In a forked child, which has the parent's descriptor."""
        close_own(self._descriptor, self._identity)


def _open() -> int:
    """A descriptor to wake the thread with; -1 where none is left: then the thread looks when its time comes.

    A pipe, whose both ends are one descriptor: no write to it is a signal, because it has a reader. All descriptors of
    kinds such as `eventfd` and `epoll` have one and the same inode: where the program closes ours, and gets the number
    for one of its own, nothing would tell the two apart.
    """
    ends: list[int] = []
    try:
        ends += os.pipe2(os.O_CLOEXEC)
        return high_descriptor(os.open(f"/proc/self/fd/{ends[0]}", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC))
    except OSError:
        return -1
    finally:
        for end in ends:
            os.close(end)
