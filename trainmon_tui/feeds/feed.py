"""The feed: a thread that follows a run folder and hands on the newest view of it.

Polling is the truth: it works where the kernel tells nothing (NFS, FUSE, a folder that is replaced). What watchfiles
tells only wakes the poll early (`trainmon_tui.feeds.hints`), and whatever goes wrong with it costs nothing but that.
"""

import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
from msgspec.structs import replace

from trainmon.fold.state import RunState
from trainmon.meaning.statuses import Evidence
from trainmon.reading.look import FILES, files_of
from trainmon.reading.reader import RunReader, View
from trainmon.storage.output import OutputLine, newest_lines
from trainmon.words.paths import OUTPUT
from trainmon_tui.feeds.bell import Bell
from trainmon_tui.feeds.hints import Hints
from trainmon_tui.feeds.rank_steps import StepsLook
from trainmon_tui.feeds.ranks_look import RanksLook
from trainmon_tui.sight.sight import FailedRank, RankSteps

POLL_EVERY = 0.5
"""Seconds between two polls without a hint while there is news; the promise is once or twice a second."""

QUIET_POLL_EVERY = 1.0
"""The same while there is none."""

SHORTEST_GAP = 0.25
"""Seconds between two frames, on average: the screen repaints four times a second."""

AT_ONCE = 2
"""Frames that may follow one another at once after a silence: a reading of the machine that has just been shown must
not keep a step waiting."""

LAST_HINT = 0.2
"""Seconds in which the thread of hints nearly always ends: it looks whether to stop every 25 ms. One that is still in
watchfiles when the interpreter goes would have watchfiles up to 1.2 abort the process (pyo3#4874)."""

FILES_EVERY = 5.0
"""Seconds after which the files of checkpoints are looked for again; a new checkpoint is looked for at once."""

OUTPUT_LINES = 64
"""Newest lines of output that are read; no panel shows more."""


class Frame(msgspec.Struct, frozen=True):
    """What the feed hands on."""

    view: View
    files: Mapping[str, bool | None] = {}
    """Whether the file of a checkpoint is there, by its path as logged; None: cannot be known from here."""
    output: tuple[OutputLine, ...] = ()
    """The newest lines that the program printed, oldest first; untrusted text."""
    first: FailedRank | None = None
    """The other rank that failed first; None: none, as far as is known."""
    ranks: RankSteps | None = None
    """How far the ranks are; None: there are no others, or nobody looked yet."""


class Feed:
    """Follows one run folder in a thread of its own, from `start` to `stop`.

    `show` is called in that thread, at most four times a second, and only with what is new; it must return at once.
    """

    def __init__(self, folder: Path, show: Callable[[Frame], None], *, gap: float | None = None) -> None:
        """A feed that does not run yet.

        Args:
            folder: The run folder; it may not exist yet.
            show: Takes the newest frame.
            gap: Seconds between two frames, on average; None: a quarter.
        """
        self._folder = folder
        self._show = show
        self._pace = Pace(SHORTEST_GAP if gap is None else gap)
        self._hints = Hints(folder)
        self._stopping = threading.Event()
        self._bell = Bell()
        self._thread = threading.Thread(target=self._run, name="trainmon-feed", daemon=True)
        self._newest: Frame | None = None

    @property
    def newest(self) -> Frame | None:
        """The newest frame; None before the first poll."""
        return self._newest

    def start(self) -> None:
        """Begins to follow."""
        self._thread.start()

    def stop(self, patience: float = 1.0) -> bool:
        """Ends the thread; False if it is still stuck in a read of dead storage after `patience` seconds."""
        self._stopping.set()
        self._bell.ring()
        if self._thread.ident is None:
            self._bell.close()
            return True
        self._thread.join(patience)
        return not self._thread.is_alive()

    def _run(self) -> None:
        reader = RunReader(self._folder)
        files = FileLook()
        output, ranks = OutputLook(self._folder), RanksLook(self._folder)
        steps = StepsLook(self._folder)
        version: int | None = None
        try:
            while not self._stopping.is_set():
                began = time.monotonic()
                self._hints.settle()
                view = self._poll(reader)
                there, printed = files.look(view.state, began), output.look()
                first = ranks.look(view, began)
                reached = steps.look(view.state, began)
                before = self._newest
                found = (view.version, there, printed, first, reached)
                news = before is None or found != (
                    version, before.files, before.output, before.first, before.ranks,
                )  # fmt: skip
                if news:
                    version = view.version
                    self._newest = Frame(view, there, printed, first, reached)
                    self._pace.took(began)
                    self._show(self._newest)
                    if before is None:
                        self._hints.open()
                self._wait(began, POLL_EVERY if news else QUIET_POLL_EVERY)
        finally:
            reader.close()
            ranks.close()
            steps.close()
            self._hints.close(LAST_HINT)
            self._bell.close()

    def _poll(self, reader: RunReader) -> View:
        try:
            return reader.poll()
        except Exception as error:  # noqa: BLE001 - a bug in reading must not leave a screen that looks alive
            note = f"reading failed ({type(error).__name__}): what is shown may be old"
            if self._newest is None:
                return View(RunState(), Evidence(), exists=True, note=note, version=-1, bytes_read=0)
            return replace(self._newest.view, note=note, version=-1)

    def _wait(self, began: float, interval: float) -> None:
        """Waits for the next poll; one that took as long as the gap has more to read and is repeated at once."""
        now = time.monotonic()
        if now - began < self._pace.gap:
            self._stopping.wait(max(0.0, self._pace.earliest(began) - now))
            self._bell.wait(began + interval - time.monotonic(), self._hints.descriptor)


class Pace:
    """When the next look may come."""

    def __init__(self, gap: float) -> None:
        """Nothing was shown yet.

        Args:
            gap: Seconds between two frames, on average.
        """
        self.gap = gap
        """As given."""
        self._due = 0.0

    def took(self, now: float) -> None:
        """A frame is shown."""
        self._due = max(self._due, now) + self.gap

    def earliest(self, began: float) -> float:
        """When the next look may begin after one that began then; one in vain keeps nobody waiting for long."""
        return max(self._due - (AT_ONCE - 1) * self.gap, began + self.gap / 5)


class OutputLook:
    """Remembers the newest lines of output, and reads them again when the file has changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: tuple[int, int, int] | None = None
        self._lines: tuple[OutputLine, ...] = ()

    def look(self) -> tuple[OutputLine, ...]:
        """The newest lines, oldest first; none where the program's output is not kept."""
        try:
            status = os.stat(self._folder / OUTPUT)
        except OSError:
            self._seen, self._lines = None, ()
            return self._lines
        seen = status.st_ino, status.st_size, status.st_mtime_ns
        if seen != self._seen:
            self._seen = seen
            self._lines = tuple(newest_lines(self._folder, OUTPUT_LINES))
        return self._lines


class FileLook:
    """Remembers which files of checkpoints are there, and looks again when it is time."""

    def __init__(self) -> None:
        self._known: dict[str, bool | None] = {}
        self._looked = 0.0

    def look(self, state: RunState, now: float) -> Mapping[str, bool | None]:
        """Whether the files of the newest checkpoints and of the best are there, at monotonic time `now`."""
        entries = state.checkpoints[-FILES:]
        if state.best_checkpoint is not None:
            entries = [*entries, state.best_checkpoint]
        paths = [entry.checkpoint_path for entry in entries]
        due = now - self._looked >= FILES_EVERY
        if not due and all(path in self._known for path in paths):
            return self._known
        self._looked = now
        found = files_of(state)
        if found != self._known:
            self._known = found
        return self._known
