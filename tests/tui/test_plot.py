"""`trainmon_tui.render.plot`: the chart tells the truth about any values, in any size."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainmon_tui.render.axis import LabelKind
from trainmon_tui.render.cells import Row, plain, row_width
from trainmon_tui.render.plot import Chart, Line, Marks, plot
from trainmon_tui.render.smooth import smooth

ANY_SERIES = st.lists(st.floats(), max_size=30)
ANY_BOUNDS = st.one_of(st.none(), st.tuples(st.floats(), st.floats()))
KINDS: list[LabelKind] = ["count", "elapsed", "clock"]

PICTURE = """\
   7┤⠓⠢⢄⡀
    ┤   ⠉⠓⠦⣄⡀
    ┤       ⠉⠓⠦⣄⡀
    ┤   o       ⠉⠙⠒⠤⣄⣀
   4┤      o         ⠈⠉⠓⠒⠦⠤⣄⣀⡀
    ┤        o               ⠉⠉⠙⠒⠒⠢⠤⠤⢤⣀⣀⣀⣀
    ┤           o  o                     ⠈⠉⠉⠉⠉⠓⠒⠒⠒⠒⠒⠲⠦⠤⠤⠤⠤⠤⠤⠤⠤⢤⡀
    ┤                 o  o  o  o
   1┤                             o  o  o o  o  o  o  o  o  *
     0              50k            100k            150k           200k
"""
ASCII_PICTURE = """\
   7|':..
    |   '':..
    |       '':..
    |   o       '''...
   4|      o         '''':....
    |        o               ''''':.......
    |           o  o                     '''''''''''::..........
    |                 o  o  o  o
   1|                             o  o  o o  o  o  o  o  o  *
     0              50k            100k            150k           200k
"""
GAP = """\
 2.0┤⠉⠒⠤⡀  ✗  ✗
    ┤   ⠈⠑
    ┤
    ┤           ⠉⠒⠤⣀
 1.2┤               ⠑⠢⢄
     0          5
