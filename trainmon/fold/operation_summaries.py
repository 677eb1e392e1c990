"""Timed operations over the whole run: all records of one name as one small value.

The journal may hold millions of records and the state's list the newest hundred only; shares and percentiles are of
all. A summary is frozen; the dictionary of them belongs to `RunState` and is changed by the fold alone.
"""

import math
from bisect import bisect_left
from collections.abc import Mapping
from itertools import islice
from typing import Annotated

import msgspec

from trainmon.words.scalars import Number, decode_number

MOST = 100
"""Names that are kept: those that took the most time. A program that makes up names must not grow the state."""

BUCKETS = 128
"""Most buckets of durations of one name, some 1.4 KiB of JSON."""

STRETCHES = 32
"""Most stretches of a course: a sparkline has 16 cells."""

MEMORY_NAMES = 8
"""Values of `memory_usage` that are kept of the newest record, in the order in which they were given."""

LONGEST = 1e12
"""Seconds, and samples a second: what is more, less than 0 or not finite is no measurement and only counted."""

ACCURACY = 0.01
"""Of a percentile, while the durations lie close together; see `Durations`."""

_GAMMA = (1 + ACCURACY) / (1 - ACCURACY)
_LOG_GAMMA = math.log(_GAMMA)
_SHORTEST = 1e-9

_Count = Annotated[int, msgspec.Meta(ge=0, le=2**48)]


class Durations(msgspec.Struct, frozen=True):
    """How often which duration came, in at most `BUCKETS` buckets; percentiles are read from it.

    A bucket ends at a power of 1.02, so that the value in its middle is within 1 % of all in it. When more than 128
    buckets are in use each two neighbours become one, which doubles the error (UDDSketch: Epicoco, Melle, Cafaro,
    Pulimeno and Morleo, IEEE Access 2020): 1 % while the longest is at most 12 times the shortest, 2 % for 160 times,
    4 % for 27,000 times. It depends on nothing but the durations, so every cut of a journal gives the same.
    """

    halvings: Annotated[int, msgspec.Meta(ge=0, le=64)] = 0
    """How often neighbours were joined."""
    buckets: tuple[tuple[int, _Count], ...] = ()
    """(number, count) pairs by rising number; durations up to 1.02 to the power of number x 2^halvings."""

    def with_one(self, seconds: float) -> "Durations":
        """The same with one more; seconds in 0 to `LONGEST`."""
        finest = math.ceil(math.log(max(seconds, _SHORTEST)) / _LOG_GAMMA)
        number = -(-finest >> self.halvings)
        buckets = self.buckets
        at = bisect_left(buckets, (number,))
        if at < len(buckets) and buckets[at][0] == number:
            return Durations(self.halvings, (*buckets[:at], (number, buckets[at][1] + 1), *buckets[at + 1 :]))
        grown = Durations(self.halvings, (*buckets[:at], (number, 1), *buckets[at:]))
        while len(grown.buckets) > BUCKETS:
            grown = grown._halved()
        return grown

    def _halved(self) -> "Durations":
        joined: dict[int, int] = {}
        for number, count in self.buckets:
            joined[-(-number >> 1)] = joined.get(-(-number >> 1), 0) + count
        return Durations(self.halvings + 1, tuple(joined.items()))

    def at(self, fraction: float) -> float | None:
        """The duration below which that fraction, 0 to 1, of all lies, in seconds; None where there are none."""
        rank = fraction * (sum(count for _, count in self.buckets) - 1)
        for number, count in self.buckets:
            rank -= count
            if rank < 0:
                log_gamma = _LOG_GAMMA * 2.0**self.halvings
                return 2 * math.exp(max(-700.0, min(700.0, number * log_gamma))) / (math.exp(log_gamma) + 1)
        return None


