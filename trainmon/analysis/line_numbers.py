"""From the text of a log line to values: the inverse of `trainmon.facts.line_values`, lenient with other writers."""

import math
import re

_VALUE = re.compile(
    r"([-+]?(?:[0-9][0-9_]*\.?[0-9]*|\.[0-9]+|nan|inf|infinity)(?:e[-+]?[0-9]+)?)\s?([A-Za-z%/]*)", re.I
)
_ETA = re.compile(r"([0-9]+(?:\.[0-9]+)?)h ([0-9]+)m")
_TIMES = re.compile(r" \(×([0-9,]{1,16})\)$")


def as_float(text: str | None) -> float | None:
    """The number that a text is, which may be NaN or infinite; None where it is none."""
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def as_int(text: str | None) -> int | None:
    """The whole number that a text is, of 18 digits at most; None where it is none."""
    if text is None or len(text) > 19:
        return None
    try:
        return int(text)
    except ValueError:
        return None


def eta_seconds(text: str | None) -> float | None:
    """Seconds of `0.2h 15m`; None where the text says no span.

    Our lines give the same span twice, as hours and as minutes. Where the minutes are too few for that, another program
    wrote them: hours with a decimal count alone, whole ones and minutes add up.
    """
    found = _ETA.fullmatch(text.strip()) if text is not None else None
    if found is None:
        return None
    hours, minutes = float(found[1]), float(found[2])
    if minutes >= 60 * hours - 6:
        return 60 * minutes
    return 3600 * hours if "." in found[1] else 3600 * hours + 60 * minutes


def values(text: str) -> dict[str, float]:
    """The numbers in `name: 1.5, name: 2.5GB`, by name; what is no number is left out."""
    found: dict[str, float] = {}
    for part in text.split(", "):
        name, _, value = part.rpartition(": ")
        try:
            found[name] = float(value)
        except ValueError:
            if with_unit := _VALUE.fullmatch(value):
                found[name] = float(with_unit[1])
    return found


def repetitions(text: str) -> tuple[str, int]:
    """A text without the ` (×5)` at its end, and the 5; 1 where none stands there."""
    found = _TIMES.search(text)
    digits = found[1].replace(",", "") if found is not None else ""
    if found is None or not digits:
        return text, 1
    return text[: found.start()], int(digits)


def finite(value: float | None) -> bool:
    """Whether it is a number that can be compared."""
    return value is not None and math.isfinite(value)
