"""Where the time of a run went; drawn by more than one panel."""

import msgspec

from trainmon.fold.state import RunState
from trainmon.meaning.derived import elapsed
from trainmon_tui.render.cells import Row, row


class Split(msgspec.Struct, frozen=True):
    """Shares of the run's time so far; fractions 0-1 that add up to 1."""

    start: float
    """Until the first step."""
    data: float
    """Waiting for data, where somebody timed it."""
    step: float
    """Training steps and whatever nobody timed apart."""
    validation: float
    checkpoint: float


def split(state: RunState, now: float) -> Split | None:
    """The shares at Unix time `now`; None before the first step."""
    whole = elapsed(state, now)
    if whole is None or state.configuration is None or state.first_step_time is None or whole <= 0:
        return None
    start = max(0.0, state.first_step_time - state.configuration.time)
    data, spent = state.totals.waited, state.totals.spent
    validation, checkpoint = spent.get("validation", 0.0), spent.get("checkpoint", 0.0)
    known = start + data + validation + checkpoint
    whole = max(whole, known)
    return Split(start / whole, data / whole, (whole - known) / whole, validation / whole, checkpoint / whole)


def split_words(parts: Split, *, decimals: int = 0) -> Row:
    """The shares in percent, `data 3  step 92  val 4  ckpt 1 %`; those that are nothing are left out."""
    named = (
        ("data", parts.data), ("step", parts.step), ("val", parts.validation),
        ("ckpt", parts.checkpoint), ("start", parts.start),
    )  # fmt: skip
    shown = [(name, share) for name, share in named if share * 100 >= 0.5 * 10**-decimals or name == "step"]
    runs = row()
    for index, (name, share) in enumerate(shown):
        runs = row(
            *runs,
            ("  " if index else "", "plain"),
            (f"{name} ", "label"),
            (f"{share * 100:.{decimals}f}", "value"),
        )
    return row(*runs, (" %", "unit"))
