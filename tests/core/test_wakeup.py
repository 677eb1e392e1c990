"""How the writer thread is woken: nothing is missed, and nobody else's file is written into."""

import os
import threading
import time

import pytest

from trainmon.recording.wakeup import Wakeup

LONG = 30.0


def found_descriptor(wakeup: Wakeup) -> int:
    """The number of the descriptor that was opened last."""
    return wakeup._descriptor


def test_a_wake_before_the_wait_ends_it_at_once() -> None:
    wakeup = Wakeup()
    wakeup.wake()

    begin = time.monotonic()
    wakeup.wait(LONG)

    assert time.monotonic() - begin < LONG / 2
    assert wakeup.hear()
    assert not wakeup.hear()
    wakeup.close()


def test_a_wake_that_comes_while_the_thread_looks_is_not_lost() -> None:
    wakeup = Wakeup()
    wakeup.wake()
    wakeup.wait(LONG)
    assert wakeup.hear()
    wakeup.wake()

    assert wakeup.pending
    begin = time.monotonic()
    wakeup.wait(LONG)

    assert time.monotonic() - begin < LONG / 2
    wakeup.close()


def test_another_thread_ends_the_wait() -> None:
    wakeup = Wakeup()
    thread = threading.Thread(target=wakeup.wait, args=(LONG,))
    thread.start()

    wakeup.wake()
    thread.join(LONG / 2)

    assert not thread.is_alive()
    wakeup.close()


def test_without_a_wake_the_wait_ends_when_its_time_is_over() -> None:
    wakeup = Wakeup()

    wakeup.wait(0.01)

    assert not wakeup.hear()
    wakeup.close()


def test_a_program_that_took_the_number_gets_nothing_written_into_its_file() -> None:
    wakeup = Wakeup()
    read, write = os.pipe()
    os.dup2(write, found_descriptor(wakeup))
    os.set_blocking(read, False)

    wakeup.wake()

    assert wakeup.hear()
    try:
        said = os.read(read, 8)
    except BlockingIOError:
        said = b""
    assert said == b""
    os.close(found_descriptor(wakeup))
    wakeup.close()
    os.close(read)
    os.close(write)


def test_a_program_that_took_the_number_loses_nothing_of_what_it_reads() -> None:
    wakeup = Wakeup()
    read, write = os.pipe()
    os.dup2(read, found_descriptor(wakeup))
    os.write(write, b"8 bytes.")

    wakeup.wait(0.01)

    assert os.read(read, 8) == b"8 bytes."
    os.close(found_descriptor(wakeup))
    for descriptor in (read, write):
        os.close(descriptor)


def test_waking_a_thread_that_has_ended_does_nothing() -> None:
    wakeup = Wakeup()
    wakeup.close()

    wakeup.wake()

    assert wakeup.pending


def test_w32_a_number_that_the_program_has_for_an_eventfd_of_its_own_is_left_alone() -> None:
    """It says the same of itself as any other eventfd."""
    wakeup = Wakeup()
    number = found_descriptor(wakeup)
    own = os.eventfd(0, os.EFD_NONBLOCK)
    os.dup2(own, number)

    wakeup.wake()
    wakeup.close()

    with pytest.raises(BlockingIOError):
        os.eventfd_read(own)
    os.eventfd_write(number, 3)
    assert os.eventfd_read(own) == 3
    for descriptor in (own, number):
        os.close(descriptor)


def test_thousands_of_wakes_that_nobody_hears_are_one() -> None:
    """More than a pipe holds; the next wait ends at once, and the one after it lasts."""
    wakeup = Wakeup()
    for _ in range(70_000):
        wakeup.wake()

    wakeup.wait(LONG)
    assert wakeup.hear()

    wakeup.wait(0.0)
    assert not wakeup._poll.poll(0)
    wakeup.close()
