"""The sentinel: watches one run folder when nobody looks, and tells what is news.

A process of its own that outlives the trainer. It sleeps on the trainer's pidfd and looks at the journal now and then,
with the same reader as the screen; the run folder's lock is never touched. It ends by itself after the run.
"""

import contextlib
import os
import select
import threading
import time
from collections.abc import Callable
from pathlib import Path

from trainmon.fold.state import RunState
from trainmon.meaning.alerts import USUAL, Thresholds, alerts
from trainmon.meaning.verdict import verdict
from trainmon.notify.deliver import Order
from trainmon.notify.message import message
from trainmon.notify.news import Desk, Moment, News
from trainmon.notify.rules import Rules
from trainmon.notify.sender import Sender
from trainmon.reading.look import files_of
from trainmon.reading.reader import RunReader, View
from trainmon.storage.exit_file import read_exit, write_exit
from trainmon.system.identity import ProcessIdentity, alive
from trainmon.words.exits import ExitRecord

LOOK_EVERY = 5.0
"""Seconds between two looks while the trainer lives; its death wakes us at once. The promise is 10 s."""

LOOK_SOON = 0.5
"""The same while an end settles, and where no pidfd tells of one."""

LONE_PATIENCE = 60.0
"""Seconds after an end for which a trainer that cannot be seen from here may go on with another run."""

FIRST_PATIENCE = 10.0
"""Seconds for which a run that was over when we came may be followed by the one that we were started for."""

NOTHING_LIMIT = 86_400.0
"""Seconds without any change after which a sentinel that sees no trainer gives up."""

FILES_PATIENCE = 2.0
"""Seconds that a message waits for the storage of the checkpoints to say whether they are there."""

COMM = "tm-sentinel"
"""What `ps` and `top` call the process; at most 15 characters (proc(5))."""


class Sentinel:
    """One run folder that is watched; for one thread."""

    def __init__(
        self,
        folder: Path,
        rules: Rules,
        sender: Sender,
        *,
        thresholds: Thresholds = USUAL,
        since: float | None = None,
        watched: ProcessIdentity | None = None,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Has looked at nothing yet.

        Args:
            folder: The run folder; it need not exist yet.
            rules: What is told.
            sender: Sends it.
            thresholds: From where on something is an alert.
            since: As for `Desk`.
            watched: A process that must have ended before we do; None: there is none.
            clock: Unix seconds.
            monotonic: Monotonic seconds.
        """
        self._folder = folder
        self._sender = sender
        self._thresholds = thresholds
        self._watched = watched
        self._clock = clock
        self._monotonic = monotonic
        self._reader = RunReader(folder, clock=clock, monotonic=monotonic)
        self._desk = Desk(rules, since=since)
        self._version = -1
        self._began = self._changed = monotonic()
        self._told = False
        self._over_since: float | None = None
        self._rang: int | None = None
        """The pidfd that has told of an end: it goes on telling, and must not keep us awake."""

    def run(self) -> None:
        """Watches until the run is over and told."""
        try:
            while self.look():
                self.sleep()
        finally:
            self._reader.close()

    def look(self) -> bool:
        """Looks once and has told what is news; False: there is nothing left to do here."""
        # Asked first: what it writes of the end is then there, and `_write_down` has the last word.
        launched = self._watched is not None and alive(self._watched)
        view = self._read_up()
        now, mono = self._clock(), self._monotonic()
        if view.version != self._version:
            self._version, self._changed = view.version, mono
        judged = verdict(view.state, view.evidence, now)
        moment = Moment(view.state, judged, alerts(view.state, now, self._thresholds))
        for news, about in self._desk.look(moment, mono):
            self._tell(news, about, now)
        over = judged.status.over and not self._desk.settling
        if over:
            self._write_down(view)
        self._over_since = (mono if self._over_since is None else self._over_since) if over else None
        return launched or not self._is_done(view, mono)

    def _read_up(self) -> View:
        """What is known at the end of the journal; less where it cannot be read on."""
        view, before = self._reader.poll(), -1
        while not view.whole and view.bytes_read > before:
            before = view.bytes_read
            view = self._reader.poll()
        return view

    def sleep(self) -> None:
        """Until the trainer ends, or the next look is due."""
        descriptor = self._reader.trainer_descriptor
        soon = self._desk.settling or self._over_since is not None
        seconds = LOOK_SOON if soon else LOOK_EVERY
        poll = select.poll()
        if descriptor is not None and descriptor != self._rang:
            poll.register(descriptor, select.POLLIN)
        if poll.poll(seconds * 1_000):
            self._rang = descriptor

    def _tell(self, news: News, moment: Moment, now: float) -> None:
        self._told = True
        files = _files_of(moment.state) if moment.verdict.status.over else {}
        told = message(news, moment, str(self._folder), now, files)
        self._sender.put(Order(str(self._folder), news.key, news.kind, told))

    def _is_done(self, view: View, mono: float) -> bool:
        if view.evidence.alive is not True and mono - self._changed > NOTHING_LIMIT:
            return True
        if self._over_since is None or not self._sender.idle:
            return False
        if not self._told and mono - self._began < FIRST_PATIENCE:
            return False
        return view.evidence.alive is False or mono - self._over_since > LONE_PATIENCE

    def _write_down(self, view: View) -> None:
        """Leaves how the trainer ended for those who look later: the kernel tells it to whoever watched, and once.

        A parent knows it better, unless it is parent of a script above the trainer alone.
        """
        found, opened, written = view.evidence.exit, view.state.opened, read_exit(self._folder)
        if found is None or opened is None or found.pid != opened.pid:
            return
        if written is None or written.time < opened.time or written.pid != found.pid:
            _write(self._folder, found)


def _files_of(state: RunState) -> dict[str, bool | None]:
    """Whether files of checkpoints are there; where their storage hangs, the death is told all the same."""
    found: dict[str, bool | None] = {}
    thread = threading.Thread(
        target=lambda: found.update(files_of(state)), name="trainmon-files", daemon=True
    )
    thread.start()
    thread.join(FILES_PATIENCE)
    return dict(found)


def _write(folder: Path, found: ExitRecord) -> None:
    with contextlib.suppress(OSError):  # A full disk, or a folder that is gone: then it is not known later.
        write_exit(folder, found)


def call_ourselves() -> None:
    """Gives the process a name of its own."""
    with contextlib.suppress(OSError):  # Not Linux.
        Path(f"/proc/{os.getpid()}/comm").write_text(COMM, "ascii")
