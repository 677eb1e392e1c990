"""Work at exit that one thread does for all that ask."""

import threading

from trainmon.recording import late
from trainmon.recording.late import LateWork


def test_what_is_asked_for_is_done_before_the_call_returns() -> None:
    done: list[int] = []

    LateWork(lambda: done.append(1)).ask()

    assert done == [1]


def test_w25_who_asks_out_of_the_work_itself_has_it_done_again_and_does_not_wait() -> None:
    """As a signal handler does that interrupts it and records something."""
    done: list[int] = []

    def work() -> None:
        done.append(1)
        if len(done) < 3:
            asked.ask()

    asked = LateWork(work)
    asked.ask()

    assert len(done) == 3


def test_a_thread_that_finds_another_at_work_leaves_its_own_to_it() -> None:
    begun, go_on, done = threading.Event(), threading.Event(), list[int]()

    def work() -> None:
        done.append(threading.get_ident())
        begun.set()
        go_on.wait()

    asked = LateWork(work)
    thread = threading.Thread(target=asked.ask)
    thread.start()
    begun.wait()

    asked.ask()
    go_on.set()
    thread.join()

    assert done == [thread.ident, thread.ident]


def test_nobody_works_for_others_for_ever() -> None:
    """Daemon threads that go on recording must not keep a program from its end."""
    done = 0

    def work() -> None:
        nonlocal done
        done += 1
        asked.ask()

    asked = LateWork(work)
    asked.ask()

    assert done >= 1
    assert late.LIMIT < 1.0
