"""Words for numbers: durations, counts, sizes, metrics, clocks.

Every function is total: for any float, NaN, infinity, huge integer or None it returns a short text and
raises nothing, because a number on the screen or in a log comes from a program that may have diverged.
None, which means "not known", is `UNKNOWN`. Nothing here reads a clock or a locale.
"""

import math
from datetime import UTC, datetime

UNKNOWN = "?"
"""What stands for a value that is not known (None); never 0 and never an empty text."""

METRIC_COLUMNS = 9
"""The widest text that `number` returns; three columns of it fit beside a name in a third of 160 columns."""

_MOST_DAYS = 9_999
"""Longer durations are cut: 27 years of training is a broken clock, and the text must stay short."""

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_SIZE_UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")
_GIB = 2.0**30


def duration(seconds: float | None) -> str:
    """Two units at most, cut and not rounded: "0s", "41s", "3m 46s", "7h 58m", "12d 4h".

    Above an hour only whole minutes, so that an ETA does not tick. A negative duration has a minus.

    Args:
        seconds: A span in seconds; None when it is not known.
    """
    return _not_ordinary(seconds) or _span_words(float(seconds or 0.0), parts=2)


def short_duration(seconds: float | None) -> str:
    """One unit, cut and not rounded: "41s", "3m", "7h", "12d"; for ranges and narrow columns.

    Args:
        seconds: A span in seconds; None when it is not known.
    """
    return _not_ordinary(seconds) or _span_words(float(seconds or 0.0), parts=1)


def count(value: float | None) -> str:
    """A whole number with thousands separated, "182,400"; from 1e15 on in scientific form, "1.000e+15".

    Args:
        value: How many; a float is rounded to the nearest whole number.
    """
    if special := _not_ordinary(value):
        return special
    ordinary = value or 0
    return f"{float(ordinary):.3e}" if abs(ordinary) >= 1e15 else f"{round(ordinary):,}"


def times(value: int) -> str:
    """How often: "once", "69 times"."""
    return "once" if value == 1 else f"{count(value)} times"


def short_count(value: float | None) -> str:
    """A count in at most about five columns: "0", "999", "6.5k", "50k", "182k", "1.2M", "7B".

    One decimal below ten of a unit, none above; for places where three digits are enough.

    Args:
        value: How many; fractions are rounded to the nearest whole number.
    """
    if special := _not_ordinary(value):
        return special
    ordinary = float(value or 0)
    whole = float(round(ordinary))
    sign, magnitude = ("-" if whole < 0 else ""), abs(whole)
    for suffix, unit in (("", 1.0), ("k", 1e3), ("M", 1e6), ("B", 1e9), ("T", 1e12)):
        mantissa = magnitude / unit
        decimals = 1 if suffix and mantissa < 9.95 else 0
        if round(mantissa, decimals) < 1_000:
            digits = f"{mantissa:.{decimals}f}"
            return f"{sign}{digits.removesuffix('.0')}{suffix}"
    return f"{ordinary:.1e}"


def size(bytes_: float | None) -> str:
    """A size in decimal units with three digits: "512 B", "1.04 GB", "37.4 GB", "212 GB".

    Args:
        bytes_: Bytes; None when not known.
    """
    if special := _not_ordinary(bytes_):
        return special
    remaining = float(bytes_ or 0)
    for unit in _SIZE_UNITS:
        if abs(round(remaining)) < 1_000:
            return f"{remaining:z.0f} {unit}" if unit == "B" else f"{_three_digits(remaining)} {unit}"
        remaining /= 1_000
    return f"{remaining * 1_000:.2e} {_SIZE_UNITS[-1]}"


def gib(bytes_: float | None) -> str:
    """A memory size in GiB with one decimal and no unit, "45.6"; for "45.6/64.0 GiB".

    Args:
        bytes_: Bytes; None when not known.
    """
    if special := _not_ordinary(bytes_):
        return special
    amount = float(bytes_ or 0) / _GIB
    return f"{amount:.2e}" if abs(amount) >= 1e9 else f"{amount:z,.1f}"


