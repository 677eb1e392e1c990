"""What the words and names of an expression mean for a run; see `trainmon.meaning.expression`."""

from trainmon.fold.best import measure
from trainmon.fold.series import Series
from trainmon.fold.state import RunState
from trainmon.meaning import derived, remaining
from trainmon.meaning.expression import Expression, evaluate
from trainmon.meaning.statuses import Evidence, Status, Verdict
from trainmon.meaning.verdict import verdict
from trainmon.words.scalars import decode_number

_WORDS: dict[str, set[Status]] = {
    "waiting": {Status.WAITING},
    "starting": {Status.STARTING},
    "running": {Status.RUNNING, Status.VALIDATING, Status.SAVING},
    "validating": {Status.VALIDATING},
    "saving": {Status.SAVING},
    "stalled": {Status.STALLED, Status.STOPPED},
    "unreachable": {Status.UNREACHABLE},
    "done": {Status.FINISHED},
    "failed": {Status.FAILED},
    "interrupted": {Status.INTERRUPTED},
    "killed": {Status.KILLED, Status.OUT_OF_MEMORY, Status.TERMINATED},
    "crashed": {Status.CRASHED},
    "dead": {status for status in Status if status.over and status is not Status.FINISHED},
    "over": {status for status in Status if status.over},
}
"""The words of the verdict. `done` or `dead` is true of every run that is over."""

NAN = "nan"
"""The word for a newest training loss that is NaN or infinite."""

DIVERGED = "diverged"
"""The word for a training loss that rises far beyond what the run's noise does."""

WORDS = frozenset({*_WORDS, NAN, DIVERGED})
"""All words that an expression may have."""


def holds(expression: Expression, state: RunState, evidence: Evidence, now: float) -> bool | None:
    """Whether an expression is true of a run at Unix time `now`; None where a value of it is not known yet."""
    judged = verdict(state, evidence, now)

    def word(name: str) -> bool:
        if name == DIVERGED:
            return state.divergence.found
        return derived.loss_is_bad(state) if name == NAN else judged.status in _WORDS[name]

    return evaluate(expression, word, lambda name: value_of(name, state, judged, now))


def value_of(name: str, state: RunState, judged: Verdict, now: float) -> float | None:
    """The newest value of what has this name; None where there is none.

    First come the names of ours, then the metrics of the newest progress and validation, then those that came
    earlier in this run, then the machine's.
    """
    own = _own(name, state, judged, now)
    if own is not None:
        return own
    for metrics in (
        state.progress.metrics if state.progress is not None else {},
        state.validations[-1].val_metrics if state.validations else {},
    ):
        if name in metrics:
            return decode_number(metrics[name])
    found = (_newest(series, name) for series in (state.metrics, state.validation, state.machine))
    return next((value for value in found if value is not None), None)


OWN_NAMES = (
    "loss", "learning_rate", "epoch", "val_loss", "best", "step", "percent", "elapsed", "eta", "steps_per_second",
    "samples_per_second", "errors", "warnings", "nonfinite",
)  # fmt: skip
"""The names of the values that every run has, sooner or later."""


def unheard_of(name: str, state: RunState) -> str | None:
    """A sentence about a name that no value of this run has had so far; None where it is known.

    Perhaps it comes later; perhaps it is misspelt, and would be waited for without end.
    """
    known = {*OWN_NAMES, *state.metrics.names, *state.validation.names, *state.machine.names}
    if state.progress is not None:
        known |= state.progress.metrics.keys()
    if name in known:
        return None
    import difflib  # Deferred: 5 ms that a name that is known does not need.

    near = difflib.get_close_matches(name, sorted(known), 1)
    return f"nothing has been named {name} so far" + (f"; is {near[0]} meant?" if near else "")


def _own(name: str, state: RunState, judged: Verdict, now: float) -> float | None:
    """The values that every run has; None for other names, and where it is not known yet."""
    progress, estimate = state.progress, remaining.estimate(state, judged, now)
    bar = derived.run_bar(state)
    best = state.best
    metric = state.configuration.best_metric if state.configuration is not None else "loss"
    values = {
        "loss": progress.loss if progress is not None else None,
        "learning_rate": progress.learning_rate if progress is not None else None,
        "epoch": progress.epoch if progress is not None else None,
        "val_loss": state.validations[-1].val_loss if state.validations else None,
        "best": measure(best, metric) if best is not None else None,
        "step": state.run_step or None,
        "percent": 100.0 * bar.fraction if bar.fraction is not None else None,
        "elapsed": remaining.elapsed(state, judged, now),
        "eta": estimate.seconds if estimate is not None else None,
        "steps_per_second": derived.steps_per_second(state),
        "samples_per_second": derived.samples_per_second(state),
        "errors": state.totals.errors,
        "warnings": state.totals.warnings,
        "nonfinite": state.totals.nonfinite,
    }
    value = values.get(name)
    return None if value is None else decode_number(value)


def _newest(series: Series, name: str) -> float | None:
    """The last value of a column that had one; kept in single precision."""
    if name not in series.names:
        return None
    column = series.column(name)
    for count, nonfinite, last, mean in zip(
        reversed(column.count),
        reversed(column.nonfinite),
        reversed(column.last),
        reversed(column.mean),
        strict=True,
    ):
        if count or nonfinite:
            # The bucket's newest row may lack this metric; then its mean is the nearest that is known.
            return last if last == last or not count else mean
    return None
