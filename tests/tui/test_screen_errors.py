"""The errors view, driven by a pilot: what is chosen, what is read from the journal, what is copied."""

from pathlib import Path

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from tests.builders import Journal, a_run
from tests.run_folders import state_of, write_run
from tests.tui.apps import Clock, a_frame, an_app, panel_text, screen_text
from trainmon.meaning.statuses import Evidence, Status, Verdict
from trainmon.reading.reader import View
from trainmon.words.paths import JOURNAL
from trainmon_tui.app import WatchApp
from trainmon_tui.copies import COPIED, save
from trainmon_tui.feeds.feed import Frame
from trainmon_tui.render.cells import plain
from trainmon_tui.sight.sight import FailedRank
from trainmon_tui.widgets.error_details import DetailsSlice, Recall, body
from trainmon_tui.widgets.error_items import items_of

PATIENCE = 2_000
"""Rounds that a wait for a thread takes at most."""


async def settle(pilot: Pilot[int]) -> None:
    await pilot.pause()
    await pilot.pause()


async def until(pilot: Pilot[int], name: str, wanted: str) -> str:
    """Waits until a panel says something; the panel's text."""
    for _ in range(PATIENCE):
        text = panel_text(pilot.app, name)  # type: ignore[arg-type]  # the app of these tests
        if wanted in text:
            return text
        await pilot.pause(0.01)
    raise AssertionError(f"not seen: {wanted}\n{text}")


def an_app_of(folder: Path, journal: Journal) -> WatchApp:
    """An app that watches the folder in which the journal stands."""
    view = View(
        state_of(write_run(folder, journal)), Evidence(alive=True, heartbeat=journal.now), True, None, 1, 0
    )
    app = WatchApp(folder, clock=Clock(journal.now + 1.0))
    app.deliver(Frame(view))
    return app


def many_errors() -> Journal:
    """5,000 errors of 50 kinds; the first kind came long ago and no more."""
    journal = Journal().opened().started().progress(1)
    journal.error("lost in time", error_type="RareError", traceback="Traceback of the rare one\n")
    for number in range(4_999):
        kind = number % 49
        journal.error(f"message {kind}", error_type=f"Kind{kind}Error", traceback=f"Traceback of {kind}\n")
    return journal


async def test_every_group_has_its_whole_traceback_from_the_journal_however_many_came_since(
    tmp_path: Path,
) -> None:
    app = an_app_of(tmp_path / "run", many_errors())

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("4")
        await settle(pilot)
        title = panel_text(app, "errors").split("\n")[0]
        for _ in range(49):
            await pilot.press("n")
        rare = await until(pilot, "details", "Traceback of the rare one")

        assert "errors 5,000 in 50 groups" in title
        assert "50 of 50" in panel_text(app, "errors")
        assert "RareError" in rare
        assert "lost in time" in rare
        assert app.bugs == {}


async def test_a_group_says_how_often_it_came_in_the_whole_run_and_its_first_and_last_step() -> None:
    journal = Journal().opened().started()
    for step in range(1, 301):
        journal.progress(step).error()
    app = an_app(journal)

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("4")
        await settle(pilot)

        assert "RuntimeError ×300" in panel_text(app, "errors")
        assert "steps 1–300" in panel_text(app, "errors")


async def test_a_journal_that_is_gone_is_said_and_what_was_kept_is_shown(tmp_path: Path) -> None:
    app = an_app_of(tmp_path / "run", a_run(50).error())
    (tmp_path / "run" / JOURNAL).unlink()

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("4")
        text = await until(pilot, "details", "cannot be read")

        assert "in forward" in text


async def test_data_is_a_tree_that_a_key_leads_to_and_back() -> None:
    data = {"batch": {"shape": [32, 7], "path": "/data/" + "long/" * 40}}
    app = an_app(a_run(50).error(additional_data=data))

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("4", "end")
        await settle(pilot)
        end = panel_text(app, "details")
        await pilot.press("d")
        await settle(pilot)
        await pilot.press("d", "d")
        await settle(pilot)

        assert "shape:\n" in "\n".join(line.rstrip() for line in end.split("\n"))
        assert "long/long/" in end
        assert "additional data" in panel_text(app, "details")


async def test_a_copy_is_always_in_a_file_too_and_never_in_the_run_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    hostile = "\x1b]0;pwned\x07 and the end"
    app = an_app_of(tmp_path / "run", a_run(50).error(hostile, additional_data={"seed": 7}))
    before = sorted((tmp_path / "run").iterdir())

    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.press("4")
        await until(pilot, "details", "in forward")
        await pilot.press("y")
        said = await until(pilot, "details", COPIED)
        path = tmp_path / "state" / "trainmon" / COPIED
        copied = path.read_text()

        assert str(path) in said
        assert app.clipboard == copied
        assert "return F.linear(input, self.weight, self.bias)" in copied
        assert '"seed": 7' in copied
        assert "and the end" in copied
        assert all(character.isprintable() or character == "\n" for character in copied)
        assert path.stat().st_mode & 0o077 == 0
        assert sorted((tmp_path / "run").iterdir()) == before


