"""From the steps that a caller counts to steps over the whole run.

The functions of the spec do not say whether `step` and `total_steps` count over the run or over an epoch, nor
whether the first is 0 or 1. It shows: steps that start again while the epoch rises count per epoch, as do those of one
call an epoch that are the only or the last one of it each time; a step 0 counts from 0. Until then they are taken as
steps over the run, counted from 1; the first epoch means the same either way, so nothing that was drawn has to move.
"""

from collections.abc import Sequence

import msgspec

_SLACK = 20
"""An epoch may be longer by one part in so many than the total of a run has room for: totals are rounded."""

_MOST = 2**62
"""Steps of earlier epochs at most: sums stay numbers that readers of the snapshot in other languages take."""


class Counting(msgspec.Struct):
    """What was found out about how a caller counts.

    A *run step* is a completed optimiser step, counted over the run; the first is 1.
    """

    known: bool = False
    """True where the caller said that steps count over the run; then nothing is guessed."""
    epoch_total: bool = False
    """True where the caller said that steps and `total_steps` count per epoch."""
    steps_per_epoch: int | None = None
    """Steps of an epoch, as the run's first start said; they win over what a total suggests."""
    total_epochs: int | None = None
    """Epochs of the run, as its first start said: later ones may add some, but move no step."""
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
    """Steps of an epoch where they count per epoch, see `epoch_length`.

    It changes between epochs and with the caller's word only, so that no step moves another.
    """
    longest: int = 0
    """The highest number of steps completed that was seen, as the caller counts."""
    earlier: int = 0
    """The same before the epoch of the newest progress; 0 in the first."""

    @classmethod
    def told(cls, steps_count: str, steps_per_epoch: int | None, total_epochs: int | None) -> "Counting":
        """What a start says of how steps are counted, see `trainmon.facts.events.Started`."""
        return cls(
            known=steps_count == "run",
            epoch_total=steps_count == "epoch",
            per_epoch=steps_count == "epoch",
            steps_per_epoch=steps_per_epoch,
            total_epochs=total_epochs,
        )

    def observe(self, epoch: int, steps: Sequence[int], total_steps: int | None) -> None:
        """Takes in the steps of one or more progress calls in a row, in the training phase, all of one epoch."""
        if self.first_epoch is None:
            self.first_epoch = epoch
            self.from_zero = steps[0] == 0 and not self.known
        elif epoch != self.epoch:
            if not self.known and epoch > self.epoch and self._starts_again(steps[0], total_steps):
                self.per_epoch = True
            self.epoch_steps = self.earlier = self.longest
        self.epoch_steps = self.epoch_length(total_steps)
        self.longest = max(self.longest, max(steps) + self.from_zero)
        self.epoch = epoch
        self.step = steps[-1]

    def epoch_length(self, total_steps: int | None) -> int:
        """What `epoch_steps` is once a step of this epoch came with such a total.

        What the start said; else the total, of an epoch or of the run; else the longest earlier epoch.
        """
        if self.steps_per_epoch is not None and self.steps_per_epoch > 0:
            return self.steps_per_epoch
        if total_steps is None or total_steps <= 0:
            return self.epoch_steps
        if self.epoch_total or not 0 < self.earlier < total_steps:
            return total_steps
        # The next epoch has begun, so that a run has two at least.
        epochs = self.total_epochs if self.total_epochs is not None and self.total_epochs > 1 else 2
        if not fits(self.earlier, total_steps, epochs):
            return total_steps
        # Where only some steps are logged, the last ones of an epoch are not seen.
        return max(self.earlier, -(-total_steps // epochs) if epochs == self.total_epochs else 0)

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
            return self._total_by_the_call(total_steps, total_epochs)
        if not self.epoch_steps:
            return None
        if total_epochs is None:
            return total_steps if total_steps is not None and total_steps > self.epoch_steps else None
        first = self.first_epoch or 0
        # Epochs are numbered from 0 or 1; a run that begins later was continued by hand and has fewer to go.
        return self.epoch_steps * (total_epochs if first <= 1 else max(1, total_epochs - first + 1))

    def other_total(self, total_steps: int | None, total_epochs: int | None) -> int | None:
        """What `total` would be if the total was meant the other way; None where it is known how it is meant.

        In the first epoch of several, nothing shows whether a total is that of the epoch or of the run.
        """
        if not self._undecided(total_steps, total_epochs):
            return None
        meant = self.total(total_steps, total_epochs)
        whole = (total_steps or 0) * (total_epochs or 0)
        return whole if meant == total_steps else total_steps

    def _total_by_the_call(self, total_steps: int | None, total_epochs: int | None) -> int | None:
        """The total where steps were not seen to start again: that of an epoch may have been said all the same."""
        if self.known or total_steps is None or total_epochs is None or total_epochs <= 1:
            return total_steps
        of_epoch = total_steps == self.steps_per_epoch
        if self._undecided(total_steps, total_epochs):
            # An equal part of the run is done, and the first epoch goes on.
            of_epoch = not fits(self.longest, total_steps, total_epochs)
        return total_steps * total_epochs if of_epoch else total_steps

    def _undecided(self, total_steps: int | None, total_epochs: int | None) -> bool:
        if self.known or self.per_epoch or self.steps_per_epoch:
            return False
        if self.earlier or self.epoch > 1:
            return False  # Of one that begins later, a process before this one did some steps.
        if total_steps is None or total_epochs is None or total_epochs <= 1:
            return False
        return 0 < self.longest <= total_steps


def fits(epoch_steps: int, total_steps: int, epochs: int) -> bool:
    """Whether epochs of so many steps fit into the total of a run, about."""
    return epoch_steps * epochs * _SLACK <= total_steps * (_SLACK + 1)
