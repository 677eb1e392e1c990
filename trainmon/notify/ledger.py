"""What was told already, and how often: pure values, kept for each run folder so that no restart tells it again.

Whoever wants to tell something claims it first, under a lock (`trainmon.notify.record`); who finds it claimed or told
stays silent. Beyond so many messages in ten minutes news is held, and told together with the next message.
"""

from typing import Literal

import msgspec
from msgspec.structs import replace

WINDOW = 600.0
"""Seconds in which at most `most` messages go out."""

FORGET = 7 * 86_400.0
"""Seconds after which an entry is forgotten; by then an alert may be told again."""

MOST_ENTRIES = 256
"""Entries that are kept, the newest."""

CLAIM = 120.0
"""Seconds after which a claim counts as given up: longer than a delivery may take before it is killed."""

ALERT_AGAIN = 6 * 3_600.0
"""Seconds after which the same alert of the same run is told again where it came again."""

Standing = Literal["claimed", "told", "failed", "held"]


class Entry(msgspec.Struct, frozen=True):
    """One thing that somebody wanted to tell."""

    key: str
    kind: str
    title: str
    """For a summary."""
    time: float
    """Unix seconds of the newest change."""
    standing: Standing
    reached: tuple[int, ...] = ()
    """Which of the services have it, by their number in the list, where only some do."""
    services: tuple[str, ...] = ()
    """Kinds of the services that have it, `ntfy`; once it is told."""
    by: str = ""
    """Whose claim it is: a sender whose delivery was killed may claim it again at once."""


class Ledger(msgspec.Struct, frozen=True):
    """All that is known to have been told of one run folder, oldest first."""

    entries: tuple[Entry, ...] = ()


class Decision(msgspec.Struct, frozen=True):
    """Whether something may be told now."""

    ledger: Ledger
    """What to keep."""
    go: bool
    """Tell it."""
    wait: float | None = None
    """Seconds until there is room; None: it was told, or is being told by somebody else."""
    reached: tuple[int, ...] = ()
    """Services that have it already."""
    held: tuple[Entry, ...] = ()
    """What waits, and is to be told in a line of this message."""


def decide(ledger: Ledger, entry: Entry, most: int, now: float) -> Decision:
    """Claims something to be told at Unix time `now`, holds it, or says that it is known.

    Args:
        ledger: What was told.
        entry: What is to be told; its time and standing do not matter.
        most: Messages in `WINDOW` seconds.
        now: Unix seconds.
    """
    ledger = _forget(ledger, now)
    known = _find(ledger, entry.key)
    if known is not None and _stands(known, entry.by, now):
        return Decision(ledger, go=False)
    room = _room_in(ledger, most, now)
    if room > 0:
        held = replace(entry, time=now, standing="held")
        return Decision(_with(ledger, held), go=False, wait=room)
    waiting = tuple(other for other in ledger.entries if other.standing == "held" and other.key != entry.key)
    reached = known.reached if known is not None else ()
    claimed = _with(ledger, replace(entry, time=now, standing="claimed", reached=reached))
    return Decision(claimed, go=True, reached=reached, held=waiting)


def summarise(ledger: Ledger, key: str, most: int, now: float) -> Decision:
    """Claims a message that tells all that is held; `go` is False where nothing is, or there is no room yet."""
    ledger = _forget(ledger, now)
    waiting = tuple(entry for entry in ledger.entries if entry.standing == "held")
    if not waiting:
        return Decision(ledger, go=False)
    room = _room_in(ledger, most, now)
    if room > 0:
        return Decision(ledger, go=False, wait=room)
    claimed = _with(ledger, Entry(key, "summary", "", now, "claimed"))
    return Decision(claimed, go=True, held=waiting)


def settle(
    ledger: Ledger,
    key: str,
    *,
    told: bool,
    reached: tuple[int, ...],
    held: tuple[Entry, ...],
    now: float,
    services: tuple[str, ...] = (),
) -> Ledger:
    """What became of a claim, and of what was held and went with it.

    Args:
        ledger: As it is by now.
        key: Of the claim.
        told: All services have it.
        reached: Those that have it.
        held: What the message told in a line.
        now: Unix seconds.
        services: Kinds of all services.
    """
    went = {entry.key for entry in held} if told or reached else set()
    entries = []
    for entry in ledger.entries:
        if entry.key == key:
            standing: Standing = "told" if told else "failed"
            left = () if told else reached
            entry = replace(
                entry, time=now, standing=standing, reached=left, services=services if told else ()
            )
        elif entry.key in went and entry.standing == "held":
            # The time stays: it was no message of its own, and must not fill the window.
            entry = replace(entry, standing="told", time=min(entry.time, now - WINDOW))
        entries.append(entry)
    return Ledger(tuple(entries))


def told_of(ledger: Ledger, key: str) -> Entry | None:
    """What all services have of this; None where they have it not."""
    found = _find(ledger, key)
    return found if found is not None and found.standing == "told" else None


def _stands(entry: Entry, by: str, now: float) -> bool:
    # What lies a little in the future was claimed by somebody whose clock is ahead, or before it was set back.
    age = abs(now - entry.time)
    if entry.standing == "claimed":
        return age < CLAIM and not (by and entry.by == by)
    if entry.standing == "told":
        return entry.kind != "alert" or age < ALERT_AGAIN
    return False


def _room_in(ledger: Ledger, most: int, now: float) -> float:
    """Seconds until another message may go; 0: now."""
    sent = sorted(
        entry.time
        for entry in ledger.entries
        if entry.standing in ("claimed", "told") and abs(now - entry.time) < WINDOW
    )
    return sent[-most] + WINDOW - now if len(sent) >= most else 0.0


def _find(ledger: Ledger, key: str) -> Entry | None:
    return next((entry for entry in ledger.entries if entry.key == key), None)


def _with(ledger: Ledger, entry: Entry) -> Ledger:
    others = tuple(other for other in ledger.entries if other.key != entry.key)
    return Ledger((*others, entry)[-MOST_ENTRIES:])


def _forget(ledger: Ledger, now: float) -> Ledger:
    return Ledger(tuple(entry for entry in ledger.entries if now - entry.time < FORGET))
