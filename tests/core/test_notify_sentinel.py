"""The sentinel by its looks, without sleeping: what it tells, and when it has nothing left to do."""

import os
import threading
from pathlib import Path

import pytest

from tests.builders import START, Journal, a_run
from trainmon.notify import sentinel
from trainmon.notify.deliver import Answer, Order
from trainmon.notify.news import SETTLE
from trainmon.notify.rules import NotifySettings, rules
from trainmon.notify.sender import Sender
from trainmon.notify.sentinel import FIRST_PATIENCE, LONE_PATIENCE, NOTHING_LIMIT, Sentinel
from trainmon.system.identity import ProcessIdentity, own_identity
from trainmon.words.paths import JOURNAL

RULES = rules(NotifySettings(on=("finished", "failed", "died", "alert:critical")))


class Time:
    """Unix and monotonic seconds that a test lets pass."""

    def __init__(self, now: float) -> None:
        self.now = now

    def clock(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now - START


class Case:
    """A run folder with a sentinel before it."""

    def __init__(
        self,
        folder: Path,
        journal: Journal,
        watched: ProcessIdentity | None = None,
        since: float | None = None,
    ) -> None:
        self.folder, self.journal = folder, journal
        self.orders: list[Order] = []
        self.time = Time(journal.now + 1.0)
        self.sender = Sender(folder, deliver=self._deliver)
        self.sentinel = Sentinel(
            folder, RULES, self.sender, since=since, watched=watched,
            clock=self.time.clock, monotonic=self.time.monotonic,
        )  # fmt: skip

    def _deliver(self, order: Order) -> Answer:
        self.orders.append(order)
        return Answer("told")

    def look(self, later: float = 0.0) -> bool:
        """Whether there is something left to do at a look some seconds later."""
        self.time.now += later
        self.journal.write(self.folder)
        goes_on = self.sentinel.look()
        assert self.sender.wait_idle(10)
        return goes_on

    @property
    def kinds(self) -> list[str]:
        return [order.kind for order in self.orders]


def closed(journal: Journal) -> Journal:
    """The run ended well, and its program with it."""
    return journal.ended().closed()


def test_it_stays_while_the_run_goes_on_and_ends_once_the_end_was_told(tmp_path: Path) -> None:
    """The program closed its journal, so it is known to be gone without a process table."""
    case = Case(tmp_path, a_run(100))
    assert case.look()
    assert case.look(5.0)

    closed(case.journal)
    assert case.look(5.0)
    assert case.kinds == []
    case.look(SETTLE)

    assert case.kinds == ["finished"]
    assert not case.look(LONE_PATIENCE + 1.0)
    assert case.kinds == ["finished"]


def test_an_old_run_is_no_news_and_the_next_one_may_take_some_seconds(tmp_path: Path) -> None:
    case = Case(tmp_path, closed(a_run(100)))

    assert case.look()
    assert case.look(FIRST_PATIENCE / 2)
    assert case.kinds == []
    case.journal.opened().after(1.0).started().steps(10)
    assert case.look(2.0)
    assert case.look(FIRST_PATIENCE)


def test_a_launcher_that_lives_may_start_the_program_again(tmp_path: Path) -> None:
    """A supervisor, or a requeue within the same job."""
    case = Case(tmp_path, a_run(100), watched=own_identity())
    case.look()
    closed(case.journal)
    case.look(5.0)

    assert case.look(LONE_PATIENCE + 1.0)
    assert case.look(10 * LONE_PATIENCE)


def test_an_end_before_the_first_look_is_told_if_it_came_since_the_launch(tmp_path: Path) -> None:
    journal = closed(a_run(100))
    case = Case(tmp_path, journal, since=journal.now - 10.0)

    case.look()
    case.look(SETTLE)

    assert case.kinds == ["finished"]


@pytest.mark.parametrize("hangs", [False, True], ids=["gone", "storage that hangs"])
def test_a_message_about_a_death_looks_for_the_files_of_checkpoints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hangs: bool
) -> None:
    """And goes out all the same where their storage does not answer."""
    held = threading.Event()
    if hangs:
        monkeypatch.setattr(sentinel, "FILES_PATIENCE", 0.01)
        monkeypatch.setattr(sentinel, "files_of", lambda _: dict[str, bool | None](waited=held.wait(10)))
    journal = Journal().opened(host=os.uname().nodename, folder=str(tmp_path)).started().steps(9)
    journal.checkpoint(9, str(tmp_path / "gone.pt")).ended(success=False, reason="failed", error="x").closed()
    case = Case(tmp_path, journal, since=journal.now - 10.0)

    case.look()
    case.look(SETTLE)
    held.set()

    [order] = case.orders
    assert order.message is not None
    assert ("no file of a checkpoint is left; 9 steps lost" in order.message.body) is not hangs
    assert ("gone.pt, step 9; 0 steps lost" in order.message.body) is hangs


def test_where_nothing_ever_comes_it_gives_up(tmp_path: Path) -> None:
    case = Case(tmp_path / "empty", Journal())
    (tmp_path / "empty").mkdir()

    assert case.sentinel.look()
    case.time.now += NOTHING_LIMIT + 1.0
    assert not case.sentinel.look()


def test_a_journal_that_cannot_be_read_keeps_nobody_spinning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = Case(tmp_path, a_run(100))
    case.journal.write(tmp_path)

    def refused(*_arguments: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("trainmon.storage.journal.open_shared", refused)

    assert case.sentinel.look()
    assert (tmp_path / JOURNAL).exists()
