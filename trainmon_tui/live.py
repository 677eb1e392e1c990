"""The host that the screen runs on, read by the screen itself while it looks at a run of that host, or at none.

The one thing to know: one thread reads, whatever happens; what may hang the core asks aside, and says how long it has
been silent. Nothing is read while nobody wants it: while a trainer records, the overview shows its readings.
"""

import threading
import time
from collections.abc import Callable

import msgspec

from trainmon import machine
from trainmon.readings import MachineReading
from trainmon.series import Series
from trainmon.state import RunState
from trainmon.system.identity import ProcessIdentity, own_identity

EVERY = 2.0
"""Seconds between two readings, as in the trainer."""

FIRST_SPAN = 0.5
"""Seconds from the first reading, which has no rates, to the second."""

FRESH = 7.0
"""Seconds after which a reading counts as old: three that did not come."""

MOST_POINTS = 4_096
"""Readings that are kept to be put after what the trainer recorded; two hours of them."""


class Live(msgspec.Struct, frozen=True):
    """What this host said itself."""

    reading: MachineReading
    """By our clock. `allocators` are those that the trainer recorded last, while they are fresh."""
    machine: Series
    """The recorded course of the machine, and what was read after it; nobody changes it."""
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
        """The course up to this reading, which is the newest; a series of its own each time."""
        end = state.reading.time if state.reading is not None else None
        if (folder, end) != self._key:
            self._key = folder, end
            self._whole = state.machine.copy()
            self._points = [point for point in self._points if end is None or point.time > end]
            for point in self._points:
                _extend(self._whole, point)
        if len(self._points) >= MOST_POINTS:
            del self._points[: MOST_POINTS // 2]
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


class LiveFeed:
    """Reads this host in a thread of its own while somebody wants it."""

    def __init__(
        self,
        show: Callable[[Live], None],
        *,
        every: float = EVERY,
        read: Callable[[Want], MachineReading] | None = None,
    ) -> None:
        """A feed whose thread begins with the first wish.

        Args:
            show: Takes each reading, in the feed's thread; must return at once.
            every: Seconds between two readings.
            read: Reads the machine, in the feed's thread; None: for real.
        """
        self._show = show
        self._every = every
        self._read = read
        self._wanted: Want | None = None
        self._condition = threading.Condition()
        self._stopping = False
        self._thread: threading.Thread | None = None

    def ask(self, wanted: Want | None) -> None:
        """Has the machine read from now on; None: no more; from any thread."""
        with self._condition:
            before, self._wanted = self._wanted, wanted
            if wanted is None or self._stopping:
                return
            if before is None or (before.folder, before.details) != (wanted.folder, wanted.details):
                self._condition.notify()
            if self._thread is None:
                # A daemon: a driver that hangs must not keep the program from ending.
                self._thread = threading.Thread(target=self._run, name="trainmon-live", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """Ends the thread after the reading that it is at; does not wait for it."""
        with self._condition:
            self._stopping = True
            self._condition.notify()

    def _run(self) -> None:
        read = self._read
        if read is None:
            from trainmon_tui.live_reading import LiveReader  # deferred: the first paint need not wait for it

            read = LiveReader().read
        course = Course()
        folder, last = "", float("-inf")
        while (wanted := self._wait()) is not None:
            began = time.monotonic()
            first = wanted.folder != folder or began - last > 2 * self._every
            try:
                reading = read(wanted)
            except Exception:  # noqa: BLE001 - a bug in reading costs the live readings, and no more
                self._rest(self._every, wanted)
                continue
            folder, last = wanted.folder, time.monotonic()
            # Rates over a long rest would be no rates of now, so that the first reading only begins them.
            if not first:
                self._show(Live(reading, course.join(folder, wanted.state, reading), folder))
            self._rest(FIRST_SPAN if first else began + self._every - last, wanted)

    def _wait(self) -> Want | None:
        """What is wanted, as soon as anything is; None: stop."""
        with self._condition:
            while self._wanted is None and not self._stopping:
                self._condition.wait()
            return None if self._stopping else self._wanted

    def _rest(self, seconds: float, before: Want) -> None:
        """Waits for the next reading; what is wanted anew is not kept waiting."""
        with self._condition:
            if self._wanted is not None and self._wanted.details == before.details:
                self._condition.wait(max(0.05, seconds))
