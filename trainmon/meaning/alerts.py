"""What deserves attention: pure functions of a state and the time. Nothing is stored, so every alert clears by itself.

Each alert says what, why, and since when: since the trainer saw it first, where the journal says so. What is looked for
stands in `trainmon.meaning.alarms`, and the thresholds, with their reasons, in `trainmon.meaning.alarms.kinds`.
"""

from msgspec import structs

from trainmon.facts.events import Severity as Severity
from trainmon.fold.alert_log import standing
from trainmon.fold.state import RunState
from trainmon.meaning.alarms import learning, machine, progress
from trainmon.meaning.alarms.kinds import Alert as Alert
from trainmon.meaning.alarms.kinds import Thresholds as Thresholds
from trainmon.meaning.death import began

ORDER: dict[str, int] = {"critical": 0, "warning": 1, "info": 2}
"""How grave a severity is; 0 is the gravest."""

USUAL = Thresholds()
"""The thresholds where the user says nothing else."""


def alerts(
    state: RunState, now: float, thresholds: Thresholds = USUAL, deadline: float | None = None
) -> tuple[Alert, ...]:
    """What deserves attention at Unix time `now`: the gravest first, then the newest.

    Args:
        state: Of the run; one that is over, or has not begun, has no alerts.
        now: Unix seconds.
        thresholds: From where on something is an alert.
        deadline: Unix seconds until which the observer wants the run done; None: what the run says itself.
    """
    if not began(state) or state.end is not None:
        return ()
    found = [
        *learning.found(state, thresholds),
        *progress.found(state, now, thresholds, deadline),
        *machine.found(state, now, thresholds),
    ]
    wanted = [_dated(state, alert) for alert in found if not _is_off(alert.kind, thresholds.off)]
    return tuple(sorted(wanted, key=lambda alert: (ORDER[alert.severity], -(alert.since or 0.0))))


def _dated(state: RunState, alert: Alert) -> Alert:
    """The alert with the moment at which it began: what happened earlier than the trainer looked is known better."""
    seen = standing(state.alerts, alert.kind)
    if seen is None or (alert.since is not None and alert.since <= seen.since):
        return alert
    return structs.replace(alert, since=seen.since)


def _is_off(kind: str, off: tuple[str, ...]) -> bool:
    """Whether a kind was switched off: by its name, by that without the GPU's number, or by its first word."""
    first, gap, rest = kind.partition(" ")
    word = first.rstrip("0123456789")
    return any(name in off for name in (kind, word + gap + rest, word))
