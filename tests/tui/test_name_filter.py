"""Filters of names: parts, globs, expressions; and those that could take for ever."""

import itertools
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
        "/a**/",
        "/(a+)+$/",
        "/(a|a)*b/",
        "/a*a*a*a*b/",
        r"/(a)\1/",
        "/(?=a)a/",
        "x" * (LONGEST + 1),
    ],
)
def test_what_cannot_be_used_is_said_and_hides_nothing(text: str) -> None:
    found = filtered(NAMES, text)

    assert found.names == NAMES
    assert found.fault


def test_a_glob_of_many_stars_is_quick() -> None:
    assert filtered(["a" * 128] * 100, "*a" * 30 + "b").fault is None


def test_an_escaped_sign_or_one_in_a_class_is_no_repetition() -> None:
    names = ("a+b", "c*d")

    assert filtered(names, r"/a\+b|c\*d|[+*?{]{1}/").names == names


def test_names_that_take_too_long_are_given_up() -> None:
    ticks = itertools.count()

    found = filtered(NAMES, "/s/", clock=lambda: float(next(ticks)))

    assert found.names == NAMES
    assert found.fault == "takes too long"


@settings(deadline=None, max_examples=200)
@given(st.text("ab*+?{},0123()[]|\\.^$/", max_size=40))
def test_no_filter_hangs_or_raises(text: str) -> None:
    """The names are the worst for expressions that end in something they lack."""
    begun = time.process_time()

    filtered(["a" * 1_000, "ab" * 500, "é" * 300], text)

    assert time.process_time() - begun < 5.0
