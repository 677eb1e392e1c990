"""Which validation is the best so far: by the configured metric and direction, or as the caller says."""

from trainmon.facts.events import Direction, Number, Validation
from trainmon.fold.state import RunState
from trainmon.fold.state_entries import CheckpointEntry, ValidationEntry
from trainmon.words.scalars import decode_number


def measure(entry: Validation | ValidationEntry, metric: str) -> Number | None:
    """The value that decides; `loss` and `val_loss` are the validation loss. None where it was not given."""
    if metric in ("loss", "val_loss"):
        return entry.val_loss
    return entry.val_metrics.get(metric)


def better(value: Number | None, than: Number | None, direction: Direction) -> bool:
    """Whether a measurement beats another; a number beats none, and what is not finite beats nothing."""
    if value is None or isinstance(value, str):
        return False
    if than is None or isinstance(than, str):
        return True
    new, old = decode_number(value), decode_number(than)
    return new < old if direction == "min" else new > old


def best_metric(state: RunState) -> str:
    """The validation metric that decides."""
    return state.configuration.best_metric if state.configuration is not None else "loss"


def same(
    one: ValidationEntry | CheckpointEntry | None, other: ValidationEntry | CheckpointEntry | None
) -> bool:
    """Whether two entries are of the same record: an older one has fewer metrics in the list than as the best."""
    return one is not None and other is not None and (one.run_step, one.time) == (other.run_step, other.time)


def decide(state: RunState, event: Validation) -> bool:
    """Whether a validation is the best so far; True and False of the caller stand as given."""
    if event.is_best is not None:
        return event.is_best
    configuration, metric = state.configuration, best_metric(state)
    direction: Direction = configuration.best_direction if configuration is not None else "min"
    best = measure(state.best, metric) if state.best is not None else None
    return better(measure(event, metric), best, direction)
