"""What a text log lacks: a file that was cut anywhere is completed, and what a person changed counts for itself."""

from hypothesis import given
from hypothesis import strategies as st

from trainmon.storage.missing_text import missing_text

EXPECTED = b"one\ntwo\ntwo\nthree\n"


@given(st.integers(0, len(EXPECTED)))
def test_a_file_that_was_cut_anywhere_gets_the_rest(cut: int) -> None:
    """And it is known whether the rest goes on in a line that has begun."""
    there = EXPECTED[:cut]

    rest, goes_on = missing_text(there, EXPECTED)

    assert there + rest == EXPECTED
    assert goes_on is (there != b"" and not there.endswith(b"\n"))


def test_each_line_that_stands_counts_for_one() -> None:
    """A line that should stand twice and stands once is missing once."""
    assert missing_text(b"a note\ntwo\n", EXPECTED) == (b"one\ntwo\nthree\n", False)


def test_a_torn_line_after_a_note_of_somebody_is_gone_on_with() -> None:
    assert missing_text(b"a note\none\nthr", EXPECTED) == (b"ee\ntwo\ntwo\n", True)


def test_a_torn_note_is_the_beginning_of_no_line() -> None:
    """Even where a line has that text further on."""
    assert missing_text(b"one\nwo", EXPECTED) == (b"two\ntwo\nthree\n", False)


def test_where_all_stands_in_another_order_nothing_is_missing() -> None:
    assert missing_text(b"three\ntwo\none\ntwo\n", EXPECTED) == (b"", False)
