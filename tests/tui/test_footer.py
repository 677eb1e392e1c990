"""The bottom line, the help and the palette: what they offer, and that a click does what the key does."""

from collections.abc import Callable

import pytest
from textual.app import SystemCommand
from textual.command import CommandList
from textual.pilot import Pilot

from tests.builders import a_run
from tests.tui.apps import an_app, panel_text
from trainmon_tui.app import WatchApp
from trainmon_tui.screens.errors import ErrorsScreen
from trainmon_tui.screens.help import HelpScreen, all_keys
from trainmon_tui.screens.logs import LogsScreen
from trainmon_tui.screens.metrics import MetricsScreen
from trainmon_tui.widgets.footer import FooterSlice, key_at, key_name, pieces

KEYS = (("?", "keys"), ("/", "filter"), ("up down", "scroll"), ("q", "quit"))

VIEWS = ["1", "2", "3", "4", "5", "6", "7", "i", "A", "X"]
"""Keys of all views."""


def line(piece: FooterSlice, width: int) -> str:
    return "".join(part.text for part in pieces(piece, width))


async def settle(pilot: Pilot[int]) -> None:
    await pilot.pause()
    await pilot.pause()


async def until(pilot: Pilot[int], wanted: Callable[[], object]) -> None:
    """Waits for what Textual's palette does after a while."""
    for _ in range(2_000):
        if wanted():
            return
        await pilot.pause(0.01)
    raise AssertionError("not seen")


def commands(app: WatchApp) -> list[SystemCommand]:
    return list(app.get_system_commands(app.screen))


def test_names_of_the_tabs_become_shorter_before_keys_are_left_out() -> None:
    piece = FooterSlice(KEYS, "2")

    assert line(piece, 160) == (
        " 1 overview [2 metrics] 3 machine  4 errors  5 logs  6 operations  7 runs   ? keys  / filter  up down scroll"
        "  q quit"
    )
    assert line(piece, 110).startswith(" 1 over [2 metrics]")
    assert line(piece, 80) == " 1[2 metrics] 3 4 5 6 7  ? keys  / filter  up down scroll  q quit"
    assert line(piece, 40) == " 1[2 metrics] 3 4 5 6 7  ? keys  q quit"
    assert line(FooterSlice(KEYS), 30) == "? keys  / filter  q quit"


@pytest.mark.parametrize("width", [0, 5, 20, 60, 80, 160, 300])
def test_no_line_is_wider_than_the_screen(width: int) -> None:
    assert len(line(FooterSlice(KEYS, "4"), width)) <= max(width, len(line(FooterSlice((), "4"), 0)))


def test_each_key_and_its_words_can_be_clicked_and_the_gaps_cannot() -> None:
    parts = pieces(FooterSlice(KEYS), 80)
    text = "".join(part.text for part in parts)

    clicked = {
        words: key_at(parts, text.index(words)) for words in ("?", "filter", "up", "down", "scroll", "quit")
    }

    assert clicked == {
        "?": "question_mark", "filter": "slash", "up": "up", "down": "down", "scroll": "up", "quit": "q",
    }  # fmt: skip
    assert key_at(parts, text.index("  /")) is None
    assert key_at(parts, 79) is None


async def test_clicks_open_views_the_prompt_and_the_help() -> None:
    app = an_app(a_run().error())

    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        seen = []
        for words in ("2 metrics", "/ filter", "escape back", "4 ", "5 ", "? keys"):
            bottom = panel_text(app, "prompt") if words.startswith("escape") else panel_text(app, "footer")
            await pilot.click(offset=(bottom.index(words), 23))
            await settle(pilot)
            seen.append(
                (type(app.screen), app.screen.query_one("#prompt").display if words == "/ filter" else None)
            )

        assert [kind for kind, _ in seen] == [
            MetricsScreen, MetricsScreen, MetricsScreen, ErrorsScreen, LogsScreen, HelpScreen,
        ]  # fmt: skip
        assert seen[1][1] is True
        await pilot.click(offset=(5, 5))
        await settle(pilot)
        assert isinstance(app.screen, LogsScreen)


@pytest.mark.parametrize("view", VIEWS)
async def test_the_help_lists_every_key_of_the_view_once(view: str) -> None:
    app = an_app(a_run().error())

    async with app.run_test(size=(160, 60)) as pilot:
        await pilot.press(view)
        await settle(pilot)
        screen = app.screen
        actions: dict[str, set[str]] = {}
        for key, active in screen.active_bindings.items():
            actions.setdefault(active.binding.action, set()).add(key)
        await pilot.press("question_mark")
        await settle(pilot)
        listed = all_keys(screen.OWN_KEYS)  # type: ignore[attr-defined]  # all of ours have it
        names = [key_name(name) for keys, _ in listed for name in keys.split()]
        text = panel_text(app, "help")

    hidden = {"help_quit", "app.copy_selected_text", "screen.copy_text", "copy_selected_text"}
    for action, keys in actions.items():
        assert action in hidden or keys & set(names) or action.startswith(("app.focus", "pan")), (
            action,
            keys,
        )
    assert len(names) == len(set(names))
    assert all(words.split()[-1] in text for _, words in listed)


@pytest.mark.parametrize("size", [(80, 24), (60, 20), (160, 45)])
async def test_no_word_of_the_help_is_cut(size: tuple[int, int]) -> None:
    app = an_app(a_run())

    async with app.run_test(size=size) as pilot:
        await pilot.press("5", "question_mark")
        await settle(pilot)
        seen = panel_text(app, "help")
        for _ in range(8):
            await pilot.press("down")
            await settle(pilot)
            seen += panel_text(app, "help")
        await pilot.press("question_mark")

        assert "…" not in seen
        assert "training goes on" in seen


@pytest.mark.parametrize(
    ("view", "word"),
    [
        ("1", "traceback"), ("1", "log scale"), ("1", "gpu"), ("2", "filter the metrics"), ("4", "copy"),
        ("5", "search the log"), ("5", "step"), ("7", "sort"), ("1", "theme"), ("1", "screenshot"), ("1", "quit"),
        ("1", "hyperparameters"),
    ],
)  # fmt: skip
async def test_the_palette_has_what_people_search_for(view: str, word: str) -> None:
    app = an_app(a_run().error())

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(view)
        await settle(pilot)

        assert any(word in command.title.casefold() for command in commands(app))


async def test_a_command_of_the_palette_does_what_its_key_does() -> None:
    app = an_app(a_run().error())

    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("ctrl+p")
        await until(pilot, lambda: app.screen.query(CommandList))
        await pilot.press(*"traceback")
        await until(pilot, lambda: app.screen.query_one(CommandList).option_count == 1)
        await pilot.press("enter")

        await until(pilot, lambda: isinstance(app.screen, ErrorsScreen))
