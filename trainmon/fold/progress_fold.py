"""The fold of progress in the training phase: column by column, because there are millions of them.

What a run of progress events adds to a state must not depend on how the journal was cut into batches; that is the
law of `Series.extend` and `Pace.extend`, and each step here keeps it.
"""

from collections.abc import Sequence
from contextlib import suppress
from functools import reduce
from itertools import groupby, pairwise
from operator import add

from trainmon.facts.events import Number, Progress
from trainmon.fold import entries
from trainmon.fold.state import RunState

REWIND = 16
"""Steps that a step may go back before it means that they are done again; less is threads landing out of order."""

OWN = ("learning_rate", "waited")
"""The columns that every progress may have beside the caller's metrics."""

Column = Sequence[Number | None]


def train(state: RunState, events: Sequence[Progress], offsets: Sequence[int], utc_offset: int) -> None:
    """Adds progress events of one writer, all in the training phase, in the order in which they arrived."""
    first = events[0]
    epochs, totals = [event.epoch for event in events], [event.total_steps for event in events]
    if epochs.count(first.epoch) == totals.count(first.total_steps) == len(events):
        _train_within_epoch(state, events, offsets)
    else:
        begin = 0
        for _, group in groupby(zip(epochs, totals, strict=True)):
            end = begin + sum(1 for _ in group)
            _train_within_epoch(state, events[begin:end], offsets[begin:end])
            begin = end
    last = events[-1]
    if state.first_step_time is None:
        state.first_step_time = first.time
    state.last_step_time = last.time
    state.progress = entries.progress(last, utc_offset)


def _train_within_epoch(state: RunState, events: Sequence[Progress], offsets: Sequence[int]) -> None:
    counting = state.counting
    steps = [event.step for event in events]
    if events[0].epoch != counting.epoch or counting.first_epoch is None:
        state.epoch_time = events[0].time
    rewinds = _rewinds(steps)
    if not rewinds:
        _count_and_extend(state, events, offsets, steps)
        return
    for begin, end in pairwise([0, *rewinds, len(steps)]):
        _count_and_extend(state, events[begin:end], offsets[begin:end], steps[begin:end])


def _count_and_extend(
    state: RunState, events: Sequence[Progress], offsets: Sequence[int], steps: Sequence[int]
) -> None:
    counting, epoch = state.counting, events[0].epoch
    counting.observe(epoch, steps, events[0].total_steps)
    shift = counting.run_step(epoch, 0)
    _extend(state, events, offsets, [step + shift for step in steps] if shift else steps)


def _rewinds(steps: list[int]) -> list[int]:
    """The indices at which a step goes back by `REWIND` or more from the one before it."""
    if steps == sorted(steps):
        return []
    return [index for index, (old, new) in enumerate(pairwise(steps), 1) if new <= old - REWIND]


def _extend(
    state: RunState, events: Sequence[Progress], offsets: Sequence[int], run_steps: Sequence[int]
) -> None:
    first = events[0]
    if state.rewinding or run_steps[0] <= state.run_step - REWIND:
        rewind(state, run_steps[0])
    if state.beginning is None:
        state.beginning = (offsets[0], run_steps[0])
    if state.stepper != first.writer:
        state.stepper = first.writer
        state.pace.anchor(run_steps[0], first.mono)
    state.pace.extend(run_steps, [event.mono for event in events])
    times = [event.time for event in events]
    losses = [event.loss for event in events]
    _look_at_losses(state, losses, run_steps)
    state.loss.extend(run_steps, times, offsets, {"loss": losses})
    state.metrics.extend(run_steps, times, offsets, _columns(state, events))
    state.run_step = run_steps[-1]


def _look_at_losses(state: RunState, losses: Column, run_steps: Sequence[int]) -> None:
    """Counts what is not finite, and lets the detector of divergence see the rest."""
    if set(map(type, losses)) == {float}:
        state.divergence.extend(run_steps, losses)  # type: ignore[arg-type]  # all are floats
        return
    finite = [
        (step, loss)
        for step, loss in zip(run_steps, losses, strict=True)
        if loss is not None and not isinstance(loss, str)
    ]
    # A whole number would come back from a snapshot as a float.
    state.divergence.extend([step for step, _ in finite], [float(loss) for _, loss in finite])
    bad = [step for step, loss in zip(run_steps, losses, strict=True) if isinstance(loss, str)]
    state.totals.nonfinite += len(bad)
    if bad and state.totals.first_nonfinite_step is None:
        state.totals.first_nonfinite_step = bad[0]


def _columns(state: RunState, events: Sequence[Progress]) -> dict[str, Column]:
    own: dict[str, Column] = {"learning_rate": [event.learning_rate for event in events]}
    waits = [event.waited for event in events]
    timed = [wait for wait in waits if wait is not None]
    if timed:
        # A left-to-right sum, because `sum` of floats differs between versions of Python.
        state.totals.waited = reduce(add, timed, state.totals.waited)
        own["waited"] = waits
    given = _given([event.metrics for event in events])
    return own | given if given.keys().isdisjoint(OWN) else _with_namesakes(own, given, len(events))


def _given(maps: Sequence[dict[str, Number] | None]) -> dict[str, Column]:
    """The caller's metrics, column by column; None where a row has none of that name."""
    names = maps[0] or {}
    if [len(map_) if map_ is not None else 0 for map_ in maps].count(len(names)) == len(maps):
        with suppress(KeyError):  # They may be as many, but others.
            return {name: [map_[name] for map_ in maps] for name in names}  # type: ignore[index]  # as wide: not None
    filled = [map_ or {} for map_ in maps]
    every = dict.fromkeys(name for map_ in filled for name in map_)
    return {name: [map_.get(name) for map_ in filled] for name in every}


def _with_namesakes(own: dict[str, Column], given: dict[str, Column], rows: int) -> dict[str, Column]:
    """Metrics that are called as ours count as ours, in the rows that have them; whatever else is in the batch."""
    merged: dict[str, Column] = {}
    for name in (name for name in OWN if name in own or name in given):
        ours, theirs = own.get(name, [None] * rows), given.pop(name, [None] * rows)
        merged[name] = [mine if metric is None else metric for mine, metric in zip(ours, theirs, strict=True)]
    return merged | given


def rewind(state: RunState, run_step: int) -> None:
    """Takes `run_step` and what follows off the curves: it is done again from here.

    The loss that was there is kept apart in `state.redone`, drawn behind the curve. What was best stays: its
    checkpoint is still there.
    """
    state.rewinding = False
    redone = state.loss.truncate_from(run_step)
    if len(redone):
        state.redone = redone
    state.metrics.truncate_from(run_step)
    state.validation.truncate_from(run_step)
    state.stepper = None
    state.run_step = min(state.run_step, max(0, run_step - 1))
