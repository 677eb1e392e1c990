"""The same error more than once in a second: one record with a count."""

import threading

from msgspec import structs

from trainmon.facts.events import Error

WINDOW = 1.0
"""Seconds in which equal errors are counted instead of recorded."""

MOST = 256
"""Different errors that are remembered; the oldest beyond are forgotten, and recorded in full when they come again."""


class Repeats:
    """Counts equal errors; bounded whatever comes."""

    def __init__(self) -> None:
        self._recorded: dict[str, float] = {}
        self._waiting: dict[str, Error] = {}
        self._lock = threading.RLock()
        """Held for microseconds; reentrant, because a signal handler may log while its thread holds it."""

    def admit(self, error: Error) -> bool:
        """Whether an error is to be recorded now; if not, it is counted until `take`."""
        with self._lock:
            return self._admit(error, f"{error.fingerprint} {error.context[:200]}")

    def _admit(self, error: Error, key: str) -> bool:
        last = self._recorded.get(key)
        if last is not None and error.mono - last < WINDOW:
            waiting = self._waiting.get(key)
            count = waiting.count + 1 if waiting is not None else 1
            self._waiting[key] = structs.replace(error, count=count, traceback="", additional_data={})
            return False
        if len(self._recorded) >= MOST:
            self._recorded.pop(next(iter(list(self._recorded))), None)
        self._recorded[key] = error.mono
        return True

    def take(self, mono: float, *, all_of_them: bool = False) -> list[Error]:
        """The errors with their counts whose second is over at monotonic time `mono`, taken out."""
        with self._lock:
            ripe = [
                key
                for key in self._waiting
                if all_of_them or mono - self._recorded.get(key, mono - WINDOW) >= WINDOW
            ]
            for key in ripe:
                self._recorded[key] = mono
            # Two threads may take at once, and one of them gets each.
        taken = [self._waiting.pop(key, None) for key in ripe]
        return [error for error in taken if error is not None]
