"""`trainmon_tui.render.bars`: a bar shows what there is, never more, and unknown as unknown."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainmon_tui.render.bars import Part, bar, gauge, stacked
from trainmon_tui.render.cells import plain, row_width

FRACTION = st.one_of(st.none(), st.floats())
PARTS = st.lists(st.tuples(FRACTION, st.sampled_from("█▒▓▚#"), st.just("bar")), max_size=6)


@pytest.mark.parametrize(
    ("fraction", "drawn", "in_ascii"),
    [
        (0.405, "████████████▏░░░░░░░░░░░░░░░░░", "############------------------"),
        (0.444, "█████████████▎░░░░░░░░░░░░░░░░", "#############-----------------"),
        (0.0, "░" * 30, "-" * 30),
        (0.99999, "█" * 29 + "▉", "#" * 29 + "-"),
        (1.0, "█" * 30, "#" * 30),
        (7.0, "█" * 30, "#" * 30),
        (-math.inf, "░" * 30, "-" * 30),
        (None, "·" * 30, "." * 30),
        (math.nan, "·" * 30, "." * 30),
    ],
)
def test_a_bar_is_filled_in_eighths(fraction: float | None, drawn: str, in_ascii: str) -> None:
    assert plain([bar(fraction, 30)]) == drawn
    assert plain([bar(fraction, 30, ascii=True)]) == in_ascii


def test_a_bar_tells_the_filled_part_from_the_rest() -> None:
    assert bar(0.5, 4) == (("██", "bar"), ("░░", "track"))


def test_a_gauge_judges() -> None:
    roles = [gauge(f, 4, warn_at=0.8, bad_at=0.95)[0][1] for f in (0.5, 0.8, 0.96, 2.0)]

    assert roles == ["bar", "warn", "bad", "bad"]
    assert gauge(1.0, 4)[0][1] == "bar"
    assert gauge(None, 4, warn_at=0.0)[0][1] == "dim"


def test_shares_stand_side_by_side() -> None:
    parts: list[Part] = [
        (0.031, "▒", "warn"), (0.919, "█", "good"), (0.039, "▓", "validation"), (0.011, "▚", "checkpoint"),
    ]  # fmt: skip

    assert plain([stacked(parts, 40)]) == "▒" + "█" * 37 + "▓▓"
    assert plain([stacked(parts, 40, ascii=True)]) == "=" + "#" * 37 + "++"
    assert plain([stacked(parts[:1], 40)]) == "▒" + "░" * 39
    assert stacked([], 2) == (("░░", "track"),)


@given(FRACTION, st.integers(-2, 90), st.booleans())
def test_a_bar_takes_exactly_the_asked_cells(fraction: float | None, width: int, ascii: bool) -> None:
    cells = bar(fraction, width, ascii=ascii)

    assert row_width(cells) == max(width, 0)
    assert plain([cells]).isascii() or not ascii


@given(PARTS, st.integers(-2, 90), st.booleans())
def test_a_stacked_bar_takes_exactly_the_asked_cells(parts: list[Part], width: int, ascii: bool) -> None:
    cells = stacked(parts, width, ascii=ascii)

    assert row_width(cells) == max(width, 0)
    assert plain([cells]).isascii() or not ascii


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.integers(1, 60))
def test_more_is_never_drawn_shorter(one: float, other: float, width: int) -> None:
    def eighths(fraction: float) -> int:
        drawn = plain([bar(fraction, width)])
        return sum(8 - (ord(cell) - ord("█")) for cell in drawn if "█" <= cell <= "▏")

    assert eighths(min(one, other)) <= eighths(max(one, other)) <= width * 8
