"""Values as strict JSON in ASCII, so that no text in them can reach a terminal as a control character."""

import json
import math

import msgspec

from trainmon.words.scalars import encode_number


def strict_json(value: object, indent: int | None = None) -> str:
    """The value as JSON; numbers that are not finite are the strings "NaN", "Infinity" and "-Infinity".

    Args:
        value: Structs, containers, numbers, texts and dates.
        indent: Spaces a level; None: on one line.
    """
    plain = _finite(msgspec.to_builtins(value))
    # DEL is the one control character that `json` leaves as it is; here it can only stand in a string.
    return json.dumps(plain, indent=indent, allow_nan=False).replace("\x7f", "\\u007f")


def _finite(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return encode_number(value)
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
