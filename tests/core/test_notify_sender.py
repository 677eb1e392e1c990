"""The sender: nobody waits for it, one order after the other, tried again, and a delivery that hangs is killed."""

import itertools
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.receivers import nobody, receiver
from trainmon.notify import sender as sender_module
from trainmon.notify.deliver import Answer, Order
from trainmon.notify.message import Message
from trainmon.notify.rules import VARIABLE
from trainmon.notify.sender import MOST_WAITING, RETRIES, Sender, deliver_apart

HELLO = Message("title", "body", "info")
RUN = Path("/runs/a")


class Clock:
    """Monotonic seconds that a test lets pass."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Deliveries:
    """Deliveries that take as long, and end, as a test wants."""

    def __init__(self, *answers: Answer) -> None:
        self.orders: list[Order] = []
        self.answers = list(answers)
        self.go = threading.Event()
        self.go.set()
        self.begun = threading.Semaphore(0)

    def __call__(self, order: Order) -> Answer:
        self.orders.append(order)
        self.begun.release()
        self.go.wait(10)
        return self.answers.pop(0) if self.answers else Answer("told")


def an_order(key: str = "k") -> Order:
    return Order(str(RUN), key, "died", HELLO)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def deliveries() -> Iterator[Deliveries]:
    found = Deliveries()
    yield found
    found.go.set()


def test_putting_returns_at_once_while_a_delivery_hangs_and_the_queue_is_bounded(
    deliveries: Deliveries,
) -> None:
    deliveries.go.clear()
    sender = Sender(RUN, deliver=deliveries)
    sender.put(an_order("first"))
    assert deliveries.begun.acquire(timeout=10)

    begin = time.monotonic()
    taken = [sender.put(an_order(f"k{number}")) for number in range(MOST_WAITING + 5)]
    took = time.monotonic() - begin

    assert took < 1.0
    assert taken.count(True) == MOST_WAITING
    assert sender.left_out == 5
    assert not sender.put(an_order("another end"))
    sender.close()
    assert not sender.put(an_order())


def test_where_there_is_no_room_an_end_takes_that_of_lesser_news(deliveries: Deliveries) -> None:
    """A service was away for an hour: that the run died must not be what is left out."""
    deliveries.go.clear()
    sender = Sender(RUN, deliver=deliveries)
    sender.put(an_order("first"))
    assert deliveries.begun.acquire(timeout=10)
    for number in range(MOST_WAITING):
        sender.put(Order(str(RUN), f"best {number}", "best", HELLO))

    taken = sender.put(an_order("the end"))
    deliveries.go.set()

    assert taken
    assert sender.wait_idle(10)
    keys = [order.key for order in deliveries.orders]
    assert "best 0" not in keys
    assert keys[-1] == "the end"


def test_orders_are_delivered_one_after_the_other(deliveries: Deliveries) -> None:
    sender = Sender(RUN, deliver=deliveries)

    for key in "abc":
        sender.put(an_order(key))

    assert sender.wait_idle(10)
    assert [order.key for order in deliveries.orders] == ["a", "b", "c"]


def test_what_was_not_taken_is_tried_again_later_and_not_for_ever() -> None:
    deliveries = Deliveries(*[Answer("failed", 0.0)] * (len(RETRIES) + 5))
    sender = Sender(RUN, deliver=deliveries, monotonic=itertools.count(0, 700).__next__)

    sender.put(an_order())

    assert sender.wait_idle(10)
    assert len(deliveries.orders) == len(RETRIES) + 1


def test_a_message_that_is_held_is_followed_by_one_summary(clock: Clock) -> None:
    deliveries = Deliveries(Answer("held", 500.0), Answer("held", 490.0))
    sender = Sender(RUN, deliver=deliveries, monotonic=clock)
    sender.put(an_order("a"))
    sender.put(an_order("b"))
    for _ in range(2):
        assert deliveries.begun.acquire(timeout=10)
    assert not sender.wait_idle(0.01)

    clock.now += 501.0
    sender.put(an_order("c"))

    assert sender.wait_idle(10)
    assert [order.message is None for order in deliveries.orders].count(True) == 1


def test_a_bug_in_a_delivery_ends_no_other() -> None:
    calls: list[str] = []

    def broken(order: Order) -> Answer:
        calls.append(order.key)
        if order.key == "bad":
            raise ZeroDivisionError
        return Answer("told")

    sender = Sender(RUN, deliver=broken, monotonic=itertools.count(0, 700).__next__)
    sender.put(an_order("bad"))
    sender.put(an_order("good"))

    assert sender.wait_idle(10)
    assert "good" in calls


def test_that_apprise_is_missing_is_said_once_with_what_to_type() -> None:
    said: list[str] = []
    sender = Sender(RUN, deliver=Deliveries(Answer("missing"), Answer("missing")), complain=said.append)
    sender.put(an_order("a"))
    sender.put(an_order("b"))

    assert sender.wait_idle(10)
    assert len(said) == 1
    assert "pip install 'trainmon[notify]'" in said[0]


def test_a_delivery_is_a_process_of_its_own_which_is_killed_where_it_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service that takes the connection and never answers."""
    pytest.importorskip("apprise")
    order = Order(str(tmp_path), "k", "died", HELLO)
    with receiver() as service:
        monkeypatch.setenv(VARIABLE, service.url)
        assert deliver_apart(order) == Answer("told")
        service.answer.clear()
        monkeypatch.setattr(sender_module, "DELIVERY_LIMIT", 1.5)
        assert deliver_apart(Order(str(tmp_path), "other", "died", HELLO)).outcome == "failed"
    assert service.titles[0] == "title"


def test_the_process_takes_no_library_from_the_folder_in_which_a_training_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many trainings have a `requests.py` or a `queue.py` of their own."""
    pytest.importorskip("apprise")
    (tmp_path / "apprise.py").write_text("raise SystemExit(3)")
    (tmp_path / "click.py").write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(VARIABLE, nobody())

    assert deliver_apart(Order(str(tmp_path), "k", "died", HELLO)).outcome == "failed"
    with receiver() as service:
        monkeypatch.setenv(VARIABLE, service.url)
        assert deliver_apart(Order(str(tmp_path), "k2", "died", HELLO)).outcome == "told"


def test_what_a_killed_delivery_had_claimed_is_delivered_by_the_next_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service that hung and came back."""
    pytest.importorskip("apprise")
    monkeypatch.setattr(sender_module, "DELIVERY_LIMIT", 1.0)
    monkeypatch.setattr(sender_module, "RETRIES", (0.1, 0.1, 0.1))
    answers: list[Answer] = []

    with receiver() as service:
        monkeypatch.setenv(VARIABLE, service.url)

        def deliver(order: Order) -> Answer:
            if answers:
                service.answer.set()
                monkeypatch.setattr(sender_module, "DELIVERY_LIMIT", 30.0)
            answers.append(deliver_apart(order))
            return answers[-1]

        service.answer.clear()
        sender = Sender(tmp_path, deliver=deliver)
        sender.put(Order(str(tmp_path), "k", "died", HELLO))
        assert sender.wait_idle(30)

    assert [answer.outcome for answer in answers] == ["failed", "told"]
