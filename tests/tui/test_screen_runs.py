"""The view of the runs: the table at every size, sorting, filtering, choosing, and opening one."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from tests.builders import START, Journal, a_run
from tests.tui.apps import Clock, panel_text
from trainmon.meaning.derived import Bar
from trainmon.meaning.statuses import Status
from trainmon_tui.app import WatchApp
from trainmon_tui.render.cells import plain, row_width
from trainmon_tui.sight.listing import EarlierRun, Listing, RunRow
from trainmon_tui.terminal.terminal import Mouse
from trainmon_tui.widgets.runs import EMPTY, LOOKING, RunsSlice, entries, rows
from trainmon_tui.widgets.runs_table import ORDERS

SIZES = [(300, 60), (160, 45), (80, 24), (60, 20), (20, 6), (1, 1)]


def a_row(
    name: str = "vit", *, status: Status = Status.RUNNING, done: int = 100, total: int | None = 400,
    left: float | None = 3_600.0, best: float | None = 1.25, lower_is_better: bool = True, age: float = 5.0,
    model: str = "ViT-B/16", why: str | None = None, earlier: tuple[EarlierRun, ...] = (),
) -> RunRow:  # fmt: skip
    """A run as the catalogue tells of it."""
    return RunRow(
        path=f"runs/{name}", name=name, model=model, status=status, why=why, bar=Bar(done, total), left=left,
        loss=(3.0, 2.0, 1.5, 1.2, 1.1), best=best, best_metric="val_loss", lower_is_better=lower_is_better,
        last_time=START - age, looked=START, earlier=earlier,
    )  # fmt: skip


def an_earlier(name: str = "first try") -> EarlierRun:
    return EarlierRun(name, Status.FAILED, 42, START - 9_000.0, START - 8_000.0, 2.5)


def a_slice(
    *runs: RunRow, order: str = "name", backwards: bool = False, filter: str = "", complete: bool = True,
    chosen: tuple[str, float] | None = None,
) -> RunsSlice:  # fmt: skip
    listing = Listing("runs", runs, len(runs), complete=complete, now=START)
    return RunsSlice(listing, order=order, backwards=backwards, filter=filter, chosen=chosen)


def text(piece: RunsSlice, width: int = 80, height: int = 23, *, ascii_only: bool = False) -> str:
    return plain(rows(piece, width, height, ascii_only))


def listed(piece: RunsSlice) -> list[str]:
    return [entry.earlier.name if entry.earlier else entry.run.name for entry in entries(piece)[0]]


def test_a_run_is_a_line_with_status_progress_eta_loss_best_and_age() -> None:
    line = text(a_slice(a_row())).split("\n")[2]

    for part in ("● RUNNING", "vit", "25.0 %", "1h 0m", "▁", "1.250", "5s"):
        assert part in line


def test_every_status_fits_its_column_with_a_sign_and_a_word() -> None:
    runs = [a_row(f"run{at:02}", status=status) for at, status in enumerate(Status)]

    drawn = text(a_slice(*runs), 80, 30).split("\n")[2:]

    for at, line in enumerate(drawn[: len(runs)]):
        assert len(line[2:15].split()) == 2
        assert line[16:21] == f"run{at:02}"


def test_a_status_has_its_own_word_where_there_is_room() -> None:
    assert "ENDED WITHOUT A WORD" in text(a_slice(a_row(status=Status.DIED)), 160)
    assert "DIED" in text(a_slice(a_row(status=Status.DIED)), 80)


@pytest.mark.parametrize("width", [80, 160])
def test_the_best_is_named_with_its_metric_where_all_runs_have_the_same(width: int) -> None:
    other = replace(a_row("b"), best_metric="top1")

    assert "best val_loss" in text(a_slice(a_row("a"), a_row("b")), width)
    assert "val_loss" not in text(a_slice(a_row("a"), other), width)


def test_earlier_runs_of_a_journal_stand_under_it() -> None:
    drawn = text(a_slice(a_row("a", earlier=(an_earlier(),)), a_row("b"))).split("\n")

    assert "└ first try" in drawn[3]
    assert "FAILED" in drawn[3]
    assert "42" in drawn[3]
    assert "b" in drawn[4]


def test_what_is_not_known_stays_blank_and_an_unknown_length_shows_the_steps() -> None:
    line = text(a_slice(a_row(total=None, left=None, best=None))).split("\n")[2]

    assert "%" not in line
    assert "100" in line


def test_the_chosen_run_is_marked_and_its_folder_and_reason_stand_below() -> None:
    piece = a_slice(
        a_row("a"),
        a_row("b", status=Status.FAILED, why="ValueError: no data"),
        chosen=("runs/b", float("inf")),
    )

    drawn = text(piece).split("\n")

    assert drawn[3].startswith("▶ ")
    assert drawn[-1].startswith("runs/b   ValueError: no data")


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("name", ["a", "b", "c"]),
        ("status", ["b", "c", "a"]),
        ("progress", ["c", "a", "b"]),
        ("left", ["b", "a", "c"]),
        ("best", ["b", "c", "a"]),
        ("age", ["c", "b", "a"]),
    ],
)
def test_runs_sort_by_each_column_what_is_not_known_last(order: str, expected: list[str]) -> None:
    runs = (
        a_row("a", status=Status.FINISHED, done=200, left=60.0, best=None, age=900.0),
        a_row("b", status=Status.RUNNING, done=100, left=30.0, best=1.0, age=60.0),
        a_row("c", status=Status.FAILED, done=300, left=None, best=2.0, age=1.0),
    )

    assert listed(a_slice(*runs, order=order)) == expected
    assert set(listed(a_slice(*runs, order=order, backwards=True))) == {"a", "b", "c"}


def test_where_more_is_better_the_highest_comes_first() -> None:
    runs = (a_row("a", best=0.5, lower_is_better=False), a_row("b", best=0.9, lower_is_better=False))

    assert listed(a_slice(*runs, order="best")) == ["b", "a"]


@pytest.mark.parametrize("typed", ["resnet", "res*50", "/^resnet/", "ResNet"])
def test_a_filter_is_a_part_a_glob_or_an_expression(typed: str) -> None:
    assert listed(a_slice(a_row("resnet-50"), a_row("vit"), filter=typed)) == ["resnet-50"]


def test_a_filter_finds_models_and_statuses_too() -> None:
    runs = (a_row("a", model="ResNet"), a_row("b", status=Status.FAILED))

    assert listed(a_slice(*runs, filter="resnet")) == ["a"]
    assert listed(a_slice(*runs, filter="failed")) == ["b"]


def test_empty_states_say_what_makes_a_run_appear() -> None:
    assert LOOKING in text(a_slice(complete=False))
    assert " ".join(text(a_slice()).split("\n", 1)[1].split()) == EMPTY
    assert "no run fits the filter" in text(a_slice(a_row(), filter="zzz"))


def test_the_chosen_run_is_seen_wherever_it_stands_in_500() -> None:
    runs = [a_row(f"run{at:03}") for at in range(500)]

    drawn = text(a_slice(*runs, chosen=("runs/run400", float("inf"))))

    assert "run400" in drawn
    assert len(drawn.split("\n")) == 23


@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize("size", SIZES)
def test_it_fits_every_size(size: tuple[int, int], ascii_only: bool) -> None:
    width, height = size
    runs = [
        a_row("模型" * 30, model="x" * 500),
        a_row("\x1b]0;pwned\x07", earlier=(an_earlier("[/x]" * 99),)),
    ]

    drawn = rows(a_slice(*runs, filter="\x9b31m"), width, height, ascii_only)
    more = rows(a_slice(*runs), width, height, ascii_only)

    assert len(drawn) <= height
    assert len(more) <= height
    assert all(row_width(cells) <= width for cells in (*drawn, *more))
    assert "\x1b" not in plain(more)
    assert not ascii_only or plain((*drawn, *more)).isascii()


def test_at_60_columns_status_name_progress_and_eta_are_there() -> None:
    head = text(a_slice(a_row()), 60).split("\n")[1]

    assert head.split()[:2] == ["status", "name↓"]
    assert "done" in head
    assert "left" in head


def an_app(root: Path, follow: Callable[[Path], None] | None = None, mouse: Mouse | None = None) -> WatchApp:
    return WatchApp(root, clock=Clock(START + 60.0), follow=follow, first_view="runs", mouse=mouse)


async def wait_for(pilot: Pilot[int], app: WatchApp, text: str) -> None:
    """Waits until the catalogue's thread has handed on a list with the text."""
    for _ in range(2_000):
        if text in panel_text(app, "runs"):
            return
        await pilot.pause(0.01)
    raise AssertionError(f"{text!r} did not appear in {panel_text(app, 'runs')!r}")


