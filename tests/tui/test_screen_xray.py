"""The hang X-ray as a screen: one key asks, in a thread, and once more on request."""

import threading
from collections.abc import Iterator

import pytest
from textual.pilot import Pilot

from tests.builders import a_run
from tests.core.test_stack_words import recorded
from tests.tui.apps import an_app, panel_text, screen_text
from trainmon.facts.events import Opened
from trainmon.stacks.stacks import XRay
from trainmon_tui.app import WatchApp
from trainmon_tui.screens.xray import XRayScreen


class Asked:
    """Stands for the program: answers when it is let."""

    def __init__(self) -> None:
        self.times = 0
        self.let = threading.Event()

    def __call__(self, opened: Opened | None) -> XRay:
        self.times += 1
        self.let.wait(10)
        return XRay(1_795_000_000.0 + self.times, 4711, recorded("dataloader"), "faulthandler, signal 47")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    program = Asked()
    made = XRayScreen.__init__

    def make(self: XRayScreen, report: object, *, ascii_only: bool) -> None:
        made(self, report, ascii_only=ascii_only, ask=program)

    monkeypatch.setattr(XRayScreen, "__init__", make)
    yield program
    program.let.set()


async def until(pilot: Pilot[int], words: str) -> None:
    """Until the screen shows that; the test's own time limit ends what never comes."""
    assert isinstance(pilot.app, WatchApp)
    while words not in screen_text(pilot.app):
        await pilot.pause(0.01)


async def test_one_key_asks_and_the_screen_does_not_wait_for_the_answer(asked: Asked) -> None:
    app = an_app(a_run(250))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("X")
        await until(pilot, "asking the program")
        asked.let.set()
        await until(pilot, "waiting in DataLoader: queue.get")

        assert isinstance(app.screen, XRayScreen)
        assert "▶" in panel_text(app, "stacks") or "lines 1-" in panel_text(app, "stacks")


async def test_the_key_asks_again_and_opening_it_again_does_too(asked: Asked) -> None:
    asked.let.set()
    app = an_app(a_run(250))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("X")
        await until(pilot, "waiting in DataLoader")
        await pilot.press("X")
        while asked.times < 2:
            await pilot.pause(0.01)
        await pilot.press("question_mark", "escape")
        twice = asked.times
        await pilot.press("escape", "X")
        while asked.times < 3:
            await pilot.pause(0.01)

        assert twice == 2


async def test_a_stalled_run_offers_it_in_words(asked: Asked) -> None:
    journal = a_run(250)
    app = an_app(journal)
    app._clock.now = journal.now + 3_600
    async with app.run_test(size=(80, 24)):
        assert "STALLED" in panel_text(app, "status")
        assert "[X] X-ray: where it stands" in panel_text(app, "alert")
