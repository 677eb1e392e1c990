"""Raw points of a range of steps, read from the visible part of the journal alone.

A series knows for each bucket where in the journal its first row stands and which run step that is. So a range is
read from the bucket that holds its beginning to the one that holds its end, and every row gets the run step that the
fold gave it, whatever was rewound, resumed or counted per epoch: see `trainmon.reading.range_replay`.

Measured (CPython 3.11, 2026-11, a shared cloud machine): the 200 steps in the middle of a journal of 1,000,000 in 3 ms,
for which 280 KB of its 276 MB are read; 2.7 us a row where one column is wanted, 0.5 us more for each other one.
"""

import os
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from trainmon.fold.progress_fold import REWIND
from trainmon.fold.series import Column, Series
from trainmon.fold.state import RunState
from trainmon.reading.range_replay import Replay
from trainmon.reading.range_rows import Key
from trainmon.reading.walk import in_journal
from trainmon.storage import journal

MOST_POINTS = 16_384
"""Points of a column that are handed out one by one: more than four for each dot of the widest chart."""


class Range(msgspec.Struct, frozen=True):
    """What was read."""

    first: int
    """From this run step on all rows are there."""
    last: int
    """The last run step up to which they are."""
    columns: Mapping[Key, Column]
    """The columns asked for that have a value here; rows without one are left out of a column. Where rows did not
    have to merge, each is an entry of its own with the double that was logged."""
    bytes_read: int
    """Of the journal."""


def read_range(
    folder: Path,
    state: RunState,
    keys: Sequence[Key],
    first: int,
    last: int,
    *,
    most: int = MOST_POINTS,
    cancelled: Callable[[], bool] = lambda: False,
) -> Range | None:
    """The points of run steps `first` to `last`, in any thread.

    Args:
        folder: The run folder.
        state: What is known of its journal; nobody changes it meanwhile.
        keys: The columns that are wanted.
        first: Run step.
        last: Run step; included.
        most: Points of a column at most; where there are more, neighbours become one with their minimum and maximum.
        cancelled: Is asked after each mebibyte; True gives the reading up.

    Returns:
        None where the steps cannot be reached (the journal was replaced, or they stand in a spool), where it was given
        up, and where the journal cannot be read at all.
    """
    buckets = _Buckets.of(state)
    if buckets is None or last < first or last < buckets.firsts[0]:
        return None
    replay, end = Replay(state, keys, (first, last)), state.bookmark.offset
    bytes_read = in_journal(
        folder, state.bookmark, lambda descriptor: _read(descriptor, buckets, replay, end, cancelled)
    )
    if bytes_read is None:
        return None
    return Range(max(first, buckets.firsts[0]), min(last, replay.run_step), replay.columns(most), bytes_read)


class _Buckets(msgspec.Struct, frozen=True):
    """Where in the journal one can begin to read, by rising step."""

    offsets: Sequence[int]
    """Rising."""
    firsts: Sequence[int]
    """The run step of the row at each offset."""

    @classmethod
    def of(cls, state: RunState) -> "_Buckets | None":
        """The buckets that can be reached; None where there is none."""
        for series in (state.loss, state.metrics):
            found = cls._of(series, state.beginning)
            if found is not None:
                return found
        return None

    @classmethod
    def _of(cls, series: Series, beginning: tuple[int, int] | None) -> "_Buckets | None":
        if not series.names:
            return None
        column = series.column(series.names[0])
        pairs = [pair for pair in zip(column.offset, column.first_step, strict=True) if pair[0] >= 0]
        if not pairs:
            return None
        if beginning is not None and 0 <= beginning[0] < pairs[0][0] and beginning[1] < pairs[0][1]:
            # A bucket with steps that were done again is gone with the ones before those, too.
            pairs.insert(0, beginning)
        return cls([offset for offset, _ in pairs], [step for _, step in pairs])


def _read(
    descriptor: int, buckets: _Buckets, replay: Replay, known: int, cancelled: Callable[[], bool]
) -> int | None:
    """Reads what the replay needs up to byte `known` of the journal; the bytes read, or None where it was cancelled."""
    first, last = replay.wanted
    offsets, firsts = buckets.offsets, buckets.firsts
    # Steps may fall back by less than `REWIND` without being done again.
    position = offsets[max(0, bisect_left(firsts, first - REWIND) - 1)]
    after = bisect_right(firsts, last + REWIND)
    end = min(offsets[after], known) if after < len(offsets) else known
    bytes_read = 0
    while position < end:
        if cancelled():
            return None
        begin = position
        data = os.pread(descriptor, _chunk(offsets, position, end), position)
        whole = data.rfind(b"\n") + 1
        if whole:
            at = bisect_right(offsets, begin) - 1
            anchor = firsts[at] if offsets[at] == begin else None
            replay.take(replay.decoder.decode(data[:whole]), anchor)
            position += whole
        else:
            position = journal.read_lines(descriptor, begin).end
        if position == begin:
            break
        bytes_read += position - begin
        coming = bisect_right(offsets, position - 1)
        if coming >= after and replay.run_step > last + REWIND:
            break
        if coming < after and replay.run_step >= firsts[coming] + REWIND:
            # What stands between was taken off the curves and done again from there.
            position = offsets[coming]
    return bytes_read


def _chunk(offsets: Sequence[int], position: int, end: int) -> int:
    """Bytes to read at once: up to the beginning of a bucket where that is near, for the sake of its anchor."""
    limit = position + journal.CHUNK
    beginning = offsets[bisect_right(offsets, limit) - 1]
    return min(beginning if beginning > position else limit, end) - position
