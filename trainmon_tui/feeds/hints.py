"""What watchfiles tells of a run folder, as a descriptor that poll(2) finds readable when something changed.

A hint only ever makes a look come early. NFS and FUSE tell nothing of remote writes, inotify's limits are often used up
on shared machines, and then there is no hint and no error.
"""

import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from watchfiles import Change

from trainmon.words.paths import JOURNAL, OUTPUT, SNAPSHOT
from trainmon_tui.feeds.bell import Bell

FILES = frozenset({JOURNAL, OUTPUT, SNAPSHOT})
"""Whose changes are told; text logs grow with the journal, and would tell of each line a second time."""

STEP = 25
"""Milliseconds between two looks of watchfiles at what the kernel told it; it hands on what came once a step was quiet:
41 ms late (median), for 40 wake-ups a second, which cost 0.14 % of a core (measured 2026-11-28)."""

DEBOUNCE = 50
"""Milliseconds in which it gathers changes that go on and on, at most."""

RETRY = 5.0
"""Seconds until watching is tried again where the folder is missing, was replaced or cannot be watched."""


def matters(_change: "Change", path: str) -> bool:
    """Whether a look is worth it when this file of a run folder has changed."""
    return path.rpartition("/")[2] in FILES


class Hints:
    """Tells of changes in one folder from `open` to `close`."""

    def __init__(self, folder: Path) -> None:
        """Nothing is told yet; the folder may not exist."""
        self._folder = folder
        self._stopping = threading.Event()
        self._bell: Bell | None = None
        self._thread = threading.Thread(target=self._run, name="trainmon-hints", daemon=True)

    @property
    def descriptor(self) -> int | None:
        """What poll(2) finds readable when something changed; None: nothing will be told."""
        return self._bell.descriptor if self._bell is not None else None

    def open(self) -> None:
        """Begins to tell, where that is possible, in a thread of its own."""
        self._bell = Bell()
        self._thread.start()

    def close(self, patience: float = 0.0) -> bool:
        """Tells nothing any more; whether the thread has ended within `patience` seconds, which it soon does."""
        self._stopping.set()
        if self._bell is not None:
            self._bell.close()
        if self._thread.ident is not None:
            self._thread.join(patience)
        return not self._thread.is_alive()

    def settle(self) -> None:
        """Takes what was told; what changes from now on is told again."""
        if self._bell is not None:
            self._bell.silence()

    def _tell(self) -> None:
        if self._bell is not None:
            self._bell.ring()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._watch()
            except Exception:  # noqa: BLE001 - watchfiles raises many kinds; polling goes on whatever happens here
                self._stopping.wait(RETRY)
            else:
                self._tell()

    def _watch(self) -> None:
        """Tells of every change until `close`, or until the folder is replaced.

        Raises:
            Exception: Whatever watchfiles raises where it cannot watch.
        """
        from watchfiles import watch  # deferred: 44 ms that the first paint need not wait for

        before = _identity(self._folder)
        changes = watch(
            self._folder,
            watch_filter=matters,
            debounce=DEBOUNCE,
            step=STEP,
            stop_event=self._stopping,
            rust_timeout=int(RETRY * 1_000),
            yield_on_timeout=True,
            raise_interrupt=False,
            recursive=False,
        )
        for found in changes:
            if found:
                self._tell()
            # A folder that was deleted and made again sends nothing, and no error either.
            if _identity(self._folder) != before:
                return


def _identity(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino
