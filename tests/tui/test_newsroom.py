"""A viewer about news: the bell once for each, messages where no sentinel is on duty, nothing for what was there."""

import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.builders import Journal, a_run
from tests.tui.apps import Clock, a_frame, panel_text
from trainmon.notify import duty, record
from trainmon.notify.deliver import Answer, Order
from trainmon.notify.ledger import Entry, Ledger
from trainmon.notify.news import SETTLE, end_key
from trainmon.notify.rules import NotifySettings, rules
from trainmon.notify.sender import Sender
from trainmon_tui.app import WatchApp
from trainmon_tui.visit.newsroom import Inquiry, Newsroom
from trainmon_tui.visit.witness import Witness
from trainmon_tui.widgets import verdict

RULES = rules(NotifySettings(on=("finished", "failed", "died", "alert:critical", "best")))


class Office:
    """Makes senders that keep what they were given."""

    def __init__(self) -> None:
        self.orders: list[Order] = []
        self.senders: list[Sender] = []

    def __call__(self, folder: Path) -> Sender:
        self.senders.append(Sender(folder, deliver=self.deliver))
        return self.senders[-1]

    def deliver(self, order: Order) -> Answer:
        self.orders.append(order)
        return Answer("told")

    def sent(self) -> list[str]:
        """The titles of what was sent."""
        assert all(sender.wait_idle(10) for sender in self.senders)
        return [order.message.title for order in self.orders if order.message is not None]


def looks(newsroom: Newsroom, *journals: Journal, alive: bool = True) -> list[bool]:
    """Whether the bell rang at each look, some seconds apart."""
    return [
        newsroom.look(journal.sight(alive=alive), 10.0 * number) for number, journal in enumerate(journals)
    ]


def test_the_bell_rings_once_for_each_news(tmp_path: Path) -> None:
    bad = a_run(100).progress(101, "NaN", epoch=2)

    newsroom = Newsroom(tmp_path, RULES)

    assert looks(newsroom, a_run(100), bad, bad, a_run(100), a_run(100)) == [False, True, False, False, False]


def test_a_silent_bell_stays_silent_and_messages_go(tmp_path: Path) -> None:
    office = Office()
    newsroom = Newsroom(tmp_path, RULES, bell=False, make_sender=office)

    rang = looks(newsroom, a_run(100), a_run(100).progress(101, "NaN", epoch=2))

    assert rang == [False, False]
    assert office.sent() == ["✖ DemoModel: loss is NaN, once, first at step 101"]


def test_what_was_there_when_the_viewer_came_is_no_news(tmp_path: Path) -> None:
    office = Office()

    assert looks(Newsroom(tmp_path, RULES, make_sender=office), a_run(), a_run(), alive=False) == [
        False,
        False,
    ]
    assert office.senders == []


def test_a_sentinel_on_duty_does_the_sending(tmp_path: Path) -> None:
    """The bell is for those who sit before the screen, and rings all the same."""
    office = Office()
    lock = duty.take(tmp_path)
    assert lock is not None
    newsroom = Newsroom(tmp_path, RULES, make_sender=office)

    assert duty.take(tmp_path) is None
    assert duty.on_duty(tmp_path) == os.getpid()
    assert looks(newsroom, a_run(100), a_run(100).validation(100, 0.5)) == [False, True]
    assert office.senders == []
    os.close(lock)
    assert duty.on_duty(tmp_path) is None


def test_another_run_begins_without_news(tmp_path: Path) -> None:
    newsroom = Newsroom(tmp_path, RULES)
    looks(newsroom, a_run(100))

    newsroom.change(tmp_path / "other")

    assert newsroom.look(a_run().ended().sight(), 50.0) is False


@pytest.mark.parametrize("bell", [True, False])
async def test_the_app_rings_the_terminal(
    tmp_path: Path, bell: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = a_run(100)
    clock = Clock(journal.now)
    newsroom = Newsroom(tmp_path, RULES, bell=bell)
    app = WatchApp(tmp_path, clock=clock, witness=Witness(newsroom=newsroom))
    rung: list[bool] = []
    monkeypatch.setattr(app, "bell", lambda: rung.append(True))
    monkeypatch.setattr("trainmon_tui.visit.newsroom.EVERY", 0.0)
    monkeypatch.setattr("trainmon.notify.news.SETTLE", 0.0)
    app.deliver(a_frame(journal))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert rung == []
        app.deliver(a_frame(journal, alive=False))
        await pilot.pause()
        app.deliver(a_frame(journal, alive=False))
        await pilot.pause()

    assert len(rung) == int(bell)
    assert SETTLE > 0


async def test_a_screen_that_stands_still_hears_the_news_and_takes_nothing_for_a_stall(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is shown is old; that it is silent says nothing about the run."""
    monkeypatch.setattr("trainmon_tui.visit.newsroom.EVERY", 0.0)
    monkeypatch.setattr("trainmon.notify.news.SETTLE", 0.0)
    journal, rung = a_run(100), list[bool]()
    clock = Clock(journal.now)
    everything = rules(NotifySettings(on=("stalled", "died")))
    app = WatchApp(tmp_path, clock=clock, witness=Witness(newsroom=Newsroom(tmp_path, everything)))
    monkeypatch.setattr(app, "bell", lambda: rung.append(True))
    app.deliver(a_frame(journal))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("space")
        journal.after(3_600.0).steps(110, 101)
        clock.now = journal.now
        app.deliver(a_frame(journal))
        await pilot.pause()
        still = panel_text(app, "status")
        assert rung == []
        app.deliver(a_frame(journal, alive=False))
        await pilot.pause()

        assert "STALLED" not in still
        assert "SCREEN PAUSED" in still
        assert rung == [True]
        assert "ENDED" in panel_text(app, "status")


def test_whom_the_message_about_the_end_has_reached_is_known_and_shown(tmp_path: Path) -> None:
    """Whoever comes to a dead run sees that the others know already."""
    dead = a_run().sight(alive=False)
    key = end_key(dead.state)
    entry = Entry(key, "died", "title", dead.now, "told", services=("ntfy", "mailtos"))
    inquiry = Inquiry(tmp_path)

    assert inquiry.told(dead, 0.0) is None
    inquiry.wait(10)
    assert inquiry.told(dead, 1.0) is None
    record.write(record.path_of(tmp_path), Ledger((entry,)))
    assert inquiry.told(dead, 5.0) is None
    inquiry.wait(10)

    assert inquiry.told(dead, 6.0) == entry
    assert inquiry.told(a_run().sight(), 7.0) is None
    drawn = verdict.rows(verdict.pick(replace(dead, told=entry)), 80, 20, ascii_only=False)
    assert "  told     ntfy, mailtos at 23:41:3" in "\n".join(
        "".join(text for text, _ in line) for line in drawn
    )
