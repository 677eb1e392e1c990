"""The end that watches: a run folder, read from any process and any host, and never written to.

A reader begins at the snapshot, follows the journal, and asks the process table whether the trainer lives. Where the
trainer is dead, or the journal lags, it reads the spools of this host, too. Whatever is in the files, `poll` gives a
view and never raises.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from trainmon.errors import SnapshotError
from trainmon.facts.codec import decode_lines
from trainmon.fold.reducer import Reducer, copy_state, fold
from trainmon.fold.runs import forget_offsets
from trainmon.fold.state import RunState
from trainmon.meaning.statuses import Evidence
from trainmon.reading.evidence import Observer
from trainmon.spool.spool_files import JournalName, find
from trainmon.storage import journal, snapshot, textlogs
from trainmon.system.slurm import Accounts
from trainmon.words import units
from trainmon.words.paths import JOURNAL, SNAPSHOT

POLL_LIMIT = 0.25
"""Seconds that one poll reads at most; a long journal without a snapshot is read in several, and shown meanwhile."""

LAG = 2.0
"""Seconds after which a journal that a living trainer does not add to makes us look into its spools."""

SKEW_LIMIT = 30.0
"""Seconds that two clocks may differ before it is said; lines may take some to arrive over NFS."""

SPOOL_LIMIT = 32 << 20
"""Bytes of spools that a reader takes at most."""

TEXTS_ALONE = "text logs without a journal: see the logs view, or `trainmon analyze`"
"""Said of a folder that another program has logged into, in the formats of the spec."""

Stamp = tuple[int, int, int, int]
"""Device, inode, size and time of change of a file."""


class View(msgspec.Struct, frozen=True):
    """What a reader knows."""

    state: RunState
    """Shared by nobody who changes it."""
    evidence: Evidence
    exists: bool
    """The folder is there, with a journal or a snapshot in it."""
    note: str | None
    """What is wrong with reading, or how far it is, in words."""
    version: int
    """Rises when anything changed."""
    bytes_read: int
    """Of the journal and the snapshot, by this reader, so far."""
    whole: bool = True
    """The end of the journal was reached; False while a long one is still being read."""
    folder_there: bool = True
    """The folder is there, with or without a run in it."""


def _stamp(path: Path) -> Stamp | None:
    try:
        status = os.stat(path, follow_symlinks=False)
    except OSError:
        return None
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


class RunReader:
    """Reads one run folder, which need not exist yet."""

    def __init__(
        self,
        folder: Path,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        accounts: Accounts | None = None,
    ) -> None:
        self.folder = folder
        self._clock = clock
        self._reducer = Reducer()
        self._descriptor = -1
        self._journal: Stamp | None = None
        self._snapshot: Stamp | None = None
        self._observer = Observer(folder, clock=clock, monotonic=monotonic, accounts=accounts)
        self._offset = 0
        self._version = 0
        self._bytes = 0
        self._loaded = False
        self._shown = RunState()
        self._spools: tuple[object, ...] = ()
        self._note: str | None = None
        self._evidence = Evidence()
        self._there = False
        self._at_end = False
        """The last look reached the end of the journal: what comes next is new."""
        self._skew: float | None = None
        """Seconds that our clock is ahead of the writer's; None until a line came while we watched."""

    @property
    def trainer_descriptor(self) -> int | None:
        """A pidfd of the trainer, which poll(2) finds readable once it has ended; None where there is none."""
        return self._observer.descriptor

    def close(self) -> None:
        """Lets go of the journal and of the process."""
        self._observer.close()
        self._close_journal()

    def _close_journal(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def poll(self) -> View:
        """Looks once: cheap where nothing changed, and at most some 0.3 s where much did."""
        note: str | None = None
        try:
            fresh = self._read()
        except OSError as error:
            fresh, note = False, f"cannot read {self.folder / JOURNAL}: {error.strerror or error}"
            self._close_journal()
        evidence = self._gather()
        fresh = self._look_into_spools(evidence, fresh) or fresh
        exists = self._journal is not None or self._loaded
        there = exists or os.path.isdir(self.folder)
        note = (
            note or self._trouble() or (TEXTS_ALONE if not exists and textlogs.are_in(self.folder) else None)
        )
        if fresh or (evidence, note, there) != (self._evidence, self._note, self._there):
            self._version += 1
        self._evidence, self._note, self._there = evidence, note, there
        whole = self._left() <= journal.CHUNK
        return View(self._shown, evidence, exists, note, self._version, self._bytes, whole, there)

    # The journal.

    def _read(self) -> bool:
        """Reads what came; True if the state may have changed."""
        stamp = _stamp(self.folder / JOURNAL)
        if stamp is None:
            return self._without_journal()
        fresh = False
        if self._descriptor < 0 or stamp != self._journal:
            if not self._is_same(stamp):
                fresh = self._read_old_end(stamp)
                self._open()
            self._journal = stamp
        fresh = self._follow() or fresh
        if fresh or not self._loaded:
            self._measure_skew()
            self._shown = copy_state(self._reducer.state)
            self._loaded = fresh = True
        self._at_end = self._offset >= stamp[2]
        return fresh

    def _measure_skew(self) -> None:
        """Compares the clocks by lines that have just come; those of a long journal may be old."""
        last = self._reducer.state.last_time
        if self._at_end and last is not None and last != self._shown.last_time:
            self._skew = self._clock() - last

    def _is_same(self, stamp: Stamp) -> bool:
        """Whether the journal is the file that we read, and still begins as it did."""
        if self._descriptor < 0 or self._journal is None or stamp[:2] != self._journal[:2]:
            return False
        mark = self._reducer.state.bookmark
        return stamp[2] >= self._offset and (not self._offset or journal.fits(self._descriptor, mark))

    def _read_old_end(self, stamp: Stamp) -> bool:
        """Reads what was still added to a journal that was renamed since; True if anything was."""
        if self._descriptor < 0 or self._journal is None or stamp[:2] == self._journal[:2]:
            return False
        try:
            return self._follow()
        except OSError:
            return False  # It is gone for good: the new one tells by its missing numbers what that was.

    def _without_journal(self) -> bool:
        """A snapshot alone is shown as it is."""
        self._close_journal()
        self._journal = None
        stamp = _stamp(self.folder / SNAPSHOT)
        if stamp is None or stamp == self._snapshot:
            return False
        self._snapshot = stamp
        try:
            self._shown = snapshot.read(self.folder).state
        except SnapshotError:
            return False
        self._bytes += stamp[2]
        self._reducer = Reducer(copy_state(self._shown))
        self._loaded = True
        return True

    def _open(self) -> None:
        """Opens the journal, at the snapshot's bookmark where that fits, else where we know it from, else anew."""
        self._close_journal()
        self._descriptor = journal.open_shared(self.folder / JOURNAL)
        saved = self._saved()
        if saved is not None:
            self._reducer = Reducer(saved)
            self._offset = saved.bookmark.offset
            return
        self._offset = 0

    def _saved(self) -> RunState | None:
        try:
            saved = snapshot.read(self.folder)
        except SnapshotError:
            return None
        self._bytes += (_stamp(self.folder / SNAPSHOT) or (0, 0, 0, 0))[2]
        return saved.state if journal.fits(self._descriptor, saved.state.bookmark) else None

    def _follow(self) -> bool:
        fresh = False
        deadline = time.monotonic() + POLL_LIMIT
        if not self._offset:
            self._begin()
        while time.monotonic() < deadline:
            part = journal.read_lines(self._descriptor, self._offset)
            if part.end == self._offset:
                break
            self._reducer.apply(decode_lines(part.lines), part.offsets)
            self._bytes += part.end - self._offset
            self._offset = part.end
            fresh = True
        if fresh:
            name = journal.first_writer(self._descriptor)
            self._reducer.state.bookmark = journal.bookmark(self._descriptor, self._offset, name)
        return fresh

    def _begin(self) -> None:
        """Before the first line: one that goes on under the same writers, after a rotation, adds to what is known."""
        first = self._first_writer()
        if first is not None and first not in self._reducer.state.writers:
            self._reducer = Reducer()
        forget_offsets(self._reducer.state)

    def _left(self) -> int:
        """Bytes of the journal that were not read yet."""
        return self._journal[2] - self._offset if self._journal is not None else 0

    def _trouble(self) -> str | None:
        """What there is to say about reading, in words; None: nothing."""
        if self._journal is not None and self._left() > journal.CHUNK:
            size = self._journal[2]
            return f"reading the journal: {100 * self._offset // size} %"
        totals = self._shown.totals
        if totals.damaged or totals.long:
            bad = totals.damaged + totals.long
            return f"{bad:,} damaged lines in the journal, the first at byte {totals.first_bad_offset or 0:,}"
        if self._skew is not None and abs(self._skew) > SKEW_LIMIT:
            host = self._shown.opened.host if self._shown.opened is not None else "the trainer"
            way = "behind" if self._skew > 0 else "ahead of"
            return f"the clock of {host} is {units.duration(abs(self._skew))} {way} ours"
        return None

    # What else there is to know.

    def _gather(self) -> Evidence:
        stamps = (self._journal, _stamp(self.folder / SNAPSHOT))
        newest = max((stamp[3] / 1e9 for stamp in stamps if stamp is not None), default=None)
        heartbeat = self._observer.heartbeat(stamps, newest)
        return self._observer.look(self._shown, heartbeat, self._skew)

    def _look_into_spools(self, evidence: Evidence, fresh: bool) -> bool:
        """Adds what spools of this host hold beyond the journal; only where the journal cannot be up to date."""
        lags = evidence.heartbeat is None or self._clock() - evidence.heartbeat > LAG
        if evidence.alive and not lags:
            return False
        name = JournalName(
            str((self.folder / JOURNAL).absolute()),
            self._reducer.state.bookmark.journal or self._first_writer(),
            frozenset(self._reducer.state.writers),
        )
        files = find(name)
        try:
            seen = tuple((file.path, file.size()) for file in files)
            if not files or (seen == self._spools and not fresh):
                return False
            self._spools = seen
            lines: list[bytes] = []
            room = SPOOL_LIMIT
            for file in files:
                while room > 0:
                    batch, end = file.peek(4_096)
                    if end == file.offset:
                        break
                    room -= end - file.offset
                    file.offset = end
                    lines += (line for line in batch if line)
        except OSError:
            return False  # A segment went while we read it: its lines are in the journal, which comes next.
        finally:
            for file in files:
                file.close()
        repeated = self._reducer.state.totals.repeated
        self._shown = fold(self._reducer.state, decode_lines(lines), [-1] * len(lines))
        # They stand in the journal and in the spool by design; only a journal's own repetitions are news.
        self._shown.totals.repeated = repeated
        return True

    def _first_writer(self) -> str | None:
        return journal.first_writer(self._descriptor) if self._descriptor >= 0 else None
