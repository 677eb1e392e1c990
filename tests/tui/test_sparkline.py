"""`trainmon_tui.render.sparkline`: the course of a number in one row."""

import math

from hypothesis import given
from hypothesis import strategies as st

from trainmon_tui.render.cells import plain, row_width
from trainmon_tui.render.sparkline import sparkline

VALUES = st.lists(st.one_of(st.none(), st.floats()), max_size=60)


def test_values_rise_from_the_lowest_to_the_highest_block() -> None:
    assert plain([sparkline([0, 1, 2, 3, 4, 5, 6, 7], 8)]) == "▁▂▃▄▅▆▇█"
    assert plain([sparkline([0, 1, 2, 3, 4, 5, 6, 7], 8, ascii=True)]) == "_.-=+*%#"


def test_more_values_than_cells_are_averaged() -> None:
    assert plain([sparkline([0, 0, 7, 7, 3, 4], 3)]) == "▁█▅"


def test_fewer_values_stand_at_the_right() -> None:
    assert plain([sparkline([0, 7], 5)]) == "   ▁█"


def test_values_that_are_all_alike_are_drawn_at_half_height() -> None:
    assert plain([sparkline([5.0] * 4, 4)]) == "▄▄▄▄"


def test_a_value_that_is_not_finite_is_marked_and_one_never_measured_is_blank() -> None:
    cells = sparkline([0.0, math.nan, None, 7.0], 4)

    assert cells == (("▁", "bar"), ("×", "nan"), (" ", "plain"), ("█", "bar"))
    assert plain([sparkline([0.0, math.inf, None, 7.0], 4, ascii=True)]) == "_x #"


def test_given_bounds_fix_the_height() -> None:
    assert plain([sparkline([50.0, 100.0, 200.0], 3, low=0.0, high=100.0)]) == "▅██"


@given(
    VALUES,
    st.integers(-2, 40),
    st.one_of(st.none(), st.floats()),
    st.one_of(st.none(), st.floats()),
    st.booleans(),
)
def test_any_values_take_exactly_the_asked_cells(
    values: list[float | None], width: int, low: float | None, high: float | None, ascii: bool
) -> None:
    cells = sparkline(values, width, low=low, high=high, ascii=ascii)

    assert row_width(cells) == max(width, 0)
    assert plain([cells]).isascii() or not ascii
