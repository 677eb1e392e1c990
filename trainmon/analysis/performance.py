"""`analyze_performance`: how long operations took, and how that went."""

import re
from os import PathLike

from trainmon.analysis.line_numbers import as_float, finite, values
from trainmon.analysis.records import Record, TextLog, clock_time
from trainmon.analysis.results import MemorySummary, OperationSummary, PerformanceAnalysis
from trainmon.analysis.tallies import Course, Extent, Quantiles

MOST_OPERATIONS = 512
"""Names of operations that are told apart; a program that makes names up must not fill the memory."""

MOST_MEMORY_NAMES = 64
"""Names of memory values of an operation, likewise."""

_TIMED = re.compile(r"(.*): Duration: (\S+?)s", re.DOTALL)
_THROUGHPUT = re.compile(r"Throughput: (\S+)(?: .*)?")
_PREFIX = "Performance - "
_MEMORY = "Memory usage: "


def analyze_performance(log_file: str | PathLike[str]) -> PerformanceAnalysis:
    """Per operation: count, mean, extremes, percentiles, trend, throughput and memory.

    Args:
        log_file: `performance.log`; its rotated files are found beside it.

    Raises:
        FileNotFoundError: Neither it nor a rotated one is there, nor a run that has written nothing to it.
        OSError: It cannot be read.
    """
    with TextLog(log_file) as log:
        reading = _Reading()
        for record in log:
            reading.take(record)
        return reading.result(log)


class _Operation:
    """What was read of one operation."""

    def __init__(self, second: int) -> None:
        self.count = 0
        self.first = self.last = second
        self.durations = Extent()
        self.quantiles = Quantiles()
        self.course = Course()
        self.throughput = Extent()
        self.memory: dict[str, Extent] = {}

    def take(self, duration: float | None, second: int) -> None:
        """One more time."""
        self.count += 1
        self.last = second
        if duration is not None:
            self.durations.add(duration)
        if duration is not None and finite(duration):
            self.quantiles.add(duration)
            self.course.add(duration, 1.0)

    def take_memory(self, used: dict[str, float]) -> None:
        """The memory of the newest time."""
        for name, value in used.items():
            if name in self.memory or len(self.memory) < MOST_MEMORY_NAMES:
                self.memory.setdefault(name, Extent()).add(value)

    def summary(self, name: str) -> OperationSummary:
        """All times together."""
        durations = self.durations
        return OperationSummary(
            operation=name,
            count=self.count,
            timed=durations.count,
            total=durations.total,
            mean=durations.mean,
            minimum=durations.minimum,
            maximum=durations.maximum,
            p50=self._percentile(0.5),
            p95=self._percentile(0.95),
            trend=self.course.trend(),
            throughput_mean=self.throughput.mean,
            throughput_last=self.throughput.last,
            memory=tuple(
                MemorySummary(name, extent.last, extent.mean, extent.maximum)
                for name, extent in self.memory.items()
            ),
            first=clock_time(self.first),
            last=clock_time(self.last),
        )

    def _percentile(self, fraction: float) -> float | None:
        """Never outside of what was seen, which the buckets alone do not know."""
        value, low, high = self.quantiles.at(fraction), self.durations.minimum, self.durations.maximum
        return None if value is None or low is None or high is None else min(max(value, low), high)


class _Reading:
    def __init__(self) -> None:
        self._operations: dict[str, _Operation] = {}
        self._newest: _Operation | None = None
        self._records = self._further = self._unread = 0

    def take(self, record: Record) -> None:
        """The next record of the log; memory and throughput belong to the operation above them."""
        text = "\n".join((record.text, *record.below)) if record.below else record.text
        if text.startswith(_PREFIX):
            self._take_operation(text[len(_PREFIX) :], record.second)
        elif text.startswith(_MEMORY):
            if self._newest is not None:
                self._newest.take_memory(values(text[len(_MEMORY) :]))
        elif found := _THROUGHPUT.fullmatch(text):
            throughput = as_float(found[1])
            if self._newest is not None and throughput is not None:
                self._newest.throughput.add(throughput)
        else:
            self._unread += 1

    def _take_operation(self, text: str, second: int) -> None:
        found = _TIMED.fullmatch(text)
        name, duration = (found[1], as_float(found[2])) if found is not None else (text, None)
        name = name[:200]
        self._records += 1
        self._newest = self._operations.get(name)
        if self._newest is None:
            if len(self._operations) >= MOST_OPERATIONS:
                self._further += 1
                return
            self._newest = self._operations[name] = _Operation(second)
        self._newest.take(duration, second)

    def result(self, log: TextLog) -> PerformanceAnalysis:
        """What was read, when all was."""
        summaries = [operation.summary(name) for name, operation in self._operations.items()]
        return PerformanceAnalysis(
            files=log.files,
            lines=log.lines,
            unread=self._unread + log.stray,
            records=self._records,
            operations=tuple(sorted(summaries, key=lambda summary: -summary.total)),
            further=self._further,
        )
