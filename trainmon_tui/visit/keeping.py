"""Writes what the screen keeps in the user's state folder: in a thread, for a home on dead storage may never answer."""

import threading
from pathlib import Path

from trainmon.system.kept import keep


class Keeper:
    """Has the newest of each file written, one after another."""

    def __init__(self, name: str) -> None:
        """Has nothing to write yet.

        Args:
            name: Of the thread; it lives while there is something to write.
        """
        self._name = name
        self._waiting: dict[Path, bytes] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def put(self, path: Path, data: bytes) -> None:
        """Has a file written; what was to be written to it before, and is not yet, is dropped."""
        with self._lock:
            self._waiting[path] = data
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()

    def wait(self, seconds: float) -> None:
        """Waits until all is written, or for so long."""
        thread = self._thread
        if thread is not None:
            thread.join(seconds)

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._thread = None
                    return
                path = next(iter(self._waiting))
                data = self._waiting.pop(path)
            keep(path, data)
