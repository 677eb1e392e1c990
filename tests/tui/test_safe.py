"""`trainmon_tui.render.safe`: nothing that came from a log reaches the terminal as a command."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import get_character_cell_size

from trainmon_tui.render.safe import CUT, MOST_MARKS, cell_width, cut, fit, safe, safe_lines, to_ascii

ANY_TEXT = st.text(st.characters(exclude_categories=()))
"""All code points, surrogates included."""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("loss 2.604 µs 漢字", "loss 2.604 µs 漢字"),
        ("\x1b]52;c;cHduZWQ=\x07", "␛]52;c;cHduZWQ=␇"),
        ("\x1b[?1049l\x9b31m", "␛[?1049l\\x9b31m"),
        ("a\x00b\x7fc\rd\ne", "a␀b␡c␍d␊e"),
        ("abc\tdef", "abc def"),
        ("evil\u202egnp.exe", "evil\\u202egnp.exe"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("filler\u3164\u115f", "filler\\u3164\\u115f"),
        ("line\u2028break", "line\\u2028break"),
        ("half\ud800pair", "half\\ud800pair"),
        ("no\u00a0break\u3000space", "no break space"),
        ("heart ❤\ufe0f thumb 👍\U0001f3fd", "heart ❤ thumb 👍"),
        ("[red]x[/] [@click=app.quit]", "[red]x[/] [@click=app.quit]"),
    ],
)
def test_what_a_terminal_would_obey_or_hide_is_spelled_out(text: str, shown: str) -> None:
    assert safe(text) == shown


def test_marks_are_kept_up_to_four_a_character() -> None:
    assert safe("e\u0301") == "e\u0301"
    assert safe("e" + "\u0301" * 200 + "x") == "e" + "\u0301" * MOST_MARKS + "x"


def test_a_leading_mark_gets_a_base_of_its_own() -> None:
    """Else it would sit on the border of the panel."""
    assert safe("\u0301x") == "◌\u0301x"


def test_a_long_text_is_cut_and_says_so() -> None:
    assert safe("x" * 10_000, limit=10) == "x" * 9 + CUT


def test_a_hostile_str_becomes_text() -> None:
    class Hostile:
        def __str__(self) -> str:
            raise RuntimeError("no")

    assert safe(Hostile()) == "<Hostile: str raised RuntimeError>"


def test_lines_are_split_at_line_feeds_alone() -> None:
    assert safe_lines("a\r\nb\rc\u2028d\n") == ["a", "b␍c\\u2028d"]
    assert safe_lines("") == [""]
    assert safe_lines("1\n2\n3\n4", most_lines=3) == ["1", "2", "… 2 more lines"]


def test_fit_cuts_and_pads_by_cells() -> None:
    assert fit("loss", 6) == "loss  "
    assert fit("2.604", 8, right=True) == "   2.604"
    assert fit("validation", 6) == "valid…"
    assert fit("漢字漢字", 6) == "漢字… "
    assert fit("漢字", 1) == "…"
    assert fit("abcdef", 4, ellipsis="~") == "abc~"
    assert fit("abc", 0) == ""


def test_to_ascii_keeps_what_can_be_kept() -> None:
    assert to_ascii("● – … é 漢") == "* - ... \\xe9 \\u6f22"


@given(ANY_TEXT)
def test_safe_text_is_printable_and_stays_as_it_is(text: str) -> None:
    shown = safe(text)

    assert shown.isprintable()
    assert safe(shown) == shown
    assert not set(shown) & set("\u200d\ufe0f\u3164\u034f\U000e0001")


@given(ANY_TEXT, st.integers(-2, 40), st.booleans())
def test_fit_takes_exactly_the_asked_cells(text: str, width: int, right: bool) -> None:
    assert cell_width(fit(safe(text), width, right=right)) == max(width, 0)


@given(ANY_TEXT, st.integers(-2, 40))
def test_cut_never_exceeds_and_loses_at_most_half_a_wide_character(text: str, width: int) -> None:
    whole = safe(text)
    beginning = cut(whole, width)

    assert whole.startswith(beginning)
    assert cell_width(beginning) <= max(width, 0)
    assert beginning == whole or cell_width(beginning) >= width - 1


@given(ANY_TEXT)
def test_the_width_is_the_sum_of_its_characters(text: str) -> None:
    """After `safe` no two characters join into a glyph of another width, so columns stay aligned."""
    shown = safe(text)

    assert cell_width(shown) == sum(map(get_character_cell_size, shown))


@given(ANY_TEXT)
def test_ascii_text_is_ascii(text: str) -> None:
    assert to_ascii(safe(text)).isascii()
