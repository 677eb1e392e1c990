"""What the viewer knows of alerts: which stand, and which of them somebody has acknowledged.

An acknowledged alert stays listed, but no longer occupies the alert row until it becomes graver, or clears and comes
again. That is kept for each run folder in the user's state folder, never where the run records.
"""

from pathlib import Path

import msgspec
from msgspec.structs import replace

from trainmon.facts.events import Severity
from trainmon.fold.alert_log import standing
from trainmon.fold.arrivals import missing
from trainmon.fold.state import RunState
from trainmon.meaning import alerts as diagnosis
from trainmon.meaning.alerts import ORDER, Alert, Thresholds
from trainmon.meaning.derived import loss_is_bad
from trainmon.meaning.statuses import Status
from trainmon.meaning.trends import time_of_step
from trainmon.system.kept import kept_path, read_struct
from trainmon.words.units import count
from trainmon_tui.sight.sight import Shown, Sight
from trainmon_tui.visit.keeping import Keeper

EVERY = 2.0
"""Seconds between two looks at the trends behind the alerts: they take a millisecond, and minutes to change."""

KIND = "acknowledged"
"""Folder of the state folder for these files."""

PATIENCE = 0.5
"""Seconds that leaving waits for a state folder that does not answer."""


class Acknowledged(msgspec.Struct, frozen=True):
    """Somebody has taken note of an alert."""

    severity: Severity
    """As grave as it was then."""
    time: float
    """Unix seconds, by the trainer's clock."""


class _Kept(msgspec.Struct, frozen=True):
    """What is kept of a run folder."""

    run_id: str | None = None
    alerts: dict[str, Acknowledged] = {}


def is_acknowledged(alert: Alert, by: Acknowledged | None) -> bool:
    """Whether taking note of it then covers what the alert is now."""
    if by is None or ORDER[alert.severity] < ORDER[by.severity]:
        return False
    return alert.since is None or alert.since <= by.time


class Attention:
    """The alerts of one run folder, which may be exchanged; for one thread."""

    def __init__(
        self,
        run: Path | None = None,
        folder: Path | None = None,
        *,
        thresholds: Thresholds = diagnosis.USUAL,
        deadline: float | None = None,
    ) -> None:
        """Reads what was acknowledged.

        Args:
            run: The run folder; None: nothing is kept.
            folder: Where it is kept; None: where platformdirs says.
            thresholds: Of the alerts.
            deadline: Unix seconds until which the run has to be done; None: what the run says itself.
        """
        self._folder = folder
        self._thresholds = thresholds
        self._deadline = deadline
        self._keeper = Keeper("trainmon-acknowledged")
        self.change(run)

    def change(self, run: Path | None) -> None:
        """Looks at another run folder from now on."""
        self._path = kept_path(run, KIND, self._folder) if run is not None else None
        self._kept = (read_struct(self._path, _Kept) if self._path is not None else None) or _Kept()
        self._found: tuple[Alert, ...] = ()
        self._looked = float("-inf")
        self._run: str | None = None
        self._seen: dict[str, float] = {}

    def look(self, sight: Sight) -> Sight:
        """The sight with its alerts and its deadline."""
        over = sight.verdict.status.over
        state = sight.state
        if over:
            self._found = ()
        elif abs(sight.now - self._looked) >= EVERY or state.run_id != self._run:
            self._looked, self._run = sight.now, state.run_id
            self._found = diagnosis.alerts(state, sight.now, self._thresholds, self._deadline)
            self._forget(sight)
        found = [alert for alert in self._found if alert.kind != "stall" or not _is_stalled(sight)]
        alerts = sorted((*found, *seen_from_here(sight)), key=lambda alert: ORDER[alert.severity])
        known = self._kept.alerts if self._kept.run_id == state.run_id else {}
        self._seen = {alert.kind: self._seen.get(alert.kind, sight.now) for alert in alerts}
        shown = tuple(
            Shown(alert, is_acknowledged(alert, known.get(alert.kind)), self._seen[alert.kind])
            for alert in alerts
        )
        return replace(sight, alerts=shown, deadline=self._deadline)

    def acknowledge(self, sight: Sight) -> None:
        """Takes note of the first alert of the sight that nobody has acknowledged."""
        first = next((shown.alert for shown in sight.alerts if not shown.acknowledged), None)
        if first is None:
            return
        known = self._kept.alerts if self._kept.run_id == sight.state.run_id else {}
        note = Acknowledged(first.severity, max(sight.now, first.since or 0.0))
        self._keep(_Kept(sight.state.run_id, known | {first.kind: note}))

    def _forget(self, sight: Sight) -> None:
        """What has cleared is new when it comes again; the journal knows best whether it has."""
        if not sight.whole or self._kept.run_id != sight.state.run_id:
            return
        kinds = {alert.kind for alert in (*self._found, *seen_from_here(sight))}
        left = {
            kind: note
            for kind, note in self._kept.alerts.items()
            if kind in kinds or standing(sight.state.alerts, kind) is not None
        }
        if left != self._kept.alerts:
            self._keep(_Kept(self._kept.run_id, left))

    def _keep(self, kept: _Kept) -> None:
        self._kept = kept
        if self._path is not None:
            self._keeper.put(self._path, msgspec.json.encode(kept))

    def leave(self) -> None:
        """Waits a moment for what is being kept."""
        self._keeper.wait(PATIENCE)


