"""Live readings: when this host is read, for whom, how its course goes on, and that nothing is read in vain."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.builders import START, Journal, a_reading
from tests.tui.apps import Clock, a_frame, an_app, panel_text
from tests.tui.terminals import Terminal
from trainmon.facts.readings import MachineReading
from trainmon.fold.state import RunState
from trainmon.system.identity import ProcessIdentity, identity_of, own_identity
from trainmon_tui.app import WatchApp
from trainmon_tui.feeds import live_reading
from trainmon_tui.feeds.live_feed import LiveFeed
from trainmon_tui.feeds.live_reading import LiveReader, folders, seen_by_trainer, trainer
from trainmon_tui.sight.live import FRESH, Course, Live, LiveDesk, Want, is_here

PATIENCE = 20.0
HERE = own_identity()


def here(state: RunState, identity: ProcessIdentity = HERE) -> RunState:
    """The run as if that process of this host recorded it."""
    assert state.opened is not None
    state.opened = replace(
        state.opened,
        host=identity.host,
        boot_id=identity.boot_id,
        pid=identity.pid,
        pid_namespace=identity.pid_namespace,
        process_start=identity.start_ticks,
    )
    return state


def a_live(reading: MachineReading, folder: str = "logs") -> Live:
    return Live(reading, Course().join(folder, RunState(), reading), folder)


class Asked:
    """What was asked for, oldest first."""

    def __init__(self) -> None:
        self.wants: list[Want | None] = []

    def __call__(self, wanted: Want | None) -> None:
        self.wants.append(wanted)


# Whether this host is read.


def test_a_run_is_of_this_host_by_name_and_boot() -> None:
    """A clone of a virtual machine may have the boot of another, and another boot the name of this one."""
    state = here(Journal().opened().started().state())

    assert is_here(state, HERE)
    assert is_here(RunState(), HERE)
    assert not is_here(Journal().opened(host="gpu-07").state(), HERE)
    assert not is_here(Journal().opened(host=HERE.host).state(), HERE)


def test_while_the_trainer_records_only_the_view_of_the_machine_reads_itself() -> None:
    """The same numbers twice would cost the training their price twice."""
    asked = Asked()
    desk = LiveDesk(asked)
    state = here(Journal().opened().started().system().state())

    desk.want(state, "logs", START + 1, shown=True, details=False)
    overview = list(asked.wants)
    desk.want(state, "logs", START + 1, shown=False, details=True)
    page = list(asked.wants)
    desk.want(state, "logs", START + 2, shown=True, details=False)

    assert overview == []
    assert page == [Want(state, "logs", details=True)]
    assert asked.wants == [*page, None]


@pytest.mark.parametrize("run", [RunState(), here(Journal().opened().started().system().state())])
@pytest.mark.parametrize("later", [FRESH, -3_600.0])
def test_where_nobody_records_the_overview_reads_itself(run: RunState, later: float) -> None:
    """No run at all, `machine_every=None`, a trainer that is dead; also after somebody set the clock back."""
    asked = Asked()

    LiveDesk(asked).want(run, "logs", START + later, shown=True, details=False)

    assert asked.wants == [Want(run, "logs")]


def test_what_shows_no_machine_has_none_read() -> None:
    asked = Asked()
    desk = LiveDesk(asked)

    desk.want(RunState(), "logs", START, shown=False, details=False)

    assert asked.wants == []


def test_a_run_of_another_host_is_never_read_here() -> None:
    """The screen's own machine would be shown as the trainer's."""
    asked = Asked()
    desk = LiveDesk(asked)
    state = Journal().opened(host="gpu-07").state()

    desk.want(state, "logs", START, shown=True, details=True)
    desk.take(a_live(a_reading(START)))

    assert asked.wants == []
    assert desk.seen(state, "logs", START) is None


def test_a_reading_is_shown_while_it_is_fresh_and_for_its_own_run() -> None:
    desk = LiveDesk(None)
    live = a_live(a_reading(START))

    assert desk.take(live)
    assert desk.seen(RunState(), "logs", START + 1) is live
    assert desk.seen(RunState(), "other", START + 1) is None
    assert desk.seen(RunState(), "logs", START + FRESH) is None
    assert not desk.take(live)


# Its course.


def test_the_course_goes_on_where_the_record_ends() -> None:
    """What the trainer recorded stays, and what both read counts once."""
    recorded = Journal().opened().started()
    for _ in range(5):
        recorded.system(a_reading(recorded.after(2.0).now))
    state, course = recorded.state(), Course()

    course.join("logs", state, a_reading(recorded.now))
    course.join("logs", state, a_reading(recorded.now + 2))
    whole = course.join("logs", state, a_reading(recorded.now + 4))

    assert sum(whole.column("cpu").count) == 7
    assert sum(state.machine.column("cpu").count) == 5


def test_what_is_read_long_after_the_end_of_the_record_is_no_part_of_its_course() -> None:
    """But a screen that looked all the time goes on."""
    recorded = Journal().opened().started()
    for _ in range(5):
        recorded.system(a_reading(recorded.after(2.0).now))
    state = recorded.state()

    late = Course().join("logs", state, a_reading(recorded.now + 86_400))
    watched = Course()
    for seconds in (300, 900, 86_400):
        whole = watched.join("logs", state, a_reading(recorded.now + seconds))

    assert sum(late.column("cpu").count) == 5
    assert sum(whole.column("cpu").count) == 8


def test_what_the_trainer_records_later_takes_the_place_of_what_was_read() -> None:
    journal, course = Journal().opened().started(), Course()
    for seconds in (2, 4, 6):
        course.join("logs", journal.state(), a_reading(START + seconds))
    journal.after(4.0).system(a_reading(START + 4))

    whole = course.join("logs", journal.state(), a_reading(START + 8))

    assert whole.column("cpu").last_time == (START + 4, START + 6, START + 8)


def test_a_course_that_was_handed_out_is_not_changed() -> None:
    course = Course()
    first = course.join("logs", RunState(), a_reading(START))
    before = first.document()

    course.join("logs", RunState(), a_reading(START + 2))

    assert first.document() == before


# The thread.


class Inbox:
    """Readings as they come; waits for as many as a test is about."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.found: list[Live] = []

    def take(self, live: Live) -> None:
        with self._changed:
            self.found.append(live)
            self._changed.notify_all()

    def until(self, count: int) -> list[Live]:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.found) >= count, PATIENCE)
            return list(self.found)


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def feeds() -> Iterator[list[LiveFeed]]:
    feeds: list[LiveFeed] = []
    yield feeds
    for feed in feeds:
        feed.stop()


