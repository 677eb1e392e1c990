"""Where one run of a journal ends and the next begins, or the same one goes on."""

from typing import TypeVar

from msgspec import structs

from trainmon.facts.events import Ended, Started
from trainmon.fold import alert_log, entries, error_groups
from trainmon.fold.counting import Counting
from trainmon.fold.error_groups import ErrorGroup
from trainmon.fold.progress_fold import rewind
from trainmon.fold.state import End, RunState, RunSummary, Totals
from trainmon.fold.state_entries import LIST_LIMIT, ErrorEntry, OperationEntry, PerformanceEntry, WarningEntry

Timed = TypeVar("Timed", ErrorEntry, WarningEntry, PerformanceEntry, OperationEntry)


def begin(state: RunState, event: Started, offset: int, utc_offset: int) -> RunState:
    """The state after a start: a new run, or the last one continued."""
    continued = state.run_id is not None and (
        event.resume == "always" or (event.resume == "auto" and event.run_id == state.run_id)
    )
    if continued:
        _continue(state, event)
    else:
        state = _new(state, event)
    state.configuration = entries.configuration(event, offset, utc_offset)
    state.prelude = None
    return state


def _continue(state: RunState, event: Started) -> None:
    state.resumed += 1
    state.end = None
    state.span = state.span_time = None
    # Where the time went is asked of the time since this start, as how long it took is.
    state.totals.waited, state.totals.spent = 0.0, {}
    state.first_step_time = state.last_step_time = None
    state.stepper = None
    if event.steps_count == "run" and not state.counting.known:
        state.counting = Counting(known=True)
    state.rewinding = event.initial_step is None
    if event.initial_step is not None:
        rewind(state, event.initial_step + 1)
        state.run_step = event.initial_step


def _new(state: RunState, event: Started) -> RunState:
    """A fresh state that keeps what belongs to the journal, and what was said just before the start."""
    old = state.totals
    since = state.prelude
    errors = _said_since(state.errors, since)
    warnings = _said_since(state.warnings, since)
    fresh = RunState(
        opened=state.opened,
        run_id=event.run_id,
        run_number=state.run_number + 1,
        run_step=event.initial_step or 0,
        counting=Counting.told(event.steps_count, event.steps_per_epoch, event.total_epochs),
        last_time=state.last_time,
        errors=errors,
        error_groups=_grouped(errors),
        warnings=warnings,
        performance=_said_since(state.performance, since),
        operations=_said_since(state.operations, since),
        reading=state.reading,
        oom_kills_before=_oom_kills(state),
        machine=state.machine,
        earlier=_earlier(state),
        writers=state.writers,
        totals=Totals(
            events=old.events,
            errors=sum(entry.count for entry in errors),
            warnings=sum(entry.count for entry in warnings),
            refused=old.refused,
            gone=old.gone,
            unknown=old.unknown,
            malformed=old.malformed,
            damaged=old.damaged,
            long=old.long,
            repeated=old.repeated,
            first_bad_offset=old.first_bad_offset,
        ),
        bookmark=state.bookmark,
    )
    for entry in fresh.performance:
        entries.summarise(fresh, entry)
    return fresh


def _oom_kills(state: RunState) -> int | None:
    """What the counter of out-of-memory kills said last; None where this process has not read it."""
    reading, opened = state.reading, state.opened
    if reading is None or reading.host is None or opened is None or reading.time < opened.time:
        return None  # Of an earlier process, perhaps in another control group.
    return reading.host.oom_kills


def _said_since(entries_: list[Timed], since: float | None) -> list[Timed]:
    """The entries that came since then; none where nobody waits for a start."""
    return [entry for entry in entries_ if since is not None and entry.time >= since]


def _grouped(errors: list[ErrorEntry]) -> list[ErrorGroup]:
    groups: list[ErrorGroup] = []
    for error in errors:
        error_groups.add(groups, entries.error_group(error))
    return groups


def _earlier(state: RunState) -> list[RunSummary]:
    if state.run_id is None or state.configuration is None:
        return state.earlier
    summary = RunSummary(
        run_id=state.run_id,
        model_name=state.configuration.model_name,
        started=state.configuration.time,
        last_time=state.last_time or state.configuration.time,
        run_step=state.run_step,
        end=state.end,
        best=state.best,
        offset=state.configuration.offset,
    )
    return [*state.earlier, summary][-LIST_LIMIT:]


def forget_offsets(state: RunState) -> None:
    """Marks everything that is known as not reachable, because the journal file was replaced."""
    for series in (state.loss, state.metrics, state.validation, state.machine):
        series.forget_offsets()
    if state.redone is not None:
        # Copies of the state share it.
        state.redone = state.redone.copy()
        state.redone.forget_offsets()
    state.errors = [structs.replace(entry, offset=-1) for entry in state.errors]
    state.error_groups = [structs.replace(group, offset=-1) for group in state.error_groups]
    state.earlier = [structs.replace(run, offset=-1) for run in state.earlier]
    if state.beginning is not None:
        state.beginning = (-1, state.beginning[1])
    if state.configuration is not None:
        state.configuration = structs.replace(state.configuration, offset=-1)


def finish(state: RunState, event: Ended) -> None:
    """Takes in how a training said that it ended."""
    configuration = state.configuration
    duration = event.total_training_time
    if duration is None and configuration is not None:
        same = configuration.writer == event.writer
        duration = event.mono - configuration.mono if same else event.time - configuration.time
    state.end = End(
        success=event.success,
        reason=event.reason,
        time=event.time,
        duration=duration,
        final_loss=event.final_loss,
        final_metrics=entries.cut_metrics(event.final_metrics),
        error=entries.cut(event.error, entries.DATA_LIMIT) if event.error is not None else None,
    )
    state.span = state.span_time = None
    alert_log.clear_all(state.alerts, event.time)
    state.prelude = event.time
