"""How charts are looked at: zoom, pan, cursor and axes as functions of a value."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import START, Journal, a_run
from trainmon_tui.sight import chart_view
from trainmon_tui.sight.chart_view import (
    KINDS,
    ChartView,
    Extent,
    Kind,
    Ruler,
    flip_log_y,
    move_cursor,
    next_kind,
    next_smoothing,
    pan,
    put_cursor,
    reset,
    ruler_of,
    toggle_cursor,
    with_kind,
    zoom,
)

RUN = Extent(0.0, 1_000.0, 4.0)
RULER = Ruler((1, 500, 1_000), (START, START + 500.0, START + 2_000.0), 250)

shares = st.floats(0, 1)
factors = st.floats(0.01, 100)


@st.composite
def views(draw: st.DrawFn) -> ChartView:
    """A view of `RUN` that came about by zooming."""
    view = ChartView(cursor=draw(st.none() | st.floats(0, 1_000)))
    for _ in range(draw(st.integers(0, 5))):
        view = zoom(view, RUN, draw(factors), draw(st.floats(-100, 1_100)))
    return view


def test_a_zoom_keeps_the_point_under_the_mouse_where_it_is() -> None:
    view = zoom(ChartView(), RUN, 0.5, 250.0)

    assert view.window == (125.0, 625.0)


def test_a_zoom_with_keys_goes_around_the_cursor_else_around_the_middle() -> None:
    assert zoom(ChartView(cursor=1_000.0), RUN, 0.5).window == (500.0, 1_000.0)
    assert zoom(ChartView(), RUN, 0.5).window == (250.0, 750.0)


def test_zooming_out_ends_at_the_whole_run_which_then_grows() -> None:
    view = zoom(zoom(ChartView(), RUN, 0.5), RUN, 2.0)

    assert view.window is None


@given(views(), factors, st.floats(-100, 1_100))
def test_a_window_lies_in_the_run_and_is_never_too_narrow(view: ChartView, factor: float, at: float) -> None:
    window = zoom(view, RUN, factor, at).window

    if window is not None:
        assert RUN.low <= window[0] < window[1] <= RUN.high + 1e-9
        assert window[1] - window[0] >= RUN.least - 1e-9


@given(views(), st.floats(-3, 3))
def test_a_pan_keeps_the_width_and_stays_in_the_run(view: ChartView, share: float) -> None:
    moved = pan(view, RUN, share).window

    if view.window is None:
        assert moved is None
    else:
        assert moved is not None
        assert math.isclose(moved[1] - moved[0], view.window[1] - view.window[0])
        assert RUN.low <= moved[0] <= moved[1] <= RUN.high + 1e-9


@given(views(), st.floats(-2_000, 2_000))
def test_the_cursor_is_always_in_the_run_and_in_view(view: ChartView, x: float) -> None:
    moved = put_cursor(view, RUN, x)

    assert moved.cursor is not None
    assert RUN.low <= moved.cursor <= RUN.high
    if moved.window is not None:
        assert moved.window[0] - 1e-6 <= moved.cursor <= moved.window[1] + 1e-6


def test_the_cursor_begins_at_the_right_and_goes_with_the_same_key() -> None:
    shown = toggle_cursor(ChartView(window=(100.0, 200.0)), RUN)

    assert shown.cursor == 200.0
    assert toggle_cursor(shown, RUN).cursor is None


def test_the_cursor_moves_by_cells_and_by_a_step_where_cells_are_finer() -> None:
    far = move_cursor(ChartView(cursor=500.0), RUN, -1, 100, RULER)
    near = move_cursor(ChartView(cursor=500.0, window=(490.0, 510.0)), RUN, 1, 100, RULER)

    assert far.cursor == 490.0
    assert near.cursor == 501.0


@pytest.mark.parametrize("kind", KINDS)
@given(step=st.floats(1, 1_000))
def test_every_axis_leads_back_to_the_step(kind: Kind, step: float) -> None:
    assert math.isclose(RULER.step(kind, RULER.x_of_step(kind, step)), step, rel_tol=1e-6)


def test_another_axis_shows_the_same_steps() -> None:
    view = ChartView(window=(250.0, 500.0), cursor=500.0)

    epochs = with_kind(view, "epoch", RULER)
    elapsed = with_kind(epochs, "relative", RULER)

    assert epochs.window == (1.0, 2.0)
    assert epochs.cursor == 2.0
    assert elapsed.cursor == pytest.approx(500.0)


def test_the_axes_follow_each_other_and_epochs_only_where_they_are_known() -> None:
    kinds = []
    view = ChartView()
    for _ in range(4):
        view = next_kind(view, RULER)
        kinds.append(view.kind)

    assert kinds == ["epoch", "time", "relative", "step"]
    assert next_kind(ChartView(), Ruler((1,), (START,), None)).kind == "time"


def test_the_ruler_knows_the_steps_the_times_and_the_epochs_of_a_run() -> None:
    ruler = ruler_of(a_run(250).state())

    assert ruler.extent("step")[:2] == (0.0, 250.0)
    assert ruler.extent("epoch")[:2] == (0.0, 2.5)
    assert ruler.extent("relative")[1] == pytest.approx(27.5)
    assert ruler.x_of_step("time", 1) == pytest.approx(START + 0.1, abs=0.001)


def test_a_clock_that_was_set_back_does_not_turn_the_ruler_around() -> None:
    journal = Journal().opened().started().steps(10).after(-3_600).steps(20, 11)

    times = ruler_of(journal.state()).times

    assert list(times) == sorted(times)


def test_a_run_without_a_step_has_an_axis_all_the_same() -> None:
    ruler = ruler_of(Journal().opened().started().state())

    assert [ruler.extent(kind) for kind in ruler.kinds] == [Extent(0.0, 1.0, 1.0)] * len(ruler.kinds)
    assert ruler.step("time", START) == 0.0


def test_smoothing_goes_round_and_reset_keeps_the_axes() -> None:
    view = ChartView(kind="epoch", window=(1.0, 2.0), cursor=1.5, log_y=True, smoothing=0.97)

    smoothings = [view.smoothing]
    for _ in chart_view.SMOOTHINGS:
        view = next_smoothing(view)
        smoothings.append(view.smoothing)

    assert smoothings[0] == smoothings[-1]
    assert set(smoothings) == set(chart_view.SMOOTHINGS)
    assert reset(view) == ChartView(kind="epoch", log_y=True, smoothing=0.97)
    assert flip_log_y(flip_log_y(view)) == view
