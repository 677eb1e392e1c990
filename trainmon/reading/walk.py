"""A walk over a journal from its first line: every event once, with the run and the run step that it belongs to.

For questions about each event; what is known of a run as a whole is a `RunState`. Memory stays bounded.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from trainmon.errors import FolderError
from trainmon.facts.codec import Unread, decode_lines
from trainmon.facts.events import AnyEvent, Checkpoint, Progress, Validation
from trainmon.fold.arrivals import arrive
from trainmon.fold.reducer import Reducer
from trainmon.fold.state import Bookmark, RunState
from trainmon.storage import journal
from trainmon.storage.journal import Lines
from trainmon.words.paths import JOURNAL

_MOST_STEPS = 2**63 - 1

Found = TypeVar("Found")


def in_journal(folder: Path, bookmark: Bookmark, read: Callable[[int], Found | None]) -> Found | None:
    """What is found in the journal that a state is of; None where it was replaced, or cannot be read.

    Args:
        folder: The run folder.
        bookmark: Of the state.
        read: Is given the journal's descriptor.
    """
    try:
        descriptor = journal.open_shared(folder / JOURNAL)
    except OSError:
        return None
    try:
        return read(descriptor) if journal.fits(descriptor, bookmark) else None
    except OSError:
        return None
    finally:
        os.close(descriptor)


class Told(msgspec.Struct, frozen=True, gc=False):
    """An event and its place."""

    event: AnyEvent
    run: int
    """How many runs were started in this journal when it came; 0 before the first."""
    run_step: int | None
    """Steps completed over the run, see `trainmon.fold.counting`; None before the first."""
    offset: int
    """Of its line in the journal."""


class Walk:
    """One journal, open; to be used in `with`. It ends where the journal ended when it was opened."""

    def __init__(self, folder: Path) -> None:
        """Opens the journal of a run folder.

        Raises:
            FolderError: There is no journal, or it cannot be read.
        """
        path = folder / JOURNAL
        try:
            self._descriptor = journal.open_shared(path)
        except OSError as error:
            raise FolderError(f"{path}: {error.strerror or error}") from error
        self.size = os.fstat(self._descriptor).st_size
        """Bytes that are walked over."""
        self.state = RunState()
        """What is known behind the newest event that was given; changed by the walk."""

    def __enter__(self) -> "Walk":
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def events(self) -> Iterator[AnyEvent]:
        """All events, repeated ones included, without their place: several times as fast."""
        for items, _ in self._chunks():
            yield from (item for item in items if not isinstance(item, Unread))

    def __iter__(self) -> Iterator[Told]:
        reducer = Reducer()
        arrived = RunState()
        for items, offsets in self._chunks():
            events: list[AnyEvent] = []
            places: list[int] = []
            for item, offset in zip(items, offsets, strict=True):
                if not isinstance(item, Unread) and arrive(arrived, item.writer, item.seq):
                    events.append(item)
                    places.append(offset)
            begin = 0
            while begin < len(events):
                end = _alike(events, begin)
                reducer.apply(events[begin:end], places[begin:end])
                self.state = reducer.state
                yield from (
                    Told(event, self.state.run_number, _run_step(self.state, event), place)
                    for event, place in zip(events[begin:end], places[begin:end], strict=True)
                )
                begin = end

    def _chunks(self) -> Iterator[tuple[Sequence[AnyEvent | Unread], Sequence[int]]]:
        offset = 0
        while True:
            part = read_until(self._descriptor, offset, self.size)
            if part.end == offset:
                return
            yield decode_lines(part.lines), part.offsets
            offset = part.end


def read_until(descriptor: int, offset: int, stop: int) -> Lines:
    """Whole lines from `offset` on that begin before `stop`; none where no whole one does."""
    at_most = min(journal.CHUNK, stop - offset)
    return journal.read_lines(descriptor, offset, at_most) if at_most > 0 else Lines([], [], offset)


def _alike(events: Sequence[AnyEvent], begin: int) -> int:
    """The index behind the longest stretch from `begin` whose steps are counted alike: of one epoch and phase."""
    first = events[begin]
    end = begin + 1
    if not isinstance(first, Progress):
        return end
    key = (first.epoch, first.total_steps, first.phase)
    while end < len(events):
        event = events[end]
        if not isinstance(event, Progress) or (event.epoch, event.total_steps, event.phase) != key:
            break
        end += 1
    return end


def _run_step(state: RunState, event: AnyEvent) -> int | None:
    if isinstance(event, Progress | Validation | Checkpoint):
        step = state.counting.run_step(event.epoch, event.step)
        return max(-_MOST_STEPS, min(_MOST_STEPS, step))
    return state.run_step or None