def test_readings_come_while_they_are_wanted_and_the_first_only_begins_the_rates(
    inbox: Inbox, feeds: list[LiveFeed], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainmon_tui.feeds.live_feed.FIRST_SPAN", 0.01)
    asked: list[str] = []

    def read(wanted: Want) -> MachineReading:
        asked.append(wanted.folder)
        return a_reading(START + len(asked))

    feeds.append(LiveFeed(inbox.take, every=0.05, read=read))
    feeds[0].ask(Want(RunState(), "logs"))

    found = inbox.until(3)

    assert [live.reading.time for live in found[:2]] == [START + 2, START + 3]
    assert found[0].folder == "logs"


def test_a_bug_in_reading_is_survived(
    inbox: Inbox, feeds: list[LiveFeed], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainmon_tui.feeds.live_feed.FIRST_SPAN", 0.01)
    turns = iter(range(1_000))

    def read(_wanted: Want) -> MachineReading:
        if next(turns) == 0:
            raise ZeroDivisionError
        return a_reading()

    feeds.append(LiveFeed(inbox.take, every=0.05, read=read))
    feeds[0].ask(Want(RunState(), "logs"))

    inbox.until(1)


def test_nothing_starts_before_something_is_wanted(inbox: Inbox, feeds: list[LiveFeed]) -> None:
    before = set(threading.enumerate())
    feeds.append(LiveFeed(inbox.take))

    feeds[0].ask(None)

    assert set(threading.enumerate()) <= before


# Who is read.


def test_the_trainer_is_read_as_long_as_it_lives_and_the_host_afterwards(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        identity = identity_of(child.pid)
        assert identity is not None
        wanted = Want(here(Journal().opened().started().state(), identity), str(tmp_path))
        reader = LiveReader()
        living = reader.read(wanted)
    finally:
        child.kill()
        child.wait()

    dead = reader.read(wanted)

    assert living.process is not None
    assert living.process.pid == child.pid
    assert dead.process is None
    assert dead.host is not None


def test_a_process_with_the_number_of_a_dead_trainer_is_a_stranger() -> None:
    identity = identity_of(HERE.pid)
    assert identity is not None
    young = replace(identity, start_ticks=(identity.start_ticks or 0) - 1)

    assert trainer(here(Journal().opened().state(), identity)) == (identity.pid, identity.start_ticks)
    assert trainer(here(Journal().opened().state(), young)) == (None, None)
    assert trainer(RunState()) == (None, None)


def test_the_file_system_of_checkpoints_is_read_where_their_path_is_whole() -> None:
    journal = Journal().opened().started()

    assert folders("logs", journal.state()) == (Path("logs"),)
    assert folders("logs", journal.checkpoint(path="/ckpt/a.pt").state()) == (Path("logs"), Path("/ckpt"))
    assert folders("logs", journal.checkpoint(path="b.pt").state()) == (Path("logs"),)


def test_cards_are_the_trainers_as_it_recorded_or_as_it_was_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable may be set in the program, which the environment of its start does not show."""
    cards = tuple(replace(card, uuid=f"GPU-{card.index}") for card in a_reading(gpus=2).gpus)
    recorded = replace(a_reading(), gpus=(replace(cards[0], visible=False),))
    monkeypatch.setattr(live_reading, "environment_of", lambda _pid: {"CUDA_VISIBLE_DEVICES": "1"})
    journal = Journal().opened().started()

    assert seen_by_trainer(cards, journal.state(), 7) == {"GPU-0": False, "GPU-1": True}
    assert seen_by_trainer(cards, journal.state(), None) == {}
    assert seen_by_trainer(cards, journal.system(recorded).state(), 7) == {"GPU-0": False}


# What is shown.


async def test_the_screen_shows_what_this_host_says_and_that_it_is_live() -> None:
    """A folder without a run, on a machine with two GPUs."""
    asked = Asked()
    app = WatchApp(Path("logs"), clock=Clock(START + 1), ask_live=asked)
    app.deliver(a_frame(Journal(), exists=False))

    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.pause()
        app.deliver_live(a_live(a_reading(START, gpus=2)))
        await pilot.pause()

        assert asked.wants
        assert "live 1s ago" in panel_text(app, "machine")
        assert "GPU1" in panel_text(app, "machine")

        await pilot.press("3")
        await pilot.pause()

        assert "live 1s ago" in panel_text(app, "machine-page")
        assert asked.wants[-1] is not None
        assert asked.wants[-1].details
    assert not app.bugs


async def test_without_live_readings_the_screen_says_that_they_were_recorded() -> None:
    app = an_app(Journal().opened().started().system())

    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.press("3")
        await pilot.pause()

        assert "recorded 1s ago" in panel_text(app, "machine-page")


async def test_the_overview_of_a_dead_run_shows_the_machine_as_the_trainer_saw_it_last() -> None:
    """What the machine does now tells nothing of why."""
    journal = Journal().opened().started().steps(20).system()
    frame = a_frame(journal, alive=False)
    here(frame.view.state)
    app = an_app(journal, frame=frame)

    async with app.run_test(size=(160, 45)) as pilot:
        app.deliver_live(a_live(a_reading(journal.now, gpus=0)))
        await pilot.pause()

        assert "recorded" in panel_text(app, "machine")
        assert "GPU0" in panel_text(app, "machine")
    assert not app.bugs


def test_the_real_screen_reads_its_own_host_where_there_is_no_run(tmp_path: Path) -> None:
    """In a terminal, with the threads that it really has."""
    terminal = Terminal(tmp_path / "none", width=80, height=24)
    try:
        terminal.until(lambda: "WAITING" in terminal.text and "live" in terminal.text)
        terminal.send("3")
        terminal.until(lambda: "cores" in terminal.text and "live" in terminal.text)
        shown = terminal.text
        terminal.send("q")

        assert terminal.wait() == 0
        assert "none yet" in shown
    finally:
        terminal.close()
