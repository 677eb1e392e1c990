"""Errors that are alike, counted: the same type raised from the same function of the user's own code.

A group is a value; the list of groups belongs to `RunState` and is changed by the fold alone.
"""

import msgspec

MOST = 100
"""Groups that are kept: those seen last. What the others counted still stands in `Totals.errors`."""


class ErrorGroup(msgspec.Struct, frozen=True):
    """All errors of one fingerprint, in this run."""

    key: str
    """The fingerprint; type and message where there is none."""
    error_type: str
    message: str
    """Of the newest, cut."""
    context: str
    """Of the newest, cut."""
    location: str | None
    """Of the newest: `train.py:123 in train_step`."""
    count: int
    """How many came, those counted within a second included."""
    first_step: int | None
    """Where the run was when the first came; None before the first step."""
    last_step: int | None
    first_time: float
    """Unix seconds."""
    last_time: float
    """Unix seconds."""
    offset: int = -1
    """Of the newest one's line in the journal, where its uncut texts are; -1 where it is not reachable."""


def add(groups: list[ErrorGroup], one: ErrorGroup) -> None:
    """Counts an error, given as a group of its own, in the list; the list is ordered by the last arrival, newest last.

    Args:
        groups: At most `MOST`; changed in place.
        one: A single error, or several equal ones.
    """
    for index in reversed(range(len(groups))):
        known = groups[index]
        if known.key == one.key:
            del groups[index]
            one = msgspec.structs.replace(
                one,
                count=known.count + one.count,
                first_step=known.first_step,
                first_time=known.first_time,
            )
            break
    groups.append(one)
    if len(groups) > MOST:
        del groups[0]
