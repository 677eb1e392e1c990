"""The app, driven by a pilot: sizes, keys, bugs in panels, and texts from people who mean harm."""

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from tests.builders import START, Journal, a_run
from tests.tui.apps import Clock, a_frame, an_app, panel_text, screen_text
from trainmon.meaning.statuses import Evidence
from trainmon.words.exits import ExitRecord
from trainmon_tui.screens.errors import ErrorsScreen
from trainmon_tui.screens.help import KEYS, HelpScreen
from trainmon_tui.screens.overview import OverviewScreen
from trainmon_tui.screens.quit import QuitScreen
from trainmon_tui.widgets.loss import LossPanel

ORDINARY = [(160, 45), (80, 24), (60, 20)]
TINY = [(1, 1), (2, 2), (5, 3), (20, 6)]
HUGE = [(300, 90), (500, 200)]

HOSTILE = [
    "\x1b]52;c;cHduZWQ=\x07", "\x1b]0;pwned\x1b\\", "\x9b31mred", "[/x] boom", "[@click=app.quit]click me[/]",
    "[link=https://example.org]x[/link]", "\u202egnp.exe", "a\u0301" * 300, "模型" * 200, "x" * 100_000, "\0",
    "line\nbreak\r\ttab", "{0.__class__}", "",
]  # fmt: skip


def everywhere(text: str) -> Journal:
    """A run that says the text wherever a run can say one."""
    journal = (
        Journal()
        .opened(host=text, command=(text, text))
        .started(text, config={text or "key": text}, git=text)
    )
    journal.steps(30, metrics={text or "metric": 1.0}).system()
    journal.validation(30, 1.0, val_metrics={text or "metric": 1.0}).checkpoint(30, text)
    journal.error(text, error_type=text or "Error", context=text, traceback=text).warned(text)
    return journal


async def settle(pilot: Pilot[int]) -> None:
    await pilot.pause()
    await pilot.pause()


@pytest.mark.parametrize("size", [*ORDINARY, *TINY, *HUGE])
@pytest.mark.parametrize("kind", ["empty", "started", "running", "failed", "killed", "finished"])
async def test_every_state_of_a_run_is_drawn_at_every_size(size: tuple[int, int], kind: str) -> None:
    journals = {
        "empty": Journal(),
        "started": Journal().opened().started(),
        "running": a_run(),
        "failed": a_run()
        .error(uncaught=True)
        .ended(success=False, reason="failed", error="RuntimeError: x")
        .closed(),
        "killed": a_run(),
        "finished": a_run().ended().closed(),
    }
    journal = journals[kind]
    app = an_app(journal, frame=a_frame(journal, alive=kind not in ("failed", "killed", "finished")))

    async with app.run_test(size=size) as pilot:
        await settle(pilot)

        assert app.bugs == {}
        assert panel_text(app, "status").strip()


@pytest.mark.parametrize("size", ORDINARY)
async def test_status_eta_loss_and_newest_error_are_there_without_scrolling(size: tuple[int, int]) -> None:
    app = an_app(a_run().error())

    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        text = screen_text(app)

    assert "● RUNNING" in text
    assert "left   1" in text
    assert "train 0.6" in text
    assert "RuntimeError" in text
    assert "quit" in text


async def test_a_new_frame_is_drawn_and_the_clock_goes_on() -> None:
    journal = a_run(100)
    app = an_app(journal)

    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        before = panel_text(app, "bars")
        journal.after(0.1).progress(101, epoch=2)
        app.deliver(a_frame(journal))
        await settle(pilot)

        assert "100/400" in before
        assert "101/400" in panel_text(app, "bars")


async def test_a_resize_lays_out_anew() -> None:
    app = an_app(a_run())

    async with app.run_test(size=(160, 45)) as pilot:
        await settle(pilot)
        await pilot.resize_terminal(60, 20)
        await settle(pilot)
        narrow = panel_text(app, "status").split("\n")[0]
        await pilot.resize_terminal(160, 45)
        await settle(pilot)

        assert len(narrow) == 60
        assert len(panel_text(app, "status").split("\n")[0]) == 160
        assert app.bugs == {}


async def test_on_death_the_verdict_and_what_is_left_appear() -> None:
    journal = a_run()
    app = an_app(journal, frame=a_frame(journal, alive=False))

    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)

        assert "─ why ─" in panel_text(app, "verdict")
        assert "newest   /ckpt/epoch_002.pt" in panel_text(app, "verdict")
        assert "no ETA: the trainer is dead" in panel_text(app, "bars")


async def test_keys_switch_smoothing_axis_and_pause() -> None:
    app = an_app(a_run())

    async with app.run_test(size=(160, 45)) as pilot:
        await settle(pilot)
        await pilot.press("s", "l")
        await settle(pilot)
        title = panel_text(app, "loss").split("\n")[0]
        await pilot.press("space")
        await settle(pilot)

        assert "smoothing 0.97" in title
        assert "log y" in title
        assert "SCREEN PAUSED [space]" in panel_text(app, "status")


async def test_a_validation_is_in_the_legend_of_the_loss_as_soon_as_in_the_row_of_the_best() -> None:
    """Steps may wait two seconds for their chart; two values of the best on one screen are one too many."""
    journal = a_run(100)
    app = an_app(journal)

    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        app.deliver(a_frame(journal.progress(101, epoch=2).validation(101, 0.1234, epoch=2)))
        await settle(pilot)

        assert "0.1234" in panel_text(app, "best")
        assert "best 0.1234" in panel_text(app, "loss").split("\n")[0]


async def test_a_paused_screen_stands_still_until_it_goes_on() -> None:
    journal = a_run(100)
    app = an_app(journal)

    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("space")
        app.deliver(a_frame(journal.after(0.1).progress(101, epoch=2)))
        await settle(pilot)
        paused = panel_text(app, "bars")
        await pilot.press("space")
        await settle(pilot)

        assert "100/400" in paused
        assert "101/400" in panel_text(app, "bars")


