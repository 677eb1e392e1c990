"""What the console gets where it was asked for: a line for what matters, and progress now and then."""

import os

from trainmon.facts.events import AnyEvent, Progress
from trainmon.facts.textlines import LineContext, console_line
from trainmon.words.complaints import print_line

TERMINAL_EVERY = 1.0
"""Seconds between two progress lines on a terminal."""

FILE_EVERY = 30.0
"""Seconds between two progress lines where standard error is a file or a pipe: job logs are read later."""


class Console:
    """Prints events to standard error, in the writer thread."""

    def __init__(self) -> None:
        self._every = TERMINAL_EVERY if os.isatty(2) else FILE_EVERY
        self._next = float("-inf")

    def show(self, event: AnyEvent, context: LineContext) -> None:
        """Prints an event's line, if it has one; a progress line only so often."""
        if isinstance(event, Progress):
            if event.mono < self._next:
                return
            self._next = event.mono + self._every
        line = console_line(event, context)
        if line is not None:
            print_line(line)
