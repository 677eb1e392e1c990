"""From the steps that a caller counts to steps over the whole run.

The functions of the spec do not say whether `step` and `total_steps` count over the run or over an epoch, nor
whether the first is 0 or 1. It shows: steps that start again while the epoch rises count per epoch, as do those of one
call an epoch that are the only or the last one of it each time; a step 0 counts from 0. Until then they are taken as
steps over the run, counted from 1; the first epoch means the same either way, so nothing that was drawn has to move.
"""

from collections.abc import Sequence

import msgspec

_MOST = 2**62
"""Steps of earlier epochs at most: sums stay numbers that readers of the snapshot in other languages take."""


class Counting(msgspec.Struct):
    """What was found out about how a caller counts.

    A *run step* is a completed optimiser step, counted over the run; the first is 1.
    """

    known: bool = False
    """True where the caller said that steps count over the run; then nothing is guessed."""
    per_epoch: bool = False
    """Steps start again with each epoch."""
    from_zero: bool = False
    """The first step is called 0."""
    first_epoch: int | None = None
    """The epoch of the first progress; None before it."""
    epoch: int = 0
    """The epoch of the newest progress."""
    step: int = 0
    """The step of the newest progress, as the caller counts."""
    epoch_steps: int = 0
    """Steps of an epoch where they count per epoch: the caller's `total_steps`, else those of the longest earlier one.

    It changes between epochs and with the caller's word only, so that no step moves another.
    """
    longest: int = 0
    """The highest number of steps completed that was seen, as the caller counts."""

    def observe(self, epoch: int, steps: Sequence[int], total_steps: int | None) -> None:
        """Takes in the steps of one or more progress calls in a row, in the training phase, all of one epoch."""
        if self.first_epoch is None:
            self.first_epoch = epoch
            self.from_zero = steps[0] == 0 and not self.known
        elif epoch != self.epoch:
            if not self.known and epoch > self.epoch and self._starts_again(steps[0], total_steps):
                self.per_epoch = True
            self.epoch_steps = self.longest
        if total_steps is not None and total_steps > 0:
            self.epoch_steps = total_steps
        self.longest = max(self.longest, max(steps) + self.from_zero)
        self.epoch = epoch
        self.step = steps[-1]

    def _starts_again(self, step: int, total_steps: int | None) -> bool:
        """Whether the first step of a later epoch shows that each epoch counts its own.

        The same step again is the next epoch's where it is the only one that there is, or the last one of all: over a
        run no epoch could follow. Anywhere else a program may have logged a step at the end of one epoch and at the
        beginning of the next.
        """
        only = self.longest <= 1 or step + self.from_zero == total_steps
        return step < self.step or (step == self.step and only)

    def run_step(self, epoch: int, step: int) -> int:
        """The run step of a caller's `(epoch, step)`."""
        before = 0
        if self.per_epoch and self.first_epoch is not None:
            before = (epoch - self.first_epoch) * self.epoch_steps
        return max(-_MOST, min(_MOST, before)) + step + self.from_zero

    def total(self, total_steps: int | None, total_epochs: int | None) -> int | None:
        """Steps of the whole run; None where nobody can know it."""
        if not self.per_epoch:
            return total_steps
        if total_epochs is None or not self.epoch_steps:
            return None
        first = self.first_epoch or 0
        # Epochs are numbered from 0 or 1; a run that begins later was continued by hand and has fewer to go.
        return self.epoch_steps * (total_epochs if first <= 1 else max(1, total_epochs - first + 1))
