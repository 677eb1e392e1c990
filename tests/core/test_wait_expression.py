"""The expressions of `trainmon wait`: what they mean, and where a wrong one is wrong."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainmon.meaning.expression import ExpressionError, evaluate, names, parse

WORDS = frozenset({"done", "dead", "nan"})


def truth(text: str, true: set[str] = set(), **values: float) -> bool | None:  # noqa: B006 - never changed
    return evaluate(parse(text, WORDS), true.__contains__, values.get)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("loss < 2.1", True), ("loss<2.1", True), ("2.1 > loss", True), ("loss <= 2", True), ("loss >= 2.0e0", True),
        ("loss == 2", True), ("loss != 2", False), ("loss > -1", True), ("loss > .5", True), ("loss < 1e-3", False),
        ("done", True), ("dead", False), ("not dead", True), ("not not done", True), ("dead or done", True),
        ("dead and done", False), ("dead and dead or done", True), ("done or dead and dead", True),
        ("(done or dead) and dead", False), ("not (dead or done)", False), ("not dead and done", True),
        ("((loss < 2.1))", True), ('"train/acc" > 0.5', True), ("'train/acc' > 0.5", True), ("train/acc > 0.5", True),
        ("gpu0.temperature > 80", True), ("loss < train/acc", False), ("  done  ", True),
    ],
)  # fmt: skip
def test_an_expression_means_what_it_says(text: str, expected: bool) -> None:
    values = {"loss": 2.0, "train/acc": 0.9, "gpu0.temperature": 81.0}

    assert truth(text, {"done"}, **values) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("missing < 1", None), ("not missing < 1", None), ("missing < 1 or done", True), ("missing < 1 or dead", None),
        ("missing < 1 and dead", False), ("missing < 1 and done", None), ("missing == missing", None),
    ],
)  # fmt: skip
def test_what_is_not_known_is_neither_true_nor_false(text: str, expected: bool | None) -> None:
    """`not val_loss < 2` must not be true before the first validation."""
    assert truth(text, {"done"}) is expected


@pytest.mark.parametrize("text", ["loss < 1", "loss > 1", "loss == loss", "loss <= 1"])
def test_nan_compares_with_nothing(text: str) -> None:
    assert truth(text, loss=math.nan) is False


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("", 0), ("loss <", 6), ("loss = 2", 5), ("foo", 0), ("done foo", 5), ("(done", 5), ("done)", 4), ("1", 0),
        ("loss < 2 < 3", 9), ('"x', 0), ("loss < and", 7), ("done and", 8), ("not", 3), ("loss ! 2", 5), ("a b < 2", 0),
        ('"done"', 0), ("loss < 2 || done", 9), ("__import__('os')", 0), ("1abc < 2", 0), ("loss < 0x10", 7),
    ],
)  # fmt: skip
def test_a_wrong_expression_is_wrong_at_its_column(text: str, column: int) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text, WORDS)

    assert caught.value.column == column


def test_depth_and_length_are_bounded() -> None:
    """No expression can use up the stack."""
    for text in ("(" * 5_000 + "done" + ")" * 5_000, "(" * 100 + "done" + ")" * 100, "not " * 1_000 + "done"):
        with pytest.raises(ExpressionError):
            parse(text, WORDS)


def test_the_names_are_those_of_the_metrics_once_and_in_order() -> None:
    assert names(parse("b < 1 or (a > c and not b < 3) or done", WORDS)) == ("b", "a", "c")


@given(st.text(max_size=60))
def test_any_text_is_an_expression_or_wrong(text: str) -> None:
    """Nothing else is ever raised."""
    try:
        found = parse(text, WORDS)
    except ExpressionError as error:
        column = error.column
    else:
        column = 0
        evaluate(found, lambda _: True, lambda _: 1.0)

    assert 0 <= column <= len(text)


_ATOMS = st.sampled_from(["done", "dead", "loss < 1", "loss > 1", "missing < 1"])


@given(st.recursive(_ATOMS, lambda part: st.one_of(
    part.map(lambda one: f"not ({one})"), st.tuples(part, part).map(lambda two: f"({two[0]}) and ({two[1]})"),
    st.tuples(part, part).map(lambda two: f"({two[0]}) or ({two[1]})"),
), max_leaves=8), st.booleans())  # fmt: skip
def test_the_law_of_de_morgan_holds(text: str, done: bool) -> None:
    """Also where values are not known."""
    true = {"done"} if done else set()

    both = truth(f"not (({text}) and done)", true, loss=0.5)

    assert both is truth(f"not ({text}) or not done", true, loss=0.5)
