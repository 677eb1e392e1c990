"""The feed: what is in the folder arrives, whatever the kernel tells and whatever goes wrong."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.builders import Journal, a_run
from tests.run_folders import write_run
from trainmon.facts.codec import encode_line
from trainmon.reading.reader import RunReader, View
from trainmon.words.paths import JOURNAL, OUTPUT
from trainmon_tui.feeds import feed as feed_module
from trainmon_tui.feeds.feed import Feed, FileLook, Frame, Pace
from trainmon_tui.feeds.hints import Hints

PATIENCE = 20.0
"""Seconds until a test gives up; nothing waits that long unless it fails."""


class Inbox:
    """Where frames arrive; waits for one that a test is about."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.frames: list[Frame] = []

    def take(self, frame: Frame) -> None:
        with self._changed:
            self.frames.append(frame)
            self._changed.notify_all()

    def comes(self, wanted: Callable[[Frame], bool], patience: float) -> bool:
        """Whether such a frame is there, or comes within so many seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: any(map(wanted, self.frames)), patience)

    def until(self, wanted: Callable[[Frame], bool]) -> Frame:
        assert self.comes(wanted, PATIENCE)
        with self._changed:
            return next(filter(wanted, self.frames))


def threads_of_hints() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "trainmon-hints"}


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def start(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], Feed]]:
    monkeypatch.setattr(feed_module, "POLL_EVERY", 0.05)
    monkeypatch.setattr(feed_module, "QUIET_POLL_EVERY", 0.05)
    monkeypatch.setattr(feed_module, "SHORTEST_GAP", 0.01)
    feeds: list[Feed] = []

    def start_one(folder: Path) -> Feed:
        feeds.append(Feed(folder, inbox.take))
        feeds[-1].start()
        return feeds[-1]

    yield start_one
    for one in feeds:
        assert one.stop(PATIENCE)


def test_what_is_in_the_folder_arrives(tmp_path: Path, inbox: Inbox, start: Callable[[Path], Feed]) -> None:
    start(write_run(tmp_path / "logs", a_run(50)))

    assert inbox.until(lambda frame: frame.view.state.run_step == 50).view.exists


def test_a_folder_that_is_not_there_yet_is_waited_for(
    tmp_path: Path, inbox: Inbox, start: Callable[[Path], Feed]
) -> None:
    start(tmp_path / "logs")
    inbox.until(lambda frame: not frame.view.exists)

    write_run(tmp_path / "logs", a_run(20))

    inbox.until(lambda frame: frame.view.state.run_step == 20)


def test_what_is_appended_arrives(tmp_path: Path, inbox: Inbox, start: Callable[[Path], Feed]) -> None:
    journal = a_run(20)
    folder = write_run(tmp_path / "logs", journal)
    start(folder)
    inbox.until(lambda frame: frame.view.state.run_step == 20)

    journal.after(0.1).progress(21)
    with (folder / JOURNAL).open("ab") as file:
        file.write(encode_line(journal.events[-1]))

    inbox.until(lambda frame: frame.view.state.run_step == 21)


def test_a_feed_that_has_stopped_leaves_nobody_in_watchfiles(
    tmp_path: Path, inbox: Inbox, start: Callable[[Path], Feed]
) -> None:
    """A thread in there when the interpreter goes has some versions of it abort the process, after `q`."""
    before = threads_of_hints()
    journal = a_run(20)
    folder = write_run(tmp_path / "logs", journal)
    feed = start(folder)
    inbox.until(lambda frame: frame.view.state.run_step == 20)
    write_run(folder, journal.after(0.1).progress(21))
    inbox.until(lambda frame: frame.view.state.run_step == 21)
    assert threads_of_hints() - before

    assert feed.stop(PATIENCE)

    assert not threads_of_hints() - before


def test_where_watching_fails_polling_goes_on(
    tmp_path: Path, inbox: Inbox, start: Callable[[Path], Feed], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No inotify instances left, or a file system without notifications: all the same."""
    monkeypatch.setattr(Hints, "open", lambda _hints: None)
    journal = a_run(20)
    folder = write_run(tmp_path / "logs", journal)
    start(folder)
    inbox.until(lambda frame: frame.view.state.run_step == 20)

    write_run(folder, journal.after(0.1).progress(21))

    inbox.until(lambda frame: frame.view.state.run_step == 21)


