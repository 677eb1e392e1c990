"""When progress lines came: speed, silences and phases of a log whose stamps are whole seconds."""

import heapq

import msgspec

from trainmon.analysis.records import clock_time
from trainmon.analysis.results import Gap, PhaseSummary, ProgressPoint, SpeedSummary
from trainmon.analysis.tallies import Course, Quantiles

GAP_FLOOR = 60.0
"""Seconds of silence below which nothing is called a gap: validation and saving take as long."""

GAP_FACTOR = 10.0
"""A gap is longer than so many usual silences; the same as for a stall, see `trainmon.meaning.derived`."""

MOST_GAPS = 100
"""Gaps that are listed, the longest."""

MOST_PHASES = 100
"""Phases that are told apart."""


class _Phase(msgspec.Struct):
    lines: int
    seconds: float
    first: int
    last: int


class Timing:
    """What the times of the progress lines say; lines are taken in the order of the log."""

    def __init__(self) -> None:
        self._phases: dict[str, _Phase] = {}
        self._silences = Quantiles()
        self._longest: list[tuple[float, int, Gap]] = []
        self._course = Course()
        self._steps = self._since = 0
        self._seconds = 0.0
        self._before: tuple[int, ProgressPoint] | None = None
        self._trained: tuple[int, int] | None = None
        self._restarted = False

    def restart(self) -> None:
        """A training starts: its steps do not follow those before."""
        self._trained = None
        self._restarted = True

    def take(self, point: ProgressPoint, second: int) -> None:
        """A progress line, at its second on the writer's clock."""
        silence = 0.0
        if self._before is not None:
            silence = float(max(0, second - self._before[0]))
            self._note_silence(silence, self._before[1], point)
        self._note_phase(point.phase or "", second, silence)
        if point.phase in (None, "training"):
            self._note_steps(point.run_step, second)
        self._before = (second, point)
        self._restarted = False

    def _note_silence(self, silence: float, before: ProgressPoint, after: ProgressPoint) -> None:
        self._silences.add(silence)
        if silence <= GAP_FLOOR:
            return
        gap = Gap(before.time, after.time, silence, before.run_step, after.run_step, self._restarted)
        entry = (silence, -self._silences.count, gap)
        if len(self._longest) < MOST_GAPS:
            heapq.heappush(self._longest, entry)
        else:
            heapq.heappushpop(self._longest, entry)

    def _note_phase(self, name: str, second: int, silence: float) -> None:
        phase = self._phases.get(name)
        if phase is None:
            if len(self._phases) < MOST_PHASES:
                self._phases[name] = _Phase(1, 0.0, second, second)
            return
        phase.lines += 1
        if self._before is not None and (self._before[1].phase or "") == name and not self._restarted:
            phase.seconds += silence
        phase.last = second

    def _note_steps(self, run_step: int, second: int) -> None:
        before, self._trained = self._trained, (run_step, second)
        if before is None or run_step <= before[0]:
            return
        seconds = max(0, second - before[1])
        if seconds <= GAP_FLOOR or seconds <= self._limit():
            self._steps += run_step - before[0]
            self._seconds += seconds
            self._since += run_step - before[0]
            if seconds:
                # Lines of the same second say nothing of speed until the next one begins.
                self._course.add(self._since, seconds)
                self._since = 0

    def _limit(self) -> float:
        """Seconds of silence above which it is a gap, by what is known so far."""
        usual = self._silences.at(0.5) if self._silences.count >= 8 else None
        return max(GAP_FLOOR, GAP_FACTOR * (usual or 0.0))

    def speed(self) -> SpeedSummary:
        """Of all lines taken."""
        mean = self._steps / self._seconds if self._seconds > 0 else None
        return SpeedSummary(mean=mean, recent=self._course.recent(), trend=self._course.trend())

    def gaps(self) -> tuple[tuple[Gap, ...], int]:
        """(the longest, the longest first; how many there are)."""
        limit = self._limit()
        found = [entry[2] for entry in sorted(self._longest, reverse=True) if entry[0] > limit]
        count = len(found) if len(found) < MOST_GAPS else max(len(found), self._silences.above(limit))
        return tuple(found), count

    def phases(self) -> tuple[PhaseSummary, ...]:
        """In the order in which they came first."""
        return tuple(
            PhaseSummary(name, phase.lines, phase.seconds, clock_time(phase.first), clock_time(phase.last))
            for name, phase in self._phases.items()
        )
