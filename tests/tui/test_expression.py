"""Expressions over text that nobody vouches for: what they find, and that they are given up in time."""

import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainmon_tui.expression import Expression, Marker, Plain, SlowError, UnusableError

CATASTROPHES = [
    r"(a+)+$", r"(a|a)*[cd]", r"(a|aa)+[cd]", r"(.*a){20}[cd]", r"a*a*a*a*a*a*a*[cd]", r"(\w+\s?)*[.,]",
    r"^(([a-z])+.)+[A-Z]([a-z])+$", r"(a?){50}(a+)+[cd]", r"(?:(?:a{1,90}){1,90})+[cd]",
]  # fmt: skip
"""Each takes longer than anybody waits, on a long line of "a"."""

WORST = "a" * 4_000 + "b!"


@pytest.mark.parametrize("source", CATASTROPHES)
def test_what_would_take_for_ever_is_given_up(source: str) -> None:
    expression = Expression(source, fold=True)
    begun = time.process_time()

    with pytest.raises(SlowError):
        expression.which([WORST] * 100, 0.05, 10_000)
    with pytest.raises(SlowError):
        expression.spans(WORST, 0.05)

    assert time.process_time() - begun < 0.5


def test_other_threads_go_on_while_an_expression_is_matched() -> None:
    """The screen is another thread; `re` would have held it up for the whole time."""
    counted: list[int] = []
    ended = threading.Event()

    def match() -> None:
        with pytest.raises(SlowError):
            Expression(r"(a+)+$", fold=False).which([WORST], 0.5, 10_000)
        ended.set()

    thread = threading.Thread(target=match)
    thread.start()
    while not ended.wait(0.002):
        counted.append(1)
    thread.join()

    assert len(counted) > 10


def test_many_lines_share_the_time() -> None:
    """Each of them is quick enough; all together are not."""
    with pytest.raises(SlowError):
        Expression("x+y", fold=False).which(("x" * 300 for _ in range(1_000_000)), 0.02, 10_000)


def test_texts_are_found_as_they_are_and_expressions_by_their_rules() -> None:
    texts = ["Loss: 1.5", "loss 15", "nothing"]

    assert Plain("1.5", fold=False).which(texts, 1.0, 100) == [0]
    assert Plain("LOSS", fold=True).which(texts, 1.0, 100) == [0, 1]
    assert Expression("1.5|not", fold=False).which(texts, 1.0, 100) == [0, 2]
    assert Expression("1.?5", fold=False).which(texts, 1.0, 8) == [1]
    assert Expression(r"\d|x*", fold=False).spans(texts[0], 1.0) == [(6, 7), (8, 9)]


@pytest.mark.parametrize(
    "source", ["(", "[", "a{2,1}", "(a{101}){100}", "(?:(?:a{1000}){1000}){1000}", r"\8", "x{99999999999}"]
)
def test_what_is_no_expression_or_would_fill_the_memory_is_refused(source: str) -> None:
    with pytest.raises(UnusableError):
        Expression(source, fold=False)


def test_a_slow_expression_stops_highlighting_and_raises_nothing() -> None:
    mark = Marker(Expression(r"(a+)+$|quick", fold=False), 0.02)

    assert mark("quick") == [(0, 5)]
    assert mark(WORST) == []
    assert mark("quick") == []
    assert Marker(None, 0.02)("quick") == []


@settings(deadline=None, max_examples=200)
@given(st.text("ab*+?{},0123()[]|\\.^$<=!:PRe&", max_size=40))
def test_no_expression_hangs_or_raises_anything_else(source: str) -> None:
    begun = time.process_time()

    try:
        Expression(source, fold=True).which([WORST, "ab" * 500, "é" * 300], 0.05, 4_096)
    except (UnusableError, SlowError):
        pass

    assert time.process_time() - begun < 0.3
