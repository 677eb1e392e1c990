"""What stands in the list of errors: errors that are alike as one item, and warnings."""

from typing import Literal

import msgspec
from msgspec.structs import replace

from trainmon.fold.entries import error_group
from trainmon.fold.error_groups import ErrorGroup
from trainmon.fold.state import RunState
from trainmon.fold.state_entries import ErrorEntry, WarningEntry
from trainmon.words.units import count
from trainmon_tui.render.cells import Row, row
from trainmon_tui.sight.sight import Sight

MOST_WARNINGS = 20
"""Warnings in the list, the newest."""


class Item(msgspec.Struct, frozen=True):
    """Errors with the same fingerprint, or a warning; texts are untrusted."""

    kind: Literal["error", "warning"]
    key: str
    """Tells the item apart from all others, and stays while it is counted on."""
    title: str
    """Type of the exception, or category of the warning."""
    message: str
    """Of the newest, cut."""
    context: str
    location: str | None
    """Innermost frame of the user's own code."""
    count: int
    """How many came, repeats included."""
    first_step: int | None
    """Run step of the first; None before the first step."""
    last_step: int | None
    last_time: float
    """Unix seconds of the newest."""
    offset: int = -1
    """Of the newest one's line in the journal; -1 where it is not reachable."""
    newest: ErrorEntry | None = None
    """The newest error as far as the state keeps it; None: it keeps the group alone."""
    rank: int | None = None
    """Of the rank whose error it is, where another rank failed first; None: of the run that is shown."""

    @property
    def name(self) -> str:
        """Its title, after the rank that it is from; untrusted."""
        return self.title if self.rank is None else f"rank {self.rank}: {self.title}"


def items_in(sight: Sight) -> tuple[Item, ...]:
    """All that is listed: the newest error of the rank that failed first, then what this one recorded."""
    own, first = items_of(sight.state), sight.first
    if first is None:
        return own
    theirs = next((item for item in items_of(first.state) if item.kind == "error"), None)
    if theirs is None:
        return own
    return (replace(theirs, key=f"rank {first.rank} {theirs.key}", rank=first.rank), *own)


def items_of(state: RunState) -> tuple[Item, ...]:
    """Errors, newest first, then warnings, newest first."""
    newest = {error_group(entry).key: entry for entry in state.errors}
    errors = [_error(group, newest.get(group.key)) for group in reversed(state.error_groups)]
    warnings = [_warning(entry) for entry in reversed(state.warnings[-MOST_WARNINGS:])]
    return (*errors, *warnings)


def _error(group: ErrorGroup, found: ErrorEntry | None) -> Item:
    return Item(
        kind="error",
        key=f"error {group.key}",
        title=group.error_type,
        message=found.error_message if found is not None else group.message,
        context=found.context if found is not None else group.context,
        location=group.location,
        count=group.count,
        first_step=group.first_step,
        last_step=group.last_step,
        last_time=group.last_time,
        offset=group.offset,
        newest=found,
    )


def _warning(entry: WarningEntry) -> Item:
    return Item(
        kind="warning",
        key=f"warning {entry.time} {entry.category} {entry.location}",
        title=entry.category,
        message=entry.message,
        context="",
        location=entry.location,
        count=entry.count,
        first_step=entry.run_step,
        last_step=entry.run_step,
        last_time=entry.time,
    )


def times(item: Item, ascii_only: bool) -> Row:
    """`×3` where it came more than once."""
    return row((f" {'x' if ascii_only else '×'}{item.count:,}", "warn")) if item.count > 1 else ()


def steps(item: Item, ascii_only: bool) -> str:
    """At which step it came, or the first and the last one."""
    if item.last_step is None:
        return "before the first step"
    if item.first_step is None or item.first_step == item.last_step:
        return f"step {count(item.last_step)}"
    return f"steps {count(item.first_step)}{'-' if ascii_only else '–'}{count(item.last_step)}"


def sign(item: Item, ascii_only: bool) -> str:
    """Tells errors from warnings without colour."""
    return "!" if item.kind == "warning" else "x" if ascii_only else "✖"
