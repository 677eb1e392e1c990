"""Alerts about the loss: not finite, diverging, overfitting, standing still."""

from collections.abc import Iterator

from trainmon.fold.best import same
from trainmon.fold.state import RunState
from trainmon.meaning import derived, trends
from trainmon.meaning.alarms.kinds import Alert, Thresholds
from trainmon.words import units

CERTAIN = 2.0
"""Standard errors by which the loss must have missed the gain that is asked for."""


def found(state: RunState, limits: Thresholds) -> Iterator[Alert]:
    """What is wrong with the learning now."""
    yield from _not_finite(state)
    yield from _divergence(state)
    yield from _overfitting(state, limits)
    yield from _plateau(state, limits)


def _not_finite(state: RunState) -> Iterator[Alert]:
    if derived.loss_is_bad(state) and state.progress is not None:
        first, often = state.totals.first_nonfinite_step, units.times(state.totals.nonfinite)
        text = f"loss is {state.progress.loss}, {often}, first at step {units.count(first)}"
        yield Alert("nan", "critical", text, trends.time_of_step(state.loss, first) or state.progress.time)


def _divergence(state: RunState) -> Iterator[Alert]:
    if state.divergence.found:
        step = state.divergence.since
        text = f"loss diverges since step {units.count(step)}: it rises far beyond what this run's noise does"
        yield Alert("divergence", "critical", text, trends.time_of_step(state.loss, step))


def _overfitting(state: RunState, limits: Thresholds) -> Iterator[Alert]:
    """Validation above its best for some time and beyond its noise, while the training loss has come down since."""
    best, after = state.best, limits.overfitting_validations
    if best is None or len(state.validations) < after:
        return
    if any(same(best, entry) for entry in state.validations[-after:]):
        return
    then, newest = trends.mean_around(state.loss, best.run_step), trends.newest_mean(state.loss)
    rise = trends.rise([entry.val_loss for entry in state.validations], after)
    rising = rise is not None and rise > limits.overfitting_rise
    if then is not None and newest is not None and newest < then and rising:
        text = f"overfitting: validation rises since step {units.count(best.run_step)} while the training loss falls"
        yield Alert("overfitting", "warning", text, best.time)


def _plateau(state: RunState, limits: Thresholds) -> Iterator[Alert]:
    gain = trends.gain(state.loss, limits.plateau_share)
    if gain is not None and gain.share + CERTAIN * gain.doubt < limits.plateau_gain:
        share = units.percent(100 * limits.plateau_share)
        since = trends.time_of_share(state.loss, limits.plateau_share)
        yield Alert(
            "plateau", "info", f"loss stands still: no gain in the newest {share} of the steps", since
        )