async def test_a_paused_screen_knows_how_a_run_ended_with_its_verdict() -> None:
    """The command that starts it again is of the same moment as what is said of its end."""
    journal = a_run(100)
    record = ExitRecord(
        host="gpu-07", pid=4711, launcher=4710, started=START - 1, time=journal.now, duration=9.0, signal=9,
        command=("torchrun", "ddp.py"),
    )  # fmt: skip
    dead = a_frame(journal, alive=False)
    dead = replace(dead, view=replace(dead.view, evidence=Evidence(alive=False, exit=record)))
    app = an_app(journal)

    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("space")
        app.deliver(dead)
        await settle(pilot)

        assert "KILLED" in panel_text(app, "status")
        assert "torchrun ddp.py" in panel_text(app, "verdict")


async def test_the_errors_screen_shows_the_traceback_and_escape_goes_back() -> None:
    app = an_app(a_run().error())

    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("4")
        await settle(pilot)
        assert isinstance(app.screen, ErrorsScreen)
        assert "in forward" in panel_text(app, "details")
        await pilot.press("escape")
        await settle(pilot)

        assert isinstance(app.screen, OverviewScreen)


async def test_help_shows_every_key_and_closes() -> None:
    app = an_app(a_run())

    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("question_mark")
        await settle(pilot)
        text = panel_text(app, "help")
        await pilot.press("down", "down", "down", "down")
        await settle(pilot)
        text += panel_text(app, "help")
        was_open = isinstance(app.screen, HelpScreen)
        await pilot.press("escape")
        await settle(pilot)

        assert was_open
        assert all(keys in text for keys, _ in KEYS)
        assert isinstance(app.screen, OverviewScreen)


async def test_q_quits_with_0() -> None:
    app = an_app(a_run())

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("q")
        await settle(pilot)

    assert app.return_value == 0


class RunningChild:
    """A training that goes on."""

    pid = 4711

    def poll(self) -> int | None:
        return None


async def test_ctrl_c_quits_without_a_word() -> None:
    app = an_app(a_run())

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+c")
        await settle(pilot)

    assert app.return_value == 0


async def test_a_second_ctrl_c_takes_the_question_back() -> None:
    app = an_app(a_run(), child=RunningChild())

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+c", "ctrl+c")
        await settle(pilot)

        assert len(app.screen_stack) == 1


async def test_the_question_names_the_training_and_not_its_launcher() -> None:
    child = RunningChild()
    child.pid = 999_999
    app = an_app(a_run(), child=child)

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("q")
        await settle(pilot)

        assert "the training (pid 4711) is still running" in screen_text(app)


async def test_the_question_says_so_when_the_training_ends_under_it() -> None:
    journal = a_run()
    app = an_app(journal, child=RunningChild())

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("q")
        await settle(pilot)
        app.deliver(a_frame(journal.ended(), alive=False))
        await settle(pilot)

        assert "the training has ended" in screen_text(app)
        assert "still running" not in screen_text(app)


@pytest.mark.parametrize("quit_key", ["q", "ctrl+c"])
@pytest.mark.parametrize(("key", "ends"), [("e", True), ("l", False)])
async def test_quitting_asks_whether_to_end_the_training_that_came_along(
    quit_key: str, key: str, ends: bool
) -> None:
    app = an_app(a_run(), child=RunningChild())

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(quit_key)
        await settle(pilot)
        assert isinstance(app.screen, QuitScreen)
        await pilot.press(key)
        await settle(pilot)

    assert app.return_value == 0
    assert app.end_child is ends


async def test_a_bug_in_one_panel_is_said_there_and_the_others_live_on_V10(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        secret = "hf_abcdefghijklmnop"
        raise ZeroDivisionError(secret)

    monkeypatch.setattr(LossPanel, "draw", fail)
    app = an_app(a_run())

    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        text = screen_text(app)

    assert "error in the panel loss: ZeroDivisionError at test_app.py:" in text
    assert "hf_" not in text
    assert "250/400" in text
    assert set(app.bugs) == {"loss"}


@pytest.mark.parametrize("size", [(160, 45), (80, 24)])
@pytest.mark.parametrize("payload", HOSTILE, ids=range(len(HOSTILE)))
async def test_hostile_text_is_shown_and_does_nothing_S01_S03_S04(
    payload: str, size: tuple[int, int]
) -> None:
    journal = everywhere(payload)
    app = an_app(journal, frame=a_frame(journal, note=payload, files={payload: True}))

    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        overview = screen_text(app)
        await pilot.press("4")
        await settle(pilot)
        text = overview + screen_text(app)

        assert app.bugs == {}
        assert all(character.isprintable() or character == "\n" for character in text)
        assert isinstance(app.screen, ErrorsScreen)


async def test_with_ascii_no_other_character_is_drawn_V03() -> None:
    journal = a_run().error("modèle ✖").warned("—")
    app = an_app(journal, ascii_only=True)

    async with app.run_test(size=(160, 45)) as pilot:
        await settle(pilot)

        assert screen_text(app).isascii()


async def test_the_title_says_status_and_percent() -> None:
    titles: list[str] = []
    app = an_app(a_run(100))
    app._say_title = titles.append

    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)

    assert titles[-1] == "● running 25 % DemoModel"


async def test_an_age_ticks_without_news() -> None:
    journal = a_run(100)
    app = an_app(journal)
    clock = app._clock
    assert isinstance(clock, Clock)

    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        clock.now += 60.0
        app._tick()
        await settle(pilot)

        assert "1m 1s ago" in panel_text(app, "checkpoints")
