"""What follows from a state and the time: bars, speed, ETA. Pure functions, nothing is stored.

What became of a run is a function of the same kind, in `trainmon.meaning.verdict`; its names can be had from here, too.
"""

from collections.abc import Sequence

import msgspec
from msgspec import structs

from trainmon.fold.state import RunState
from trainmon.meaning import eta, trends
from trainmon.meaning.statuses import Certainty as Certainty
from trainmon.meaning.statuses import Evidence as Evidence
from trainmon.meaning.statuses import Silence as Silence
from trainmon.meaning.statuses import Status as Status
from trainmon.meaning.statuses import Verdict as Verdict
from trainmon.meaning.verdict import silence as silence
from trainmon.meaning.verdict import stall_after as stall_after
from trainmon.meaning.verdict import verdict as verdict
from trainmon.words.scalars import decode_number


class Bar(msgspec.Struct, frozen=True):
    """A part of a whole, in steps."""

    done: int
    total: int | None
    """None where nobody said how many there will be."""

    @property
    def fraction(self) -> float | None:
        """Of the whole, 0 to 1; None where the whole is not known."""
        if not self.total or self.total < 0:
            return None
        return max(0.0, min(1.0, self.done / self.total))


def total_steps(state: RunState) -> int | None:
    """Steps of the whole run; None where nobody said it."""
    return state.counting.total(*_said(state))


def _said(state: RunState) -> tuple[int | None, int | None]:
    """The steps and the epochs that there are, as the program says."""
    configuration, progress = state.configuration, state.progress
    steps = progress.total_steps if progress is not None and progress.phase == "training" else None
    if configuration is None:
        return steps, None
    return configuration.total_steps if steps is None else steps, configuration.total_epochs


def steps_per_epoch(state: RunState) -> int | None:
    """Steps of one epoch; None where nobody said it and it does not follow."""
    configuration = state.configuration
    if state.counting.per_epoch:
        return state.counting.epoch_steps or None
    if configuration is None:
        return None
    if configuration.steps_per_epoch:
        return configuration.steps_per_epoch
    total = total_steps(state)
    if total and configuration.total_epochs and total % configuration.total_epochs == 0:
        return total // configuration.total_epochs
    return None


def epoch_number(state: RunState) -> int | None:
    """Which epoch it is, counted from 1, to be shown beside how many there are; None before the first.

    Programs that call the first one 0 would end at "4/5". In the text logs and in JSON it has the caller's number.
    """
    return shown_epoch(state, state.progress.epoch) if state.progress is not None else None


def shown_epoch(state: RunState, epoch: int) -> int:
    """The number that an epoch is shown with, counted from 1, of the caller's: one page has one way of counting."""
    return epoch + (state.counting.first_epoch == 0)


def run_bar(state: RunState) -> Bar:
    """How far the run is."""
    return Bar(state.run_step, total_steps(state))


def epoch_bar(state: RunState) -> Bar:
    """How far the current epoch is."""
    length = steps_per_epoch(state)
    if not length or not state.run_step:
        return Bar(0, length)
    return Bar((state.run_step - 1) % length + 1, length)


def estimate(state: RunState, now: float) -> eta.Estimate | None:
    """The time that is left at Unix time `now`; None where it cannot be said or the run is over.

    While it is not known whether the total is that of the run or of an epoch, the range takes in both.
    """
    if state.end is not None or state.last_step_time is None:
        return None
    elapsed = max(0.0, now - state.last_step_time)
    found = eta.estimate(state.pace, state.run_step, total_steps(state), elapsed)
    other = state.counting.other_total(*_said(state))
    if other is None or found.seconds is None:
        return found
    spread = eta.estimate(state.pace, state.run_step, other, elapsed)
    ends = [end for one in (found, spread) for end in (one.low, one.seconds, one.high) if end is not None]
    return structs.replace(found, low=min(ends), high=max(ends))


def seconds_left(state: RunState, now: float) -> float | None:
    """The time that is left without its range, which costs four times as much; None as in `estimate`."""
    if state.end is not None or state.last_step_time is None:
        return None
    elapsed = max(0.0, now - state.last_step_time)
    return eta.seconds_left(state.pace, state.run_step, total_steps(state), elapsed)


def steps_per_second(state: RunState) -> float | None:
    """Recent speed in training; None before it is known."""
    return eta.steps_per_second(state.pace)


def samples_per_second(state: RunState) -> float | None:
    """Training examples a second on all ranks; None where the batch size or the speed is not known."""
    speed = steps_per_second(state)
    batch = state.configuration.batch_size if state.configuration else None
    if speed is None or not batch:
        return None
    ranks = state.opened.world_size if state.opened is not None else None
    return speed * batch * (ranks or 1)


def seconds_to_next(state: RunState, run_steps: Sequence[int]) -> float | None:
    """Seconds of training until something comes again that came at these steps, at its usual distance.

    Args:
        state: Of a run that trains.
        run_steps: At which it came, rising: validations, checkpoints.

    Returns:
        None where it is not regular yet, is due already, or comes after the end of the run.
    """
    distance, pace = trends.usual_distance(run_steps), eta.seconds_per_step(state.pace)
    if distance is None or pace is None:
        return None
    due, total = run_steps[-1] + distance, total_steps(state)
    if due <= state.run_step or (total is not None and due > total):
        return None
    return (due - state.run_step) * pace


def elapsed(state: RunState, now: float) -> float | None:
    """Seconds since the run started, until its end where it has one; None before the start.

    Where no start was logged, since its first step.
    """
    start = state.configuration.time if state.configuration is not None else state.first_step_time
    if start is None:
        return None
    until = state.end.time if state.end is not None else now
    return max(0.0, until - start)


def loss_is_bad(state: RunState) -> bool:
    """True where the newest training loss is NaN or infinite."""
    loss = state.progress.loss if state.progress is not None else None
    return isinstance(loss, str) and decode_number(loss) != 0.0
