"""The catalogue: every run under a folder, found now and then, and looked at as rarely and as cheaply as will do.

A run is read from its snapshot alone; from the journal's end only where there is no snapshot, or the trainer is gone
and the snapshot may lack its last words. Nothing of a run stays in memory but its row. No Textual here.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from trainmon.errors import SnapshotError
from trainmon.reading.evidence import Observer
from trainmon.reading.reader import RunReader
from trainmon.storage import snapshot
from trainmon.words.paths import BUSY, JOURNAL, RANKS, SNAPSHOT
from trainmon_tui.sight.listing import Listing, RunRow, run_row

DEPTH = 4
"""Levels of folders below the one that is listed; `ranks` and `busy` of a run are looked into at any."""

MOST = 500
"""Runs that are listed; nobody reads more."""

MOST_FOLDERS = 20_000
"""Folders that are looked through; data sets may lie beside the runs."""

FIND_PATIENCE = 2.0
"""Seconds that looking through the folders may take; network storage may need a millisecond each."""

SEVERAL_PATIENCE = 0.2
"""Seconds that the question whether there are several runs may take: the first paint waits for it."""

FIND_EVERY = 15.0
"""Seconds until new runs are looked for again."""

LOOK_EVERY = 2.0
"""Seconds between two rounds over the runs."""

FRESH_EVERY = 5.0
"""Seconds after which a run whose files changed is read again: a trainer writes its snapshot that often."""

SILENT_EVERY = 10.0
"""Seconds after which a run that is not over is looked at again, though nothing changed: it may have been killed."""

READ_PATIENCE = 0.2
"""Seconds of a round that go into reading; who was not reached comes first in the next. A tenth of a core at most."""

Stamps = tuple[tuple[int, int, int] | None, tuple[int, int, int] | None]
"""Inode, size and time of change of the journal and of the snapshot; None: it is not there."""


class _Known(msgspec.Struct):
    """A run that was found."""

    path: Path
    name: str
    stamps: Stamps | None = None
    """When it was last read; None: it was not."""
    read_at: float = float("-inf")
    """Monotonic seconds of the last reading."""
    row: RunRow | None = None


def runs_under(
    root: Path, monotonic: Callable[[], float] = time.monotonic, *, patience: float = FIND_PATIENCE
) -> Iterator[Path | None]:
    """The run folders from `root` down, each before those inside it; None where it gives up before the end.

    Links to folders and hidden folders are not followed. Folders that cannot be read are passed over.

    Args:
        root: Is looked into, too; it need not exist.
        monotonic: Monotonic seconds.
        patience: Seconds after which it gives up.
    """
    deadline = monotonic() + patience
    waiting: list[tuple[Path, int]] = [(root, 0)]
    seen = 0
    while waiting:
        folder, depth = waiting.pop()
        seen += 1
        if seen > MOST_FOLDERS or monotonic() > deadline:
            yield None
            return
        is_run, inside = _contents(folder)
        if is_run:
            yield folder
        anyway = folder.name in (RANKS, BUSY)
        waiting += (
            (folder / name, depth + 1)
            for name in reversed(inside)
            if depth < DEPTH or anyway or (is_run and name in (RANKS, BUSY))
        )


def _contents(folder: Path) -> tuple[bool, list[str]]:
    """Whether a folder is a run's, and the names of the folders in it, sorted."""
    is_run, inside = False, []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name in (JOURNAL, SNAPSHOT):
                    is_run = True
                elif not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False):
                    inside.append(entry.name)
    except OSError:
        return is_run, sorted(inside)  # Gone or forbidden: what was seen by then is all there is to know.
    return is_run, sorted(inside)


def first_runs(root: Path) -> tuple[Path, ...]:
    """The first runs below the folder, two at most; none where the folder is a run itself.

    A folder of one run costs two calls of stat.
    """
    if any((root / name).exists() for name in (JOURNAL, SNAPSHOT)):
        return ()
    found: list[Path] = []
    for path in runs_under(root, patience=SEVERAL_PATIENCE):
        # Ranks whose first one has written nothing yet are one run.
        if path is not None and path.parent.name not in (RANKS, BUSY):
            found.append(path)
        if len(found) > 1:
            break
    return tuple(found)


def newest_run(root: Path) -> Path:
    """The run below the folder that was written to last, as far as that can be found out quickly; else the folder."""
    newest, when = root, -1
    for path in runs_under(root, patience=SEVERAL_PATIENCE):
        if path is None or path.parent.name in (RANKS, BUSY):
            continue
        written = max((stamp[2] for stamp in stamps_of(path) if stamp is not None), default=-1)
        if written > when:
            newest, when = path, written
    return newest


