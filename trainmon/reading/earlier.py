"""A run that is not the newest of its journal, folded again from where it began to where the next one did.

The state of a journal keeps of it only a summary, which knows where its last start is: a run that was continued has
several, and so has the one behind it.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from trainmon.facts.codec import Unread, decode_lines
from trainmon.facts.events import AnyEvent, Started
from trainmon.fold.reducer import Reducer, copy_state
from trainmon.fold.state import RunState
from trainmon.reading.walk import in_journal, read_until
from trainmon.storage import journal

_STARTED = b'"started"'
"""Stands in every line of a start, and in few others."""


def earlier_run(
    folder: Path, newest: RunState, started: float, go_on: Callable[[], bool] = lambda: True
) -> RunState | None:
    """The state of an earlier run at its end; None where it is not known, or its lines are not there any more.

    Takes 2 s for a million steps (measured 2026-11).

    Args:
        folder: The run folder.
        newest: The state of its journal, which is that of its newest run.
        started: Unix seconds when the earlier run began, as its summary has it.
        go_on: Whether it is still wanted; asked every few milliseconds, None is returned where it is not.
    """
    place = next((at for at, run in enumerate(newest.earlier) if run.started == started), None)
    if place is None or newest.earlier[place].offset < 0:
        return None
    last_start = newest.earlier[place].offset
    before = max(0, newest.earlier[place - 1].offset) if place else 0

    def read(descriptor: int) -> RunState | None:
        begin = _beginning(descriptor, before, last_start, go_on)
        return _folded(descriptor, begin, go_on) if begin is not None else None

    return in_journal(folder, newest.bookmark, read)


def _beginning(descriptor: int, offset: int, last_start: int, go_on: Callable[[], bool]) -> int | None:
    """Where the run begins whose last start is at `last_start`; `offset` is before it, and of no later run."""
    starts, found, last = Reducer(), None, -1
    while offset <= last_start and go_on():
        behind = _behind_without_starts(descriptor, offset, last_start)
        if behind > offset:
            offset = behind
            continue
        part = read_until(descriptor, offset, last_start + 1)
        if part.end == offset:
            break
        for line, place in zip(part.lines, part.offsets, strict=True):
            (event,) = decode_lines([line]) if _STARTED in line else (None,)
            number = starts.state.run_number
            if isinstance(event, Started) and place <= last_start:
                starts.apply((event,), (place,))
                last = place
            found = place if starts.state.run_number > number else found
        offset = part.end
    return found if last == last_start else None


def _behind_without_starts(descriptor: int, offset: int, stop: int) -> int:
    """Where the next line begins behind some that are no starts; `offset` where one may be among them."""
    data = os.pread(descriptor, min(journal.CHUNK, max(0, stop - offset)), offset)
    return offset if _STARTED in data else offset + data.rfind(b"\n") + 1


def _folded(descriptor: int, offset: int, go_on: Callable[[], bool]) -> RunState | None:
    """The state before another run starts."""
    reducer = Reducer()
    size = os.fstat(descriptor).st_size
    while offset < size:
        if not go_on():
            return None
        part = read_until(descriptor, offset, size)
        if part.end == offset or _ended_among(decode_lines(part.lines), part.offsets, reducer):
            break
        offset = part.end
    return reducer.state if reducer.state.configuration is not None else None


def _ended_among(items: Sequence[AnyEvent | Unread], offsets: Sequence[int], reducer: Reducer) -> bool:
    """Folds lines as far as they are of one run; whether another one starts among them."""
    done = 0
    for at in (at for at, item in enumerate(items) if isinstance(item, Started)):
        reducer.apply(items[done:at], offsets[done:at])
        ahead = Reducer(copy_state(reducer.state))
        ahead.apply(items[at : at + 1], offsets[at : at + 1])
        if ahead.state.run_number > 1:
            return True
        reducer.state, done = ahead.state, at + 1
    reducer.apply(items[done:], offsets[done:])
    return False
