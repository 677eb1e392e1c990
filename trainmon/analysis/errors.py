"""`analyze_errors`: how often which errors came."""

from os import PathLike

import msgspec

from trainmon.analysis.error_records import LoggedError, logged_error
from trainmon.analysis.records import Record, TextLog, clock_time
from trainmon.analysis.results import ErrorAnalysis, RecurringError, Tally
from trainmon.meaning.diagnosis import diagnose

MOST_NAMES = 256
"""Names that a tally shows."""

MOST_KEPT = 4_096
"""Names that are counted at once; when there are more, the rarest half is forgotten."""

UNKNOWN = "unknown"
"""Stands for an exception type that the log does not say."""

ERROR_LEVELS = frozenset({"ERROR", "CRITICAL", "FATAL"})
"""Levels of a record that is an error."""


class _Seen(msgspec.Struct):
    count: int
    first: int
    last: int


class _Group(_Seen):
    newest: LoggedError


def analyze_errors(log_file: str | PathLike[str]) -> ErrorAnalysis:
    """Counts by level, type, category and context, and the errors that recur.

    Args:
        log_file: `errors.log`, or another of the five: what stands in it with level ERROR or CRITICAL counts. Its
            rotated files are found beside it.

    Raises:
        FileNotFoundError: Neither it nor a rotated one is there, nor a run that has written nothing to it.
        OSError: It cannot be read.
    """
    with TextLog(log_file) as log:
        counts = _Counts()
        for record in log:
            counts.take(record)
        return counts.result(log)


class _Counts:
    def __init__(self) -> None:
        self._records = self._errors = 0
        self._levels: dict[str, _Seen] = {}
        self._types: dict[str, _Seen] = {}
        self._categories: dict[str, _Seen] = {}
        self._contexts: dict[str, _Seen] = {}
        self._groups: dict[str, _Group] = {}
        self._first: int | None = None
        self._last: int | None = None

    def take(self, record: Record) -> None:
        """The next record of the log."""
        self._records += 1
        if record.level not in ERROR_LEVELS:
            _count(self._levels, record.level, 1, record.second)
            return
        error = logged_error(record)
        self._errors += error.count
        self._first = record.second if self._first is None else self._first
        self._last = record.second
        category = diagnose(error.error_type or "", error.message).category.value
        _count(self._levels, record.level, error.count, record.second)
        _count(self._types, error.error_type or UNKNOWN, error.count, record.second)
        _count(self._categories, category, error.count, record.second)
        if error.context is not None:
            _count(self._contexts, error.context, error.count, record.second)
        self._group(error, record.second)

    def _group(self, error: LoggedError, second: int) -> None:
        group = self._groups.get(error.fingerprint)
        if group is None:
            _make_room(self._groups)
            self._groups[error.fingerprint] = _Group(error.count, second, second, error)
            return
        group.count += error.count
        group.last, group.newest = second, error

    def result(self, log: TextLog) -> ErrorAnalysis:
        """What was counted, when all was."""
        groups = sorted(self._groups.items(), key=lambda item: -item[1].count)[:MOST_NAMES]
        return ErrorAnalysis(
            files=log.files,
            lines=log.lines,
            records=self._records,
            errors=self._errors,
            by_level=_tallies(self._levels),
            by_type=_tallies(self._types),
            by_category=_tallies(self._categories),
            by_context=_tallies(self._contexts),
            recurring=tuple(_recurring(fingerprint, group) for fingerprint, group in groups),
            first=clock_time(self._first) if self._first is not None else None,
            last=clock_time(self._last) if self._last is not None else None,
        )


def _count(seen: dict[str, _Seen], name: str, count: int, second: int) -> None:
    name = name[:200]
    entry = seen.get(name)
    if entry is None:
        _make_room(seen)
        seen[name] = _Seen(count, second, second)
        return
    entry.count += count
    entry.last = second


def _make_room(seen: "dict[str, _Seen] | dict[str, _Group]") -> None:
    """Forgets the rarest half where there is no room for another name."""
    if len(seen) >= MOST_KEPT:
        for name in sorted(seen, key=lambda name: seen[name].count)[: MOST_KEPT // 2]:
            del seen[name]


def _tallies(seen: dict[str, _Seen]) -> tuple[Tally, ...]:
    frequent = sorted(seen.items(), key=lambda item: -item[1].count)[:MOST_NAMES]
    return tuple(
        Tally(name, entry.count, clock_time(entry.first), clock_time(entry.last)) for name, entry in frequent
    )


def _recurring(fingerprint: str, group: _Group) -> RecurringError:
    error = group.newest
    diagnosis = diagnose(error.error_type or "", error.message)
    return RecurringError(
        fingerprint=fingerprint,
        error_type=error.error_type,
        category=diagnosis.category.value,
        advice=diagnosis.advice,
        message=error.message,
        context=error.context,
        location=error.location,
        count=group.count,
        first=clock_time(group.first),
        last=clock_time(group.last),
    )
