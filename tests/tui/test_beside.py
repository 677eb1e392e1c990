"""Comparing runs: which are compared, how their curves are read, and how they stand in the charts and the list."""

import math
import queue
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from tests.builders import START, Journal, a_run
from tests.tui.apps import Clock, a_frame, panel_text
from tests.tui.test_screen_runs import a_row, a_slice
from trainmon.fold.state import RunState
from trainmon.reading.range_rows import Key
from trainmon.storage import snapshot
from trainmon.storage.snapshot import Texts
from trainmon_tui.app import WatchApp
from trainmon_tui.feeds.beside_feed import BesideFeed
from trainmon_tui.render.cells import plain, row_width
from trainmon_tui.sight.beside import LETTERS, MOST, Beside, BesideDesk, Compared, key_of, toggled
from trainmon_tui.sight.chart_view import ChartView, ruler_of
from trainmon_tui.sight.sight import Options, Sight
from trainmon_tui.widgets import chart, loss, others
from trainmon_tui.widgets.chart import Axes
from trainmon_tui.widgets.runs import rows

LOSS = Key("loss", "loss")


def a_compared(name: str = "b") -> Compared:
    return Compared(f"runs/{name}", name)


def beside(journal: Journal, name: str = "b", letter: str = "a") -> Beside:
    """A compared run that was read."""
    state = journal.state()
    return Beside(a_compared(name), letter, state, ruler_of(state))


def a_flat_run(steps: int, loss: float | str, *, every: float = 0.1) -> Journal:
    """A run whose loss does not change."""
    journal = Journal().opened().started()
    for step in range(1, steps + 1):
        journal.after(every).progress(step, loss)
    return journal


def a_sight(*compared: Beside, view: ChartView | None = None) -> Sight:
    """A run of 250 steps, compared with others."""
    options = Options(chart=view if view is not None else ChartView())
    return replace(a_run().sight(options=options), beside=compared)


def loss_text(sight: Sight, width: int = 120, height: int = 16, *, ascii_only: bool = False) -> str:
    piece = loss.pick(sight)
    return plain(loss.rows(piece, width, height, ascii_only, loss.axes(piece, Axes())))


# Which runs are compared.


def test_a_choice_is_taken_back_by_the_same_key() -> None:
    chosen = toggled(toggled((), a_compared("a")), a_compared("b"))

    assert [run.name for run in chosen] == ["a", "b"]
    assert [run.name for run in toggled(chosen, a_compared("a"))] == ["b"]


def test_of_too_many_the_oldest_choice_goes() -> None:
    chosen: tuple[Compared, ...] = ()
    for name in ("a", "b", "c", "d"):
        chosen = toggled(chosen, a_compared(name))

    assert [run.name for run in chosen] == ["b", "c", "d"]
    assert len(LETTERS) == len(others.ROLES) == MOST


def test_the_run_that_is_shown_is_not_drawn_beside_itself() -> None:
    asked: list[tuple[Compared, ...]] = []
    desk, compared = BesideDesk(asked.append), (a_compared("b"), a_compared("c"))
    desk.want(compared)
    desk.take((beside(a_run(20), "b", "a"), beside(a_run(20), "c", "b")))

    assert [one.run.name for one in desk.seen(compared, "runs/b")] == ["c"]
    assert [one.run.name for one in desk.seen(compared, "logs")] == ["b", "c"]
    assert asked[-1] == (a_compared("b"), a_compared("c"))


def test_a_run_that_is_no_longer_compared_is_gone_at_once() -> None:
    desk, compared = BesideDesk(None), (a_compared(),)
    desk.want(compared)
    desk.take((beside(a_run(20)),))
    assert desk.seen(compared, "logs")

    desk.want(())

    assert desk.seen((), "logs") == ()


