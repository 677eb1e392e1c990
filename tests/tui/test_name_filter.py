"""Filters of names: parts, globs, expressions; and those that could take for ever."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tui.test_expression import CATASTROPHES
from trainmon_tui.name_filter import LONGEST, filtered

NAMES = ("loss", "train/acc1", "train/acc5", "grad_norm", "Top-1", "模型/loss")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("", NAMES),
        ("   ", NAMES),
        ("loss", ("loss", "模型/loss")),
        ("LOSS", ("loss", "模型/loss")),
        ("top", ("Top-1",)),
        ("train/*1", ("train/acc1",)),
        ("acc?", ("train/acc1", "train/acc5")),
        ("acc[15]", ("train/acc1", "train/acc5")),
        ("/^train/", ("train/acc1", "train/acc5")),
        ("/acc[0-4]$/", ("train/acc1",)),
        ("/^(loss|grad_norm)$/", ("loss", "grad_norm")),
        ("/", NAMES),
        (r"/^(?=.*acc)(train|val)/(\w+)\d$/", ("train/acc1", "train/acc5")),
        (r"/[+*?{]{1}|^loss$/", ("loss",)),
        ("acc[", ()),
        ("nothing like it", ()),
    ],
)
def test_parts_globs_and_expressions(text: str, kept: tuple[str, ...]) -> None:
    found = filtered(NAMES, text)

    assert found.names == kept
    assert found.fault is None


@pytest.mark.parametrize(
    "text",
    [
        "/(/",
        "/[/",
        "/a**b{9,1}/",
        "/(a{200}){200}/",
        "x" * (LONGEST + 1),
    ],
)
def test_what_cannot_be_used_is_said_and_hides_nothing(text: str) -> None:
    found = filtered(NAMES, text)

    assert found.names == NAMES
    assert found.fault


def test_a_glob_of_many_stars_is_quick() -> None:
    assert filtered(["a" * 128] * 100, "*a" * 30 + "b").fault is None


@pytest.mark.parametrize("source", CATASTROPHES)
def test_an_expression_that_would_take_for_ever_is_given_up_in_time_for_the_frame(source: str) -> None:
    names = ["a" * 1_000 + "b!"] * 200
    begun = time.process_time()

    found = filtered(names, f"/{source}/")

    assert time.process_time() - begun < 0.2
    assert found.fault == "takes too long"
    assert found.names == tuple(names)


@settings(deadline=None, max_examples=200)
@given(st.text("ab*+?{},0123()[]|\\.^$/", max_size=40))
def test_no_filter_hangs_or_raises(text: str) -> None:
    """The names are the worst for expressions that end in something they lack."""
    begun = time.process_time()

    filtered(["a" * 1_000, "ab" * 500, "é" * 300], text)

    assert time.process_time() - begun < 0.2
