"""What callers give, as what events hold: numbers, names and data of any type made safe, and nothing raised."""

from collections.abc import Mapping
from itertools import islice

from trainmon.events import JsonObject, Metrics, Number
from trainmon.values import as_number, as_text, freeze

NAMES = 10_000
"""Metrics of one call that are recorded; more is said in the texts."""

NAME_LIMIT = 200
"""Characters of a metric's name."""

_INT64 = 2**63 - 1


def as_integer(value: object) -> int | None:
    """A whole number within 64 bits, fractions cut; None where the value is no finite number."""
    number = as_number(value)
    if number is None or isinstance(number, str):
        return None
    return max(-_INT64, min(_INT64, int(number)))


def as_recorded(value: object) -> Number | None:
    """A number as events hold it; None where the value is none."""
    return as_number(value)  # type: ignore[return-value]  # its strings are the three of NonFinite


def as_seconds(value: object) -> float | None:
    """A finite number as a float; None where the value is none."""
    number = as_number(value)
    return None if number is None or isinstance(number, str) else float(number)


def as_metrics(values: object) -> tuple[Metrics, dict[str, str]]:
    """The numbers among the values by name, and the texts of those that are no numbers."""
    if values is None:
        return {}, {}
    if not isinstance(values, Mapping):
        return {}, {"metrics": as_text(values, NAME_LIMIT)}
    metrics: Metrics = {}
    texts: dict[str, str] = {}
    try:
        pairs = list(islice(values.items(), NAMES))
    except Exception as error:  # noqa: BLE001 - a foreign mapping may do anything
        return {}, {"metrics": f"cannot be read: {type(error).__name__}"}
    for key, value in pairs:
        name = as_text(key, NAME_LIMIT)
        number = as_number(value)
        if number is None:
            texts[name] = as_text(value, NAME_LIMIT)
        else:
            metrics[name] = number  # type: ignore[assignment]  # the strings of as_number are the three of NonFinite
    if len(values) > NAMES:
        texts["…"] = f"{len(values) - NAMES:,} more metrics are not recorded"
    return metrics, texts


def as_object(data: object) -> JsonObject:
    """Free data as a JSON object, secrets masked; what is no mapping stands under `value`."""
    if data is None:
        return {}
    frozen = freeze(data)
    return dict(frozen) if isinstance(frozen, dict) else {"value": frozen}
