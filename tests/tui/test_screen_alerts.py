"""Acknowledging alerts with a key, and the view that lists all of them."""

import pytest

from tests.builders import Journal
from tests.tui.apps import an_app, panel_text, screen_text
from trainmon_tui.screens.overview import OverviewScreen


def in_trouble() -> Journal:
    """Two alerts stand, one has cleared."""
    journal = Journal().opened().started().steps(100).alerted("slow", "steps are slow")
    journal.after(90.0).alerted("slow", "steps are slow", over=True)
    return journal.warned("the same again", count=25).progress(101, "NaN")


@pytest.mark.parametrize("size", [(80, 24), (160, 45), (60, 20), (20, 6), (5, 3), (1, 1), (300, 90)])
async def test_it_is_drawn_at_every_size(size: tuple[int, int]) -> None:
    app = an_app(in_trouble())

    async with app.run_test(size=size) as pilot:
        await pilot.press("A")
        await pilot.pause()
        text = screen_text(app)

        assert app.bugs == {}
        assert size[0] < 60 or all(
            word in text for word in ("active", "loss is NaN", "cleared", "steps are slow")
        )


async def test_a_acknowledges_one_after_the_other_and_the_row_stays() -> None:
    app = an_app(in_trouble())

    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.pause()
        before = panel_text(app, "alert")
        await pilot.press("a")
        await pilot.pause()
        after_one = panel_text(app, "alert")
        await pilot.press("a")
        await pilot.pause()
        after_two = panel_text(app, "alert")

    assert before.startswith("! loss is NaN")
    assert "[a] acknowledge" in before
    assert after_one.startswith("! UserWarning came 25 times")
    assert after_two.startswith("no new alerts")
    assert after_two.rstrip().endswith("2 acknowledged  [A] list")


async def test_the_list_keeps_what_was_acknowledged_and_escape_goes_back() -> None:
    app = an_app(in_trouble())

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("a", "A")
        await pilot.pause()
        text = panel_text(app, "alerts")
        await pilot.press("escape")
        await pilot.pause()
        back = isinstance(app.screen, OverviewScreen)

    assert (
        text.index("active")
        < text.index("UserWarning")
        < text.index("acknowledged")
        < text.index("loss is NaN")
    )
    assert back
