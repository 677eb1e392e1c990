"""From journal lines to the state and to the text of the five logs: pure, so that a crash can be made good exactly.

The text that belongs to a line depends on the state after it (ETA, what is best), so lines that have a text are folded
one by one; but for steps, which are nearly all lines, and are folded together: their ETA follows from their pace alone.
"""

from collections.abc import Callable, Sequence
from itertools import groupby

from trainmon.facts.codec import Unread
from trainmon.facts.events import (
    AnyEvent,
    Checkpoint,
    Closed,
    Ended,
    Error,
    Opened,
    Progress,
    Started,
    Validation,
)
from trainmon.facts.textlines import LineContext, text_lines
from trainmon.fold.arrivals import missing
from trainmon.fold.reducer import Item, Reducer
from trainmon.fold.state import RunState
from trainmon.meaning import derived, eta
from trainmon.meaning.diagnosis import diagnose
from trainmon.meaning.rest import Rest
from trainmon.storage.progress_rate import ProgressRate
from trainmon.words import units
from trainmon.words.paths import LogFile

TextLine = tuple[LogFile, str]
"""A text log, and a record of it, of one or more lines."""


class Projector:
    """A state that grows with the text that its growing writes."""

    def __init__(self, state: RunState | None = None, rate: ProgressRate | None = None) -> None:
        self.reducer = Reducer(state)
        self.rate = rate if rate is not None else ProgressRate()
        self.watch: Callable[[AnyEvent, LineContext], None] | None = None
        """Told of every event that has a text; for the console."""

    def apply(self, items: Sequence[Item], offsets: Sequence[int]) -> list[TextLine]:
        """Folds lines of the journal and gives the text that they add to the five logs."""
        out: list[TextLine] = []
        begin = 0
        for kind, group in groupby(items, type):
            part = list(group)
            end = begin + len(part)
            if kind is Progress:
                out += self._steps(part, offsets[begin:end])  # type: ignore[arg-type]  # all are Progress
            else:
                for item, offset in zip(part, offsets[begin:end], strict=True):
                    out += self._one(item, offset)
            begin = end
        return out

    def _one(self, item: Item, offset: int) -> list[TextLine]:
        if isinstance(item, Opened) and item.parent is None:
            self.rate.per_second = item.progress_per_second
        new = self.reducer.apply((item,), (offset,))
        if isinstance(item, Unread) or not new:
            return []
        # In the same file as the steps, or the last that is written: what was left out before it is said before it.
        beside = isinstance(item, Started | Validation | Checkpoint | Ended | Closed)
        left_out = self.rate.take_left_out(item.time, at_once=True) if beside else 0
        return self._said(item, self._context(item, left_out=left_out))

    def _steps(self, events: Sequence[Progress], offsets: Sequence[int]) -> list[TextLine]:
        """Folds steps, of which few get a text once the first thousand did."""
        rate, admit = self.rate, self.rate.admit
        refused = [(place, rate.left_out) for place, event in enumerate(events) if admit(event.time)]
        shown = [(place, rate.left_out - before) for place, before in refused]
        rest = Rest.of(self.reducer.state, events) if shown else None
        if rest is None:
            return self._step_by_step(events, offsets, shown)
        self.reducer.apply(events, offsets)
        total = derived.total_steps(self.reducer.state)
        out: list[TextLine] = []
        for place, later in shown:
            left_out = rate.take_left_out(events[place].time, later=later)
            out += self._said(events[place], self._context(events[place], rest.after(place, total), left_out))
        return out

    def _step_by_step(
        self, events: Sequence[Progress], offsets: Sequence[int], shown: list[tuple[int, int]]
    ) -> list[TextLine]:
        out: list[TextLine] = []
        begin = 0
        for place, later in shown:
            new = self.reducer.apply(events[begin : place + 1], offsets[begin : place + 1])
            begin = place + 1
            if new:  # A repeated line says nothing, also not of those that were left out.
                state = self.reducer.state
                seconds = eta.seconds_left(state.pace, state.run_step, derived.total_steps(state))
                left_out = self.rate.take_left_out(events[place].time, later=later)
                out += self._said(events[place], self._context(events[place], seconds, left_out))
        self.reducer.apply(events[begin:], offsets[begin:])
        return out

    def _said(self, event: AnyEvent, context: LineContext) -> list[TextLine]:
        if self.watch is not None:
            self.watch(event, context)
        return text_lines(event, context)

    def _context(self, event: AnyEvent, seconds_left: float | None = None, left_out: int = 0) -> LineContext:
        state = self.reducer.state
        opened = state.opened
        diagnosis = diagnose(event.error_type, event.message) if isinstance(event, Error) else None
        return LineContext(
            utc_offset=state.utc_offset,
            app_name=opened.app_name if opened is not None else "gradio_app",
            level=opened.level if opened is not None else "INFO",
            eta=seconds_left,
            percent=_percent(event) if isinstance(event, Progress) else None,
            is_best=isinstance(event, Validation) and state.validations[-1].is_best,
            duration=state.end.duration if state.end is not None else None,
            summary=summary(state) if isinstance(event, Ended) else (),
            headline=diagnosis.headline if diagnosis is not None else None,
            advice=diagnosis.advice if diagnosis is not None else None,
            left_out=left_out,
        )


def _percent(event: Progress) -> float | None:
    """How far the caller's own numbers say that it is, 0 to 100."""
    return 100.0 * event.step / event.total_steps if event.total_steps else None


def summary(state: RunState) -> tuple[tuple[str, str], ...]:
    """What the end of a run says about it: (label, text) pairs."""
    total = derived.total_steps(state)
    steps = units.count(state.run_step) + (f"/{units.count(total)}" if total else "")
    pairs = [("steps", steps)]
    if state.end is not None and state.end.duration is not None:
        pairs += _time_split(state, state.end.duration)
    if state.best is not None:
        metric = state.configuration.best_metric if state.configuration is not None else "loss"
        value = state.best.val_metrics.get(metric, state.best.val_loss)
        pairs.append(("best", f"{metric} {value} at step {units.count(state.best.run_step)}"))
    if state.checkpoints:
        pairs.append(("last checkpoint", state.checkpoints[-1].checkpoint_path))
    pairs.append(("errors", units.count(state.totals.errors)))
    pairs.append(("warnings", units.count(state.totals.warnings)))
    pairs.append(("records lost", units.count(missing(state))))
    return tuple(pairs)


def _time_split(state: RunState, duration: float) -> list[tuple[str, str]]:
    spent = state.totals.spent
    beside = sum(spent.values()) + state.totals.waited
    parts = [("training", max(0.0, duration - beside))]
    if state.totals.waited:
        parts.append(("waiting for data", state.totals.waited))
    parts += sorted(spent.items())
    return [(name, units.duration(seconds)) for name, seconds in parts]
