"""The spool of a forked child or a spawned worker: no thread of its process looks after it, so `append` does.

The process that forked or started it drains it and unlinks what is drained; nobody tells how much room that made.
"""

from pathlib import Path

from trainmon.spool import MOST, SEGMENT, Spool, SpoolHeader


class WorkerSpool(Spool):
    """A spool that begins its next segment itself, in the call that finds the last one full."""

    def __init__(self, header: SpoolHeader, *, most: int = MOST) -> None:
        super().__init__(header, most=most)
        self._earlier: list[Path] = []
        """Segments that were filled."""

    def _make_room(self) -> bool:
        """Begins the next segment, if those before it leave room."""
        if not self._opening.acquire():
            return False
        try:
            if self._room > 0:
                return True  # Another thread did it.
            if self.path is not None and self.path not in self._earlier:
                self._earlier.append(self.path)
            sizes = {path: _size(path) for path in self._earlier}
            self._earlier = [path for path, size in sizes.items() if size]
            if self.folder is None or sum(sizes.values()) + SEGMENT > self.limit:
                return False
            self._next_segment(self.folder)
            self._room = self._first_room()
        except OSError as error:
            self.why = str(error)
            return False
        finally:
            self._opening.release()
        return True

    def _first_room(self) -> int:
        return min(SEGMENT, self.limit)

    def _with_older(self, line: bytes) -> bytes:
        return b"".join(self.overflow.take()) + line


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # It was drained and unlinked.
