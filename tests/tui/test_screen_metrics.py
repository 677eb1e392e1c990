"""The metrics view and the full-size chart, driven by a pilot; the grid as text."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from textual import events
from textual.pilot import Pilot

from tests.builders import Journal, a_run
from tests.run_folders import state_of, write_run
from tests.tui.apps import a_frame, an_app, panel_text, screen_text
from tests.tui.terminals import Terminal
from tests.tui.test_app import HOSTILE, everywhere
from trainmon.reading.range_rows import Key
from trainmon_tui.app import WatchApp
from trainmon_tui.screens.chart import ChartScreen
from trainmon_tui.screens.metrics import MetricsScreen
from trainmon_tui.screens.overview import OverviewScreen
from trainmon_tui.sight.raw import Raw, Request, read
from trainmon_tui.widgets.full_chart import FullChartPanel
from trainmon_tui.widgets.grid import columns_of, shape
from trainmon_tui.widgets.short_names import common_parts, short_name

SIZES = [(160, 45), (80, 24), (60, 20), (300, 90), (20, 6), (5, 3), (1, 1)]


def many_metrics(count: int = 200, steps: int = 30) -> Journal:
    """A run with as many metrics, whose long names differ in the middle."""
    names = [f"model/encoder/layers.{number:03}/attention_block/gradient_norm" for number in range(count)]
    metrics = {name: float(number) for number, name in enumerate(names)}
    return Journal().opened().started().steps(steps, metrics=metrics)


async def press(pilot: Pilot[int], *keys: str) -> None:
    """Presses the keys, and waits until all that follows is drawn."""
    await pilot.pause()
    for key in keys:
        await pilot.press(key)
        await pilot.pause()
    await pilot.pause()


def step_in(text: str) -> int:
    """Where the cursor stands."""
    found = re.search(r"step ([\d,]+)", text)
    assert found is not None
    return int(found[1].replace(",", ""))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", ["empty", "started", "running", "many"])
async def test_grid_and_chart_are_drawn_at_every_size(size: tuple[int, int], kind: str) -> None:
    journals = {
        "empty": Journal(),
        "started": Journal().opened().started(),
        "running": a_run().progress(251, "NaN", epoch=3),
        "many": many_metrics(),
    }
    app = an_app(journals[kind])

    async with app.run_test(size=size) as pilot:
        await press(pilot, "2", "c", "plus", "left", "x", "l", "s", "enter", "n", "minus", "0")

        assert app.bugs == {}


async def test_all_columns_have_a_chart_the_loss_first() -> None:
    app = an_app(a_run())

    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "2")
        text = screen_text(app)

    names = ["loss", "learning_rate", "train/accuracy", "grad_norm", "accuracy"]
    assert [text.index(f" {name} ") for name in names] == sorted(text.index(f" {name} ") for name in names)
    assert "metrics 5" in text


async def test_metrics_beyond_what_a_state_keeps_are_said_to_be_in_the_journal() -> None:
    """The loss and 512 others have curves, the learning rate among them: made-up names must not fill the memory."""
    app = an_app(many_metrics(600, steps=3))
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "2")

        assert "metrics 513, 89 more in the journal only" in screen_text(app)


async def test_the_empty_grid_says_what_makes_charts_appear() -> None:
    app = an_app(Journal().opened().started())

    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "2", "enter")

        assert "log_training_progress" in panel_text(app, "grid")


async def test_pages_keep_the_chosen_chart_in_view_through_a_resize() -> None:
    app = an_app(many_metrics())

    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "2", "pagedown", "pagedown", "down")
        before = chosen_line(app)
        await pilot.resize_terminal(160, 45)
        await press(pilot)
        after = chosen_line(app)
        head = panel_text(app, "head")

    assert before.split()[1] == after.split()[1]
    assert "page 1 of" in head


def chosen_line(app: WatchApp) -> str:
    """The title of the chosen chart."""
    line = next(line for line in panel_text(app, "grid").split("\n") if "▶" in line)
    return line[line.index("▶") :]


async def test_a_filter_works_while_it_is_typed_and_escape_gives_it_up() -> None:
    app = an_app(a_run())

    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "2", "slash", *"acc")
        typed = panel_text(app, "head"), panel_text(app, "prompt")
        await press(pilot, "enter")
        kept = panel_text(app, "head")
        await press(pilot, "escape")
        removed = panel_text(app, "head")
        still_there = isinstance(app.screen, MetricsScreen)
        await press(pilot, "slash", "x", "escape")
        given_up = panel_text(app, "head")

    assert "2 of 5" in typed[0]
    assert "filter acc" in typed[1]
    assert "filter acc" in kept
    assert "metrics 5 " in removed
    assert still_there
    assert "metrics 5 " in given_up


@pytest.mark.parametrize("text", ["/(/", "/(a{200}){200}/"])
async def test_a_bad_filter_is_said_and_shows_everything(text: str) -> None:
    app = an_app(a_run())

    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "2", "slash")
        screen = app.screen
        assert isinstance(screen, MetricsScreen)
        for character in text:
            await pilot.press("slash" if character == "/" else character)
        await press(pilot)

        assert "loss" in panel_text(app, "grid")
        assert "5 of 5" in panel_text(app, "head")
        assert "expression" in panel_text(app, "head") or "too long" in panel_text(app, "head")


async def test_keys_that_are_typed_do_nothing_else() -> None:
    app = an_app(a_run())

    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "2", "slash", *"qlsc014")

        assert app.is_running
        assert isinstance(app.screen, MetricsScreen)
        assert app.screen.view == app._options.chart
        assert not app._options.chart.log_y


async def test_enter_opens_the_chosen_chart_and_escape_goes_back_to_it() -> None:
    app = an_app(a_run())

    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "2", "down", "enter")
        opened = isinstance(app.screen, ChartScreen), panel_text(app, "chart")
        await press(pilot, "n")
        turned = panel_text(app, "chart")
        await press(pilot, "escape")
        back = isinstance(app.screen, MetricsScreen)
        await press(pilot, "escape")

        assert opened[0]
        assert "─ train/accuracy " in opened[1]
        assert "3 of 5" in opened[1]
        assert "─ grad_norm " in turned
        assert back
        assert isinstance(app.screen, OverviewScreen)


async def test_a_cursor_that_moves_on_one_chart_moves_on_all() -> None:
    app = an_app(a_run())

    async with app.run_test(size=(160, 45)) as pilot:
        await press(pilot, "c", "left", "left")
        overview = panel_text(app, "loss")
        await press(pilot, "2")
        grid = panel_text(app, "head")
        await press(pilot, "enter", "right")
        moved = panel_text(app, "chart")
        await press(pilot, "1")
        again = panel_text(app, "loss")

    assert "step 245" in overview
    assert "step 245" in grid
    assert step_in(moved) > 245
    assert step_in(again) == step_in(moved)


async def test_zoom_pan_axis_and_reset_are_for_all_charts() -> None:
    app = an_app(a_run())

    async with app.run_test(size=(160, 45)) as pilot:
        await press(pilot, "2", "plus", "shift+right", "x", "l")
        view = app._options.chart
        head = panel_text(app, "head")
        await press(pilot, "0")

        assert view.kind == "epoch"
        assert view.window == (pytest.approx(0.9375), pytest.approx(2.1875))
        assert all(word in head for word in ("zoomed", "x epoch", "log y"))
        assert app._options.chart.window is None


async def test_a_click_puts_the_cursor_and_the_wheel_zooms_where_the_mouse_is() -> None:
    app = an_app(a_run())

    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "2", "enter")
        await pilot.click("#chart", offset=(42, 8))
        await press(pilot)
        cursor = app._options.chart.cursor
        panel = app.screen.query_one("#chart", FullChartPanel)
        panel.post_message(events.MouseScrollUp(panel, 42, 8, 0, -1, 0, False, False, False, 42, 8))
        await press(pilot)

        assert cursor == pytest.approx(125, abs=2)
        assert app._options.chart.window is not None


async def test_what_is_in_view_is_asked_for_and_drawn_when_it_comes(tmp_path: Path) -> None:
    journal = Journal().opened().started(total_steps=5_000)
    journal.steps(5_000, epoch_steps=5_000, total_steps=5_000)
    write_run(tmp_path, journal)
    asked: list[Request] = []
    app = an_app(journal, frame=a_frame(journal))
    app._raw._ask = lambda wanted, _state: asked.append(wanted)

    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "2", "enter", "c")
        before = panel_text(app, "chart")
        count = len(asked)
        await press(pilot)
        app.deliver_raw(exact(tmp_path, asked[-1]))
        await press(pilot)
        after = panel_text(app, "chart")

    assert "mean of" in before
    assert len(asked) == count
    assert "raw 0." in after


def exact(folder: Path, wanted: Request) -> Raw:
    """What the thread would read, from a state whose offsets are those of the journal."""
    found = read(replace(wanted, folder=str(folder)), state_of(folder), lambda: False)
    return replace(found, request=wanted)


@pytest.mark.parametrize("payload", HOSTILE, ids=range(len(HOSTILE)))
async def test_hostile_names_are_shown_and_do_nothing(payload: str) -> None:
    journal = everywhere(payload)
    app = an_app(journal)

    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "2", "end")
        text = screen_text(app)
        await press(pilot, "enter")
        text += screen_text(app)

        assert app.bugs == {}
        assert all(character.isprintable() or character == "\n" for character in text)


async def test_with_ascii_nothing_else_is_drawn() -> None:
    app = an_app(many_metrics(9).progress(31, "NaN", epoch=1).validation(31).checkpoint(31), ascii_only=True)

    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "2", "c")
        grid = screen_text(app)
        await press(pilot, "enter", "plus")

        assert grid.isascii()
        assert screen_text(app).isascii()


async def test_the_help_shows_the_keys_of_the_view() -> None:
    app = an_app(a_run())

    async with app.run_test(size=(120, 50)) as pilot:
        await press(pilot, "2", "question_mark")

        assert all(words in panel_text(app, "help") for _, words in MetricsScreen.OWN_KEYS)


@pytest.mark.parametrize(
    ("count", "size", "expected"),
    [(200, (160, 42), (4, 6)), (200, (80, 21), (2, 3)), (200, (60, 17), (2, 2)), (1, (160, 42), (1, 1)),
     (2, (80, 21), (1, 2)), (0, (80, 21), (1, 1)), (5, (1, 1), (1, 1))],
)  # fmt: skip
def test_as_many_charts_as_fit_and_large_ones_where_there_are_few(
    count: int, size: tuple[int, int], expected: tuple[int, int]
) -> None:
    assert shape(count, *size) == expected


def test_the_validation_loss_is_in_the_chart_of_the_loss_and_the_wait_comes_last() -> None:
    journal = Journal().opened().started()
    journal.progress(1, 1.0, metrics={"b": 1.0, "a": 2.0}, waited=0.1).validation(
        1, 1.0, val_metrics={"a": 3.0, "c": 1.0}
    )

    keys = columns_of(journal.state())

    assert keys == (
        Key("loss", "loss"), Key("metrics", "learning_rate"), Key("metrics", "b"), Key("metrics", "a"),
        Key("validation", "c"), Key("metrics", "waited"),
    )  # fmt: skip


async def test_the_wait_for_data_is_named_with_its_unit_and_found_by_any_part_of_that_name() -> None:
    journal = Journal().opened().started()
    for step in range(1, 9):
        journal.progress(step, 1.0, metrics={"a": 2.0}, waited=0.1)
    app = an_app(journal)

    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.press("2", "slash", *"data (", "enter")

        drawn = screen_text(app)

    assert "waited for data (s)" in drawn
    assert "learning_rate" not in drawn


def test_long_names_lose_what_they_have_in_common() -> None:
    names = ["model/layers.01/attention/norm", "model/layers.02/attention/norm"]
    common = common_parts(names)

    shortened = [short_name(name, common, 20, ascii_only=False) for name in names]

    assert shortened == ["…01/attention/norm", "…02/attention/norm"]
    assert short_name(names[0], common, 12, ascii_only=True).startswith("~01")
    assert len(short_name(names[0], common, 12, ascii_only=True)) <= 12


def test_what_tells_names_apart_stays_though_it_stands_in_the_middle() -> None:
    names = [
        f"train/layer_{layer:02}/attention/{kind}/gradient_norm_over_time"
        for layer in (0, 1)
        for kind in "qkv"
    ]

    shortened = [short_name(name, common_parts(names), 20, ascii_only=False) for name in names]

    assert shortened[:2] == ["…00/attention/q…", "…00/attention/k…"]
    assert len(set(shortened)) == len(names)


@pytest.mark.parametrize("names", [[], ["a"], ["a/", "a/"], ["a/b/a/b", "a/b"], ["/", "//"], ["", "x"]])
def test_what_names_have_in_common_never_overlaps(names: list[str]) -> None:
    head, tail = common_parts(names)

    assert all(len(head + tail) <= len(name) for name in names)


@pytest.mark.parametrize("name", ["waited for data (s)", "准确率准确率准确率"])
def test_a_name_without_what_the_others_begin_with_keeps_its_own_beginning(name: str) -> None:
    """It may be short by its characters, and long by its cells or beside a long value."""
    common = common_parts(["train/loss/cross_entropy/first", "train/loss/cross_entropy/second"])

    assert short_name(name, common, 14, ascii_only=False).startswith(name[0])


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    found = Terminal(write_run(tmp_path / "logs", a_run()))
    yield found
    found.close()


def test_a_view_that_was_left_is_drawn_again_in_a_real_terminal(terminal: Terminal) -> None:
    """Textual does not draw a screen that it has removed once."""
    terminal.until(lambda: "250/400" in terminal.text)

    for _ in range(2):
        terminal.send("2")
        terminal.until(lambda: "─ metrics 5" in terminal.text)
        terminal.send("1")
        terminal.until(lambda: "250/400" in terminal.text)
