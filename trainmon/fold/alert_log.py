"""Which alerts the trainer saw come and go: the entries of a state, and how they are added."""

import msgspec

from trainmon.words.quantities import Severity

MOST = 40
"""Alerts that are kept, cleared ones included: bounds the snapshot."""

NAME_LIMIT = 80
"""Characters of a name that an entry keeps."""

TEXT_LIMIT = 300
"""Characters of a text that an entry keeps."""


class AlertEntry(msgspec.Struct, frozen=True):
    """One alert, from its coming to its clearing."""

    name: str
    severity: Severity
    """The gravest that it was."""
    text: str
    """What was said last."""
    since: float
    """Unix seconds when it came."""
    until: float | None = None
    """Unix seconds when it cleared; None: it stands."""


def standing(entries: list[AlertEntry], name: str) -> AlertEntry | None:
    """The alert of this name that has not cleared; None where there is none."""
    name = name[:NAME_LIMIT]
    return next((entry for entry in reversed(entries) if entry.name == name and entry.until is None), None)


def raise_alert(entries: list[AlertEntry], name: str, severity: Severity, text: str, time: float) -> None:
    """Takes note that an alert came, or became graver, at Unix time `time`."""
    before = standing(entries, name)
    since = before.since if before is not None else time
    entry = AlertEntry(name[:NAME_LIMIT], severity, text[:TEXT_LIMIT], since)
    if before is not None:
        entries[entries.index(before)] = entry
        return
    entries.append(entry)
    if len(entries) > MOST:
        cleared = (index for index, old in enumerate(entries) if old.until is not None)
        del entries[next(cleared, 0)]


def clear_alert(entries: list[AlertEntry], name: str, time: float) -> None:
    """Takes note that an alert cleared; one that does not stand is no news."""
    before = standing(entries, name)
    if before is not None:
        entries[entries.index(before)] = msgspec.structs.replace(before, until=time)


def clear_all(entries: list[AlertEntry], time: float) -> None:
    """At the end of a run nothing stands any more."""
    entries[:] = [
        msgspec.structs.replace(entry, until=time) if entry.until is None else entry for entry in entries
    ]
