"""Makes any number of a training script safe for JSON: of Python, NumPy or PyTorch, finite or not.

Nothing here raises for any value but what an object's own code raises beyond `Exception`.
"""

import math
import numbers
from decimal import Decimal
from typing import SupportsFloat, TypeAlias

Number: TypeAlias = float | int | str
"""A number as JSON can hold it; the only texts are "NaN", "Infinity" and "-Infinity"."""

_MAX_INT = 2**63 - 1
"""Beyond it JSON readers of other languages, and ours, differ; such ints become floats."""

_NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def encode_number(number: float) -> Number:
    """The number, or its name where it is NaN or infinite."""
    if math.isfinite(number):
        return number
    if math.isnan(number):
        return "NaN"
    return "Infinity" if number > 0 else "-Infinity"


def decode_number(number: Number) -> float:
    """The float behind a `Number`; infinite beyond the range of floats, NaN for a text that is no number."""
    if isinstance(number, str):
        return _NOT_FINITE.get(number, math.nan)
    return _as_float(number) if isinstance(number, int) else number


def as_number(value: object) -> Number | None:
    """The value as a number, or None where it is none or will not say so.

    Numbers are bools (as 0 and 1), ints, floats, decimals, fractions, the scalars and one-element arrays of
    NumPy and the one-element tensors of PyTorch. An int beyond ±(2**63 - 1) becomes a float. Texts and
    complex numbers are none. Reading a CUDA tensor waits for the GPU, as `tensor.item()` does.
    """
    if value is None:
        return None  # What is left out most; asking whether it `SupportsFloat` takes 20 µs.
    if type(value) is float and value - value == 0.0:
        return value
    try:
        if isinstance(value, int | float):
            return _builtin_number(value)
        if isinstance(value, Decimal):
            return "NaN" if value.is_nan() else encode_number(float(value))
        return _foreign_number(value)
    except Exception:  # noqa: BLE001 - foreign code: what cannot be converted is not a number
        return None


def _builtin_number(value: float) -> Number:
    """The number in an int, float or subclass of them, read past whatever methods the subclass overrides."""
    if not isinstance(value, int):
        return encode_number(float.__float__(value))
    number = int.__int__(value)
    return number if -_MAX_INT <= number <= _MAX_INT else encode_number(_as_float(number))


def _as_float(number: numbers.Rational | int) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf if int(number.numerator) > 0 else -math.inf


def _foreign_number(value: object) -> Number | None:
    """What the object's own `item` or `__float__` says; raises what they raise."""
    if callable(item := getattr(type(value), "item", None)):
        if getattr(getattr(value, "dtype", None), "kind", "") in ("m", "M"):
            return None  # a date or a span of NumPy, whose item may be a bare count of nanoseconds
        value = item(value)
    if isinstance(value, int | float):
        return _builtin_number(value)
    if isinstance(value, numbers.Rational):
        return encode_number(_as_float(value))
    if isinstance(value, complex) or not isinstance(value, SupportsFloat):
        return None
    return encode_number(float(value))
