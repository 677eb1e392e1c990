"""Pens: one sequence must leave a terminal as the whole pen would, whatever it wrote with before."""

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainmon_tui.terminal.pens import change, parts

COLOURS = st.one_of(
    st.just(""),
    st.tuples(*[st.integers(0, 255)] * 3).map(lambda rgb: "2;{};{};{}".format(*rgb)),
    st.integers(0, 255).map(lambda index: f"5;{index}"),
)
"""What follows 38 or 48; "" for none."""


@st.composite
def pens(draw: st.DrawFn) -> str:
    attributes = draw(st.lists(st.sampled_from("13479"), unique=True))
    ink, paper = draw(COLOURS), draw(COLOURS)
    simple = draw(st.sampled_from(["", "31", "97", "44", "105"]))
    whole = [*attributes, f"38;{ink}" if ink else "", f"48;{paper}" if paper else "", simple]
    return ";".join(part for part in whole if part)


def written_with(*sequences: str) -> object:
    """How a terminal writes after these sequences."""
    screen = pyte.Screen(2, 1)
    pyte.Stream(screen).feed("".join(sequences) + "x")
    return screen.buffer[0][0]


@given(before=pens(), after=pens())
def test_a_change_leaves_what_the_whole_pen_would(before: str, after: str) -> None:
    assert written_with(f"\x1b[0;{before}m", change(before, after)) == written_with(f"\x1b[0;{after}m")


@given(before=pens(), after=pens())
def test_from_an_unknown_pen_everything_is_said(before: str, after: str) -> None:
    assert written_with(f"\x1b[0;{before}m", change(None, after)) == written_with(f"\x1b[0;{after}m")


@given(pen=pens())
def test_no_change_is_no_byte(pen: str) -> None:
    assert change(pen, pen) == ""


def test_another_colour_of_characters_is_all_that_is_said() -> None:
    assert change("1;38;2;1;2;3;48;2;9;9;9", "1;38;2;4;5;6;48;2;9;9;9") == "\x1b[38;2;4;5;6m"


@pytest.mark.parametrize(
    ("before", "after", "said"), [("1;2", "2", "\x1b[22;2m"), ("1;2", "1", "\x1b[22;1m")]
)
def test_bold_and_dim_go_off_together_and_what_stays_is_said_again(
    before: str, after: str, said: str
) -> None:
    """Pyte knows no dim, and real terminals have one code for both."""
    assert change(before, after) in (said, change(None, after))


def test_a_palette_of_sixteen_has_inks_and_papers() -> None:
    assert parts("1;91;42") == (frozenset("1"), "91", "42")
    assert parts("34;104") == (frozenset(), "34", "104")
