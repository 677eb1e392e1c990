"""Time: Unix seconds to the stamps of the text logs and of `monitoring_data`.

Every function takes the time and the offset from UTC that the *writer* recorded, so that a projection made tomorrow
on another machine shows the same text. The clock itself is read in few places, which pass it on.
"""

import time
from datetime import datetime, timedelta, timezone
from functools import lru_cache

_LATEST = 253_402_300_799.0
"""The last second of the year 9999, where `datetime` ends; later and earlier times are clamped to its range."""


def utc_offset(at: float) -> int:
    """Seconds that local time is ahead of UTC at Unix time `at`, daylight saving included."""
    try:
        return time.localtime(at).tm_gmtoff
    except (OverflowError, ValueError, OSError):
        return 0


@lru_cache(maxsize=64)
def _local(second: int, offset: int, form: str) -> str:
    """Cached, because many events share a second."""
    zone = timezone(timedelta(seconds=max(-86_340, min(86_340, offset))))
    return datetime.fromtimestamp(max(0, second), tz=zone).strftime(form)


def _second(at: float) -> int:
    return int(max(0.0, min(_LATEST - 172_800, at))) if at == at else 0


def stamp(at: float, offset: int) -> str:
    """`2024-01-15 10:30:00`, the stamp of the text logs, for Unix time `at`."""
    return _local(_second(at), offset, "%Y-%m-%d %H:%M:%S")


def timestamp(at: float, offset: int) -> str:
    """`2024-01-15T10:30:15`, the local time that `monitoring_data` shows, for Unix time `at`."""
    return _local(_second(at), offset, "%Y-%m-%dT%H:%M:%S")
