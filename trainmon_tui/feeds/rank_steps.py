"""How far the ranks of a living run are, for the screen of rank 0: read in a thread, from the ends of their journals.

A rank costs a look at its process and one read of the last kilobytes, so that hundreds of them stay cheap; what became
of a rank in full is for `trainmon_tui.feeds.ranks_look`, once the run has gone wrong.
"""

import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from trainmon.facts.codec import Unread, decode_line
from trainmon.facts.events import AnyEvent, Closed, Ended, Opened, Progress
from trainmon.fold.state import RunState
from trainmon.meaning import derived
from trainmon.reading.evidence import identity_in
from trainmon.reading.look import folders_in
from trainmon.storage.journal import open_shared
from trainmon.system.identity import alive
from trainmon.words.paths import JOURNAL, RANKS
from trainmon.words.units import count, duration
from trainmon_tui.sight.latest import Seldom
from trainmon_tui.sight.sight import RankSteps

EVERY = 5.0
"""Seconds between two looks at least."""

SHARE = 0.02
"""Of a core that looking may take, whatever the number of ranks: after a slow look the next one comes later."""

TAIL = 16 << 10
"""Bytes at the end of a journal in which a step is looked for: some 60 of them, beside readings of the machine."""

APART = 60.0
"""Seconds by which ranks of one training may open their folders after one another."""

BEHIND = 10.0
"""Seconds that the newest step of a rank must be older than that of another, for it to be called behind: what is read
of a journal is up to a second late, and the clocks of hosts differ."""


_LAST_LINES = 8
"""Lines at the end of a journal among which the end of a training stands; few are written after it."""


class RankStep(msgspec.Struct, frozen=True):
    """How far a rank is."""

    rank: int
    epoch: int | None
    step: int | None
    """As it was logged; None where the end of its journal has none."""
    time: float | None
    """Unix seconds of that step, by the rank's clock."""
    gone: str | None
    """`failed` or `dead`; None: neither, as far as can be known from here."""
    why: str | None = None
    """Type and message of the exception that it said it ended by; untrusted text."""


def summary(ranks: Iterable[RankStep], speed: float = 0.0) -> RankSteps | None:
    """What there is to say, the dead first; None for fewer than two ranks.

    Args:
        ranks: As they were read.
        speed: Steps a second: what is read of one rank is a little older than that of another.
    """
    known = sorted(ranks, key=lambda each: each.rank)
    if len(known) < 2:
        return None
    many = f"ranks {len(known):,}"
    gone = [each for each in known if each.gone is not None]
    if gone:
        more = f" and {len(gone) - 1:,} more" if len(gone) > 1 else ""
        first = f"rank {gone[0].rank} {gone[0].gone}{more}"
        return RankSteps(f"{many}: {first}", first, bad=True, why=gone[0].why)
    placed = sorted(
        (each.epoch or 0, each.step, each.rank, each.time)
        for each in known
        if each.step is not None and each.time is not None
    )
    steps = [step for _, step, _, _ in placed]
    # Steps that begin anew with each epoch cannot be compared while an epoch changes.
    if not steps or steps != sorted(steps):
        return RankSteps(many, many, bad=False)
    (_, least, slowest, at), (_, most, _, newest) = placed[0], placed[-1]
    late = newest - at
    # Within `BEHIND` the difference in time is that of the reading; the steps that were made in it are none behind.
    apart = most - least - (round(speed * late) if 0.0 < late <= BEHIND else 0)
    if late <= BEHIND and apart <= max(1.0, speed):
        return RankSteps(f"{many}, in step", f"{many}, in step", bad=False)
    # No step by its number: rank 0 goes on while this stands, and the bar below would say another one.
    silent = f", silent for {duration(late)}" if late > BEHIND else ""
    said = f"rank {slowest} is {count(apart)} step{'s' if apart != 1 else ''} behind{silent}"
    return RankSteps(f"{many}: {said}", said, bad=False)


def read_rank(folder: Path, rank: int, since: float = 0.0) -> RankStep | None:
    """How far the rank is that records in a folder; None where nothing can be read.

    Args:
        folder: Its run folder.
        rank: Its number.
        since: Unix seconds; where the newest record is older, it is one of an earlier training.
    """
    try:
        descriptor = open_shared(folder / JOURNAL)
    except OSError:
        return None
    try:
        size = os.fstat(descriptor).st_size
        head = os.pread(descriptor, TAIL, 0).partition(b"\n")[0]
        tail = os.pread(descriptor, TAIL, max(0, size - TAIL))
    except OSError:
        return None
    finally:
        os.close(descriptor)
    # The first line may be cut, and the last one half written.
    lines = tail.split(b"\n")[0 if size <= TAIL else 1 : -1]
    newest = decode_line(lines[-1]) if lines else None
    if newest is None or (not isinstance(newest, Unread) and newest.time < since):
        return None
    found = next((event for event in map(decode_line, reversed(lines)) if isinstance(event, Progress)), None)
    gone, why = _gone(decode_line(head), newest, lines)
    return RankStep(
        rank,
        found.epoch if found is not None else None,
        found.step if found is not None else None,
        found.time if found is not None else None,
        gone,
        why,
    )


def _gone(
    opened: AnyEvent | Unread, newest: AnyEvent | Unread, lines: list[bytes]
) -> tuple[str | None, str | None]:
    """Whether the rank failed or died, and by which exception; one that ended well is not gone."""
    last = map(decode_line, reversed(lines[-_LAST_LINES:]))
    end = next((event for event in last if isinstance(event, Ended)), None)
    if end is not None:
        return (None, None) if end.success else ("failed", end.error)
    if not isinstance(opened, Opened) or isinstance(newest, Closed):
        return None, None
    # Only the first writer is known from the head; after a resume another process records.
    died = newest.writer == opened.writer and alive(identity_in(opened)) is False
    return ("dead" if died else None), None


class StepsLook:
    """Looks at all ranks of a run folder now and then; `look` is for the feed's thread, and returns at once."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.perf_counter) -> None:
        """Looks at nothing yet.

        Args:
            folder: Of rank 0.
            clock: Seconds, to measure what a look takes.
        """
        self._folder = folder
        self._found: RankSteps | None = None
        self._worker = Seldom("trainmon-rank-steps", self._look, every=EVERY, share=SHARE, clock=clock)

    def look(self, state: RunState, now: float) -> RankSteps | None:
        """What is known of the ranks at monotonic time `now`; None for a run of one, and before the first look.

        Args:
            state: Of rank 0.
            now: Monotonic seconds.
        """
        if state.opened is None or (state.opened.world_size or 1) < 2:
            return None
        self._worker.ask(state, now)
        return self._found

    def _look(self, state: RunState) -> None:
        """In the worker's thread."""
        opened = state.opened
        try:
            if opened is None:
                return
            names = {path.name: path for path in folders_in(self._folder / RANKS)}
            others = sorted((int(name), path) for name, path in names.items() if name.isdecimal())
            # Folders of ranks beyond are left from a larger training.
            ours = [(rank, path) for rank, path in others if rank < (opened.world_size or 1)]
            read = (read_rank(path, rank, opened.time - APART) for rank, path in [(0, self._folder), *ours])
            self._found = summary(
                (each for each in read if each is not None), derived.steps_per_second(state) or 0.0
            )
        except Exception:  # noqa: BLE001 - a bug there costs what is said of the ranks, and nothing else
            self._found = None

    def close(self) -> None:
        """Ends the thread."""
        self._worker.stop()
