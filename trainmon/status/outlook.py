"""What the text of a status says about time: what is left, the deadline, the alerts, the speed; and the words for that.

Pure, from the document; see `trainmon.status.text`.
"""

from collections.abc import Iterator

from trainmon.status.schema import StatusDocument
from trainmon.words.scalars import Number, decode_number
from trainmon.words.units import clock, count, duration, moment_clock, number, short_count, throughput
from trainmon.words.visible import visible

GAP = "  "
"""Between two things on a line."""

MOST_ALERTS = 8
"""Alerts that get a line of their own."""


def left_words(document: StatusDocument) -> str:
    """How long it takes and when it ends, or why that cannot be said; empty for a run that is over or not begun."""
    speed = document.speed
    if document.status.over or document.run is None:
        return ""
    if speed.remaining is None:
        return speed.no_estimate or ""
    text = duration(as_float(speed.remaining))
    if speed.remaining_low is not None:
        low, high = duration(as_float(speed.remaining_low)), duration(as_float(speed.remaining_high))
        text += f" ({low}–{high})" if low != high else ""
    return f"{text}{GAP}ends {clock_words(document, as_float(speed.ends))}"


def deadline_words(document: StatusDocument) -> str:
    """Whether it ends in time; empty without a deadline."""
    part = document.deadline
    if part is None:
        return ""
    words = f"{'allocation ends ' if part.allocation else ''}{clock_words(document, part.time)}"
    spare = as_float(part.spare)
    if part.time < document.time:
        return f"{words}{GAP}passed {duration(document.time - part.time)} ago"
    if spare is None:
        return words
    if spare >= 0:
        return f"{words}{GAP}fits, {duration(spare)} spare"
    last = part.last_checkpoint
    checkpoint = f"{GAP}last checkpoint in time: step {count(last)}" if last is not None else ""
    return f"{words}{GAP}ends {duration(-spare)} too late{checkpoint}"


def alert_rows(document: StatusDocument) -> Iterator[tuple[str, str]]:
    """A label and a text for each alert, the gravest first."""
    for alert in document.alerts[:MOST_ALERTS]:
        since = f"{GAP}since {clock_words(document, alert.since)}" if alert.since is not None else ""
        yield "alert", f"{alert.severity}{GAP}{visible(alert.text, 200)}{since}"
    if len(document.alerts) > MOST_ALERTS:
        yield "alert", f"… and {len(document.alerts) - MOST_ALERTS:,} more"


def speed_words(document: StatusDocument) -> str:
    """Steps and samples a second; empty before they are known, and while an unusual silence belies them."""
    speed = document.speed
    if speed.steps_per_second is None or speed.silence is not None:
        return ""
    text = f"{throughput(as_float(speed.steps_per_second))} steps/s"
    if speed.samples_per_second is not None:
        text += f"{GAP}{short_count(as_float(speed.samples_per_second))} samples/s"
    return text


def value_words(value: Number | None) -> str:
    """A number of the document in words."""
    return number(as_float(value))


def as_float(value: Number | None) -> float | None:
    """A number of the document as a float."""
    return None if value is None else decode_number(value)


def ago_words(document: StatusDocument, time: float) -> str:
    """How long ago, at the time of the look."""
    return f"{duration(max(0.0, document.time - time))} ago"


def clock_words(document: StatusDocument, time: float | None) -> str:
    """A time at the trainer's place, with weekday or date where it is not within a day."""
    offset = document.trainer.utc_offset if document.trainer is not None else 0
    if time is not None and abs(time - document.time) > 86_400:
        return moment_clock(time, document.time, offset)
    return clock(time, offset, seconds=time is not None and time <= document.time)
