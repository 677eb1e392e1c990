"""Arguments of setup, checked: each says what was expected and what came."""

import operator
import os
from collections.abc import Collection, Iterable, Mapping
from typing import SupportsFloat, SupportsIndex

from trainmon.errors import ArgumentError
from trainmon.facts.events import Direction
from trainmon.facts.values import freeze, type_name
from trainmon.words.complaints import print_line
from trainmon.words.paths import FAULTS, OUTPUT, LogFile
from trainmon.words.scalars import as_number

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
"""Names of the levels of `logging`, lowest first."""

_SAY_SETTINGS = ("model_dump", "to_dict")
"""What configurations of pydantic, Transformers and ml_collections are asked for their names and values."""

_TAKEN = frozenset((OUTPUT, *(file.name_in("") for file in LogFile)))
"""Files of a run folder beside the general log."""

LONGEST_NAME = 200
"""Bytes of a name at most: a file system takes 255, and rotation and suffixes need some."""


def check_known(function: str, names: Iterable[str], known: Collection[str]) -> None:
    """Raises where a function was given an argument that it does not have."""
    for name in names:
        if name in known:
            continue
        from difflib import get_close_matches  # only a mistake pays for it

        close = get_close_matches(name, known, 1)
        rest = f"did you mean {close[0]!r}?" if close else f"it has {', '.join(known)}"
        raise ArgumentError(f"{function} has no argument {name!r}; {rest}")


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
    """A finite number above 0; scalars of numpy and torch are taken, too."""
    try:
        number = float(value) if isinstance(value, SupportsFloat) and not isinstance(value, bool) else 0.0
    except (TypeError, ValueError, RuntimeError, OverflowError):
        number = 0.0
    if not 0.0 < number < float("inf"):
        raise ArgumentError(f"{name}: expected a number above 0, got {value!r}")
    return number


def check_count(name: str, value: object, *, least: int = 0) -> int:
    """A whole number that is not below `least`; those of numpy and torch are taken, too."""
    try:
        number = operator.index(value) if isinstance(value, SupportsIndex) else None
    except (TypeError, ValueError, RuntimeError):
        number = None  # A tensor of several numbers, or of fractions.
    if number is None or isinstance(value, bool) or number < least:
        raise ArgumentError(f"{name}: expected a whole number from {least}, got {value!r}")
    return number


def check_flag(name: str, value: object) -> bool:
    """True or False, or 1 or 0: a text such as "no" would count as True."""
    if isinstance(value, int) and value in (0, 1):
        return bool(value)
    raise ArgumentError(f"{name}: expected True or False, got {value!r}")


def check_path(name: str, value: object) -> str:
    """A path that a file system can have."""
    text = os.fspath(value) if isinstance(value, str | os.PathLike) else None
    if not isinstance(text, str) or not text or not _is_file_name(text):
        raise ArgumentError(f"{name}: expected a path, got {value!r}")
    return text


def _is_file_name(text: str) -> bool:
    try:
        return b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        return False


def _is_unicode(text: str) -> bool:
    """Whether a journal can hold the text as it is: the name of a file need not be Unicode."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def check_optional_count(name: str, value: object, *, least: int = 0) -> int | None:
    """A whole number that is not below `least`, or None."""
    return None if value is None else check_count(name, value, least=least)


def check_name(name: str, value: object) -> str:
    """A text that may be part of a file name."""
    if not isinstance(value, str) or not value or "/" in value or value in (".", ".."):
        raise ArgumentError(f"{name}: expected a name without '/', got {value!r}")
    if not _is_file_name(value) or not _is_unicode(value) or len(os.fsencode(value)) > LONGEST_NAME:
        raise ArgumentError(f"{name}: expected the name of a file, up to {LONGEST_NAME} bytes, got {value!r}")
    return value


def check_app_name(value: object) -> str:
    """A name for the general log that no other log of the folder has."""
    name = check_name("app_name", value)
    if f"{name}.log" in _TAKEN or name.startswith((".", f"{FAULTS}.")):
        raise ArgumentError(
            f"app_name: expected a name that no other log has, without a dot before it, got {value!r}"
        )
    return name


def check_text(name: str, value: object) -> str:
    """A text that is not empty."""
    if not isinstance(value, str) or not value:
        raise ArgumentError(f"{name}: expected a text, got {value!r}")
    return value


def check_optional_number(name: str, value: object) -> object:
    """A number of any kind, as it was given, or None."""
    if value is not None and as_number(value) is None:
        raise ArgumentError(f"{name}: expected a number, got {value!r}")
    return value


def check_settings(name: str, value: object) -> object:
    """Names and values: a mapping, a namespace, a dataclass, or what can say itself as one; or None.

    A wrong value is not shown: it may hold secrets.
    """
    if value is None or isinstance(freeze(value), dict):
        return value
    for method in _SAY_SETTINGS:
        said = _said(value, method)
        if isinstance(said, Mapping):
            return said
    raise ArgumentError(f"{name}: expected names and values, such as vars(args), got {type_name(value)}")


def _said(value: object, method: str) -> object:
    try:
        said: object = getattr(value, method)()
    except Exception:  # noqa: BLE001 - a foreign configuration may do anything, and may be asked in another way
        return None
    return said


def check_direction(value: object) -> Direction:
    """Which way a metric gets better."""
    if value == "min":
        return "min"
    if value == "max":
        return "max"
    raise ArgumentError(f"best_direction: expected 'min' or 'max', got {value!r}")
