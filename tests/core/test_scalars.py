"""Any number keeps its value, and whatever is none is None."""

import json
import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hostile import HOSTILE
from trainmon.words.scalars import as_number, decode_number, encode_number


@pytest.mark.parametrize(
    ("value", "number"),
    [
        *((True, 1), (3, 3), (0.5, 0.5), (2**63 - 1, 2**63 - 1), (2**63, float(2**63))),
        *((10**400, "Infinity"), (-(10**5000), "-Infinity"), (math.nan, "NaN"), (-math.inf, "-Infinity")),
        *((Decimal("1.5"), 1.5), (Decimal("sNaN"), "NaN"), (Decimal("-1e999"), "-Infinity")),
        *((Fraction(1, 4), 0.25), (Fraction(-(10**400)), "-Infinity")),
        *((np.float16("nan"), "NaN"), (np.float32(0.5), 0.5), (np.int64(3), 3), (np.bool_(True), 1)),
        *(
            (np.longdouble(2), 2.0),
            (np.array(3.0), 3.0),
            (np.array([[4]]), 4),
            (np.float64("inf"), "Infinity"),
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_whatever_is_a_number_keeps_its_value(value: object, number: object) -> None:
    result = as_number(value)

    assert (type(result), result) == (type(number), number)


@pytest.mark.parametrize(
    "value",
    [None, "1", b"1", 1j, [1], {}, np.array([1, 2]), np.complex64(1), np.datetime64("2020-01-01", "ns")],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_number_is_none(value: object) -> None:
    assert as_number(value) is None


@pytest.mark.parametrize("kind", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_object_is_no_number(kind: type) -> None:
    assert as_number(kind()) is None


def test_a_tensor_of_one_element_is_its_number() -> None:
    torch = pytest.importorskip("torch")

    numbers = [as_number(torch.tensor(value)) for value in (2.5, [2], True, math.nan, [1, 2], 1j)]

    assert numbers == [2.5, 2, 1, "NaN", None, None]
    assert as_number(torch.tensor(1.0, device="meta")) is None


@given(st.floats())
def test_a_float_survives_json(number: float) -> None:
    decoded = decode_number(json.loads(json.dumps(encode_number(number), allow_nan=False)))

    assert decoded == number or (math.isnan(decoded) and math.isnan(number))


def test_a_number_from_a_foreign_journal_is_a_float_whatever_it_is() -> None:
    decoded = [decode_number(number) for number in (10**400, -(10**400), 3)]

    assert decoded == [math.inf, -math.inf, 3.0]
    assert math.isnan(decode_number("no number"))
