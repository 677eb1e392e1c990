"""The spool of a forked child or a spawned worker: no thread of its process looks after it, so `append` does.

The process that forked or started it drains it and unlinks what is drained; nobody tells how much room that made.
"""

import time
from collections.abc import Callable
from pathlib import Path

from trainmon.spool.spool import MOST, Spool
from trainmon.spool.spool_header import SpoolHeader

LOOK_EVERY = 0.5
"""Seconds between two looks whether the segment still has its name, by the calls."""


class WorkerSpool(Spool):
    """A spool that begins its next segment itself, in the call that finds the last one full or taken away."""

    def __init__(self, header: SpoolHeader, *, most: int = MOST) -> None:
        super().__init__(header, most=most)
        self._earlier: list[Path] = []
        """Segments that were filled."""
        self._look_at = 0.0
        self.on_look: Callable[[], None] = lambda: None
        """Called by a call now and then."""

    def append(self, line: bytes, urgent: bool = False) -> bool:
        """As `Spool.append`; now and then looks first whether somebody has tidied the shared memory."""
        now = time.monotonic()
        if now >= self._look_at:
            self._look_at = now + LOOK_EVERY
            self.on_look()
            if self.path is not None and not _is_there(self.path):
                try:
                    self.next_segment()
                except OSError as error:
                    self.why = str(error)
        return super().append(line, urgent)

    def _make_room(self) -> bool:
        """Begins the next segment; of a daemon, which has a thread that moves its lines, that is waited for."""
        return self._begin_next() or super()._make_room()

    def _begin_next(self) -> bool:
        """The next segment, if those before it leave room."""
        if not self._opening.acquire():
            return False
        try:
            if self._room > 0:
                return True  # Another thread did it.
            if self.path is not None and self.path not in self._earlier:
                self._earlier.append(self.path)
            sizes = {path: _size(path) for path in self._earlier}
            self._earlier = [path for path, size in sizes.items() if size]
            if self.folder is None or sum(sizes.values()) + self.segment > self.limit:
                return False
            try:
                self._next_segment(self.folder)
            except FileNotFoundError:
                self._reopen()  # The folder was removed.
            self._room = self._first_room()
        except OSError as error:
            self.why = str(error)
            return False
        finally:
            self._opening.release()
        return True

    def _first_room(self) -> int:
        return self.segment

    def _with_older(self, line: bytes) -> bytes:
        return b"".join(self.overflow.take()) + line


def _is_there(path: Path) -> bool:
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    except OSError:
        return True  # It cannot be looked at: nobody knows.
    return True


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # It was drained and unlinked.
