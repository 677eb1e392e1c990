"""Raw points: what charts want to have read, what is shown of it, and the thread that reads."""

import threading
from pathlib import Path

import msgspec

from tests.builders import Journal, a_run
from tests.run_folders import state_of, write_run
from trainmon.fold.state import RunState
from trainmon.reading.range_rows import Key
from trainmon_tui.sight import raw
from trainmon_tui.sight.chart_view import ChartView, ruler_of
from trainmon_tui.sight.curves import curve, readout
from trainmon_tui.sight.raw import NOTHING, Raw, RawDesk, RawFeed, Request, request, run_of

LOSS = Key("loss", "loss")


def a_long_run(folder: Path, steps: int = 4_000) -> RunState:
    """A run whose buckets hold several steps, as a reader knows it."""
    journal = Journal().opened().started(total_steps=steps)
    for step in range(1, steps + 1):
        journal.after(0.1).progress(step, float(step % 100) + 0.125, epoch=1, total_steps=steps)
    return state_of(write_run(folder, journal))


def wanted(folder: Path, state: RunState, view: ChartView) -> Request | None:
    return request(str(folder), state, (LOSS,), view, ruler_of(state))


def read(folder: Path, state: RunState, view: ChartView) -> Raw:
    asked = wanted(folder, state, view)
    return raw.read(asked, state, lambda: False) if asked is not None else NOTHING


def test_the_whole_run_without_a_cursor_wants_nothing() -> None:
    state = a_run().state()

    assert request("logs", state, (LOSS,), ChartView(), ruler_of(state)) is None


def test_a_window_is_wanted_with_room_for_panning_and_the_cursor_in_it_costs_nothing_more() -> None:
    state = a_run().state()

    found = request("logs", state, (LOSS,), ChartView(window=(100.0, 120.0), cursor=110.0), ruler_of(state))

    assert found is not None
    assert found.window == (90, 130)
    assert found.cursor is None


def test_a_window_of_too_much_is_not_read_but_the_row_at_the_cursor_is(tmp_path: Path) -> None:
    state = a_long_run(tmp_path)
    keys = tuple(Key("metrics", str(number)) for number in range(400))

    found = request("logs", state, keys, ChartView(window=(0.0, 3_000.0), cursor=70.0), ruler_of(state))

    assert found is not None
    assert (found.window, found.cursor) == (None, 70)


def test_a_zoom_shows_every_raw_point_and_the_buckets_before_and_behind(tmp_path: Path) -> None:
    state = a_long_run(tmp_path)
    view = ChartView(window=(2_000.0, 2_100.0), smoothing=0.0)

    coarse = curve(state, LOSS, view, ruler_of(state), NOTHING)
    fine = curve(state, LOSS, view, ruler_of(state), read(tmp_path, state, view))

    assert coarse is not None
    assert coarse.banded
    assert fine is not None
    assert fine.step[1:-1] == tuple(range(2_000, 2_101))
    assert fine.last[1] == 0.125
    assert not fine.banded


def test_the_cursor_reads_the_very_number_that_was_logged(tmp_path: Path) -> None:
    state = a_long_run(tmp_path)
    view = ChartView(cursor=1_234.0)
    ruler = ruler_of(state)
    found = curve(state, LOSS, view, ruler, NOTHING)
    assert found is not None

    without = readout(found, LOSS, view, ruler, NOTHING)
    exact = readout(found, LOSS, view, ruler, read(tmp_path, state, view))

    assert without is not None
    assert without.rows > 1
    assert exact is not None
    assert (exact.step, exact.value, exact.rows) == (1_234, 34.125, 1)


def test_points_of_another_run_or_of_steps_that_are_done_again_are_not_shown() -> None:
    state = a_run(100).state()
    own = Raw(Request("logs", run_of(state), (LOSS,)), run_step=100)
    gone_back = msgspec.structs.replace(own, run_step=101)
    another = Raw(Request("logs", ("other", 1, 0), (LOSS,)), run_step=100)

    assert own.fits(state)
    assert not gone_back.fits(state)
    assert not another.fits(state)
    assert not NOTHING.fits(state)


def test_the_same_is_asked_for_once_and_again_when_what_came_fits_no_more() -> None:
    asked: list[Request] = []
    desk = RawDesk(lambda wanted, _state: asked.append(wanted))
    state, earlier = a_run(100).state(), a_run(50).state()
    first = Request("logs", run_of(state), (LOSS,), (1, 10))

    desk.want(first, state)
    desk.want(first, state)
    desk.take(Raw(first, run_step=100))
    shown, after_rewind = desk.points(state), desk.points(earlier)
    desk.want(first, earlier)

    assert asked == [first, first]
    assert shown.request == first
    assert after_rewind is NOTHING


def test_a_view_of_the_whole_run_forgets_the_points() -> None:
    state = a_run(100).state()
    desk = RawDesk(lambda _wanted, _state: None)
    desk.take(Raw(Request("logs", run_of(state), (LOSS,)), run_step=100))

    desk.want(None, state)

    assert desk.points(state) is NOTHING


def test_the_thread_reads_what_was_asked_for_last(tmp_path: Path) -> None:
    state = a_long_run(tmp_path)
    came: list[Raw] = []
    done = threading.Event()

    def show(found: Raw) -> None:
        came.append(found)
        if found.request == last:
            done.set()

    first = wanted(tmp_path, state, ChartView(window=(10.0, 20.0)))
    last = wanted(tmp_path, state, ChartView(window=(1_000.0, 1_100.0)))
    assert first is not None
    assert last is not None
    feed = RawFeed(show)

    feed.ask(first, state)
    feed.ask(last, state)

    assert done.wait(30.0)
    feed.stop()
    assert came[-1].window is not None
    assert came[-1].window.columns[LOSS].last_step[0] == 950


def test_a_journal_that_is_gone_leaves_the_buckets(tmp_path: Path) -> None:
    state = a_long_run(tmp_path)
    (tmp_path / "journal.jsonl").unlink()

    assert read(tmp_path, state, ChartView(window=(10.0, 20.0))).window is None
