"""The fold: events in, `RunState` out. The only place that makes or changes one.

The law, tested at every cut and for every kind of event: `fold(fold(empty, a), b) == fold(empty, a + b)`, and the same
through a snapshot. So nothing here looks at a clock, at a file, or at how many events came at once.
"""

from collections.abc import Callable, Sequence
from copy import copy
from functools import partial
from typing import TypeVar, assert_never

from trainmon.facts.codec import Unread
from trainmon.facts.events import (
    Alerted,
    AnyEvent,
    Checkpoint,
    Closed,
    Debug,
    Ended,
    Error,
    Lost,
    Message,
    Opened,
    Operation,
    Performance,
    Progress,
    Span,
    Started,
    System,
    Validation,
    Warned,
)
from trainmon.fold import alert_log, entries, error_groups, machine
from trainmon.fold.arrivals import arrive, arrive_together
from trainmon.fold.best import best_metric, decide
from trainmon.fold.progress_fold import train
from trainmon.fold.runs import begin, finish
from trainmon.fold.state import RunState
from trainmon.fold.state_entries import FULL_ENTRIES, LIST_LIMIT

Entry = TypeVar("Entry")

Item = AnyEvent | Unread
"""A line of a journal: an event, or why it is none."""


def fold(state: RunState, items: Sequence[Item], offsets: Sequence[int]) -> RunState:
    """The state after more lines; `state` itself stays as it is.

    Args:
        state: What is known so far.
        items: Lines in the order of the journal.
        offsets: Of each line in the journal file, -1 where it is not there (read from a spool).
    """
    reducer = Reducer(copy_state(state))
    reducer.apply(items, offsets)
    return reducer.state


def copy_state(state: RunState) -> RunState:
    """A copy that shares nothing that a reducer changes in place; microseconds, whatever the length of the run."""
    twin = copy(state)
    twin.counting = copy(state.counting)
    twin.totals = copy(state.totals)
    twin.totals.spent = dict(state.totals.spent)
    twin.pace = state.pace.copy()
    twin.divergence = state.divergence.copy()
    twin.loss = state.loss.copy()
    twin.metrics = state.metrics.copy()
    twin.validation = state.validation.copy()
    twin.machine = state.machine.copy()
    for name in (
        "checkpoints",
        "validations",
        "errors",
        "error_groups",
        "alerts",
        "warnings",
        "performance",
        "operations",
        "earlier",
    ):
        setattr(twin, name, list(getattr(state, name)))
    twin.operation_summaries = dict(state.operation_summaries)
    twin.writers = {name: copy(writer) for name, writer in state.writers.items()}
    for writer in twin.writers.values():
        writer.missing = list(writer.missing)
    return twin


def _push(entries_: list[Entry], entry: Entry, shorten: Callable[[Entry], Entry] | None = None) -> None:
    """Adds the newest entry; the oldest goes where there are too many, and one that is no longer new is shortened."""
    entries_.append(entry)
    if len(entries_) > LIST_LIMIT:
        del entries_[0]
    if shorten is not None and len(entries_) > FULL_ENTRIES:
        entries_[-FULL_ENTRIES - 1] = shorten(entries_[-FULL_ENTRIES - 1])


