"""Reads the host that the screen runs on, while somebody wants it.

The one thing to know: one thread reads, whatever happens; what may hang the core asks aside, and says how long it has
been silent.
"""

import threading
import time
from collections.abc import Callable

from trainmon.facts.readings import MachineReading
from trainmon_tui.sight.live import Course, Live, Want

EVERY = 2.0
"""Seconds between two readings, as in the trainer."""

FIRST_SPAN = 0.5
"""Seconds from the first reading, which has no rates, to the second."""


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
            # Deferred: the first paint need not wait for it.
            from trainmon_tui.feeds.live_reading import LiveReader

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