def three_runs(root: Path) -> None:
    for name in ("alpha", "beta", "nested/gamma"):
        a_run(20).write(root / name)


@pytest.mark.parametrize("size", [(160, 45), (80, 24), (60, 20)])
async def test_enter_follows_the_chosen_run_and_shows_its_overview(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    three_runs(tmp_path)
    followed: list[Path] = []
    app = an_app(tmp_path, followed.append)

    async with app.run_test(size=size) as pilot:
        await wait_for(pilot, app, "gamma")
        await pilot.press("down", "enter")
        await pilot.pause()

        assert followed == [tmp_path / "beta"]
        assert app.screen.id == "overview"

        await pilot.press("7")
        await pilot.pause()

        assert "gamma" in panel_text(app, "runs")
    assert not app.bugs


async def test_a_mouse_that_is_the_terminals_stays_that_when_another_run_is_opened(tmp_path: Path) -> None:
    """It is the same terminal; and whoever looks for the key that ends it finds it."""
    three_runs(tmp_path)
    app = an_app(tmp_path, lambda folder: None, Mouse(lambda said: None))

    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(pilot, app, "gamma")
        await pilot.press("m", "down", "enter")
        await pilot.pause()

        assert app.screen.id == "overview"
        assert "MOUSE OFF [m]" in panel_text(app, "status")
    assert not app.bugs


async def test_a_filter_is_typed_kept_and_given_up(tmp_path: Path) -> None:
    three_runs(tmp_path)
    app = an_app(tmp_path)

    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(pilot, app, "gamma")
        await pilot.press("slash", "q", "backspace", "b", "e", "t")

        assert "alpha" not in panel_text(app, "runs")
        assert "beta" in panel_text(app, "runs")

        await pilot.press("enter", "slash", "x", "x")
        assert "beta" not in panel_text(app, "runs")

        await pilot.press("escape")
        assert "beta" in panel_text(app, "runs")
        assert "alpha" not in panel_text(app, "runs")

        await pilot.press("escape")
        assert "alpha" in panel_text(app, "runs")

        await pilot.press("escape")
        await pilot.pause()
        assert app.screen.id == "overview"


async def test_s_sorts_by_the_next_column_and_the_chosen_run_stays_chosen(tmp_path: Path) -> None:
    three_runs(tmp_path)
    app = an_app(tmp_path)

    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(pilot, app, "gamma")
        await pilot.press("end", "s", "r")
        await pilot.pause()

        shown = panel_text(app, "runs").split("\n")

    assert f"{ORDERS[1]}↑" in shown[1]
    assert "nested/gamma" in shown[-1]


async def test_a_folder_without_runs_says_so(tmp_path: Path) -> None:
    app = an_app(tmp_path)

    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(pilot, app, "no run here yet")


async def test_the_thread_ends_with_the_view(tmp_path: Path) -> None:
    Journal().opened().started().write(tmp_path / "a")
    app = an_app(tmp_path)

    async with app.run_test(size=(160, 45)) as pilot:
        await wait_for(pilot, app, "DemoModel")
        await pilot.press("escape")
        await pilot.pause()

        assert app.screen.id == "overview"
        while "trainmon-catalogue" in {thread.name for thread in threading.enumerate()}:
            await pilot.pause(0.01)  # The test's own time limit ends what never comes.
