"""The time that was left after each of some steps that are folded together: what their lines in the text log say.

Folding up to each line, one after another, took most of the writer's time while every step had a line.
"""

from collections.abc import Sequence
from copy import copy
from operator import attrgetter

from trainmon.facts.events import Progress
from trainmon.fold.pace import Pace
from trainmon.fold.state import RunState
from trainmon.meaning import eta


class Rest:
    """Follows the pace through steps of one epoch, as the fold does, to the bit."""

    def __init__(self, pace: Pace, run_steps: Sequence[int], monos: Sequence[float]) -> None:
        """For `of`."""
        self._pace = pace
        self._run_steps = run_steps
        self._monos = monos
        self._place = 0

    @classmethod
    def of(cls, state: RunState, events: Sequence[Progress]) -> "Rest | None":
        """For steps that only lead on, in a state that they are not folded into yet; None where more may happen.

        None for another writer or a line that came before, another epoch, a step that goes back, a change of the total:
        all that makes the fold do more than count on.
        """
        first, counting = events[0], state.counting
        writer = state.writers.get(first.writer)
        if writer is None or first.writer != state.stepper or state.rewinding or first.seq != writer.next_seq:
            return None
        if [event.seq for event in events] != list(range(first.seq, first.seq + len(events))):
            return None
        if {_SAME(event) for event in events} != {
            (first.writer, "training", counting.epoch, first.total_steps)
        }:
            return None
        if counting.first_epoch is None or counting.epoch_length(first.total_steps) != counting.epoch_steps:
            return None
        if _decides(state, events):
            return None
        shift = counting.run_step(counting.epoch, 0)
        steps = [event.step + shift for event in events]
        if steps[0] < state.run_step or steps != sorted(steps):
            return None
        return cls(state.pace.copy(), steps, [event.mono for event in events])

    def after(self, place: int, total: int | None) -> float | None:
        """Seconds that are left after the step at `place`; places must rise.

        Args:
            place: Among the steps.
            total: Steps of the run, as the caller says at these steps.
        """
        begin, end = self._place, place + 1
        self._pace.extend(self._run_steps[begin:end], self._monos[begin:end])
        self._place = end
        return eta.seconds_left(self._pace, self._run_steps[place], total)


def _decides(state: RunState, events: Sequence[Progress]) -> bool:
    """Whether the steps show that the total is meant otherwise than it seemed, see `Counting.other_total`."""
    configuration, ahead = state.configuration, copy(state.counting)
    if configuration is None:
        return False
    said = events[0].total_steps
    total = configuration.total_steps if said is None else said
    before = ahead.total(total, configuration.total_epochs)
    ahead.observe(ahead.epoch, [event.step for event in events], said)
    return ahead.total(total, configuration.total_epochs) != before


_SAME = attrgetter("writer", "phase", "epoch", "total_steps")