class Course(msgspec.Struct, frozen=True):
    """How durations went over the run, in at most `STRETCHES` stretches of equally many records."""

    width: Annotated[int, msgspec.Meta(ge=1, le=2**48)] = 1
    """Records of a full stretch."""
    stretches: tuple[tuple[float, _Count], ...] = ()
    """(seconds, records) pairs, oldest first; the last may not be full."""

    def with_one(self, seconds: float) -> "Course":
        """The same with one more."""
        stretches, width = self.stretches, self.width
        if stretches and stretches[-1][1] < width:
            total, count = stretches[-1]
            return Course(width, (*stretches[:-1], (total + seconds, count + 1)))
        if len(stretches) >= STRETCHES:
            pairs = zip(stretches[::2], stretches[1::2], strict=False)
            stretches = tuple((one[0] + two[0], one[1] + two[1]) for one, two in pairs)
            width *= 2
        return Course(width, (*stretches, (seconds, 1)))

    def means(self) -> list[float]:
        """Mean seconds of each stretch, oldest first."""
        return [total / count for total, count in self.stretches if count > 0]


class OperationSummary(msgspec.Struct, frozen=True):
    """All records of one operation, in this run."""

    count: _Count = 0
    """Records."""
    timed: _Count = 0
    """Those with a duration that can be: the numbers below are of these."""
    total: float = 0.0
    """Seconds."""
    last: Number | None = None
    """Seconds of the newest record, as it was said; None where it says none."""
    minimum: float | None = None
    """Seconds; None while there are none."""
    maximum: float | None = None
    """Seconds; None while there are none."""
    durations: Durations = Durations()
    course: Course = Course()
    throughput: float | None = None
    """The newest, in samples a second; None while nobody said one."""
    throughput_total: float = 0.0
    """The sum of all, for the mean."""
    throughput_count: _Count = 0
    memory: dict[str, Number] = {}
    """Of the newest record that says any, by name; GPU memory in GiB. Nobody changes it."""
    last_time: float = 0.0
    """Unix seconds of the newest record."""

    @property
    def mean(self) -> float | None:
        """Seconds; None while there are none."""
        return self.total / self.timed if self.timed else None

    @property
    def throughput_mean(self) -> float | None:
        """Samples a second; None while nobody said one."""
        return self.throughput_total / self.throughput_count if self.throughput_count else None

    def percentile(self, fraction: float) -> float | None:
        """The duration below which that fraction lies, never outside of what was seen; None while there are none."""
        found = self.durations.at(fraction)
        if found is None or self.minimum is None or self.maximum is None:
            return None
        return min(max(found, self.minimum), self.maximum)


def add(
    summaries: dict[str, OperationSummary], name: str, *, duration: Number | None, throughput: Number | None,
    memory: Mapping[str, Number], time: float,
) -> int:  # fmt: skip
    """Counts a record; where there are too many names, the one that took the least time goes.

    Args:
        summaries: By name, at most `MOST`; changed in place.
        name: Of the operation.
        duration: Seconds; None where nobody said it.
        throughput: Samples a second; None where nobody said it.
        memory: `memory_usage` of the record.
        time: Unix seconds of the record.

    Returns:
        How many records were given up with a name, 0 in general.
    """
    summaries[name] = _with_one(summaries.get(name, OperationSummary()), duration, throughput, memory, time)
    if len(summaries) <= MOST:
        return 0
    others = ((known.total, known.last_time, key) for key, known in summaries.items() if key != name)
    return summaries.pop(min(others)[2]).count


def _with_one(
    known: OperationSummary, duration: Number | None, throughput: Number | None, memory: Mapping[str, Number],
    time: float,
) -> OperationSummary:  # fmt: skip
    seconds, rate = _measured(duration), _measured(throughput)
    timed = seconds is not None
    return OperationSummary(
        count=known.count + 1,
        timed=known.timed + timed,
        total=known.total + (seconds or 0.0),
        last=duration,
        minimum=_least(known.minimum, seconds),
        maximum=_most(known.maximum, seconds),
        durations=known.durations if seconds is None else known.durations.with_one(seconds),
        course=known.course if seconds is None else known.course.with_one(seconds),
        throughput=known.throughput if rate is None else rate,
        throughput_total=known.throughput_total + (rate or 0.0),
        throughput_count=known.throughput_count + (rate is not None),
        memory=dict(islice(memory.items(), MEMORY_NAMES)) or known.memory,
        last_time=time,
    )


def _measured(number: Number | None) -> float | None:
    value = decode_number(number) if number is not None else -1.0
    return value if 0.0 <= value <= LONGEST else None


def _least(one: float | None, two: float | None) -> float | None:
    return one if two is None else two if one is None else min(one, two)


def _most(one: float | None, two: float | None) -> float | None:
    return one if two is None else two if one is None else max(one, two)