def size_gib(bytes_: float | None) -> str:
    """A memory size in GiB with its unit, "45.6 GiB"; in MiB where that would say nothing: "31 MiB".

    Args:
        bytes_: Bytes; None when not known.
    """
    if bytes_ and 0 < bytes_ < _GIB / 10:
        return f"{bytes_ / (1 << 20):,.0f} MiB"
    return f"{gib(bytes_)} GiB"


def number(value: float | None) -> str:
    """A metric in at most `METRIC_COLUMNS` columns with four digits: "2.604", "51.72", "2,511", "6.47e-04".

    The width moves only when the magnitude does: trailing zeros stay. From 0.001 up to what fits, plain
    digits; beyond, scientific form. NaN is "NaN", infinities are "∞" and "-∞".

    Args:
        value: The metric; None when it was not measured.
    """
    if special := _not_ordinary(value):
        return special
    ordinary = float(value or 0)
    if ordinary == 0.0:
        return "0"
    # The exponent after rounding to four digits, so that 9.9996 is "10.00" and not "10.000".
    exponent = int(f"{ordinary:.3e}".partition("e")[2])
    if -3 <= exponent <= 7:
        text = f"{ordinary:,.{max(0, 3 - exponent)}f}"
        if len(text) <= METRIC_COLUMNS:
            return text
    for decimals in (2, 1):
        text = f"{ordinary:.{decimals}e}"
        if len(text) <= METRIC_COLUMNS:
            return text
    return f"{ordinary:.0e}"


def percent(value: float | None, decimals: int = 0) -> str:
    """A percentage with its sign: "97 %", "40.5 %"; what is below 100 is never rounded up to 100.

    Args:
        value: Percent, 0-100 (not a fraction); other values are shown as they are.
        decimals: Digits after the point, 0-6.
    """
    if special := _not_ordinary(value):
        return f"{special} %"
    ordinary, places = float(value or 0), min(max(decimals, 0), 6)
    if abs(ordinary) >= 1e6:
        return f"{ordinary:.1e} %"
    text = f"{ordinary:z.{places}f}"
    if ordinary < 100.0 and float(text) >= 100.0:
        text = f"{100.0 - 10.0**-places:.{places}f}"
    return f"{text} %"


def throughput(per_second: float | None) -> str:
    """A rate with three digits, or all digits of a whole number: "0.123", "9.81", "31.4", "204", "2,511".

    Args:
        per_second: Steps, samples or others a second; None while not known.
    """
    if special := _not_ordinary(per_second):
        return special
    ordinary = float(per_second or 0)
    if ordinary == 0.0:
        return "0"
    if abs(ordinary) < 0.001 or abs(ordinary) >= 1e9:
        return f"{ordinary:.1e}"
    return _three_digits(ordinary)


def clock(time: float | None, utc_offset: float | None = 0.0, *, seconds: bool = True) -> str:
    """The time of day at the run's place: "23:41:07", or "23:41" without seconds.

    Args:
        time: Unix seconds, UTC; None when not known.
        utc_offset: Seconds that local time is ahead of UTC; None counts as UTC.
        seconds: Whether the seconds are shown.
    """
    if time is None or not math.isfinite(local := _local(time, utc_offset)):
        return UNKNOWN
    of_day = int(local % _DAY) % _DAY
    text = f"{of_day // _HOUR:02}:{of_day % _HOUR // _MINUTE:02}"
    return f"{text}:{of_day % _MINUTE:02}" if seconds else text


