"""Any value becomes safe JSON: numbers keep their value, hostile objects raise nothing, cuts are said."""

import argparse
import contextlib
import enum
import json
import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hostile import HOSTILE, BrokenRepr
from trainmon.facts.values import (
    MAX_BYTES,
    MAX_CONTAINER_ITEMS,
    MAX_DEPTH,
    MAX_ITEMS,
    MAX_TEXT,
    JsonValue,
    as_text,
    freeze,
)
from trainmon.words.secrets import MASK


class GpuTensor:
    """Has the face of a CUDA tensor and fails when it is read."""

    shape = ()
    dtype = "torch.float32"
    device = "cuda:0"

    def item(self) -> float:
        raise AssertionError("the GPU was waited for")

    __repr__ = __float__ = item  # type: ignore[assignment]  # whatever way


class Precision(enum.Enum):
    BF16 = 1


@dataclass
class Config:
    lr: float
    hf_token: str


@given(st.text(alphabet=st.characters(codec=None)), st.integers(0, 50))
def test_a_text_is_valid_and_bounded_and_says_what_it_lost(text: str, limit: int) -> None:
    result = as_text(text, limit)

    kept, _, mark = result.partition(" … [truncated ")
    result.encode("utf-8")  # would raise for a lone surrogate
    assert len(kept) <= limit or not mark
    assert bool(mark) or result == text.encode("utf-8", "backslashreplace").decode()


def test_a_lone_surrogate_is_written_out() -> None:
    assert as_text("a\ud83db") == r"a\ud83db"


def test_a_cut_counts_what_it_left_out() -> None:
    assert as_text("x" * 70_000) == "x" * MAX_TEXT + " … [truncated 4,464 characters]"


def test_other_values_are_their_repr_and_a_broken_one_is_named() -> None:
    texts = [as_text(value) for value in (1.5, None, BrokenRepr(), 10**5000, b"ab", {"token": "x"})]

    assert texts[:3] == ["1.5", "None", "<BrokenRepr: repr raised KeyError>"]
    assert texts[3:] == ["<int of 16,610 bits>", "b'ab'", "{'token': '***'}"]


@pytest.mark.parametrize(
    ("value", "frozen"),
    [
        *((None, None), (True, True), (3, 3), ("a", "a"), (math.nan, "NaN"), (np.float32(0.5), 0.5)),
        *(([1, (2, {3})], [1, [2, [3]]]), (deque([1]), [1]), ({1: 2}, {"1": 2}), (MappingProxyType({}), {})),
        *(({1: "a", "1": "b"}, {"1": "a", "1 #1": "b"}), ({1: 0}.keys(), [1])),
        *((Config(lr=0.1, hf_token="x"), {"lr": 0.1, "hf_token": MASK}), (Config, f"{__name__}.Config")),
        *((argparse.Namespace(a=1), {"a": 1}), (Precision.BF16, "Precision.BF16"), (Path("/a"), "/a")),
        *((datetime(2020, 1, 2), "2020-01-02T00:00:00"), (b"ab", "b'ab'"), (len, "len"), (int, "int")),
        *((np.zeros((3, 4), "f4"), "<ndarray shape=(3, 4) dtype=float32>"), (1j, "1j")),
        *((GpuTensor(), "<GpuTensor shape=() dtype=torch.float32 device=cuda:0>"), (range(9), "range(0, 9)")),
    ],
)
def test_a_configuration_freezes_to_plain_json(value: object, frozen: JsonValue) -> None:
    assert freeze(value) == frozen


def test_a_tensor_freezes_to_its_outline_and_a_scalar_to_its_number() -> None:
    torch = pytest.importorskip("torch")

    frozen = freeze([torch.zeros(3, 4), torch.tensor(2.5), torch.float32])

    assert frozen == ["<Tensor shape=(3, 4) dtype=torch.float32>", 2.5, "torch.float32"]


def test_secrets_are_masked_by_name_and_by_shape_and_switches_stay() -> None:
    token = "hf_" + "aB3dE6gH9j" * 3

    frozen = freeze(
        {"api_key": [1], "n": {"note": f"use {token}"}, "use_auth": True, "password": None, token: 1}
    )

    assert frozen == {"api_key": MASK, "n": {"note": "use ***"}, "use_auth": True, "password": None, MASK: 1}


def test_a_secret_that_a_cut_would_split_is_still_hidden() -> None:
    secret = "hf_" + "aB3dE6gH9j" * 3

    frozen = freeze("x" * (MAX_TEXT - 11) + " " + secret + " " + "y" * 9_000)

    assert "hf_" not in str(frozen)