"""


def loss_curve(points: int) -> tuple[list[float], list[float]]:
    """Steps and a decaying loss with a regular ripple that stands for noise."""
    steps = [180_000 * index / points for index in range(points)]
    return steps, [2.2 + 4.7 * math.exp(-x / 60_000) + 0.1 * math.sin(i * 1.7) for i, x in enumerate(steps)]


def shown(rows: list[Row]) -> list[str]:
    """The rows as text, without the blanks at their ends."""
    return [line.rstrip() for line in plain(rows).split("\n")]


def roles_in(rows: list[Row]) -> set[str]:
    """The roles that some cell has."""
    return {role for cells in rows for _, role in cells}


def test_a_run_looks_as_the_picture_says() -> None:
    steps, losses = loss_curve(400)
    validation = [1.15 + 4.0 * math.exp(-x / 40_000) for x in steps[20::20]]
    chart = Chart(
        lines=(Line(steps, smooth(losses, 0.9), "train"),),
        marks=(Marks(steps[20::20], validation, "o", "validation"), Marks([171_000.0], [1.2], "*", "best")),
        x_bounds=(0.0, 200_000.0),
        y_bounds=(1.0, 7.0),
    )

    assert shown(plot(chart, 70, 10)) == PICTURE.splitlines()
    assert shown(plot(chart, 70, 10, ascii=True)) == ASCII_PICTURE.splitlines()


def test_a_rising_and_a_falling_line_are_one_dot_thick() -> None:
    rising = Chart((Line([0, 7], [0, 7], "train"),), x_bounds=(0, 7), y_bounds=(0, 7))
    falling = replace(rising, lines=(Line([0, 7], [7, 0], "train"),))

    assert shown(plot(rising, 4, 2)) == ["  ⡠⠊", "⡠⠊"]
    assert shown(plot(falling, 4, 2)) == ["⠑⢄", "  ⠑⢄"]


def test_one_spike_among_ten_thousand_points_is_visible() -> None:
    """An average would hide exactly what the user must see."""
    losses = [1.0] * 10_000
    losses[6_543] = 9.0

    calm, spiked = (
        shown(plot(Chart((Line(range(10_000), ys, "train"),), y_bounds=(0, 10)), 70, 10))
        for ys in ([1.0] * 10_000, losses)
    )

    assert all(before != after for before, after in zip(calm[1:7], spiked[1:7], strict=True))


def test_a_spike_that_only_the_band_knows_is_visible() -> None:
    line = Line(range(100), [1.0] * 100, "train", [1.0] * 100, [9.0 if x == 50 else 1.0 for x in range(100)])

    rows = plot(Chart((line,), y_bounds=(0, 10)), 70, 10)

    assert any(role == "band" for _, role in rows[2])


def test_a_diverged_loss_leaves_a_gap_and_a_mark_and_does_not_move_the_axis() -> None:
    calm = Chart((Line(range(9), [2.0, 1.9, 1.8, 1.7, 1.6, 1.5, 1.4, 1.3, 1.2], "train"),))
    ys = [2.0, 1.9, 1.8, math.nan, math.inf, 1.5, 1.4, 1.3, 1.2]
    rows, before = plot(Chart((Line(range(9), ys, "train"),)), 23, 6), plot(calm, 23, 6)

    assert [line[:5] for line in shown(rows)] == [line[:5] for line in shown(before)]
    assert shown(rows) == GAP.splitlines()
    assert "nan" in roles_in(rows)
    assert "nan" not in roles_in(before)


def test_a_bucket_with_a_finite_mean_can_be_marked_too() -> None:
    rows = plot(Chart((Line([0, 1, 2], [1, 2, 3], "train"),), not_finite=[1.0]), 20, 5)

    assert "✗" in shown(rows)[0]


def test_a_line_over_its_band_and_its_raw_values_stays_readable() -> None:
    """Without colour a filled area must not swallow the line that lies on it."""
    line = Line([0, 9], [5, 5], "train", [0, 0], [10, 10])
    chart = Chart((Line([0, 9], [5, 5], "raw"), line), x_bounds=(0, 9), y_bounds=(0, 10))

    rows = plot(chart, 5, 2)

    assert shown(rows) == ["⢕⢕⢕⢕⢕", "⠉⠉⠉⠉⠉"]
    assert [cells[0][1] for cells in rows] == ["band", "train"]


def test_marks_lie_over_lines_and_the_later_over_the_earlier() -> None:
    chart = Chart(
        (Line([0, 9], [5, 5], "train"),),
        (
            Marks([5], [5], "o", "validation"),
            Marks([5], [5], "*", "best"),
            Marks([0], None, "╵", "checkpoint"),
        ),
        (0, 9),
        (0, 10),
    )

    assert shown(plot(chart, 5, 2)) == ["", "╵⠉*⠉⠉"]


def test_the_cursor_fills_its_column_and_hides_nothing() -> None:
    chart = Chart((Line([0, 9], [5, 5], "train"),), x_bounds=(0, 9), y_bounds=(0, 10), cursor=9.0)

    rows = plot(chart, 5, 2)

    assert shown(rows) == ["    │", "⠉⠉⠉⠉⠉"]
    assert [cells[-1][1] for cells in rows] == ["cursor", "cursor"]


def test_values_outside_given_bounds_lie_on_the_edge() -> None:
    chart = Chart((Line([0, 9], [50, 50], "train"),), x_bounds=(0, 9), y_bounds=(0, 10))

    assert shown(plot(chart, 5, 2)) == ["⠉⠉⠉⠉⠉", ""]


def test_a_logarithmic_axis_leaves_out_what_is_not_positive() -> None:
    chart = Chart((Line([0, 1, 2, 3], [100.0, 0.0, -5.0, 1.0], "train"),), log_y=True)

    rows = shown(plot(chart, 30, 10))

    assert rows[0].startswith(" 100┤")
    assert rows[8].startswith("   1┤")
    assert "✗" not in "".join(rows)


@pytest.mark.parametrize(
    ("chart", "text"),
    [
        (Chart(), "no data yet"),
        (Chart(empty="waiting for step 1"), "waiting for step 1"),
        (Chart((Line([1, 2], [math.nan, math.inf], "train"),)), "no finite values"),
    ],
)
def test_with_nothing_to_draw_the_chart_says_why(chart: Chart, text: str) -> None:
    assert text in plain(plot(chart, 40, 7))
    assert len(plain(plot(chart, 6, 2)).replace("\n", "")) == 12


@pytest.mark.parametrize("value", [0.0, 5.0, -3.5, 1e308, -1e308, 5e-324])
def test_a_constant_series_and_a_single_point_are_drawn(value: float) -> None:
    for xs in ([7.0], [1.0, 2.0, 3.0]):
        rows = plot(Chart((Line(xs, [value] * len(xs), "train"),)), 40, 8)

        assert "train" in roles_in(rows)


@given(
    ANY_SERIES, ANY_SERIES, ANY_SERIES, ANY_SERIES, ANY_BOUNDS, ANY_BOUNDS,
    st.integers(-1, 90), st.integers(-1, 24), st.booleans(), st.booleans(), st.sampled_from(KINDS),
)  # fmt: skip
def test_any_values_in_any_size_give_rows_of_exactly_that_size(
    xs: list[float], ys: list[float], low: list[float], high: list[float],
    x_bounds: tuple[float, float] | None, y_bounds: tuple[float, float] | None,
    width: int, height: int, log_y: bool, ascii: bool, kind: LabelKind,
) -> None:  # fmt: skip
    chart = Chart(
        (Line(xs, ys, "raw"), Line(sorted(xs), ys, "train", low, high)),
        (Marks(xs, ys, "o", "validation"), Marks(ys, None, "╵", "checkpoint"), Marks(ys, xs, "\x1b", "best")),
        x_bounds, y_bounds, log_y, kind, 3_600.0, not_finite=ys, cursor=min(xs, default=None),
    )  # fmt: skip

    rows = plot(chart, width, height, ascii=ascii)

    assert len(rows) == max(height, 0)
    assert all(row_width(cells) == max(width, 0) for cells in rows)
    text = plain(rows).replace("\n", "")
    assert text.isprintable()
    assert text.isascii() or not ascii
