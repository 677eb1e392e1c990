"""Only what changed is sent."""

from hypothesis import given, settings
from hypothesis import strategies as st

from trainmon_tui.render.cells import Row, row
from trainmon_tui.widgets.changes import BLOCK, changed_cells

cells = st.lists(
    st.tuples(st.sampled_from("ab █⠿o"), st.sampled_from(["plain", "value", "bad"])), min_size=1, max_size=60
)


def a_row(*parts: tuple[str, str]) -> Row:
    return row(*parts)  # type: ignore[arg-type]  # roles drawn by hypothesis


@settings(deadline=None)
@given(cells, st.data())
def test_every_cell_that_differs_lies_in_a_span_and_spans_rise(
    old: list[tuple[str, str]], data: st.DataObject
) -> None:
    """A cell that is not sent would keep what it showed before."""
    new = data.draw(st.lists(st.sampled_from(old), min_size=len(old), max_size=len(old)))

    spans = changed_cells(a_row(*old), a_row(*new))

    covered = {column for first, last in spans for column in range(first, last)}
    assert {column for column in range(len(old)) if old[column] != new[column]} <= covered
    assert [end for span in spans for end in span] == sorted({end for span in spans for end in span})


def test_equal_rows_send_nothing() -> None:
    assert changed_cells(row(("step 12", "value")), row(("step 12", "value"))) == []


def test_two_changes_far_apart_leave_out_what_is_between() -> None:
    old, new = row(("1" + "█" * 80 + "1", "bar")), row(("2" + "█" * 80 + "2", "bar"))

    spans = changed_cells(old, new)

    assert sum(last - first for first, last in spans) <= 2 * BLOCK


def test_a_row_with_wide_characters_is_sent_whole() -> None:
    """Cells cannot be counted by characters there."""
    spans = changed_cells(row(("模型 1 ", "value")), row(("模型 2 ", "value")))

    assert spans == [(0, 7)]
