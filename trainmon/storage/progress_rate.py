"""Which progress lines the text log gets: a burst, then so many a second; the journal has them all.

Decided by the times of the events alone, so that a recovery decides the same. It is a token bucket in the
form of the generic cell rate algorithm (ITU-T I.371): the next moment that admits a line says it all.
"""

import msgspec

BACKWARD_SLACK = 1.0
"""Seconds by which events may be out of order, as those of two threads; more is a clock that was set back."""

SAY_EVERY = 10.0
"""Seconds after which a count of lines that were left out is said again between steps: said at once, at twenty steps
a second it would be every other line of the log."""

_NEVER = -1e18
"""A moment before every event; not infinite, because JSON has no infinity."""


class ProgressRate(msgspec.Struct):
    """A token bucket over event times; kept in the snapshot."""

    burst: int = 1_000
    """Lines that may come at once after a pause; at least 1."""
    per_second: float = 10.0
    """Lines a second that may come in the long run; above 0."""
    free_from: float = _NEVER
    """Unix seconds from which a line is admitted."""
    jump_below: float = _NEVER
    """Unix seconds: an earlier event means that the clock was set back."""
    left_out: int = 0
    """Lines refused since `take_left_out`."""
    said: float = _NEVER
    """Unix seconds of the event before which a count was said last."""

    def admit(self, time: float) -> bool:
        """Whether the progress event of Unix time `time` gets a line; one that does not is counted.

        A clock that is set back costs no line and gives none: the bucket is as full as it was.
        """
        if self.jump_below <= time < self.free_from:
            self.left_out += 1
            return False
        interval = 1.0 / self.per_second
        fill = (self.burst - 1) * interval
        if time < self.jump_below:
            self.free_from += time - (self.jump_below + BACKWARD_SLACK)
            self.jump_below = time - BACKWARD_SLACK
            if time < self.free_from:
                self.free_from = min(self.free_from, time + interval)
                self.left_out += 1
                return False
        self.free_from = max(self.free_from, time - fill) + interval
        self.jump_below = time - BACKWARD_SLACK
        return True

    def take_left_out(self, time: float, *, at_once: bool = False, later: int = 0) -> int:
        """How many lines were refused since this last gave a count, which the line of the event at `time` says; else 0.

        Args:
            time: Unix seconds of the event.
            at_once: Whether it is said however soon after the last one: before what is no step.
            later: Lines among the refused ones that came behind the event; they are left for the next count.
        """
        count = self.left_out - later
        if not count or not (at_once or abs(time - self.said) >= SAY_EVERY):
            return 0
        self.said = time
        self.left_out = later
        return count
