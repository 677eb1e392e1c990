"""Runs that are compared with the one that is shown: which, what they are called, and what was read of them."""

import math
import operator
from collections.abc import Callable

import msgspec

from trainmon.fold.state import RunState
from trainmon_tui.sight.chart_view import Ruler

LETTERS = "abc"
"""What compared runs are called in charts, in the order in which they were chosen."""

MOST = len(LETTERS)
"""Runs beside the one that is shown: of more, nobody tells the curves apart in cells of a terminal."""


Key = tuple[str, float]
"""Folder of a run, and Unix seconds of its start; infinite for the newest of its journal."""


def key_of(folder: str, started: float | None = None) -> Key:
    """The key of a run; of the newest one of its journal without `started`."""
    return folder, started if started is not None else math.inf


class Compared(msgspec.Struct, frozen=True):
    """A run that the user chose to compare with."""

    folder: str
    """The run folder; untrusted."""
    name: str
    """As the list of runs calls it; untrusted."""
    started: float | None = None
    """Unix seconds of the start of an earlier run of its journal; None: the newest one."""

    @property
    def key(self) -> Key:
        """Tells it apart from all others."""
        return key_of(self.folder, self.started)


class Beside(msgspec.Struct, frozen=True):
    """A compared run with its curves."""

    run: Compared
    letter: str
    """One of `LETTERS`."""
    state: RunState
    """Nobody changes it."""
    ruler: Ruler


def toggled(compared: tuple[Compared, ...], run: Compared) -> tuple[Compared, ...]:
    """The runs with this one more, the oldest choice gone where there are too many; without it where it was one."""
    others = tuple(one for one in compared if one.key != run.key)
    return others if len(others) < len(compared) else (*others, run)[-MOST:]


class BesideDesk:
    """What was read of the compared runs; for the thread of the app, but `take`."""

    def __init__(self, ask: Callable[[tuple[Compared, ...]], None] | None) -> None:
        """Nothing was read yet.

        Args:
            ask: Has runs read, which then come by `take`; None: nothing can be read.
        """
        self._ask = ask
        self._read: tuple[Beside, ...] = ()
        self._seen: tuple[Beside, ...] = ()

    def take(self, beside: tuple[Beside, ...]) -> None:
        """Takes what was read, from any thread."""
        self._read = beside

    def want(self, compared: tuple[Compared, ...]) -> None:
        """Has these runs read from now on, and no others."""
        if self._ask is not None:
            self._ask(compared)

    def seen(self, compared: tuple[Compared, ...], folder: str) -> tuple[Beside, ...]:
        """What was read of the compared runs but the one that is shown; the same object where nothing is new."""
        wanted = {run.key for run in compared} - {key_of(folder)}
        found = tuple(one for one in self._read if one.run.key in wanted)
        if not is_same(found, self._seen):
            self._seen = found
        return self._seen


def is_same(runs: tuple[Beside, ...], before: tuple[Beside, ...]) -> bool:
    """Whether these are the same objects: states are not compared, which is slow, and NaN equals nothing."""
    return len(runs) == len(before) and all(map(operator.is_, runs, before))
