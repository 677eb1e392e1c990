"""Questions that may hang: whoever asks goes on, and there is never a second thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from trainmon.system.aside import Aside

PATIENCE = 20.0


class Driver:
    """Answers with its number of questions, as soon as it may."""

    def __init__(self) -> None:
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.asked = 0
        self.threads: set[int] = set()

    def answer(self) -> int:
        self.asked += 1
        self.threads.add(threading.get_ident())
        assert self.may_answer.wait(PATIENCE)
        return self.asked


@pytest.fixture
def driver() -> Iterator[Driver]:
    driver = Driver()
    yield driver
    driver.may_answer.set()


def test_a_question_is_answered_each_time(driver: Driver) -> None:
    aside = Aside("test", driver.answer)

    assert [aside.ask(PATIENCE), aside.ask(PATIENCE)] == [1, 2]
    assert aside.waited is None
    aside.close()


def test_a_question_that_hangs_is_asked_once_by_one_thread(driver: Driver) -> None:
    """A hanging system call cannot be ended: each new try would leave one more thread."""
    driver.may_answer.clear()
    aside = Aside("test", driver.answer)

    answers = [aside.ask(0.0) for _ in range(50)]

    assert answers == [None] * 50
    driver.may_answer.set()
    assert aside.ask(PATIENCE) == 1
    assert aside.ask(PATIENCE) == 2
    assert len(driver.threads) == 1
    aside.close()


def test_it_says_how_long_it_has_waited(driver: Driver) -> None:
    now = [100.0]
    driver.may_answer.clear()
    aside = Aside("test", driver.answer, lambda: now[0])
    aside.ask(0.0)
    now[0] = 112.0

    assert aside.waited == 12.0
    driver.may_answer.set()
    aside.ask(PATIENCE)
    assert aside.waited is None
    aside.close()


def test_a_question_that_fails_is_not_answered_and_the_next_one_may_be() -> None:
    answers = iter([None, 7])

    def question() -> int:
        answer = next(answers)
        if answer is None:
            raise OSError("the driver is gone")
        return answer

    aside = Aside("test", question)

    assert [aside.ask(PATIENCE), aside.ask(PATIENCE)] == [None, 7]
    aside.close()


def test_a_closed_one_lets_its_thread_end(driver: Driver) -> None:
    before = set(threading.enumerate())
    aside = Aside("test", driver.answer)
    aside.ask(PATIENCE)
    (thread,) = set(threading.enumerate()) - before

    aside.close()

    thread.join(PATIENCE)
    assert not thread.is_alive()
