"""A thread that does what was asked for last: reads and writes of files that the event loop must not wait for."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

Wanted = TypeVar("Wanted")


class Latest(Generic[Wanted]):
    """Does one thing at a time, the newest that was asked for; what was asked for before and not begun is dropped."""

    def __init__(self, name: str, do: Callable[[Wanted, Callable[[], bool]], None]) -> None:
        """A worker whose thread begins with the first request.

        Args:
            name: Of the thread.
            do: Does what was asked for, in that thread, and hands on what came of it; it raises nothing. Its second
                argument says whether something newer was asked for meanwhile, so that it may give up.
        """
        self._name = name
        self._do = do
        self._asked: list[Wanted] = []
        self._condition = threading.Condition()
        self._stopping = False
        self._thread: threading.Thread | None = None

    def ask(self, wanted: Wanted) -> None:
        """Wants this done, and nothing that was asked for before; from any thread."""
        with self._condition:
            if self._stopping:
                return
            self._asked = [wanted]
            self._condition.notify()
            if self._thread is None:
                # A daemon: storage that hangs must not keep the program from ending.
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """Ends the thread, as soon as it has done or given up what it does; does not wait for it."""
        with self._condition:
            self._stopping = True
            self._condition.notify()

    def _run(self) -> None:
        while True:
            with self._condition:
                while not self._asked and not self._stopping:
                    self._condition.wait()
                if self._stopping:
                    return
                wanted = self._asked.pop()
            self._do(wanted, self._is_outdated)

    def _is_outdated(self) -> bool:
        return self._stopping or bool(self._asked)


class Seldom(Generic[Wanted]):
    """Does what it is asked for now and then: what takes long is done less often."""

    def __init__(
        self,
        name: str,
        do: Callable[[Wanted], None],
        *,
        every: float,
        share: float,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """A worker that has done nothing yet.

        Args:
            name: Of its thread.
            do: As for `Latest`.
            every: Seconds between two times at least.
            share: Of a core that it may take.
            clock: Seconds, to measure what it takes.
        """
        self._do = do
        self._every = every
        self._share = share
        self._clock = clock
        self._asked = float("-inf")
        self._took = 0.0
        self._latest: Latest[Wanted] = Latest(name, self._measured)

    def ask(self, wanted: Wanted, now: float) -> None:
        """Has it done, if it is time at monotonic second `now`; returns at once."""
        if now - self._asked >= max(self._every, self._took / self._share):
            self._asked = now
            self._latest.ask(wanted)

    def _measured(self, wanted: Wanted, _outdated: Callable[[], bool]) -> None:
        began = self._clock()
        self._do(wanted)
        self._took = self._clock() - began

    def stop(self) -> None:
        """Ends the thread."""
        self._latest.stop()