def test_what_is_appended_is_not_waited_for_until_the_next_poll(
    tmp_path: Path, inbox: Inbox, start: Callable[[Path], Feed], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With polls that are an hour apart only a hint can bring it."""
    monkeypatch.setattr(feed_module, "POLL_EVERY", 0.01)
    monkeypatch.setattr(feed_module, "QUIET_POLL_EVERY", 3_600.0)
    journal = a_run(20)
    folder = write_run(tmp_path / "logs", journal)
    start(folder)
    inbox.until(lambda frame: frame.view.state.run_step == 20)

    for step in range(21, 121):
        journal.after(0.1).progress(step)
        with (folder / JOURNAL).open("ab") as file:
            file.write(encode_line(journal.events[-1]))
        if inbox.comes(lambda frame: frame.view.state.run_step > 20, 0.2):
            return
    raise AssertionError("no hint came")


def test_a_silence_pays_for_two_frames_at_once_and_a_stream_gets_four_a_second() -> None:
    pace = Pace(0.25)

    pace.took(100.0)
    assert pace.earliest(100.0) < 100.1
    pace.took(100.1)
    assert pace.earliest(100.1) == 100.25
    pace.took(100.25)
    assert pace.earliest(100.25) == 100.5


def test_a_look_in_vain_keeps_the_next_one_waiting_for_a_moment_only() -> None:
    assert Pace(0.25).earliest(100.0) == 100.05


def test_a_bug_in_reading_is_said_and_reading_goes_on(
    tmp_path: Path, inbox: Inbox, start: Callable[[Path], Feed], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A feed that died would leave a screen that looks alive."""
    poll = RunReader.poll
    broken = [True]

    def poll_or_fail(self: RunReader) -> View:
        if broken[0]:
            raise ZeroDivisionError
        return poll(self)

    monkeypatch.setattr(RunReader, "poll", poll_or_fail)
    start(write_run(tmp_path / "logs", a_run(20)))
    note = inbox.until(lambda frame: frame.view.note is not None).view.note
    broken[0] = False

    assert note == "reading failed (ZeroDivisionError): what is shown may be old"
    inbox.until(lambda frame: frame.view.state.run_step == 20)


def test_stopping_before_starting_is_no_error(tmp_path: Path) -> None:
    assert Feed(tmp_path, lambda _frame: None).stop()


def test_files_are_looked_for_again_only_when_it_is_time(tmp_path: Path) -> None:
    path = tmp_path / "epoch_001.pt"
    path.touch()
    state = Journal().opened().started().checkpoint(path=str(path), size=None).state()
    look = FileLook()

    first = look.look(state, 100.0)
    path.unlink()

    assert first == {str(path): True}
    assert look.look(state, 101.0) is first
    assert look.look(state, 100.0 + feed_module.FILES_EVERY) != first


def test_what_the_program_printed_arrives_and_what_it_prints_later(
    tmp_path: Path, inbox: Inbox, start: Callable[[Path], Feed]
) -> None:
    folder = write_run(tmp_path / "logs", a_run(5))
    (folder / OUTPUT).write_text("2026-11-22T23:41:03.000+00:00 first\n")
    start(folder)
    inbox.until(lambda frame: [line.text for line in frame.output] == ["first"])

    with (folder / OUTPUT).open("a") as printed:
        printed.write("2026-11-22T23:41:04.000+00:00 second\n")

    frame = inbox.until(lambda frame: len(frame.output) == 2)
    assert [line.text for line in frame.output] == ["first", "second"]
