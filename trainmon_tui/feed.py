"""The feed: a thread that follows a run folder and hands on the newest view of it.

Polling is the truth: it works where the kernel tells nothing (NFS, FUSE, a folder that is replaced). What
watchfiles says only wakes the poll early, and whatever goes wrong with it costs nothing but that.
"""

import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
from msgspec.structs import replace

from trainmon.look import is_there
from trainmon.output import OutputLine, newest_lines
from trainmon.paths import OUTPUT
from trainmon.reader import RunReader, View
from trainmon.state import RunState
from trainmon.statuses import Evidence

POLL_EVERY = 0.5
"""Seconds between two polls without a hint while there is news; the promise is once or twice a second."""

QUIET_POLL_EVERY = 1.0
"""The same while there is none."""

SHORTEST_GAP = 0.25
"""Seconds between two polls with hints: the screen repaints at most four times a second."""

FILES_EVERY = 5.0
"""Seconds after which the files of checkpoints are looked for again; a new checkpoint is looked for at once."""

FILES = 12
"""Newest checkpoints whose files are looked for; no panel lists more."""

OUTPUT_LINES = 24
"""Newest lines of output that are read; no panel shows more."""

HINT_RETRY = 5.0
"""Seconds until watching is tried again where the folder is missing, was replaced or cannot be watched."""

_DEBOUNCE = 100
"""Milliseconds in which watchfiles gathers changes; with a step of 30 an append arrives in 60 to 90 ms
(measured 2026-11)."""


class Frame(msgspec.Struct, frozen=True):
    """What the feed hands on."""

    view: View
    files: Mapping[str, bool | None] = {}
    """Whether the file of a checkpoint is there, by its path as logged; None: cannot be known from here."""
    output: tuple[OutputLine, ...] = ()
    """The newest lines that the program printed, oldest first; untrusted text."""


class Feed:
    """Follows one run folder in a thread of its own, from `start` to `stop`.

    `show` is called in that thread, at most four times a second, and only with what is new; it must return at once.
    """

    def __init__(
        self, folder: Path, show: Callable[[Frame], None], *, hints: bool = True, gap: float | None = None
    ) -> None:
        """A feed that does not run yet.

        Args:
            folder: The run folder; it may not exist yet.
            show: Takes the newest frame.
            hints: Whether watchfiles may wake the poll early.
            gap: Seconds between two polls, at least; None: a quarter.
        """
        self._folder = folder
        self._show = show
        self._hints = hints
        self._gap = gap
        self._stopping = threading.Event()
        self._wake = threading.Event()
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
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join(patience)
        return not self._thread.is_alive()

    def wake(self) -> None:
        """Polls as soon as the shortest gap allows."""
        self._wake.set()

    def _run(self) -> None:
        reader = RunReader(self._folder)
        files = FileLook()
        output = OutputLook(self._folder)
        version: int | None = None
        try:
            while not self._stopping.is_set():
                began = time.monotonic()
                self._wake.clear()
                view = self._poll(reader)
                there, printed = files.look(view.state, began), output.look()
                before = self._newest
                found = (view.version, there, printed)
                news = before is None or found != (version, before.files, before.output)
                if news:
                    version = view.version
                    self._newest = Frame(view, there, printed)
                    self._show(self._newest)
                    if self._hints:
                        self._hints = False
                        self._start_hints()
                self._wait(began, POLL_EVERY if news else QUIET_POLL_EVERY)
        finally:
            reader.close()

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
        gap = SHORTEST_GAP if self._gap is None else self._gap
        left = began + gap - time.monotonic()
        if left > 0:
            self._stopping.wait(left)
            self._wake.wait(max(0.0, began + interval - time.monotonic()))

    def _start_hints(self) -> None:
        """Begins only after the first frame: the import alone takes longer than a poll."""
        threading.Thread(target=self._watch, name="trainmon-hints", daemon=True).start()

    def _watch(self) -> None:
        while not self._stopping.is_set():
            try:
                watch_folder(self._folder, self._wake, self._stopping)
            except Exception:  # noqa: BLE001 - watchfiles raises many kinds; polling goes on whatever happens here
                self._stopping.wait(HINT_RETRY)
            else:
                self._stopping.wait(SHORTEST_GAP)


def watch_folder(folder: Path, wake: threading.Event, stopping: threading.Event) -> None:
    """Sets `wake` at every change in the folder until `stopping` is set or the folder is replaced.

    Raises:
        Exception: whatever watchfiles raises where it cannot watch.
    """
    from watchfiles import watch  # deferred: 44 ms that the first paint need not wait for

    def identity() -> tuple[int, int]:
        status = folder.stat()
        return status.st_dev, status.st_ino

    before = identity()
    changes = watch(
        folder,
        watch_filter=None,
        debounce=_DEBOUNCE,
        step=30,
        stop_event=stopping,
        rust_timeout=int(HINT_RETRY * 1000),
        yield_on_timeout=True,
        raise_interrupt=False,
        recursive=False,
    )
    for found in changes:
        if found:
            wake.set()
        # A folder that was deleted and made again sends nothing, and no error either.
        if identity() != before:
            return


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
        found = {entry.checkpoint_path: is_there(entry.checkpoint_path, state.opened) for entry in entries}
        if found != self._known:
            self._known = found
        return self._known
