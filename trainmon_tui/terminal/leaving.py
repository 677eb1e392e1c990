"""Leaving when told to: signals, and a terminal that vanished. Never a broken screen, never a spinning process.

Textual restores nothing at SIGTERM, and spins when its terminal is gone while SIGHUP is ignored (measured, 8.2.8).
"""

import os
import select
import signal
import termios
import threading
from collections.abc import Callable
from types import FrameType

from trainmon_tui.terminal.terminal import restore_by_force

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
"""What means "leave"; Ctrl-C on the keyboard is a key and not SIGINT."""

PATIENCE = 0.7
"""Seconds for an orderly exit after a signal; the promise is to be gone within one."""

LAST_WORD = 0.2
"""Seconds in which settings are written before an exit by force; a home on dead storage gets no more."""

_LOOK_EVERY_MS = 1_000
"""Milliseconds between two looks at whether the guard is still wanted; a lost terminal is seen at once."""


class Guard:
    """Watches for signals and for a lost terminal, from `start` to `stop`; make it in the main thread."""

    def __init__(self, leave: Callable[[int], None], last_word: Callable[[], None] | None = None) -> None:
        """A guard that does not watch yet.

        Args:
            leave: Asks for an orderly exit with this code; called in the main thread, may be called in the midst of
                anything.
            last_word: Keeps what is to be kept where there is no orderly exit, as where the connection broke; called
                in a thread of its own, which gets `LAST_WORD` seconds.
        """
        self._leave = leave
        self._last_word = last_word
        self._stopping = threading.Event()
        self._code: int | None = None
        try:
            self._attributes: list[object] | None = list(termios.tcgetattr(0))
        except termios.error:
            self._attributes = None

    @property
    def code(self) -> int | None:
        """The exit code that a signal asks for, 128 and its number; None: there was none."""
        return self._code

    def start(self) -> None:
        """Begins to watch. SIGHUP that is ignored, as under nohup, stays ignored."""
        for number in SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._told)
        threading.Thread(target=self._watch_terminal, name="trainmon-terminal", daemon=True).start()

    def stop(self) -> None:
        """Ends watching; signals do what they do by default."""
        self._stopping.set()
        for number in SIGNALS:
            if signal.getsignal(number) == self._told:
                signal.signal(number, signal.SIG_DFL)

    def _told(self, number: int, _frame: FrameType | None) -> None:
        if self._code is None:
            self._code = 128 + number
            # The loop may be stuck in a write to a terminal that nobody reads.
            threading.Thread(target=self._leave_anyway, name="trainmon-leave", daemon=True).start()
        self._leave(self._code)

    def _leave_anyway(self) -> None:
        if not self._stopping.wait(PATIENCE):
            restore_by_force(self._attributes)
            self._exit(self._code or 1)

    def _exit(self, code: int) -> None:
        """Exits at once, or after the last word."""
        if self._last_word is not None:
            thread = threading.Thread(target=self._last_word, name="trainmon-last-word", daemon=True)
            thread.start()
            thread.join(LAST_WORD)
        os._exit(code)

    def _watch_terminal(self) -> None:
        poll = select.poll()
        poll.register(0, 0)
        while not self._stopping.is_set():
            lost = any(
                found & (select.POLLHUP | select.POLLERR | select.POLLNVAL)
                for _, found in poll.poll(_LOOK_EVERY_MS)
            )
            if lost:
                self._exit(128 + signal.SIGHUP)
