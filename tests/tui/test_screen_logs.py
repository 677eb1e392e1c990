"""The logs view, driven by a pilot over real files: keys, prompt, wheel, what comes while one reads."""

import asyncio
import errno
import threading
from pathlib import Path

import pytest
from msgspec.structs import replace
from textual import events
from textual.pilot import Pilot

from tests.builders import Journal, a_run
from tests.tui.apps import Clock, a_frame, panel_text, screen_text
from trainmon.words.clock import stamp
from trainmon.words.exits import LAUNCHER_APP
from trainmon_tui.app import WatchApp
from trainmon_tui.logs import textfile
from trainmon_tui.logs.log_files import FileChoice, ViewedFile
from trainmon_tui.logs.log_view import LogView
from trainmon_tui.screens.logs import LogsScreen
from trainmon_tui.screens.overview import OverviewScreen
from trainmon_tui.sight.chart_view import ChartView
from trainmon_tui.widgets.log_pane import LogPane

PATIENCE = 20.0
"""Seconds until a wait for the thread that reads gives up."""

HOSTILE = "\x1b]52;c;cHduZWQ=\x07\x9b31m [@click=app.quit]x[/] [/home] \u202egnp \0"


def a_folder(path: Path, count: int = 200) -> Path:
    """A run folder with a progress log of so many lines, an error log and a general log."""
    path.mkdir(exist_ok=True)
    lines = [
        f"[2026-11-22 10:{number // 60:02}:{number % 60:02}] TRAINING - {'WARNING' if number % 50 == 0 else 'INFO'} - "
        f"Epoch 1, Step {number}/400 - Loss: 1.0\n"
        for number in range(count)
    ]
    (path / "training_progress.log").write_text("".join(lines))
    (path / "errors.log").write_text(
        f"[2026-11-22 10:00:00] ERROR - ERROR - a - boom\n    in step {HOSTILE}\n"
    )
    (path / "gradio_app.log").write_text(f"[2026-11-22 10:00:00] APP - INFO - a - {HOSTILE}\n")
    return path


def an_app(folder: Path, journal: Journal | None = None, *, ascii_only: bool = False) -> WatchApp:
    """An app over a real folder, with the frame of a run that goes well."""
    journal = journal if journal is not None else a_run()
    app = WatchApp(folder, ascii_only=ascii_only, clock=Clock(journal.now + 1.0))
    app.deliver(a_frame(journal))
    return app


def poll(app: WatchApp) -> None:
    """Has the file looked at at once."""
    assert isinstance(app.screen, LogsScreen)
    app.screen._do(LogView.poll)


async def read(pilot: Pilot[int]) -> str:
    """What the log shows when the thread has done all that it was told and has nothing more to look for."""
    screen = pilot.app.screen
    for _ in range(500):
        await pilot.pause()
        feed = screen._feed if isinstance(screen, LogsScreen) else None
        if feed is None:
            continue
        for _ in range(2):
            done = threading.Event()
            feed.do(lambda _view, done=done: done.set())
            assert await asyncio.to_thread(done.wait, PATIENCE)
        await pilot.pause()
        if screen._page is not None and screen._page.busy is None:
            break
    return panel_text(pilot.app, "log")


@pytest.mark.parametrize("size", [(80, 24), (160, 45), (60, 20), (20, 6), (5, 3), (2, 2), (1, 1), (300, 90)])
async def test_the_newest_lines_are_shown_at_every_size(tmp_path: Path, size: tuple[int, int]) -> None:
    app = an_app(a_folder(tmp_path))

    async with app.run_test(size=size) as pilot:
        await pilot.press("5")
        text = await read(pilot)

        assert app.bugs == {}
        assert size[0] < 60 or "Step 199/400" in text.split("\n")[-1]


async def test_lines_that_come_are_followed_until_one_scrolls_and_end_follows_again(tmp_path: Path) -> None:
    app = an_app(a_folder(tmp_path))

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("5")
        await read(pilot)
        await pilot.press("up")
        paused = await read(pilot)
        a_folder(tmp_path, 300)
        poll(app)
        still = await read(pilot)
        await pilot.press("end")
        followed = await read(pilot)

    assert "PAUSED" in paused
    assert "Step 198/400" in paused.split("\n")[-1]
    assert still.split("\n")[2:] == paused.split("\n")[2:]
    assert "Step 299/400" in followed
    assert "● following" in followed


