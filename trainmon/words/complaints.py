"""What trainmon says on standard error: one line a cause, never more, and never waiting for whoever reads it."""

import os
import select

_AT_MOST = 4_000
"""Bytes of a line: less than `PIPE_BUF`, so that a pipe that has room takes it whole and does not block."""


def reason(error: OSError) -> str:
    """What the system says, and the name of the file where it says that, too."""
    words = error.strerror or str(error)
    name = os.path.basename(os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes) else ""
    return f"{words} ({name})" if name else words


class Complaints:
    """The causes that were said; two threads may say one twice at worst."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        """How often each cause came."""
        self._healed: set[str] = set()

    def say(self, cause: str, sentence: str) -> bool:
        """Says a sentence the first time that its cause comes; True if it was said."""
        count = self.counts[cause] = self.counts.get(cause, 0) + 1
        if count > 1:
            return False
        print_line(f"trainmon: {sentence}")
        return True

    def healed(self, cause: str, sentence: str) -> None:
        """Says once that a cause is over, if it was said; what comes later of the same kind is counted, not said."""
        if cause in self.counts and cause not in self._healed:
            self._healed.add(cause)
            print_line(f"trainmon: {sentence}")


def print_line(text: str) -> None:
    """One line to standard error; dropped where nobody reads it, because a full pipe must not hold up the training."""
    safe = "".join(char if char.isprintable() else repr(char)[1:-1] for char in text[:_AT_MOST])
    line = safe.encode("utf-8", "backslashreplace")[:_AT_MOST] + b"\n"
    try:
        poll = select.poll()
        poll.register(2, select.POLLOUT)
        if any(event & select.POLLOUT for _, event in poll.poll(0)):
            os.write(2, line)
    except OSError:
        return  # Standard error is closed: there is nobody to tell.
