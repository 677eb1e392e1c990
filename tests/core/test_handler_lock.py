"""The lock of what signal handlers may do, too."""

import signal
import threading
import time

from trainmon.spool.handler_lock import HandlerLock


def test_the_thread_that_holds_it_does_not_get_it_again() -> None:
    """Nor does it wait: it would for ever, where a signal handler interrupted it."""
    lock = HandlerLock()

    assert lock.acquire()
    assert not lock.acquire()
    lock.release()
    assert lock.acquire()


def test_another_thread_waits_for_it() -> None:
    lock, got = HandlerLock(), list[bool]()
    assert lock.acquire()
    thread = threading.Thread(target=lambda: got.append(lock.acquire()))
    thread.start()

    lock.release()
    thread.join()

    assert got == [True]


def test_w25_signals_at_any_moment_deadlock_nobody_and_never_enter_together() -> None:
    """Thousands of signals hit every instruction of taking it and giving it back."""
    lock, inside, overlaps, handled, longest = HandlerLock(), [0], [0], [0], [0.0]

    def enter() -> None:
        begin = time.monotonic()
        if lock.acquire():
            inside[0] += 1
            overlaps[0] += inside[0] > 1
            inside[0] -= 1
            lock.release()
        longest[0] = max(longest[0], time.monotonic() - begin)

    def handler(*_: object) -> None:
        handled[0] += 1
        enter()

    before = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 1e-4, 1e-4)
    try:
        while handled[0] < 2_000:
            enter()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

    assert overlaps == [0]
    assert longest[0] < 0.9