async def test_space_and_the_wheel_pause_too(tmp_path: Path) -> None:
    app = an_app(a_folder(tmp_path))

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("5")
        await read(pilot)
        await pilot.press("space")
        stopped = await read(pilot)
        await pilot.press("space")
        await read(pilot)
        app.screen.query_one(LogPane).on_mouse_scroll_up()
        wheeled = await read(pilot)

    assert "PAUSED" in stopped
    assert "Step 199/400" in stopped
    assert "Step 196/400" in wheeled.split("\n")[-1]


async def test_tab_brackets_and_a_click_go_through_the_files(tmp_path: Path) -> None:
    app = an_app(a_folder(tmp_path))
    seen: list[str] = []

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("5")
        await read(pilot)
        for key in (
            "tab",
            "right_square_bracket",
            "tab",
            "tab",
            "left_square_bracket",
            "shift+tab",
            "shift+tab",
        ):
            await pilot.press(key)
            seen.append((await read(pilot)).split("\n")[1].split()[1])
        await pilot.click("#log", offset=(2, 0))
        clicked = (await read(pilot)).split("\n")[1]

    assert seen == [
        "errors.log", "performance.log", "model_operations.log", "gradio_app.log", "model_operations.log",
        "performance.log", "errors.log",
    ]  # fmt: skip
    assert "training_progress.log" in clicked


async def test_the_general_log_has_the_name_that_the_run_gave_it(tmp_path: Path) -> None:
    (tmp_path / "trainer.log").write_text("[2026-11-22 10:00:00] APP - INFO - trainer - hello\n")
    journal = a_run()
    state = a_frame(journal)
    assert state.view.state.opened is not None
    app = an_app(tmp_path, _named(journal, "trainer"))

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("5", "shift+tab", "shift+tab")
        text = await read(pilot)

    assert "trainer.log" in text
    assert "hello" in text


async def test_a_name_that_leaves_the_folder_is_not_used_S11(tmp_path: Path) -> None:
    folder = a_folder(tmp_path / "logs")
    (tmp_path / "secret.log").write_text("secret\n")
    app = an_app(folder, _named(a_run(), "../secret"))

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("5", "shift+tab", "shift+tab")
        text = await read(pilot)

    assert "gradio_app.log" in text
    assert "secret" not in text


def _named(journal: Journal, app_name: str) -> Journal:
    journal.events[0] = replace(journal.events[0], app_name=app_name)  # type: ignore[call-arg]  # it is `Opened`
    return journal


async def test_what_is_typed_searches_and_letters_are_no_keys_meanwhile(tmp_path: Path) -> None:
    app = an_app(a_folder(tmp_path))

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("5")
        await read(pilot)
        await pilot.press("slash", *"step 4q", "backspace", "2", "slash")
        typed = panel_text(app, "prompt")
        await pilot.press("enter")
        found = await read(pilot)
        await pilot.press("N")
        nothing = await read(pilot)

        assert isinstance(app.screen, LogsScreen)

    assert typed.startswith("search step 42/")
    assert next(line for line in found.split("\n") if "▶" in line).startswith(
        " ▶10:00:42 Epoch 1, Step 42/400"
    )
    assert "nothing found" in nothing


async def test_keys_that_come_in_one_read_are_typed_and_do_nothing_else(tmp_path: Path) -> None:
    """A fast typist over a slow line; "q" would quit."""
    app = an_app(a_folder(tmp_path))

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("5")
        await read(pilot)
        for character in "/qm1":
            app.post_message(events.Key("slash" if character == "/" else character, character))
        await pilot.pause()
        await pilot.pause()

        assert app.is_running
        assert panel_text(app, "prompt").startswith("search qm1 ")


async def test_escape_leaves_the_prompt_and_then_the_screen(tmp_path: Path) -> None:
    app = an_app(a_folder(tmp_path))

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("5")
        await read(pilot)
        await pilot.press("colon", "4", "escape")
        await pilot.pause()
        assert isinstance(app.screen, LogsScreen)
        assert "? keys" in screen_text(app)
        await pilot.press("escape")
        await pilot.pause()

        assert isinstance(app.screen, OverviewScreen)


