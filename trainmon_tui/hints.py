"""What the kernel tells of a run folder: inotify, as a descriptor that poll(2) finds readable when something changed.

A hint only ever makes a look come early. NFS and FUSE tell nothing of remote writes, inotify's limits are often used up
on shared machines, and then there is no hint and no error.
"""

import os
from collections.abc import Callable
from pathlib import Path

from trainmon.paths import JOURNAL, OUTPUT

FILES = (JOURNAL, OUTPUT)
"""Whose growth is told; text logs grow with the journal, and would tell of each line a second time."""

_MODIFY = 0x2
_ARRIVALS = 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x800
"""In a folder: moved from, moved to, created, deleted; and the folder itself: deleted, moved (inotify(7))."""

_ROOM = 1 << 16
"""Bytes of events that are taken at once; an event has at most 16 and the name of a file."""


class Hints:
    """Tells of changes in one folder from `open` to `close`; without inotify of none."""

    def __init__(self, folder: Path) -> None:
        """Nothing is told yet; the folder may not exist."""
        names = [(folder, _ARRIVALS), *((folder / name, _MODIFY) for name in FILES)]
        self._wanted = [(os.fsencode(path), mask) for path, mask in names]
        self._add: Callable[[int, bytes, int], int] | None = None
        self._descriptor = -1

    @property
    def descriptor(self) -> int | None:
        """What poll(2) finds readable when something changed; None: nothing will be told."""
        return self._descriptor if self._descriptor >= 0 else None

    def open(self) -> None:
        """Begins to tell, where that is possible."""
        import ctypes  # deferred: 2 ms that the first paint need not wait for

        try:
            library = ctypes.CDLL(None)
            self._descriptor = library.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
            self._add = library.inotify_add_watch
        except (OSError, AttributeError):  # no library, or none that knows inotify
            self._descriptor = -1
        self.settle()

    def close(self) -> None:
        """Tells nothing any more."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def settle(self) -> None:
        """Takes what was told; what changes from now on is told again, also in a folder or a file that is new."""
        if self._descriptor < 0 or self._add is None:
            return
        while self._take():
            continue
        # Those that are watched already stay so; what is not there yet is told of by the folder.
        for path, mask in self._wanted:
            self._add(self._descriptor, path, mask)

    def _take(self) -> bool:
        try:
            return bool(os.read(self._descriptor, _ROOM))
        except BlockingIOError:
            return False
