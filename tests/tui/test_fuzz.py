"""Journals that nobody would write, drawn by the whole app: no panel fails, no character is a control."""

import asyncio
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.histories import History, histories
from tests.tui.apps import Clock, screen_text
from trainmon.fold.reducer import fold
from trainmon.fold.state import RunState
from trainmon.meaning.statuses import Evidence
from trainmon.reading.reader import View
from trainmon_tui.app import WatchApp
from trainmon_tui.feeds.feed import Frame

NOWHERE = Path("/nonexistent/run")
"""No test writes here; views that list files find none."""

EXAMPLES = 6
"""Apps that are started, each with some journals: bounds the time, about a second each."""

VIEWS = "1234567iA"
"""Keys of all views."""

KEYS = (
    *VIEWS, "n", "p", "c", "x", "s", "l", "d", "0", "r", "w", "f", "a", "t", "colon", "slash", "plus", "minus",
    "up", "down", "left", "right", "pageup", "pagedown", "home", "end", "tab", "enter", "escape", "space",
    "question_mark", "ctrl+left", "shift+right", "backspace",
)  # fmt: skip
"""Whatever may be pressed without leaving the app or writing a file."""

SIZES = [(80, 24), (160, 45), (60, 20), (20, 6)]

lives = st.sampled_from([None, True, False])


def a_frame(history: History, alive: bool | None, version: int) -> Frame:
    """What the feed would hand on of such a journal."""
    state = fold(RunState(), history.items, history.offsets)
    view = View(
        state, Evidence(alive=alive, heartbeat=1.7e9), exists=True, note=None, version=version, bytes_read=0
    )
    return Frame(view)


async def watch(frames: list[Frame], size: tuple[int, int], keys: list[str]) -> None:
    """Draws one frame after the other in one app, then all views of the last, then whatever the keys lead to."""
    app = WatchApp(folder=NOWHERE, clock=Clock(1.7e9 + 60.0))
    async with app.run_test(size=size) as pilot:
        for frame in frames:
            app.deliver(frame)
            await pilot.pause()
            assert_printable(screen_text(app))
        for key in (*VIEWS, *keys):
            await pilot.press(key)
            await pilot.pause()
            assert_printable(screen_text(app))
    assert app.bugs == {}, keys
    assert app.return_code in (None, 0)


def assert_printable(text: str) -> None:
    assert all(character.isprintable() or character == "\n" for character in text)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.tuples(histories(), lives), min_size=1, max_size=4),
    st.sampled_from(SIZES),
    st.lists(st.sampled_from(KEYS), max_size=25),
)
def test_no_journal_and_no_keys_make_a_panel_fail(
    journals: list[tuple[History, bool | None]], size: tuple[int, int], keys: list[str]
) -> None:
    """Whatever order, numbers and words the lines have, whether the program lives or not, whatever is pressed then."""
    frames = [a_frame(history, alive, at) for at, (history, alive) in enumerate(journals)]
    asyncio.run(watch(frames, size, keys))
