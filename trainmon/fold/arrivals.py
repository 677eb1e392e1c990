"""Which lines of which writer have arrived: repeated ones are dropped, missing ones remembered.

Threads of one writer may land out of order, and a line may come twice (from a spool that was drained twice), so a
number below the expected one is either a late arrival or a repetition; the ranges of missing numbers tell which.
"""

from trainmon.fold.state import RunState, Writer

RANGES = 64
"""Ranges of missing numbers that are listed for a writer; the oldest beyond are only counted."""

WRITERS = 512
"""Writers that are remembered; a run with more forked workers forgets those that closed, then the oldest."""


def arrive(state: RunState, name: str, seq: int) -> bool:
    """Takes note of line `seq` of writer `name`; False if it came before and must be dropped."""
    writer = state.writers.get(name)
    if writer is None:
        writer = _introduce(state, name)
    if seq == writer.next_seq:
        writer.next_seq = seq + 1
        return True
    if seq > writer.next_seq:
        writer.missing.append((writer.next_seq, seq - 1))
        writer.next_seq = seq + 1
        _forget_beyond(state, writer)
        return True
    return _late(state, writer, seq)


def arrive_together(state: RunState, name: str, first: int, last: int) -> bool:
    """Takes note of lines `first` to `last` of a writer at once; False if some came before, and nothing is noted."""
    writer = state.writers.get(name)
    if writer is None:
        writer = _introduce(state, name)
    if first >= writer.next_seq:
        if first > writer.next_seq:
            arrive(state, name, first)
        writer.next_seq = last + 1
        return True
    for index, (begin, end) in enumerate(writer.missing):
        if begin <= first and last <= end:
            writer.missing[index : index + 1] = _parts((begin, first - 1), (last + 1, end))
            _forget_beyond(state, writer)
            return True
    return False


def _parts(*ranges: tuple[int, int]) -> list[tuple[int, int]]:
    """The ranges that are not empty."""
    return [part for part in ranges if part[0] <= part[1]]


def _introduce(state: RunState, name: str) -> Writer:
    writers = state.writers
    if len(writers) >= WRITERS:
        _forget(state)
    writers[name] = writer = Writer()
    return writer


def _forget(state: RunState) -> None:
    """Forgets a writer of which nothing more is likely to come; never the one that owns the journal."""
    owner = state.opened.writer if state.opened is not None else None
    others = [name for name in state.writers if name != owner]
    gone = next((name for name in others if state.writers[name].closed), others[0])
    state.totals.gone += sum(last - first + 1 for first, last in state.writers.pop(gone).missing)


def _forget_beyond(state: RunState, writer: Writer) -> None:
    """Counts the oldest missing ranges beyond `RANGES` as gone for good."""
    while len(writer.missing) > RANGES:
        first, last = writer.missing.pop(0)
        state.totals.gone += last - first + 1


def _late(state: RunState, writer: Writer, seq: int) -> bool:
    for index, (first, last) in enumerate(writer.missing):
        if first <= seq <= last:
            writer.missing[index : index + 1] = _parts((first, seq - 1), (seq + 1, last))
            _forget_beyond(state, writer)
            return True
    state.totals.repeated += 1
    return False


def missing(state: RunState) -> int:
    """Records that were numbered and have not arrived, of all writers."""
    listed = sum(last - first + 1 for writer in state.writers.values() for first, last in writer.missing)
    return listed + state.totals.gone