@pytest.mark.parametrize("kind", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_object_freezes_to_a_text(kind: type) -> None:
    frozen = freeze({"value": kind(), "next": 1})

    assert isinstance(frozen, dict)
    assert (type(frozen["value"]), frozen["next"]) == (str, 1)


def test_a_configuration_with_a_dtype_is_no_array() -> None:
    @dataclass
    class Layer:
        shape: tuple[int, ...] = (3, 4)
        dtype: str = "bf16"

    assert freeze(Layer()) == {"shape": [3, 4], "dtype": "bf16"}


def test_freezing_at_the_end_of_the_stack_raises_nothing() -> None:
    """A log call in a runaway recursion may find room for a few frames only."""

    def fill(results: list[JsonValue]) -> None:
        try:
            fill(results)
        except RecursionError:
            results.append(freeze({"a": [1]}))

    results: list[JsonValue] = []
    with contextlib.suppress(RecursionError):  # where there is no room to call `freeze` at all
        fill(results)

    assert all(result == {"a": [1]} or "RecursionError" in str(result) for result in results)


def test_a_container_that_holds_itself_ends() -> None:
    loop: list[object] = [1]
    loop.append({"again": loop})

    assert freeze(loop) == [1, {"again": "<list: contains itself>"}]


def test_a_container_that_is_held_twice_is_written_twice() -> None:
    shared = [1]

    assert freeze([shared, shared]) == [[1], [1]]


def test_depth_is_cut_and_said() -> None:
    deep: dict[str, object] = {}
    for _ in range(10_000):
        deep = {"a": deep}

    frozen = json.dumps(freeze(deep))

    assert frozen.count('"a"') == MAX_DEPTH
    assert "<dict: truncated, deeper than 16 levels>" in frozen


class Unread(dict[int, int]):
    """Counts how many of its items were looked at."""

    seen = 0

    def items(self) -> Iterator[tuple[int, int]]:  # type: ignore[override]  # an iterator does for `freeze`
        for pair in super().items():
            self.seen += 1
            yield pair


def test_of_a_million_items_only_the_kept_ones_are_read() -> None:
    many = Unread(dict.fromkeys(range(1_000_000), 0))

    frozen = freeze(many)

    assert isinstance(frozen, dict)
    assert many.seen == MAX_CONTAINER_ITEMS + 1
    assert len(frozen) == MAX_CONTAINER_ITEMS + 1
    assert frozen["…"] == "truncated 999,000 items"
    assert freeze(list(range(1_002)))[-1:] == ["… [truncated 2 items]"]  # type: ignore[index]  # a list


@pytest.mark.parametrize(
    "value",
    [
        [["word token"] * 1_000] * 1_000,
        ["é" * 70_000] * 100,
        ["\0" * 70_000] * 100,
        "\0" * 70_000,
        {"k" * 300 + str(number): number for number in range(1_001)},
        {str(number): "password=abc " * 20 for number in range(1_001)},
        [[0.1] * 1_000] * 1_000,
    ],
    ids=["strings", "wide", "escaped", "one", "names", "secrets", "numbers"],
)
def test_the_whole_is_bounded(value: object) -> None:
    frozen = freeze(value)

    assert len(msgspec.json.encode(frozen)) <= MAX_BYTES + 65_536
    assert "truncated" in str(frozen)


def test_a_structure_that_branches_at_every_level_is_bounded() -> None:
    """Ten to the power of twelve leaves, of ten lists."""
    branching: list[object] = ["x"] * 10
    for _ in range(11):
        branching = [branching] * 10

    frozen = str(freeze(branching))

    assert frozen.count("'x'") <= MAX_ITEMS


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.decimals(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner) | st.tuples(inner, inner)
    ),
)


@given(values)
def test_frozen_is_strict_json_and_freezing_it_again_changes_nothing(value: object) -> None:
    frozen = freeze(value)

    assert json.loads(json.dumps(frozen, allow_nan=False)) == frozen
    assert msgspec.json.decode(msgspec.json.encode(frozen)) == frozen
    assert freeze(frozen) == frozen


@pytest.mark.parametrize(
    ("value", "frozen"),
    [
        (["--api-key", "hidden", "--lr", "1"], ["--api-key", "***", "--lr", "1"]),
        (("--password", "hidden"), ["--password", "***"]),
        (["--token", "--lr", "1"], ["--token", "--lr", "1"]),
        (["--token=hidden", "x"], ["--token=***", "x"]),
        ([("Accept", "x"), ("X-Api-Key", "hidden")], [["Accept", "x"], ["X-Api-Key", "***"]]),
        ([["token", "hidden"]], [["token", "***"]]),
        ([["token", 12], ["the", 40]], [["token", 12], ["the", 40]]),
        ({"columns": ["token", "label"]}, {"columns": ["token", "label"]}),
        (["--tokenizer", "bert"], ["--tokenizer", "bert"]),
    ],
    ids=repr,
)
def test_s08_secrets_in_command_lines_and_lists_of_headers_are_hidden(value: object, frozen: object) -> None:
    """A name and its value may stand beside each other, and not only in a mapping."""
    assert freeze(value) == frozen