async def test_escape_drops_the_filter_then_the_search_and_only_then_leaves(tmp_path: Path) -> None:
    app = an_app(a_folder(tmp_path))

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("5", "slash", *"Step 7", "enter", "f", *"Step 77", "enter")
        await read(pilot)
        await pilot.press("escape")
        unfiltered = await read(pilot)
        assert app.screen._page.search.text == "Step 7"  # type: ignore[attr-defined]  # of the logs
        await pilot.press("escape")
        await read(pilot)
        assert app.screen._page.search.text == ""  # type: ignore[attr-defined]
        await pilot.press("escape")
        await pilot.pause()

        assert "only Step 77" not in unfiltered
        assert isinstance(app.screen, OverviewScreen)


async def test_jump_level_filter_and_wrap(tmp_path: Path) -> None:
    app = an_app(a_folder(tmp_path))

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("5")
        await read(pilot)
        await pilot.press("colon", *"100", "enter")
        jumped = await read(pilot)
        await pilot.press("l")
        warnings = await read(pilot)
        await pilot.press("l", "l", "f", *"STEP 77", "enter")
        nothing = await read(pilot)
        await pilot.press("f", *"Step 77", "enter")
        filtered = await read(pilot)
        await pilot.resize_terminal(30, 20)
        await pilot.press("w")
        wrapped = await read(pilot)

    assert "▶10:01:40 Epoch 1, Step 100" in jumped or "▶10:01:40 WARNING Epoch 1, Step 100" in jumped
    assert "WARNING+  4 lines" in warnings
    assert "no record passes the filter" in nothing
    assert "only Step 77  1 line" in filtered
    assert "Step 77" in wrapped.replace("\n", "")


async def test_where_one_was_is_kept_when_one_comes_back(tmp_path: Path) -> None:
    app = an_app(a_folder(tmp_path))

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("5")
        await read(pilot)
        await pilot.press("pageup", "pageup")
        before = await read(pilot)
        await pilot.press("escape")
        await pilot.pause()
        await pilot.press("5")
        after = await read(pilot)

    assert after == before
    assert "PAUSED" in after


async def test_a_moment_is_opened_from_elsewhere(tmp_path: Path) -> None:
    app = an_app(a_folder(tmp_path))

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("5")
        await read(pilot)
        screen = app.screen
        assert isinstance(screen, LogsScreen)
        screen.open_at(1_795_341_630.0)  # 2026-11-22 10:00:30 UTC
        text = await read(pilot)

    assert "▶10:00:30 Epoch 1, Step 30/400" in text


async def test_the_cursor_of_the_charts_leads_to_its_moment(tmp_path: Path) -> None:
    journal = Journal(now=1_795_341_600.0).opened().started()  # 2026-11-22 10:00:00 UTC
    app = an_app(a_folder(tmp_path), journal.steps(200, every=1.0, total_steps=400))

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app._set(replace(app._options, chart=ChartView(cursor=60.0)))
        await pilot.press("5")
        text = await read(pilot)

    assert "▶10:01:00 Epoch 1, Step 60/400" in text


async def test_a_disk_that_fails_is_said_and_read_again_when_it_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = an_app(a_folder(tmp_path))

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("5")
        await read(pilot)

        def broken(*_arguments: object) -> bytes:
            raise OSError(errno.EIO, "Input/output error")

        with monkeypatch.context() as patched:
            patched.setattr(textfile.os, "pread", broken)
            await pilot.press("up")
            failed = await read(pilot)
        poll(app)
        again = await read(pilot)

    assert "reading failed (OSError)" in failed or "cannot be read" in failed
    assert "Step 199/400" in again


async def test_what_a_log_says_is_shown_and_does_nothing_S01_S03_S04(tmp_path: Path) -> None:
    app = an_app(a_folder(tmp_path))

    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.press("5", "tab")
        errors = await read(pilot)
        await pilot.press("left_square_bracket", "left_square_bracket", "left_square_bracket")
        general = await read(pilot)
        await pilot.click("#log", offset=(60, 2))
        await pilot.pause()

        assert app.bugs == {}
        assert app.is_running
    for text in (errors, general):
        assert "[@click=app.quit]x[/] [/home]" in text
        assert "␛]52;c;cHduZWQ=␇" in text
        assert all(character.isprintable() or character == "\n" for character in text)


async def test_with_ascii_no_other_character_is_drawn_V03(tmp_path: Path) -> None:
    app = an_app(a_folder(tmp_path), ascii_only=True)

    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.press("5", "tab")
        await read(pilot)
        await pilot.press("slash", "x")

        assert screen_text(app).isascii()


