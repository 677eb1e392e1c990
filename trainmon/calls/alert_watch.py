"""The trainer's own look at its alerts: what comes, becomes graver or clears goes into the journal.

So a viewer that comes later knows since when something is wrong, and what was wrong in between. Called by the writer
thread; a look takes a millisecond, whatever the length of the run (measured 2026-11 with 1,024 buckets and 8 GPUs).
"""

import time
from collections.abc import Callable

from trainmon.facts.events import Alerted, Severity
from trainmon.fold.state import RunState
from trainmon.meaning import derived
from trainmon.meaning.alerts import ORDER, Alert, Thresholds, alerts
from trainmon.recording.recorder import Recorder
from trainmon.system.configuration import read_section
from trainmon.words.units import count

EVERY = 5.0
"""Seconds between two looks, at least: trends take minutes, and a look is to cost less than a thousandth of a core."""

HOLD = 60.0
"""Seconds without an alert after which it has cleared: what comes and goes is one alert, not many."""

LATE = 1.0
"""Seconds behind an end after which a step is no step of another thread that came late."""

MOST_TOLD = 500
"""Lines about alerts that one process writes: an alert that flaps for weeks must not fill the journal."""


class AlertWatch:
    """What stands, as this process told it."""

    def __init__(self, recorder: Recorder, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Looks at nothing yet.

        Args:
            recorder: Of the run; it has a writer.
            monotonic: Monotonic seconds.
        """
        self._recorder = recorder
        self._monotonic = monotonic
        self._next = float("-inf")
        self._run: str | None = None
        self._standing: dict[str, Severity] = {}
        self._texts: dict[str, str] = {}
        self._seen: dict[str, float] = {}
        self._told = 0
        self._nonfinite = 0
        self._thresholds: Thresholds | None = None

    def look(self) -> None:
        """Tells what changed, where it is time to look; never raises."""
        now = self._monotonic()
        if now < self._next and not self._went_bad():
            return
        try:
            if self._look(now):
                self._next = now + EVERY
        except Exception as error:  # noqa: BLE001 - a bug in judging must not hold up what moves the records
            self._next = float("inf")
            self._recorder.warn_once("alerts", f"alerts are not watched: {type(error).__name__}: {error}")

    def _went_bad(self) -> bool:
        """Whether losses were not finite since the last look: a run may be over before the next one.

        Without a copy of the state: we are in the thread that folds it.
        """
        broken = self._next == float("inf")
        if broken or "nan" in self._standing or "nan" in self._off():
            return False
        files = self._recorder.writer.files if self._recorder.writer is not None else None
        return files is not None and files.state.totals.nonfinite != self._nonfinite

    def _look(self, now: float) -> bool:
        """False where there is nothing to look at yet: then the next second may bring it."""
        state = self._recorder.state()
        if (
            state is not None
            and state.end is not None
            and (state.last_step_time or 0.0) > state.end.time + LATE
        ):
            self._recorder.warn_once(
                "steps after the end",
                "steps are logged after log_training_end, and count for the run that has ended: each training begins "
                "with log_training_start",
            )
        if state is None or not self._is_ours(state):
            return False
        if self._thresholds is None:
            self._thresholds = read_section("alerts", Thresholds)
        for alert in (*alerts(state, time.time(), self._thresholds), *self._missed(state)):
            self._seen[alert.kind] = now
            self._texts[alert.kind] = alert.text
            known = self._standing.get(alert.kind)
            if known is None or ORDER[alert.severity] < ORDER[known]:
                self._tell(alert)
        for kind in [kind for kind in self._standing if now - self._seen.get(kind, now - HOLD) >= HOLD]:
            text = self._texts.pop(kind, "")
            self._tell_over(kind, text)
        return True

    def _missed(self, state: RunState) -> tuple[Alert, ...]:
        """A loss that was not finite between two looks, and is finite again: too grave to be left out."""
        before, self._nonfinite = self._nonfinite, state.totals.nonfinite
        if state.totals.nonfinite <= before or derived.loss_is_bad(state) or "nan" in self._off():
            return ()
        text = f"loss was NaN or infinite {count(state.totals.nonfinite - before)} times, and is finite again"
        return (Alert("nan", "critical", text, None),)

    def _off(self) -> tuple[str, ...]:
        return self._thresholds.off if self._thresholds is not None else ()

    def _is_ours(self, state: RunState) -> bool:
        """Whether a run of this process goes on; takes over what stood where that is news."""
        configuration = state.configuration
        # Steps without a start are a run, too: of whoever takes them.
        writer = configuration.writer if configuration is not None else state.stepper
        if writer != self._recorder.writer_id or state.end is not None:
            self._run = None
            return False
        if state.run_id != self._run:
            self._run, self._nonfinite = state.run_id, 0
            if state.resumed:
                self._nonfinite = state.totals.nonfinite
            # A continued run brings what its last process left standing.
            self._standing = {entry.name: entry.severity for entry in state.alerts if entry.until is None}
            self._seen.clear()
        return True

    def _tell(self, alert: Alert) -> None:
        self._standing[alert.kind] = alert.severity
        self._put(name=alert.kind, severity=alert.severity, text=alert.text)

    def _tell_over(self, kind: str, text: str) -> None:
        severity = self._standing.pop(kind)
        self._put(name=kind, severity=severity, text=text, over=True)

    def _put(self, *, name: str, severity: Severity, text: str, over: bool = False) -> None:
        self._told += 1
        if self._told <= MOST_TOLD:
            self._recorder.put(
                Alerted(*self._recorder.stamp(), name=name, severity=severity, text=text, over=over)
            )