def test_without_news_it_is_the_same_object_so_that_nothing_is_drawn_again() -> None:
    desk, compared = BesideDesk(None), (a_compared(),)
    desk.want(compared)
    one = beside(a_run(20))
    desk.take((one,))
    before = desk.seen(compared, "logs")

    desk.take((one,))

    assert desk.seen(compared, "logs") is before


# Reading them.


def write_snapshot(journal: Journal, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    snapshot.write(folder, snapshot.encode(journal.state(), Texts(), journal.now))


def test_curves_come_from_the_snapshot_else_from_the_journal_and_folders_without_a_run_are_left_out(
    tmp_path: Path,
) -> None:
    write_snapshot(a_run(20), tmp_path / "a")
    a_run(30).write(tmp_path / "b")
    shown: queue.Queue[tuple[Beside, ...]] = queue.Queue()
    feed = BesideFeed(shown.put)

    feed.ask(tuple(Compared(str(tmp_path / name), name) for name in ("a", "missing", "b")))
    found = shown.get(timeout=30)
    feed.stop()

    assert [(one.run.name, one.letter, one.state.run_step) for one in found] == [
        ("a", "a", 20),
        ("b", "c", 30),
    ]


def test_a_run_that_goes_on_is_read_again_and_the_others_stay_the_same_objects(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_snapshot(a_run(20), tmp_path / name)
    runs = tuple(Compared(str(tmp_path / name), name) for name in ("a", "b"))
    shown: queue.Queue[tuple[Beside, ...]] = queue.Queue()
    feed = BesideFeed(shown.put)
    feed.ask(runs)
    before = shown.get(timeout=30)

    write_snapshot(a_run(40), tmp_path / "b")
    feed.ask(runs)
    after = shown.get(timeout=30)
    feed.stop()

    assert after[0] is before[0]
    assert (before[1].state.run_step, after[1].state.run_step) == (20, 40)


def two_runs() -> Journal:
    """One of 30 steps, and after it one of 20, in one journal."""
    return Journal().opened().started("old").steps(30).ended().after(600.0).started("new").steps(20)


def test_an_earlier_run_of_a_journal_is_read_from_it_and_drawn_beside_the_newest(tmp_path: Path) -> None:
    """A long one takes a while, for which the others do not wait."""
    folder = tmp_path / "a"
    two_runs().write(folder)
    shown: queue.Queue[tuple[Beside, ...]] = queue.Queue()
    feed, desk = BesideFeed(shown.put), BesideDesk(None)
    runs = (Compared(str(folder), "a before", START), Compared(str(folder), "a"))

    feed.ask(runs)
    first, found = shown.get(timeout=30), shown.get(timeout=30)
    feed.stop()
    desk.take(found)

    assert [(one.letter, one.state.run_step) for one in first] == [("b", 20)]
    assert [(one.letter, one.state.run_step) for one in found] == [("a", 30), ("b", 20)]
    assert [one.run.name for one in desk.seen(runs, str(folder))] == ["a before"]


def test_an_earlier_run_that_is_no_longer_wanted_holds_up_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Taken back, or with another choice beside it: that one is read first."""
    two_runs().write(tmp_path / "a")
    write_snapshot(a_run(40), tmp_path / "b")
    asked: queue.Queue[bool] = queue.Queue()

    def endless(folder: Path, newest: RunState, started: float, go_on: Callable[[], bool]) -> None:
        asked.put(True)
        while go_on():
            pass

    monkeypatch.setattr("trainmon_tui.feeds.beside_feed.earlier_run", endless)
    shown: queue.Queue[tuple[Beside, ...]] = queue.Queue()
    feed = BesideFeed(shown.put)
    earlier = Compared(str(tmp_path / "a"), "a before", START)
    feed.ask((earlier,))
    asked.get(timeout=30)

    feed.ask((earlier, Compared(str(tmp_path / "b"), "b")))
    found = shown.get(timeout=30)
    feed.ask(())
    feed.stop()

    assert [(one.letter, one.state.run_step) for one in found] == [("b", 40)]


# In the charts.


def test_its_curve_stands_in_the_chart_with_its_letter_and_its_value() -> None:
    text = loss_text(a_sight(beside(a_flat_run(250, 2.0))))

    assert "a b 2.000" in text.split("\n")[0]
    assert "a" in "".join(line[6:] for line in text.split("\n")[1:-1])


def test_the_axes_make_room_for_a_run_that_is_longer_and_higher() -> None:
    own = loss.pick(a_sight()).piece
    compared = loss.pick(a_sight(beside(a_flat_run(800, 9.0)))).piece

    before, after = chart.axes(own, Axes()), chart.axes(compared, Axes())

    assert before.x is not None
    assert before.y is not None
    assert after.x is not None
    assert after.y is not None
    assert before.x[1] < 800 <= after.x[1]
    assert before.y[1] < 9.0 <= after.y[1]


def test_elapsed_time_counts_from_the_start_of_each_run() -> None:
    later = Journal(now=START + 86_400.0).opened().started().steps(50)

    piece = loss.pick(a_sight(beside(later), view=ChartView(kind="relative"))).piece

    assert 0.0 <= piece.others[0].curve.x[0] < 1.0
    assert piece.others[0].curve.x[-1] == pytest.approx(4.9, abs=0.2)


def test_a_run_without_known_epochs_is_not_drawn_over_epochs() -> None:
    unknown = Journal().opened().started(total_epochs=None, total_steps=None)
    for step in range(1, 50):
        unknown.after(0.1).progress(step, 1.0, total_steps=None)

    assert not loss.pick(a_sight(beside(unknown), view=ChartView(kind="epoch"))).piece.others
    assert loss.pick(a_sight(beside(unknown))).piece.others


def test_a_metric_that_only_this_run_has_is_drawn_alone() -> None:
    sight = a_sight(beside(a_flat_run(50, 1.0)))

    assert chart.pick(sight, Key("metrics", "grad_norm"), ruler_of(sight.state)).others == ()


def test_nan_of_another_run_is_a_gap_and_no_mark() -> None:
    """The marks above the chart are those of the run that is shown."""
    text = loss_text(a_sight(beside(a_flat_run(250, "NaN"))))

    assert "✗" not in text


@pytest.mark.parametrize("broken", ["NaN", "Infinity"])
def test_a_run_of_nothing_finite_leaves_the_axes_alone(broken: str) -> None:
    own, compared = loss.pick(a_sight()).piece, loss.pick(a_sight(beside(a_flat_run(250, broken)))).piece

    assert chart.axes(compared, Axes()).y == chart.axes(own, Axes()).y
    assert compared.others[0].newest is None


def test_at_the_cursor_it_says_what_it_was_there() -> None:
    falling = Journal().opened().started()
    for step in range(1, 251):
        falling.after(0.1).progress(step, 251.0 - step)
    view = ChartView(cursor=100.0, smoothing=0.0)

    piece = loss.pick(a_sight(beside(falling), view=view)).piece

    assert piece.others[0].newest == 151.0


@pytest.mark.parametrize("width", [40, 60, 80, 110, 160, 300])
def test_a_title_with_compared_runs_keeps_its_width_and_the_own_values_first(width: int) -> None:
    names = ("x" * 300, "[red]b[/red]", "c\x1b[31m\u202e")
    runs = [beside(a_flat_run(50, 1.0), name, letter) for name, letter in zip(names, LETTERS, strict=True)]

    for ascii_only in (False, True):
        title = loss_text(a_sight(*runs), width, ascii_only=ascii_only).split("\n")[0]

        assert len(title) == width
        assert "train" in title
        assert "\x1b" not in title


def test_a_narrow_title_gives_up_the_names_before_its_own_values() -> None:
    title = loss_text(a_sight(beside(a_flat_run(50, 2.0), "some/long/name")), 80).split("\n")[0]

    assert "name" not in title
    assert "a 2.000" in title
    assert "val" in title


def test_compared_curves_lie_over_the_raw_values_and_under_the_own_curve() -> None:
    sight = a_sight(beside(a_flat_run(250, 1.0)))
    piece = loss.pick(sight)

    drawn = chart.chart(piece.piece, loss.axes(piece, Axes()), "")

    assert [line.role for line in drawn.lines] == ["raw", "other", "train"]


def test_values_that_are_not_finite_are_never_drawn_as_a_curve() -> None:
    drawn = others.lines(loss.pick(a_sight(beside(a_flat_run(50, "NaN")))).piece.others)

    assert all(math.isfinite(value) for line in drawn for value in line.y)


# In the list and the app.


def test_the_list_says_which_letter_a_run_has() -> None:
    piece = replace(
        a_slice(a_row("x"), a_row("y"), a_row("z")), compared=(key_of("runs/z"), key_of("runs/x"))
    )

    drawn = rows(piece, 80, 20, False)
    lines = plain(drawn).split("\n")

    assert [line[0] for line in lines[2:5]] == ["b", " ", "a"]
    assert all(row_width(cells) <= 80 for cells in drawn)
    assert lines[1].index("name") == lines[2].index("x")


async def settled(pilot: Pilot[int], app: WatchApp, text: str, panel: str) -> None:
    """Waits until the text is in the panel."""
    for _ in range(2_000):
        if text in panel_text(app, panel):
            return
        await pilot.pause(0.01)
    raise AssertionError(f"{text!r} did not appear in {panel_text(app, panel)!r}")


async def test_c_compares_and_the_choice_outlives_the_change_to_another_run(tmp_path: Path) -> None:
    for name, steps in (("alpha", 20), ("beta", 60)):
        a_run(steps).write(tmp_path / name)
    feeds: list[BesideFeed] = []
    app = app_of(tmp_path, feeds)

    async with app.run_test(size=(160, 45)) as pilot:
        await settled(pilot, app, "beta", "runs")
        await pilot.press("down", "c")
        await pilot.pause()
        assert "\na" in panel_text(app, "runs")

        app.deliver(a_frame(a_run(20)))
        await pilot.press("1")
        await settled(pilot, app, "a beta", "loss")

        await pilot.press("7", "up", "enter")
        app.deliver(a_frame(a_run(20)))
        await settled(pilot, app, "a beta", "loss")

        await pilot.press("7", "down", "c", "1")
        await pilot.pause()
        assert "beta" not in panel_text(app, "loss")
    feeds[0].stop()
    assert not app.bugs


async def test_c_on_an_earlier_run_compares_with_that_one(tmp_path: Path) -> None:
    two_runs().write(tmp_path / "alpha")
    feeds: list[BesideFeed] = []
    app = app_of(tmp_path / "alpha", feeds)

    async with app.run_test(size=(160, 45)) as pilot:
        await settled(pilot, app, "old", "runs")
        await pilot.press("down", "c")
        await pilot.pause()
        lines = panel_text(app, "runs").split("\n")
        assert [line[0] for line in lines[2:4]] == [" ", "a"]

        app.deliver(a_frame(a_run(20)))
        await pilot.press("1")
        await settled(pilot, app, "23:41", "loss")
        assert "a alpha " in panel_text(app, "loss")

        await pilot.press("7", "c")
        await pilot.pause()
        assert "\na" not in panel_text(app, "runs")
    feeds[0].stop()
    assert not app.bugs


def app_of(root: Path, feeds: list[BesideFeed]) -> WatchApp:
    """An app that lists the runs below a folder and really reads those that are compared."""
    app = WatchApp(
        root,
        clock=Clock(START + 60.0),
        follow=lambda folder: None,
        first_view="runs",
        ask_beside=lambda compared: feeds[0].ask(compared),
    )
    feeds.append(BesideFeed(app.deliver_beside))
    return app
