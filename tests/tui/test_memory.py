"""What the user set comes back for its folder, and for no other; damage and homes that fail are no error."""

from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.builders import a_run
from tests.tui.apps import Clock, a_frame, panel_text
from trainmon.reading.range_rows import Key
from trainmon_tui.app import WatchApp
from trainmon_tui.deliveries import RunChosen
from trainmon_tui.logs.log_files import ViewedFile
from trainmon_tui.visit.memory import LISTS, VIEWS, Kept, KeptList, Memory

SET = Kept(0.6, True, "time", "train/*", Key("metrics", "train/acc1"), ViewedFile.ERRORS, True)


async def settle(pilot: Pilot[int]) -> None:
    await pilot.pause()
    await pilot.pause()


def an_app(folder: Path, memory: Memory) -> WatchApp:
    """An app that keeps what is set in it."""
    journal = a_run(50, metrics={"train/acc1": 0.5, "train/acc5": 0.7, "grad_norm": 1.0})
    app = WatchApp(folder, memory=memory, clock=Clock(journal.now + 1.0), follow=lambda _folder: None)
    app.deliver(a_frame(journal))
    return app


def test_what_was_set_comes_back_for_its_folder_alone(tmp_path: Path) -> None:
    run, other = tmp_path / "run", tmp_path / "other"
    memory = Memory(tmp_path, tmp_path / "state")

    assert memory.keep_run(run, SET)
    assert memory.keep_list(KeptList("run", "age", True, "vit"))

    again = Memory(tmp_path, tmp_path / "state")
    assert again.of_run(run) == SET
    assert again.of_run(other) == Kept()
    assert again.of_run(other, SET) == SET
    assert again.of_list() == KeptList("run", "age", True, "vit")
    assert not run.exists()


def test_the_usual_leaves_nothing_behind(tmp_path: Path) -> None:
    memory = Memory(tmp_path, tmp_path / "state")

    assert memory.keep_run(tmp_path / "run", Kept())
    assert memory.keep_list(KeptList())

    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize(
    "damage",
    [
        b"", b"{", b"[]", b'{"smoothing": 7}', b'{"log_y": "yes"}', b"\xff", b'{"kind": "moon"}',
        b'{"metric": ["loss"]}', b'{"filter": 3}', b'{"filter": "' + b"x" * 1_000 + b'"}', b'{"log": "../../passwd"}',
        b"[" * 60_000,
    ],
)  # fmt: skip
def test_what_is_damaged_is_as_if_it_were_not_there(tmp_path: Path, damage: bytes) -> None:
    memory = Memory(tmp_path, tmp_path / "state")
    memory.keep_run(tmp_path / "run", SET)
    (path,) = (tmp_path / "state" / VIEWS).iterdir()
    path.write_bytes(damage)

    assert memory.of_run(tmp_path / "run") == Kept()


def test_what_an_earlier_version_kept_is_taken_and_what_a_later_one_added_is_passed_over(
    tmp_path: Path,
) -> None:
    memory = Memory(tmp_path, tmp_path / "state")
    memory.keep_run(tmp_path / "run", SET)
    (path,) = (tmp_path / "state" / VIEWS).iterdir()
    path.write_bytes(b'{"smoothing": 0.6, "log_y": true, "colour": "red"}')

    assert memory.of_run(tmp_path / "run") == Kept(0.6, True)


@pytest.mark.parametrize("name", ["", "/etc", "../elsewhere", "gone", "a\x00b", "x" * 5_000])
def test_only_a_run_that_is_still_below_the_folder_is_opened(tmp_path: Path, name: str) -> None:
    memory = Memory(tmp_path / "runs", tmp_path / "state")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "runs" / "a").mkdir(parents=True)
    memory.keep_list(KeptList("a"))
    there = memory.open_run()
    memory.keep_list(KeptList(name))

    assert there == tmp_path / "runs" / "a"
    assert memory.open_run() is None


def test_a_home_that_cannot_be_used_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = tmp_path / "file"
    nowhere.write_text("not a folder")
    monkeypatch.chdir(tmp_path)

    for home in (nowhere, Path("~/state")):
        memory = Memory(tmp_path, home)
        assert not memory.keep_run(tmp_path / "run", SET)
        assert not memory.keep_list(KeptList("\udcff"))
        assert memory.of_run(tmp_path / "run") == Kept()
        assert memory.open_run() is None
    assert list(tmp_path.iterdir()) == [nowhere]


async def test_views_are_as_they_were_left(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "run", tmp_path / "state")
    app = an_app(tmp_path / "run", memory)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("s", "l", "2", "x", "slash", *"acc", "enter", "down")
        await settle(pilot)
        chosen = panel_text(app, "grid")
        await pilot.press("5", "tab", "w")
        await settle(pilot)
    app.leave_word()

    again = an_app(tmp_path / "run", Memory(tmp_path / "run", tmp_path / "state"))
    async with again.run_test(size=(80, 24)) as pilot:
        await pilot.press("2")
        await settle(pilot)

        assert panel_text(again, "grid") == chosen
        assert "filter acc" in panel_text(again, "head")
        assert "smoothing 0.97" in panel_text(again, "head")
        await pilot.press("5")
        await settle(pilot)
    assert Memory(tmp_path / "run", tmp_path / "state").of_run(tmp_path / "run") == Kept(
        0.97, True, "epoch", "acc", Key("metrics", "train/acc5"), ViewedFile.ERRORS, True
    )


async def test_each_run_of_a_list_has_its_own_and_the_open_one_is_remembered(tmp_path: Path) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    a.mkdir()
    b.mkdir()
    memory = Memory(tmp_path, tmp_path / "state")
    memory.keep_run(b, Kept(smoothing=0.99))
    app = an_app(a, memory)

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("l")
        await settle(pilot)
        app.post_message(RunChosen(str(b)))
        await settle(pilot)
        in_b = app._options.chart
        app.post_message(RunChosen(str(a)))
        await settle(pilot)
        in_a = app._options.chart
        app.post_message(RunChosen(str(b)))
        await settle(pilot)
    app.leave_word()

    assert (in_b.smoothing, in_b.log_y) == (0.99, False)
    assert (in_a.smoothing, in_a.log_y) == (0.9, True)
    assert memory.open_run() == b


async def test_the_list_of_runs_is_sorted_and_filtered_as_it_was(tmp_path: Path) -> None:
    for name in ("vit", "vit-large", "resnet"):
        a_run(5).write(tmp_path / name)
    memory = Memory(tmp_path, tmp_path / "state")
    app = an_app(tmp_path, memory)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("7", "s", "slash", *"vit", "enter")
        await settle(pilot)
    app.leave_word()

    (path,) = (tmp_path / "state" / LISTS).iterdir()
    assert path.exists()
    assert memory.of_list() == KeptList("", "status", False, "vit")
    again = an_app(tmp_path, memory)
    async with again.run_test(size=(80, 24)) as pilot:
        await pilot.press("7")
        await settle(pilot)

        assert "filter vit" in panel_text(again, "runs")
        assert "status↓" in panel_text(again, "runs")
