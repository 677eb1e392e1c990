"""Spans and moments as people write them: `8h`, `1h30m`; `+8h`, `18:00`, `Mon 07:39`, `2026-11-29 10:14`."""

import re
import time
from collections.abc import Mapping
from datetime import datetime, timedelta

_NUMBER = r"(\d+(?:\.\d+)?)"
_SPAN = re.compile(rf"{_NUMBER}|(?:{_NUMBER}d)?(?:{_NUMBER}h)?(?:{_NUMBER}m)?(?:{_NUMBER}s)?", re.ASCII)

_DAY_CLOCK = re.compile(
    r"(?:(?P<day>mon|tue|wed|thu|fri|sat|sun|today|tomorrow)[a-z]* )?(?P<clock>\d{1,2}:\d{2}(?::\d{2})?)"
)

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_FIRST_UNIX = 1e9
"""From here on a bare number is Unix seconds: as a span it would be 31 years."""

_LATEST = 253_402_300_799.0
"""The end of the year 9999."""

FORMS = "+8h, +1h30m, 18:00, Mon 07:39, 2026-11-29 10:14, 2026-11-29T10:14Z or Unix seconds"
"""What `moment` understands, for messages and helps."""


VARIABLE = "TRAINMON_DEADLINE"
"""Environment variable with a moment until which a training is to be done; `trainmon run --deadline` sets it."""


def recorded(environment: Mapping[str, str]) -> float | None:
    """The deadline that the environment names, as Unix seconds; None where it names none, or makes no sense."""
    text = environment.get(VARIABLE)
    return moment(text, time.time()) if text else None


def span(text: str) -> float | None:
    """Seconds of `8h`, `1h30m`, `90s`, `2d` or `45`; None where the text is no span."""
    found = _SPAN.fullmatch(text.strip().lower())
    if found is None or not any(found.groups()):
        return None
    parts = zip(found.groups(), (1.0, 86_400.0, 3_600.0, 60.0, 1.0), strict=True)
    return sum(float(part) * unit for part, unit in parts if part is not None)


def moment(text: str, now: float) -> float | None:
    """Unix seconds of a moment in one of `FORMS`; None where the text is none.

    A time of day is the next one, a weekday the next one of that name; both in this machine's local time, as is a date
    without an offset.

    Args:
        text: As somebody wrote it.
        now: Unix seconds from which spans and times of day count.
    """
    text = " ".join(text.lower().split())
    if text.startswith("+"):
        ahead = span(text[1:])
        return now + ahead if ahead is not None else None
    found = _DAY_CLOCK.fullmatch(text)
    if found is not None:
        return _next(found["day"], found["clock"], now)
    ahead = span(text)
    if ahead is not None:
        at = ahead if text.isdigit() and ahead >= _FIRST_UNIX else now + ahead
        return at if at <= _LATEST else None
    return _date(text.upper())


def _next(day: str | None, clock: str, now: float) -> float | None:
    """The next moment with this time of day, on this day."""
    hour, minute, *rest = map(int, clock.split(":"))
    second = rest[0] if rest else 0
    if hour > 23 or minute > 59 or second > 59:
        return None
    here = time.localtime(now)
    ahead = 0
    if day in _WEEKDAYS:
        ahead = (_WEEKDAYS.index(day) - here.tm_wday) % 7
    elif day == "tomorrow":
        ahead = 1

    def on(days: int) -> float:
        # mktime takes the days beyond a month's end, and finds out about daylight saving by itself.
        return time.mktime((here.tm_year, here.tm_mon, here.tm_mday + days, hour, minute, second, 0, 0, -1))

    at = on(ahead)
    if at > now or day in ("today", "tomorrow"):
        return at
    return on(ahead + (7 if day is not None else 1))


def _date(text: str) -> float | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    try:
        return at.timestamp()
    except (OverflowError, ValueError, OSError):  # Year 1 has no Unix seconds in local time.
        return (at - datetime(1970, 1, 1, tzinfo=at.tzinfo)) / timedelta(seconds=1)