class Catalogue:
    """The runs under one folder; for one thread. `look` is to be called every `LOOK_EVERY` seconds."""

    def __init__(
        self,
        root: Path,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Knows nothing yet.

        Args:
            root: The folder as the user named it; it need not exist.
            clock: Unix seconds.
            monotonic: Monotonic seconds.
        """
        self._root = root
        self._clock = clock
        self._monotonic = monotonic
        self._known: dict[Path, _Known] = {}
        self._found_at = float("-inf")
        self._cut = False

    def look(self) -> Listing:
        """One round: finds new runs where it is time, and reads those that are due, for `READ_PATIENCE` seconds."""
        began = self._monotonic()
        if began - self._found_at >= FIND_EVERY:
            self._find()
            self._found_at = began
        deadline = self._monotonic() + READ_PATIENCE
        for known in sorted(self._known.values(), key=lambda one: one.read_at):
            now = self._monotonic()
            if now > deadline:
                break
            stamps = stamps_of(known.path)
            if _is_due(known, stamps, now):
                known.row = self._read(known, stamps)
                known.stamps, known.read_at = stamps, now
        rows = [known.row for known in self._known.values() if known.row is not None]
        rows.sort(key=lambda row: row.name)
        return Listing(
            str(self._root), tuple(rows), len(self._known), self._cut, complete=True, now=self._clock()
        )

    def _find(self) -> None:
        found: dict[Path, _Known] = {}
        self._cut = False
        for path in runs_under(self._root, self._monotonic):
            if path is None or len(found) >= MOST:
                self._cut = True
                break
            found[path] = self._known.get(path) or _Known(path, self._name(path))
        self._known = found

    def _name(self, path: Path) -> str:
        name = str(path.relative_to(self._root))
        return name if name != "." else self._root.absolute().resolve().name or name

    def _read(self, known: _Known, stamps: Stamps) -> RunRow | None:
        """The row of a run; the old one where it cannot be read now."""
        try:
            row = self._from_snapshot(known, stamps) if stamps[1] is not None else None
            return row if row is not None else self._from_journal(known)
        except (OSError, SnapshotError):
            return known.row

    def _from_snapshot(self, known: _Known, stamps: Stamps) -> RunRow | None:
        """None where the journal knows more, and the trainer will write no other snapshot."""
        try:
            state = snapshot.read(known.path).state
        except SnapshotError:
            return None
        observer = Observer(known.path, clock=self._clock, monotonic=self._monotonic)
        try:
            newest = max(stamp[2] / 1e9 for stamp in stamps if stamp is not None)
            evidence = observer.look(state, observer.heartbeat(stamps, newest))
        finally:
            observer.close()
        size = stamps[0][1] if stamps[0] is not None else 0
        if evidence.alive is not True and size > state.bookmark.offset:
            return None
        return run_row(str(known.path), known.name, state, evidence, self._clock())

    def _from_journal(self, known: _Known) -> RunRow:
        """From the journal, for a quarter of a second at most; a longer one is shown as far as it was read."""
        reader = RunReader(known.path, clock=self._clock, monotonic=self._monotonic)
        try:
            view = reader.poll()
        finally:
            reader.close()
        return run_row(str(known.path), known.name, view.state, view.evidence, self._clock())


def stamps_of(folder: Path) -> Stamps:
    """When its files were last written."""
    return _stamp(folder / JOURNAL), _stamp(folder / SNAPSHOT)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        status = os.stat(path, follow_symlinks=False)
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def _is_due(known: _Known, stamps: Stamps, now: float) -> bool:
    if known.stamps is None or known.row is None:
        return now - known.read_at >= FRESH_EVERY
    if stamps != known.stamps:
        return now - known.read_at >= FRESH_EVERY
    return not known.row.status.over and now - known.read_at >= SILENT_EVERY


class CatalogueFeed:
    """Looks again and again in a thread of its own, from `start` to `stop`; `show` is called in that thread."""

    def __init__(self, catalogue: Catalogue, show: Callable[[Listing], None]) -> None:
        """A feed that does not run yet."""
        self._catalogue = catalogue
        self._show = show
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="trainmon-catalogue", daemon=True)

    def start(self) -> None:
        """Begins to look."""
        self._thread.start()

    def stop(self, patience: float = 0.5) -> bool:
        """Ends the thread; False if it is still stuck in a read of dead storage after `patience` seconds."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(patience)
        return not self._thread.is_alive()

    def _run(self) -> None:
        before: Listing | None = None
        while not self._stopping.is_set():
            listing = self._catalogue.look()
            if listing != before and not self._stopping.is_set():
                before = listing
                self._show(listing)
            unread = len(listing.runs) < listing.found
            self._stopping.wait(READ_PATIENCE if unread else LOOK_EVERY)