def seen_from_here(sight: Sight) -> tuple[Alert, ...]:
    """What only an observer can say: of a run that hangs, of reading, and of the records themselves."""
    found: list[Alert] = []
    if _is_stalled(sight):
        why = f"[X] X-ray: where it stands; {sight.verdict.why or 'no step'}"
        found.append(Alert("stall", "critical", why, sight.verdict.since))
    if sight.note is not None:
        found.append(Alert("reading", "warning", sight.note, None))
    return (*found, *_once_not_finite(sight), *_records(sight.state))


def _is_stalled(sight: Sight) -> bool:
    """The verdict knows more of a stall than the alert does: what the process is doing."""
    return sight.verdict.status is Status.STALLED


def _once_not_finite(sight: Sight) -> tuple[Alert, ...]:
    """A loss that has recovered; where the run is over, how it ended is said here, too."""
    state, totals = sight.state, sight.state.totals
    if not totals.nonfinite:
        return ()
    times = f"{count(totals.nonfinite)} time{'s' if totals.nonfinite != 1 else ''}"
    first = f", first at step {count(totals.first_nonfinite_step)}" if totals.first_nonfinite_step else ""
    since = time_of_step(state.loss, totals.first_nonfinite_step)
    if not loss_is_bad(state) or state.progress is None:
        return (
            Alert("nan before", "warning", f"loss was NaN or infinite {times}{first}; finite now", since),
        )
    if not sight.verdict.status.over:
        return ()  # The alert `nan` says it.
    return (Alert("nan", "critical", f"loss is {state.progress.loss}, {times}{first}", since),)


def _records(state: RunState) -> tuple[Alert, ...]:
    totals, found = state.totals, []
    lost = missing(state)
    if lost:
        text = f"{count(lost)} records are missing from the journal"
        found.append(Alert("records", "warning", text, None))
    if totals.unjournaled:
        text = (
            f"the journal begins at step {count(totals.unjournaled + 1)}: the one before was moved or deleted"
        )
        found.append(Alert("journal", "info", text, None))
    if totals.malformed:
        text = f"{count(totals.malformed)} lines of the journal make no sense and were skipped"
        found.append(Alert("malformed", "warning", text, None))
    if totals.unknown:
        text = f"{count(totals.unknown)} lines are of a newer version of trainmon and were skipped"
        found.append(Alert("unknown", "info", text, None))
    return tuple(found)
