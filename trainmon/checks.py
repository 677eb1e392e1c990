"""Arguments of setup, checked: each says what was expected and what came."""

from trainmon.complaints import print_line
from trainmon.errors import ArgumentError
from trainmon.events import Direction

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
"""Names of the levels of `logging`, lowest first."""


def check_level(level: object) -> str:
    """A level's name in capitals; numbers of `logging` are taken, too."""
    if isinstance(level, int) and not isinstance(level, bool):
        return LEVELS[max(0, min(4, level // 10 - 1))]
    if isinstance(level, str) and level.upper() in LEVELS:
        return level.upper()
    raise ArgumentError(f"level: expected one of {', '.join(LEVELS)}, got {level!r}")


def named_level(name: str | None, level: str) -> str:
    """The level that the environment names, else `level`: a wrong variable is said, and stops no training."""
    try:
        return check_level(name) if name else level
    except ArgumentError as error:
        print_line(f"trainmon: TRAINMON_LEVEL: {error}; it stays {level}")
        return level


def check_positive(name: str, value: object) -> float:
    """A finite number above 0."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
        raise ArgumentError(f"{name}: expected a number above 0, got {value!r}")
    return float(value)


def check_count(name: str, value: object, *, least: int = 0) -> int:
    """A whole number that is not below `least`."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ArgumentError(f"{name}: expected a whole number from {least}, got {value!r}")
    return value


def check_optional_count(name: str, value: object, *, least: int = 0) -> int | None:
    """A whole number that is not below `least`, or None."""
    return None if value is None else check_count(name, value, least=least)


def check_name(name: str, value: object) -> str:
    """A text that may be part of a file name."""
    if not isinstance(value, str) or not value or "/" in value or "\0" in value or value in (".", ".."):
        raise ArgumentError(f"{name}: expected a name without '/', got {value!r}")
    return value


def check_text(name: str, value: object) -> str:
    """A text that is not empty."""
    if not isinstance(value, str) or not value:
        raise ArgumentError(f"{name}: expected a text, got {value!r}")
    return value


def check_direction(value: object) -> Direction:
    """Which way a metric gets better."""
    if value == "min":
        return "min"
    if value == "max":
        return "max"
    raise ArgumentError(f"best_direction: expected 'min' or 'max', got {value!r}")
