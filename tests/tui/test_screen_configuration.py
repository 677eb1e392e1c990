"""The configuration view: all of it, scrolled; texts of strangers stay texts."""

import pytest

from tests.builders import Journal, a_run
from tests.tui.apps import an_app, panel_text, screen_text
from trainmon_tui.screens.overview import OverviewScreen


@pytest.mark.parametrize("size", [(80, 24), (160, 45), (60, 20), (20, 6), (5, 3), (1, 1), (300, 90)])
async def test_it_is_drawn_at_every_size(size: tuple[int, int]) -> None:
    app = an_app(a_run())

    async with app.run_test(size=size) as pilot:
        await pilot.press("i")
        await pilot.pause()
        text = screen_text(app)

        assert app.bugs == {}
        assert size[0] < 60 or all(word in text for word in ("configuration", "DemoModel", "learning rate"))


async def test_command_commit_and_nested_settings_stand_in_full() -> None:
    config = {"optimizer": {"betas": [0.9, 0.95], "decay": 0.1}, "data": "imagenet"}
    journal = Journal().opened(command=("python", "train.py", "--name", "two words")).started(config=config)
    app = an_app(journal)

    async with app.run_test(size=(100, 60)) as pilot:
        await pilot.press("i")
        await pilot.pause()
        text = panel_text(app, "configuration")

    assert "python train.py --name 'two words'" in text
    assert "3f2c1ab+dirty" in text
    assert all(word in text for word in ("betas:", "0.95", "decay: 0.1", "data: imagenet", "/runs/a"))


async def test_it_scrolls_to_both_ends_and_escape_goes_back() -> None:
    app = an_app(Journal().opened().started(config={f"setting_{index}": index for index in range(60)}))

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("i", "end")
        await pilot.pause()
        below = panel_text(app, "configuration")
        await pilot.press("home")
        await pilot.pause()
        above = panel_text(app, "configuration")
        await pilot.press("escape")
        await pilot.pause()

        assert isinstance(app.screen, OverviewScreen)
    assert "run folder" in below
    assert "lines 1-" in above
    assert "model" in above


async def test_before_a_run_it_says_what_will_make_it_appear() -> None:
    app = an_app(Journal())

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("i")
        await pilot.pause()

        assert "log_training_start" in panel_text(app, "configuration")
