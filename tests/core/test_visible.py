"""What `visible` promises: nothing that a terminal obeys gets through, and nothing harmless is changed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainmon.words.visible import in_encoding, visible


@given(st.text())
def test_every_text_becomes_one_printable_line(text: str) -> None:
    """Printable as Python has it: no controls, no line breaks, no bidi marks, no surrogates."""
    assert visible(text).isprintable()


@given(st.text(alphabet=st.characters(categories=["L", "N", "P"]), max_size=100))
def test_harmless_text_stays_as_it_is(text: str) -> None:
    """Letters of every script included."""
    assert visible(text) == text


@pytest.mark.parametrize("text", ["\x1b[2J", "\x9b2J", "a\nb", "\u202egnp.exe", "\ud800", "\x7f"])
def test_what_a_terminal_obeys_is_spelled_out(text: str) -> None:
    """Escapes, line breaks, right-to-left marks and lone surrogates are shown as escapes."""
    assert "\\" in visible(text)


@given(st.text(), st.integers(1, 50))
def test_a_long_text_is_cut_and_says_so(text: str, limit: int) -> None:
    """The limit counts characters of the text; escapes of them may be longer."""
    shown = visible(text, limit)

    assert shown.endswith("…") == (len(text) > limit or text.endswith("…"))


@given(
    st.text(alphabet=st.characters(exclude_categories=["Cs"])), st.sampled_from(["utf-8", "ascii", "latin-1"])
)
def test_text_for_an_encoding_can_be_encoded(text: str, encoding: str) -> None:
    """Whatever the stream is, printing cannot fail."""
    in_encoding(text, encoding).encode(encoding)


def test_our_signs_have_lookalikes_in_ascii() -> None:
    """A status line stays readable where nothing but ASCII can be written."""
    assert in_encoding("● running  7m (5m–9m)", "ascii") == "* running  7m (5m-9m)"
    assert in_encoding("● running", None) == "* running"
