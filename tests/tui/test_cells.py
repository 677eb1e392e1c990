"""`trainmon_tui.render.cells`: rows of runs keep their width and join what belongs together."""

from hypothesis import given
from hypothesis import strategies as st

from trainmon_tui.render.cells import Role, fit_row, plain, row, row_of_cells, row_width
from trainmon_tui.render.safe import safe

ROLES: list[Role] = ["plain", "train", "axis"]
RUNS = st.lists(st.tuples(st.text(max_size=12).map(safe), st.sampled_from(ROLES)), max_size=6)


def test_neighbours_of_one_role_are_one_run() -> None:
    assert row(("a", "axis"), ("", "train"), ("b", "axis"), ("c", "train")) == (
        ("ab", "axis"),
        ("c", "train"),
    )
    assert row_of_cells("abc", ["axis", "axis", "train"]) == (("ab", "axis"), ("c", "train"))
    assert row_of_cells("", []) == ()


def test_a_row_is_cut_at_the_right_and_padded_with_plain_spaces() -> None:
    cells = row(("loss ", "label"), ("2.604", "value"))

    assert fit_row(cells, 8) == (("loss ", "label"), ("2.6", "value"))
    assert fit_row(cells, 12) == (("loss ", "label"), ("2.604", "value"), ("  ", "plain"))
    assert plain([cells, row(("x", "dim"))]) == "loss 2.604\nx"


@given(RUNS, st.integers(-2, 40))
def test_a_fitted_row_takes_exactly_the_asked_cells(runs: list[tuple[str, Role]], width: int) -> None:
    assert row_width(fit_row(tuple(runs), width)) == max(width, 0)