def test_a_home_that_cannot_be_written_to_has_the_copy_elsewhere(tmp_path: Path) -> None:
    nowhere = tmp_path / "file"
    nowhere.write_text("not a folder")

    path = save("text", nowhere)

    assert path is not None
    assert path.read_text() == "text"
    path.unlink()


async def test_what_is_read_stays_when_others_arrive() -> None:
    journal = a_run()
    for number in range(6):
        journal.after(1).error(error_type=f"Error{number}")
    app = an_app(journal)

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("4")
        await settle(pilot)
        await pilot.press("n", "n", "down")
        await settle(pilot)
        read = panel_text(app, "details").split("\n")[1:]
        app.deliver(a_frame(journal.after(1).error(error_type="Newest")))
        await settle(pilot)

        assert panel_text(app, "details").split("\n")[1:] == read
        assert "Newest" in panel_text(app, "errors")
        assert "4 of 7" in panel_text(app, "errors")


async def test_whoever_comes_back_finds_what_was_read_or_the_error_that_came_since() -> None:
    journal = a_run().error(error_type="First").after(1).error(error_type="Second")
    app = an_app(journal)

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("4", "n")
        await settle(pilot)
        await pilot.press("1", "4")
        await settle(pilot)
        back = panel_text(app, "details")
        await pilot.press("1")
        app.deliver(a_frame(journal.after(1).error(error_type="Third")))
        await settle(pilot)
        await pilot.press("4")
        await settle(pilot)

        assert "✖ First" in back
        assert "✖ Third" in panel_text(app, "details")


async def test_a_click_and_keys_choose() -> None:
    journal = a_run()
    for number in range(6):
        journal.after(1).error(error_type=f"Error{number}")
    app = an_app(journal)

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("4")
        await settle(pilot)
        await pilot.click(offset=(4, 4))
        await settle(pilot)
        clicked = panel_text(app, "details")
        await pilot.press("p")
        await settle(pilot)

        assert "✖ Error3" in clicked
        assert "✖ Error4" in panel_text(app, "details")


@pytest.mark.parametrize(
    ("recall", "said"),
    [("reading", "reading all of it from the journal"), ("gone", "cannot be read"), ("whole", "")],
)
def test_the_traceback_says_whether_it_is_all_there(recall: Recall, said: str) -> None:
    (item,) = items_of(a_run(50).error().state())

    lines = plain(body(DetailsSlice(item, recall), 80, False).rows).split("\n")

    (title,) = [line for line in lines if "─ traceback ─" in line]
    assert said in title
    assert "return F.linear(input, self.weight, self.bias)" in "\n".join(lines)


async def test_warnings_can_be_chosen_too() -> None:
    app = an_app(a_run().warned("something is deprecated", count=3))

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("4")
        await settle(pilot)

        assert "! UserWarning ×3" in panel_text(app, "details")
        assert "something is deprecated" in panel_text(app, "details")


@pytest.mark.parametrize("size", [(160, 45), (80, 24), (60, 20), (20, 6), (5, 3), (1, 1)])
@pytest.mark.parametrize("errors", [0, 60])
async def test_it_is_drawn_at_every_size(size: tuple[int, int], errors: int) -> None:
    journal = a_run()
    for number in range(errors):
        journal.after(1).error(error_type=f"Error{number}", additional_data={"number": number})
    app = an_app(journal)

    async with app.run_test(size=size) as pilot:
        await pilot.press("4", "d", "end", "n", "p", "up", "pagedown")
        await settle(pilot)
        text = screen_text(app)

        assert app.bugs == {}
        assert errors or size[0] < 60 or "no errors: exceptions and log_error_with_context" in text


async def test_the_error_of_the_rank_that_failed_first_comes_first_with_its_whole_traceback(
    tmp_path: Path,
) -> None:
    """What rank 0 says is only that a peer is gone."""
    own = Journal().opened(rank=0).started().steps(5).error("Connection closed by peer", fingerprint="gloo")
    theirs = Journal().opened(rank=1).started().steps(5)
    theirs.error("division by zero", error_type="ZeroDivisionError", traceback="Traceback of rank one\n")
    folder = tmp_path / "run" / "ranks" / "00001"
    first = FailedRank(1, Verdict(Status.FAILED), str(folder), state_of(write_run(folder, theirs)))
    app = an_app_of(tmp_path / "run", own)
    app.deliver(replace(app._newest, first=first))

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("4")
        await settle(pilot)
        top, chosen, other = panel_text(app, "errors").split("\n")[:3]
        details = await until(pilot, "details", "Traceback of rank one")

        assert "errors 2 " in top
        assert "1 of 2" in top
        assert "rank 1: ZeroDivisio" in chosen
        assert "RuntimeError" in other
        assert "rank 1: ZeroDivisionError" in details
        assert "as far as it was kept" not in details
        assert app.bugs == {}