def weekday_clock(time: float | None, utc_offset: float | None = 0.0) -> str:
    """The time of day with its weekday, "Mon 07:39", for an hour that is not today's.

    Args:
        time: Unix seconds, UTC; None when not known.
        utc_offset: Seconds that local time is ahead of UTC; None counts as UTC.
    """
    if time is None or not math.isfinite(local := _local(time, utc_offset)):
        return UNKNOWN
    # The first day of Unix time was a Thursday.
    weekday = _WEEKDAYS[(int(local // _DAY) + 3) % 7]
    return f"{weekday} {clock(time, utc_offset, seconds=False)}"


def fine_duration(seconds: float | None) -> str:
    """A duration with three digits: "153 µs", "41.2 ms", "2.35 s", "3m 46s"; as `duration` from 100 seconds on.

    Args:
        seconds: Of what may have taken very little; None when not known.
    """
    if seconds is None or not abs(seconds) < 100.0:
        return duration(seconds)
    if abs(seconds) >= 1.0:
        return f"{throughput(seconds)} s"
    if abs(seconds) >= 1e-3 or seconds == 0.0:
        return f"{throughput(seconds * 1e3)} ms"
    return f"{throughput(seconds * 1e6)} µs"


def moment_clock(time: float | None, now: float, utc_offset: float | None = 0.0) -> str:
    """The time of day to the minute, with its weekday where it is not today's: it does not tick.

    From a week on, in either direction, a weekday says nothing, and the date stands in its place.

    Args:
        time: Unix seconds, UTC; None when not known.
        now: Unix seconds that say which day is today.
        utc_offset: Seconds that local time is ahead of UTC; None counts as UTC.
    """
    if time is None:
        return UNKNOWN
    days = _local(time, utc_offset) // _DAY - _local(now, utc_offset) // _DAY
    if days == 0:
        return clock(time, utc_offset, seconds=False)
    if abs(days) < len(_WEEKDAYS):
        return weekday_clock(time, utc_offset)
    return date_clock(time, utc_offset)[: len("2026-11-22 23:41")]


def date_clock(time: float | None, utc_offset: float | None = 0.0) -> str:
    """The date and the time of day, "2026-11-22 23:41:07"; `UNKNOWN` outside the years 1-9999.

    Args:
        time: Unix seconds, UTC; None when not known.
        utc_offset: Seconds that local time is ahead of UTC; None counts as UTC.
    """
    if time is None:
        return UNKNOWN
    try:
        return datetime.fromtimestamp(math.floor(_local(time, utc_offset)), UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):  # NaN, infinity, a year that no calendar has
        return UNKNOWN


def _local(time: float, utc_offset: float | None) -> float:
    """Seconds since 1970-01-01 00:00 local time; NaN or infinite where an argument is."""
    try:
        return float(time) + float(utc_offset or 0.0)
    except OverflowError:  # an integer that no float holds
        return math.inf


def _not_ordinary(value: float | None) -> str:
    """The text for None, NaN, an infinity or an integer that no float holds; "" for an ordinary number."""
    if value is None:
        return UNKNOWN
    try:
        as_float = float(value)
    except OverflowError:
        return "∞" if value > 0 else "-∞"
    if math.isfinite(as_float):
        return ""
    return "NaN" if math.isnan(as_float) else "∞" if as_float > 0 else "-∞"


def _span_words(seconds: float, parts: int) -> str:
    """A finite span in its largest unit, and with `parts` 2 also in the next one."""
    if seconds < 0:
        text = _span_words(-seconds, parts)
        return text if text == "0s" else f"-{text}"
    if seconds >= (_MOST_DAYS + 1) * _DAY:
        return f">{_MOST_DAYS}d"
    whole = int(seconds)
    days, hours = whole // _DAY, whole % _DAY // _HOUR
    minutes, rest = whole % _HOUR // _MINUTE, whole % _MINUTE
    if days:
        large, small = f"{days}d", f"{hours}h"
    elif hours:
        large, small = f"{hours}h", f"{minutes}m"
    elif minutes:
        large, small = f"{minutes}m", f"{rest}s"
    else:
        return f"{rest}s"
    return large if parts == 1 else f"{large} {small}"


def _three_digits(value: float) -> str:
    """Three significant digits from 0.1 up to 999, all digits with separators above: "9.81", "2,511"."""
    for limit, decimals in ((0.9995, 3), (9.995, 2), (99.95, 1)):
        if abs(value) < limit:
            return f"{value:.{decimals}f}"
    return f"{value:,.0f}"
