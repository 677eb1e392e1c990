"""The host that the screen runs on: what is wanted of it, and what came of that.

It is read by the screen itself (`trainmon_tui.feeds.live_feed`) while that looks at a run of this host, or at none.
Nothing is read while nobody wants it: while a trainer records, the overview shows its readings.
"""

from collections.abc import Callable

import msgspec

from trainmon.facts.readings import MachineReading
from trainmon.fold import machine
from trainmon.fold.series import Series
from trainmon.fold.state import RunState
from trainmon.system.identity import ProcessIdentity, own_identity

FRESH = 7.0
"""Seconds after which a reading counts as old: three that did not come."""

MOST_POINTS = 4_096
"""Readings that are kept to be put after what the trainer recorded; two hours of them."""


APART = 600.0
"""Seconds after the trainer's last reading beyond which a live one is none of the run's course any more: that of a run
which ended last month would be squeezed into one cell."""


class Live(msgspec.Struct, frozen=True):
    """What this host said itself."""

    reading: MachineReading
    """By our clock. `allocators` are those that the trainer recorded last, while they are fresh."""
    machine: Series
    """The recorded course of the machine, and what was read soon after it; nobody changes it."""
    folder: str = ""
    """The run folder for which it was read."""


class Want(msgspec.Struct, frozen=True):
    """What the screen wants to know."""

    state: RunState
    """Of the run that is shown."""
    folder: str
    """Its folder."""
    details: bool = False
    """Whether each CPU is told apart, and the processes on GPUs by user and command."""


def is_here(state: RunState, here: ProcessIdentity) -> bool:
    """Whether the run is one of this host, or there is none and this host is as good as any."""
    opened = state.opened
    return opened is None or (opened.host, opened.boot_id) == (here.host, here.boot_id)


def is_fresh(state: RunState, now: float) -> bool:
    """Whether the trainer itself records readings, by the newest, at Unix time `now`; none is of the future."""
    return state.reading is not None and -FRESH < now - state.reading.time < FRESH


class Course:
    """What was recorded and, after it, what was read live."""

    def __init__(self) -> None:
        """Nothing was read yet."""
        self._points: list[MachineReading] = []
        self._key: tuple[str, float | None] | None = None
        self._whole = Series()

    def join(self, folder: str, state: RunState, reading: MachineReading) -> Series:
        """The course up to this reading, which is the newest, or to the recorded end where that is long ago."""
        end = state.reading.time if state.reading is not None else None
        if (folder, end) != self._key:
            self._key = folder, end
            self._whole = state.machine.copy()
            self._points = [point for point in self._points if end is None or point.time > end]
            for point in self._points:
                _extend(self._whole, point)
        if len(self._points) >= MOST_POINTS:
            del self._points[: MOST_POINTS // 2]
        if end is not None and not self._points and reading.time - end > APART:
            return self._whole
        if end is None or reading.time > end:
            self._points.append(reading)
            self._whole = self._whole.copy()
            _extend(self._whole, reading)
        return self._whole


def _extend(series: Series, reading: MachineReading) -> None:
    series.extend([int(reading.time)], [reading.time], [-1], machine.columns(reading))


class LiveDesk:
    """What is wanted of this host and what came of it; for the thread of the app, but `take`."""

    def __init__(self, ask: Callable[[Want | None], None] | None) -> None:
        """Nothing is wanted yet.

        Args:
            ask: Has the machine read from now on, which then comes by `take`; of None, no more. None: it never is.
        """
        self._ask = ask
        self._here: ProcessIdentity | None = None
        self._live: Live | None = None
        self._asks = False

    def take(self, live: Live) -> bool:
        """Takes a reading, from any thread; whether there was none before."""
        first, self._live = self._live is None, live
        return first

    def seen(self, state: RunState, folder: str, now: float) -> Live | None:
        """The newest reading, where it belongs to the run and is fresh; `now` is by our clock."""
        live = self._live
        if live is None or live.folder != folder or not 0 <= now - live.reading.time < FRESH:
            return None
        return live if self._is_here(state) else None

    def want(self, state: RunState, folder: str, now: float, *, shown: bool, details: bool) -> None:
        """Has the machine read where that tells more than the trainer does.

        Args:
            state: Of the run.
            folder: Its folder.
            now: Unix seconds, by our clock.
            shown: Whether there is anything on the screen that shows the machine.
            details: Whether the view of the machine is open.
        """
        if self._ask is None:
            return
        wanted = (details or (shown and not is_fresh(state, now))) and self._is_here(state)
        if wanted:
            self._ask(Want(state, folder, details))
        elif self._asks:
            self._ask(None)
        self._asks = wanted

    def _is_here(self, state: RunState) -> bool:
        if self._here is None:
            self._here = own_identity()
        return is_here(state, self._here)
