"""What callers give: any value becomes what events hold, and nothing raises."""

import math

import pytest

from tests.hostile import HOSTILE, BrokenMapping
from trainmon.facts.given import (
    COMMAND_LIMIT,
    LONGEST,
    NAMES,
    as_command,
    as_integer,
    as_metrics,
    as_object,
    as_recorded,
    as_seconds,
    path_text,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(3, 3), (3.9, 3), (True, 1), ("3", None), (None, None), (math.nan, None), (math.inf, None),
     (2**63, 2**63 - 1), (-(2**70), -(2**63) + 1), (1e300, 2**63 - 1)],
)  # fmt: skip
def test_w30_a_whole_number_is_cut_to_64_bits(value: object, expected: int | None) -> None:
    assert as_integer(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1.5, 1.5), (math.nan, "NaN"), (-math.inf, "-Infinity"), ("x", None), (10**400, "Infinity")],
)
def test_w19_a_number_that_is_not_finite_keeps_its_name(value: object, expected: object) -> None:
    assert as_recorded(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [(2, 2.0), (-1.0, 0.0), (1e300, LONGEST), (math.nan, None), ("soon", None)]
)
def test_seconds_are_finite_and_not_negative(value: object, expected: float | None) -> None:
    assert as_seconds(value) == expected


def test_w19_metrics_that_are_no_numbers_are_kept_as_text() -> None:
    metrics, texts = as_metrics({"a": 1.5, "b": "high", 3: math.nan, "c": None})

    assert metrics == {"a": 1.5, "3": "NaN"}
    assert texts == {"b": "high", "c": "None"}


@pytest.mark.parametrize("value", [3, "text", [1, 2], object()], ids=["int", "str", "list", "object"])
def test_what_is_no_mapping_is_said(value: object) -> None:
    metrics, texts = as_metrics(value)

    assert metrics == {}
    assert list(texts) == ["metrics"]


def test_w22_of_a_million_metrics_some_are_kept_and_the_rest_is_counted() -> None:
    metrics, texts = as_metrics({str(number): 1.0 for number in range(NAMES + 5)})

    assert len(metrics) == NAMES
    assert "5 more" in texts["…"]


@pytest.mark.parametrize("kind", HOSTILE.values(), ids=HOSTILE)
def test_w20_hostile_objects_raise_nothing(kind: type) -> None:
    for take in (as_integer, as_recorded, as_seconds, as_metrics, as_object, path_text):
        take(kind())
    as_metrics({"a": kind()})
    as_metrics(BrokenMapping())


def test_s08_secrets_in_free_data_are_masked() -> None:
    data = as_object({"api_key": "abc123", "nested": {"password": "hunter2"}, "url": "https://u:pw@host/x"})

    assert "abc123" not in str(data)
    assert "hunter2" not in str(data)
    assert ":pw@" not in str(data)


def test_data_that_is_no_mapping_stands_under_value() -> None:
    assert as_object([1, 2]) == {"value": [1, 2]}
    assert as_object(None) == {}


def test_a_command_line_of_any_length_and_any_bytes_fits_into_a_line() -> None:
    """A shell writes tens of thousands of names where there was an asterisk; names need not be Unicode."""
    words = as_command(["python", "\udce9t\udce9", "--token=hunter2", *["picture-0001.jpg"] * 50_000])

    assert words[:2] == ("python", "\\udce9t\\udce9")
    assert "hunter2" not in words[2]
    assert len("".join(words)) < COMMAND_LIMIT
    assert words[-1].endswith("arguments]")
    assert as_command(["python", "train.py"]) == ("python", "train.py")
