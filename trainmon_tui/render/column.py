"""Numbers of one column below each other: with the same decimals, so that they can be compared at a glance."""

import math
from collections.abc import Iterable, Sequence

from trainmon.words.scalars import Number, decode_number
from trainmon.words.units import METRIC_COLUMNS, UNKNOWN, count, number

_MOST_DECIMALS = 6
"""Decimals beyond which scientific form says more."""


def decimals(values: Iterable[float | None]) -> int | None:
    """Decimals that show four digits of the smallest of the values; None where the widest has no room for them."""
    ordinary = [abs(value) for value in values if value is not None and math.isfinite(value)]
    smallest = min((value for value in ordinary if value), default=0.0)
    if not smallest:
        return None
    # The exponent after rounding to four digits, as in `number`.
    places = max(0, 3 - int(f"{smallest:.3e}".partition("e")[2]))
    fits = len(f"{-max(ordinary):,.{places}f}") <= METRIC_COLUMNS
    return places if places <= _MOST_DECIMALS and fits else None


def fixed(value: float | None, places: int | None) -> str:
    """The value with so many decimals; as `number` has it where there are none for all, or it has no digits."""
    if places is None or value is None or not math.isfinite(value):
        return number(value)
    return f"{value:z,.{places}f}"


def whole_or_number(value: Number | None) -> str:
    """A whole number of the program as it is, "820", and any other as `number` has it."""
    if isinstance(value, int) and len(text := count(value)) <= METRIC_COLUMNS:
        return text
    return number(None if value is None else decode_number(value))


def column(values: Sequence[Number | None]) -> list[str]:
    """The texts of a column, in at most `METRIC_COLUMNS` columns each; `UNKNOWN` for None."""
    known = [value for value in values if value is not None]
    if all(isinstance(value, int) for value in known):
        return [whole_or_number(value) for value in values]
    floats = [None if value is None else decode_number(value) for value in values]
    places = decimals(floats)
    return [UNKNOWN if value is None else fixed(value, places) for value in floats]
