"""The pauses of a training by kind: how many, how long, how regular; what the time that is left expects more of."""

import msgspec

UNEXPLAINED = "pause"
"""The kind of a pause that nobody announced."""


class Pauses(msgspec.Struct, frozen=True):
    """Pauses of one kind; mean and spread one by one after West (1979), CACM 22(9), pages 532-535."""

    count: int
    mean: float
    """Seconds."""
    squares: float
    """Sum of squared deviations from the mean, in square seconds."""
    first_step: int
    """The last step before the first one."""
    last_step: int
    """The last step before the newest one."""

    @property
    def seconds(self) -> float:
        """All of them together."""
        return self.count * self.mean

    def with_another(self, seconds: float, step: int) -> "Pauses":
        """With one of `seconds` after `step`."""
        count = self.count + 1
        mean = self.mean + (seconds - self.mean) / count
        squares = self.squares + (seconds - self.mean) * (seconds - mean)
        return Pauses(count, mean, squares, self.first_step, step)
