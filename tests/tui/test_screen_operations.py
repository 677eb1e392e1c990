"""The operations view, driven by a pilot: selection, details, what comes while one reads."""

import pytest
from textual.pilot import Pilot

from tests.builders import Journal, a_run
from tests.tui.apps import a_frame, an_app, panel_text, screen_text
from trainmon_tui.screens.operations import OperationsScreen
from trainmon_tui.screens.overview import OverviewScreen
from trainmon_tui.widgets.operations import OperationsPanel


def a_journal() -> Journal:
    """A run with two timed operations and two operations on a model."""
    journal = a_run()
    for _ in range(30):
        journal.after(0.1).performance("forward", 0.05).performance("save", 0.01)
    return journal.operation("loading").after(1.0).operation("inference", success=False)


async def settle(pilot: Pilot[int]) -> None:
    await pilot.pause()
    await pilot.pause()


@pytest.mark.parametrize("size", [(80, 24), (160, 45), (60, 20), (20, 6), (5, 3), (1, 1), (300, 90)])
async def test_it_is_drawn_at_every_size(size: tuple[int, int]) -> None:
    app = an_app(a_journal())

    async with app.run_test(size=size) as pilot:
        await pilot.press("6")
        await settle(pilot)
        text = screen_text(app)

        assert app.bugs == {}
        assert size[0] < 60 or all(word in text for word in ("forward", "FAILED", "p50 p95 p99", "? keys"))


async def test_keys_and_the_wheel_select_and_escape_goes_back() -> None:
    app = an_app(a_journal())
    seen: list[str] = []

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("6")
        await settle(pilot)
        for key in ("up", "down", "down", "end", "up", "home"):
            await pilot.press(key)
            await settle(pilot)
            seen.append(
                next(line for line in panel_text(app, "operations").split("\n") if line.startswith("▶"))
            )
        app.screen.query_one(OperationsPanel).on_mouse_scroll_down()
        await settle(pilot)
        wheeled = panel_text(app, "operations")
        await pilot.press("escape")
        await settle(pilot)

        assert isinstance(app.screen, OverviewScreen)

    words = ("forward", "save", "inference", "loading", "inference", "forward")
    assert all(word in line for word, line in zip(words, seen, strict=True))
    assert "operation   save" in wheeled


async def test_details_scroll_to_their_end() -> None:
    app = an_app(a_journal())

    async with app.run_test(size=(60, 14)) as pilot:
        await pilot.press("6")
        await settle(pilot)
        before = panel_text(app, "operations")
        await pilot.press("pagedown", "pagedown", "pagedown", "pagedown")
        await settle(pilot)
        after = panel_text(app, "operations")

    assert "lines 1-" in before
    assert "history" not in before
    assert "history" in after


async def test_what_comes_is_counted_and_the_selected_one_stays_selected() -> None:
    journal = a_journal()
    app = an_app(journal)

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("6", "down")
        await settle(pilot)
        for _ in range(40):
            journal.after(0.1).performance("save", 1.0)
        app.deliver(a_frame(journal.operation("newest")))
        await settle(pilot)
        clock = app._clock
        clock.now = journal.now + 1.0  # type: ignore[attr-defined]  # it is the test's clock
        app._tick()
        await settle(pilot)
        text = panel_text(app, "operations")

    lines = text.split("\n")
    assert lines[2].split()[:2] == ["▶", "save"]
    assert " 70 " in lines[2]
    assert "newest" in text


async def test_with_ascii_no_other_character_is_drawn_V03() -> None:
    app = an_app(a_journal(), ascii_only=True)

    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.press("6")
        await settle(pilot)

        assert isinstance(app.screen, OperationsScreen)
        assert screen_text(app).isascii()


@pytest.mark.parametrize("size", [(80, 24), (160, 45), (60, 12)])
async def test_a_click_selects_what_stands_there(size: tuple[int, int]) -> None:
    app = an_app(a_journal())

    async with app.run_test(size=size) as pilot:
        await pilot.press("6")
        await settle(pilot)
        for name in ("save", "loading", "forward"):
            lines = panel_text(app, "operations").split("\n")
            row = next(at for at, line in enumerate(lines) if line[:60].find(f" {name} ") > 0)
            await pilot.click(offset=(4, row + 1))
            await settle(pilot)

            chosen = next(line for line in panel_text(app, "operations").split("\n") if line.startswith("▶"))
            assert f" {name} " in chosen
        await pilot.click(offset=(4, 1))
        await settle(pilot)
        assert app.bugs == {}
