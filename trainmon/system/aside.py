"""Questions that may never be answered, a driver's or a dead server's, asked in a thread that nobody waits for.

The one thing to know: however often it is asked, there is one thread and at most one open question; a system call that
hangs cannot be ended from outside, so that a second try would only leave a second thread behind.
"""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class Aside(Generic[Answer]):
    """One question, asked again and again; for one asking thread."""

    def __init__(
        self, name: str, question: Callable[[], Answer], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Asks nothing yet.

        Args:
            name: Of the thread.
            question: Is called in that thread; an exception counts as no answer to this one question.
            clock: Monotonic seconds.
        """
        self._name = name
        self._question = question
        self._clock = clock
        self._thread: threading.Thread | None = None
        self._asked = threading.Event()
        self._answered = threading.Event()
        self._answer: Answer | None = None
        self._since: float | None = None
        self._closed = False
        self.cost = 0.0
        """Seconds of CPU time that the newest answer took."""

    def ask(self, patience: float) -> Answer | None:
        """The answer; None where there is none within `patience` seconds, or the question failed.

        A question that is still open is waited for, rather than asked anew.
        """
        if self._since is None:
            self._since = self._clock()
            self._answered.clear()
            self._asked.set()
            if self._thread is None:
                thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                try:
                    thread.start()
                except RuntimeError:
                    self._since = None
                    return None  # No room for a thread: it may be tried again.
                self._thread = thread
        if not self._answered.wait(patience):
            return None
        self._since = None
        return self._answer

    @property
    def waited(self) -> float | None:
        """Seconds that the open question has had no answer; None where none is open."""
        return None if self._since is None else max(0.0, self._clock() - self._since)

    def close(self) -> None:
        """Lets the thread end as soon as its question is answered; nothing is asked any more."""
        self._closed = True
        self._asked.set()

    def _run(self) -> None:
        while True:
            self._asked.wait()
            self._asked.clear()
            if self._closed:
                return
            before = time.thread_time()
            try:
                self._answer = self._question()
            except Exception:  # noqa: BLE001 - a foreign driver may raise anything; the next question may do better
                self._answer = None
            self.cost = time.thread_time() - before
            self._answered.set()