class Reducer:
    """A state that grows; for those who fold without end and copy when somebody asks."""

    def __init__(self, state: RunState | None = None) -> None:
        self.state = state if state is not None else RunState()
        """Changed in place by `apply`; hand out `copy_state` of it."""

    def apply(self, items: Sequence[Item], offsets: Sequence[int]) -> bool:
        """Adds lines in the order of the journal, see `fold`; False where the last of them came before."""
        index, count = 0, len(items)
        new = True
        while index < count:
            item = items[index]
            if isinstance(item, Progress):
                end = index + 1
                while end < count and type(items[end]) is Progress:
                    end += 1
                new = self._progress(items[index:end], offsets[index:end])  # type: ignore[arg-type]  # all are Progress
                index = end
                continue
            new = self._one(item, offsets[index])
            index += 1
        return new

    def _progress(self, events: Sequence[Progress], offsets: Sequence[int]) -> bool:
        state, first = self.state, events[0]
        seqs = [event.seq for event in events]
        in_order = (
            seqs == list(range(seqs[0], seqs[0] + len(seqs))) and len({event.writer for event in events}) == 1
        )
        if in_order and arrive_together(state, first.writer, seqs[0], seqs[-1]):
            self._take(events, offsets)
            return True
        new = True
        for event, offset in zip(events, offsets, strict=True):
            new = arrive(state, event.writer, event.seq)
            if new:
                self._take((event,), (offset,))
        return new

    def _take(self, events: Sequence[Progress], offsets: Sequence[int]) -> None:
        state = self.state
        state.totals.events += len(events)
        state.last_time = events[-1].time
        if {event.phase for event in events} == {"training"}:
            train(state, events, offsets, state.utc_offset)
            return
        for event, offset in zip(events, offsets, strict=True):
            if event.phase == "training":
                train(state, (event,), (offset,), state.utc_offset)
            elif not event.texts or not {"epoch", "step"} & event.texts.keys():
                # What has no place in the run is in the text log and the journal only.
                state.progress = entries.progress(event, state.utc_offset)

    def _one(self, item: AnyEvent | Unread, offset: int) -> bool:
        if isinstance(item, Unread):
            return self._unread(item, offset)
        if not arrive(self.state, item.writer, item.seq):
            return False
        self.state.totals.events += 1
        self.state.last_time = item.time
        self._event(item, offset)
        return True

    def _unread(self, item: Unread, offset: int) -> bool:
        totals = self.state.totals
        if item.writer and item.seq >= 0 and not arrive(self.state, item.writer, item.seq):
            return False
        setattr(totals, item.why, getattr(totals, item.why) + 1)
        if item.why in ("damaged", "long") and totals.first_bad_offset is None:
            totals.first_bad_offset = offset
        return True

    def _event(self, event: AnyEvent, offset: int) -> None:
        state, utc_offset = self.state, self.state.utc_offset
        run_step = state.run_step or None
        match event:
            case Progress():
                self._take((event,), (offset,))
            case Opened():
                if event.heir:
                    state.opened = event
                elif event.parent is None:
                    state.opened = event
                    state.prelude = event.time
                    state.oom_kills_before = None
            case Closed():
                state.writers[event.writer].closed = True
            case Started():
                self.state = begin(state, event, offset, utc_offset)
            case Span():
                self._span(event)
            case Validation():
                self._validation(event, offset)
            case Checkpoint():
                self._checkpoint(event)
            case Error():
                state.totals.errors += event.count
                _push(state.errors, entries.error(event, offset, run_step, utc_offset), entries.older_error)
                error_groups.add(state.error_groups, entries.error_group(state.errors[-1]))
            case Warned():
                state.totals.warnings += event.count
                _push(state.warnings, entries.warning(event, run_step))
            case Performance():
                _push(state.performance, entries.performance(event, utc_offset))
                entries.summarise(state, state.performance[-1])
            case Operation():
                _push(state.operations, entries.operation(event, utc_offset))
            case System():
                state.reading = event.reading
                if state.oom_kills_before is None and event.reading.host is not None:
                    state.oom_kills_before = event.reading.host.oom_kills
                columns = machine.columns(event.reading)
                state.machine.extend([int(event.time)], [event.time], [offset], columns)
            case Lost():
                state.totals.refused += event.count
            case Alerted():
                if event.over:
                    alert_log.clear_alert(state.alerts, event.name, event.time)
                else:
                    alert_log.raise_alert(state.alerts, event.name, event.severity, event.text, event.time)
            case Ended():
                finish(state, event)
            case Debug() | Message():
                return  # These live in the text logs; nothing on the overview follows from them.
            case _:
                assert_never(event)

    def _span(self, event: Span) -> None:
        state = self.state
        if event.duration is None:
            state.span, state.span_time = event.name, event.time
            return
        state.span, state.span_time = None, None
        state.totals.spent[event.name] = state.totals.spent.get(event.name, 0.0) + event.duration
        state.pace.pause(event.duration, event.name)

    def _validation(self, event: Validation, offset: int) -> None:
        state = self.state
        run_step = state.counting.run_step(event.epoch, event.step)
        entry = entries.validation(event, decide(state, event), run_step, state.utc_offset)
        _push(state.validations, entry, partial(entries.older_validation, metric=best_metric(state)))
        if entry.is_best:
            state.best = entry
            same = (saved for saved in reversed(state.checkpoints) if saved.run_step == run_step)
            state.best_checkpoint = next(same, None)
        columns = {"val_loss": [event.val_loss]} | {
            name: [value] for name, value in event.val_metrics.items()
        }
        state.validation.extend([run_step], [event.time], [offset], columns)

    def _checkpoint(self, event: Checkpoint) -> None:
        state = self.state
        run_step = state.counting.run_step(event.epoch, event.step)
        entry = entries.checkpoint(event, run_step, state.utc_offset)
        _push(state.checkpoints, entry, entries.older_checkpoint)
        state.totals.checkpoints += 1
        state.totals.checkpoint_bytes += max(0, entry.size or 0)
        if state.best is not None and state.best_checkpoint is None and run_step >= state.best.run_step:
            state.best_checkpoint = entry
