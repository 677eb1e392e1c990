"""What callers give, as what events hold: numbers, names and data of any type made safe, and nothing raised."""

import os
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import islice

from trainmon.facts.events import JsonObject, Metrics, Number
from trainmon.facts.values import as_text, freeze
from trainmon.words.scalars import as_number
from trainmon.words.secrets import mask_command

NAMES = 10_000
"""Metrics of one call that are recorded; more is said in the texts."""

PATH_LIMIT = 4_096
"""Characters of a path: PATH_MAX of Linux."""

COMMAND_LIMIT = 16_384
"""Characters of a command line."""

NAME_LIMIT = 200
"""Characters of a metric's name."""

LONGEST = 1e12
"""Seconds of a duration at most, as `trainmon.facts.events.Seconds` has it."""

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


def as_flag(value: object) -> bool:
    """Whether a value counts as true; one that will not say so does not."""
    try:
        return bool(value)
    except Exception:  # noqa: BLE001 - a foreign __bool__, as that of an array, may raise
        return False


def as_seconds(value: object) -> float | None:
    """A finite number of seconds, from 0 to `LONGEST`; None where the value is no finite number."""
    number = as_number(value)
    return None if number is None or isinstance(number, str) else max(0.0, min(LONGEST, float(number)))


def as_metrics(values: object) -> tuple[Metrics, dict[str, str]]:
    """The numbers among the values by name, and the texts of those that are no numbers."""
    if values is None:
        return {}, {}
    metrics: Metrics = {}
    texts: dict[str, str] = {}
    try:
        if not isinstance(values, Mapping):
            return {}, {"metrics": as_text(values, NAME_LIMIT)}
        count, pairs = len(values), list(islice(values.items(), NAMES))
    except Exception as error:  # noqa: BLE001 - a foreign mapping may do anything
        return {}, {"metrics": f"cannot be read: {type(error).__name__}"}
    for key, value in pairs:
        name = metric_name(key) if type(key) is str else as_text(key, NAME_LIMIT)
        number = as_number(value)
        if number is None:
            texts[name] = as_text(value, NAME_LIMIT)
        else:
            metrics[name] = number  # type: ignore[assignment]  # the strings of as_number are the three of NonFinite
    if count > NAMES:
        texts["…"] = f"{count - NAMES:,} more metrics are not recorded"
    return metrics, texts


@lru_cache(maxsize=1_024)
def metric_name(name: str) -> str:
    """A name as it is recorded; kept, because the same few names come at every step."""
    return as_text(name, NAME_LIMIT)


def path_text(path: object) -> str:
    """A path as text; what is none, or will not say so, as any other value."""
    try:
        return as_text(os.fsdecode(path) if isinstance(path, os.PathLike) else path, PATH_LIMIT)
    except Exception:  # noqa: BLE001 - a foreign __fspath__ may do anything
        return as_text(path, PATH_LIMIT)


def base_of(path: str) -> str | None:
    """The working directory, from which a relative path counts; None for an absolute one, or where it is gone."""
    if os.path.isabs(path):
        return None
    try:
        return as_text(os.getcwd(), PATH_LIMIT)
    except OSError:
        return None


def as_command(argv: Sequence[str]) -> tuple[str, ...]:
    """A command line with its secrets masked, at most `COMMAND_LIMIT` characters of it; what was cut is said.

    A shell writes tens of thousands of names where there was an asterisk, and names need not be Unicode.
    """
    words: list[str] = []
    room = COMMAND_LIMIT
    for word in mask_command(argv[:COMMAND_LIMIT]):
        words.append(as_text(word, PATH_LIMIT))
        room -= len(words[-1]) + 1
        if room <= 0:
            words.append(f"… [truncated {len(argv) - len(words):,} arguments]")
            break
    return tuple(words)


def as_object(data: object) -> JsonObject:
    """Free data as a JSON object, secrets masked; what is no mapping stands under `value`."""
    if data is None:
        return {}
    frozen = freeze(data)
    return dict(frozen) if isinstance(frozen, dict) else {"value": frozen}