async def test_a_folder_that_is_not_there_yet_says_what_will_be_here(tmp_path: Path) -> None:
    app = an_app(tmp_path / "none")

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("5")
        text = await read(pilot)

    assert "no training_progress.log yet" in text
    assert "log_training_progress" in text


async def test_leaving_the_screen_ends_its_thread(tmp_path: Path) -> None:
    app = an_app(a_folder(tmp_path))
    before = set(threading.enumerate())

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("5")
        await read(pilot)
        running = [each for each in set(threading.enumerate()) - before if each.name == "trainmon-logs"]
        await pilot.press("escape")
        await pilot.pause()

    (thread,) = running
    thread.join(PATIENCE)
    assert not thread.is_alive()


async def test_what_the_program_printed_is_the_sixth_file_without_dates_and_colours(tmp_path: Path) -> None:
    """A stranger's bytes: colours are taken out, whatever else a terminal would obey is made visible."""
    folder = a_folder(tmp_path / "logs")
    lines = [
        f"2026-11-22T14:00:{number:02}.000+00:00 \x1b[32mepoch {number}\x1b[0m of 40\n"
        for number in range(40)
    ]
    (folder / "output.log").write_text("".join([*lines, f"2026-11-22T14:01:00.000+00:00 {HOSTILE}\n"]))
    app = an_app(folder)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("5", "left_square_bracket")
        shown = await read(pilot)

        assert "[output]" in shown
        assert "14:00:39 epoch 39 of 40" in shown
        assert "\x1b" not in shown
        assert "2026-11-22T" not in shown

        await pilot.press("slash", *"epoch", "space", "7", "enter")
        found = await read(pilot)

        assert "14:00:07 epoch 7 of 40" in found


async def test_of_a_program_that_logs_nothing_the_output_is_shown_first_and_is_no_choice(
    tmp_path: Path,
) -> None:
    """`trainmon run` records for it; the next run is shown as somebody wished it."""
    folder = a_folder(tmp_path / "logs")
    (folder / "output.log").write_text("2026-11-22T14:00:00.000+00:00 hello\n")
    app = an_app(folder, _named(a_run(), LAUNCHER_APP))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("5")
        output = await read(pilot)
        await pilot.press("tab")
        chosen = await read(pilot)

    assert "hello" in output
    assert "[training]" in chosen
    choice = FileChoice()
    for name, file in ((LAUNCHER_APP, ViewedFile.OUTPUT), ("gradio_app", ViewedFile.PROGRESS)):
        choice.begin(name)
        assert (choice.file, choice.chosen) == (file, ViewedFile.PROGRESS)


async def test_a_time_and_a_step_are_found_in_what_was_printed_too(tmp_path: Path) -> None:
    """It names no steps of the run: when the run reached one says where to look."""
    folder, journal = a_folder(tmp_path / "logs"), a_run(250)
    wanted = journal.state().loss.column("loss").last_time[99]
    offset = journal.state().utc_offset
    (folder / "output.log").write_text(
        "".join(
            f"{stamp(wanted + seconds, offset).replace(' ', 'T')}.000+00:00 after {seconds}\n"
            for seconds in range(-300, 300)
        )
    )
    app = an_app(folder, journal)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("5", "left_square_bracket")
        await read(pilot)
        await pilot.press("colon", *stamp(wanted - 200, offset)[11:], "enter")
        at_time = await read(pilot)
        step = journal.state().loss.column("loss").last_step[99]
        await pilot.press("colon", *str(step), "enter")
        at_step = await read(pilot)

    assert "after -200" in next(line for line in at_time.split("\n") if "▶" in line)
    assert "after 0" in next(line for line in at_step.split("\n") if "▶" in line)


async def test_an_expression_that_would_take_for_ever_is_given_up_and_the_screen_goes_on(
    tmp_path: Path,
) -> None:
    folder = a_folder(tmp_path / "run")
    with (folder / "training_progress.log").open("a") as log:
        log.write(f"[2026-11-22 10:59:59] TRAINING - INFO - {'a' * 4_000}!\n")
    app = an_app(folder)

    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.press("5")
        await read(pilot)
        await pilot.press("slash", *"/(a+)+$/", "enter")
        searched = await read(pilot)
        await pilot.press("home")
        top = await read(pilot)

        assert "takes too long" in searched
        assert "Step 0/400" in top
        assert app.bugs == {}
