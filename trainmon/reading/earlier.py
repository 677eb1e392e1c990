"""A run that is not the newest of its journal, folded again from where it began to where the next one did.

The state of a journal keeps of it only a summary, which knows both places.
"""

import os
from pathlib import Path

from trainmon.facts.codec import decode_lines
from trainmon.fold.reducer import Reducer
from trainmon.fold.state import RunState
from trainmon.reading.walk import in_journal, read_until


def earlier_run(folder: Path, newest: RunState, started: float) -> RunState | None:
    """The state of an earlier run at its end; None where it is not known, or its lines are not there any more.

    Args:
        folder: The run folder.
        newest: The state of its journal, which is that of its newest run.
        started: Unix seconds when the earlier run began, as its summary has it.
    """
    bounds = _bounds(newest, started)
    if bounds is None:
        return None
    begin, end = bounds
    return in_journal(folder, newest.bookmark, lambda descriptor: _folded(descriptor, begin, end))


def _bounds(newest: RunState, started: float) -> tuple[int, int] | None:
    """Where its lines begin and end."""
    configuration = newest.configuration
    offsets = [run.offset for run in newest.earlier]
    offsets.append(configuration.offset if configuration is not None else -1)
    place = next((at for at, run in enumerate(newest.earlier) if run.started == started), None)
    if place is None or offsets[place] < 0 or offsets[place + 1] <= offsets[place]:
        return None
    return offsets[place], offsets[place + 1]


def _folded(descriptor: int, begin: int, end: int) -> RunState | None:
    reducer = Reducer()
    size = min(end, os.fstat(descriptor).st_size)
    while begin < size:
        part = read_until(descriptor, begin, size)
        if part.end == begin:
            break
        inside = [offset for offset in part.offsets if offset < end]
        reducer.apply(decode_lines(part.lines[: len(inside)]), inside)
        begin = part.end
    return reducer.state if reducer.state.configuration is not None else None
