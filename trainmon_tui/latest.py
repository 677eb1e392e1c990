"""A thread that does what was asked for last: reads and writes of files that the event loop must not wait for."""

import threading
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
