"""A thread that reads the curves of compared runs now and then.

A run is read from its snapshot, which has the curves of any length of run; from the journal where there is none. The
run that is shown is followed by the feed, and never comes from here.
"""

import threading
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TypeAlias

from trainmon.errors import SnapshotError
from trainmon.fold.state import RunState
from trainmon.reading.earlier import earlier_run
from trainmon.reading.reader import RunReader
from trainmon.storage import snapshot
from trainmon_tui.feeds.bell import Bell
from trainmon_tui.feeds.catalogue import stamps_of
from trainmon_tui.sight.beside import LETTERS, Beside, Compared, Key, is_same
from trainmon_tui.sight.chart_view import ruler_of

FRESH_EVERY = 5.0
"""Seconds after which the snapshots are looked at again: a trainer writes them every two seconds or more."""

IDLE = 3_600.0
"""Seconds of a wait where nothing is compared; whoever begins to rings."""

Known: TypeAlias = dict[Key, tuple[object, RunState]]
"""The stamp of the file that each run was read from, and its state."""


class BesideFeed:
    """Reads the compared runs again and again in a thread of its own, from the first `ask` to `stop`."""

    def __init__(self, show: Callable[[tuple[Beside, ...]], None]) -> None:
        """Reads nothing yet.

        Args:
            show: Takes the runs that could be read, where something is new; called in the thread, must return at once.
        """
        self._show = show
        self._wanted: tuple[Compared, ...] = ()
        self._bell = Bell()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def ask(self, compared: tuple[Compared, ...]) -> None:
        """Reads these runs from now on, and soon."""
        self._wanted = compared
        self._bell.ring()
        if compared and self._thread is None:
            # A daemon: storage that hangs must not keep the program from ending.
            self._thread = threading.Thread(target=self._run, name="trainmon-beside", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Ends the thread as soon as it is done with a read; does not wait for it."""
        self._stopping.set()
        self._bell.ring()
        if self._thread is None:
            self._bell.close()

    def _run(self) -> None:
        known: Known = {}
        shown: tuple[Beside, ...] = ()
        while not self._stopping.is_set():
            self._bell.silence()
            wanted = self._wanted
            known = {run.key: known[run.key] for run in wanted if run.key in known}
            # An earlier run of ten million steps takes 20 s: nobody else waits for it, nor a choice that is new.
            for run in sorted(wanted, key=lambda run: run.started is not None):
                if run.started is not None:
                    shown = self._tell(wanted, known, shown)
                read = _read(run, known.get(run.key), partial(self._goes_on, wanted))
                if read is not None:
                    known[run.key] = read
            shown = self._tell(wanted, known, shown)
            self._bell.wait(FRESH_EVERY if wanted else IDLE, None)
        self._bell.close()

    def _goes_on(self, wanted: tuple[Compared, ...]) -> bool:
        return self._wanted == wanted and not self._stopping.is_set()

    def _tell(
        self, wanted: tuple[Compared, ...], known: Known, shown: tuple[Beside, ...]
    ) -> tuple[Beside, ...]:
        """Shows what is known of the runs, where that is new and they are still the wanted ones; what is shown then."""
        found = tuple(
            _beside(run, letter, known[run.key][1], shown)
            for run, letter in zip(wanted, LETTERS, strict=False)
            if run.key in known
        )
        if is_same(found, shown) or wanted is not self._wanted:
            return shown
        self._show(found)
        return found


def _beside(run: Compared, letter: str, state: RunState, before: tuple[Beside, ...]) -> Beside:
    """The run; the same object as before where nothing is new, so that nothing is drawn again for it."""
    for one in before:
        if one.run == run and one.letter == letter and one.state is state:
            return one
    return Beside(run, letter, state, ruler_of(state))


def _read(
    run: Compared, known: tuple[object, RunState] | None, go_on: Callable[[], bool]
) -> tuple[object, RunState] | None:
    """A run's state and the stamp of the file it is from; what is known where nothing is new or it cannot be read."""
    folder = Path(run.folder)
    if run.started is None:
        return _read_newest(folder, known)
    # To one that another run followed nothing is added any more.
    return known or _read_earlier(folder, run.started, go_on)


def _read_newest(folder: Path, known: tuple[object, RunState] | None) -> tuple[object, RunState] | None:
    journal, written = stamps_of(folder)
    for stamp, read in ((written, _from_snapshot), (journal, _from_journal)):
        if stamp is None:
            continue
        if known is not None and known[0] == stamp:
            return known
        try:
            return stamp, read(folder)
        except (OSError, SnapshotError):
            continue
    return known


def _read_earlier(folder: Path, started: float, go_on: Callable[[], bool]) -> tuple[object, RunState] | None:
    newest = _read_newest(folder, None)
    state = earlier_run(folder, newest[1], started, go_on) if newest is not None else None
    return (started, state) if state is not None else None


def _from_snapshot(folder: Path) -> RunState:
    return snapshot.read(folder).state


def _from_journal(folder: Path) -> RunState:
    """As far as it is read in a moment."""
    with closing(RunReader(folder)) as reader:
        return reader.poll().state
