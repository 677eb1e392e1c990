"""Whether a run ends in time: pure functions of a state and the time; nothing is stored.

A run has to be done by the end of its batch job's allocation, which its trainer recorded, and by a deadline that
somebody set. The earlier of the two counts.
"""

from math import inf

import msgspec

from trainmon.fold.state import RunState
from trainmon.meaning import derived, eta, trends
from trainmon.words import units


class Deadline(msgspec.Struct, frozen=True):
    """When a run has to be done."""

    time: float
    """Unix seconds."""
    allocation: bool
    """Whether it is the end of a batch job's allocation; else somebody set it."""


class Outlook(msgspec.Struct, frozen=True):
    """How a run stands to its deadline."""

    deadline: Deadline
    left: float
    """Seconds until the deadline; below 0: it has passed."""
    spare: float | None
    """Seconds between the end of the run and the deadline; below 0: the run ends later. None: there is no estimate."""
    spare_high: float | None
    """The same for the early end of the estimate's range; None where there is no range."""
    last_checkpoint: int | None
    """Run step of the last checkpoint that will be whole in time, or of the newest one where none to come will; None
    where none was saved, or the run ends in time."""

    @property
    def fits(self) -> bool | None:
        """Whether the run ends in time, by the middle of the estimate; None: there is no estimate."""
        return None if self.spare is None else self.spare >= 0


def deadline_of(state: RunState, wanted: float | None = None) -> Deadline | None:
    """The earlier of the allocation's end and the deadline that was set; None where neither is known.

    Args:
        state: Of the run.
        wanted: Unix seconds that the observer asks about; it takes the place of the deadline that was recorded.
    """
    opened = state.opened
    if wanted is None and opened is not None:
        wanted = opened.deadline
    end = opened.allocation_end if opened is not None else None
    if end is not None and (wanted is None or end <= wanted):
        return Deadline(end, allocation=True)
    return Deadline(wanted, allocation=False) if wanted is not None else None


def outlook(
    state: RunState, now: float, wanted: float | None = None, *, goes_on: bool = True
) -> Outlook | None:
    """How the run stands to its deadline at Unix time `now`; None where it has none, or is over.

    Args:
        state: Of the run.
        now: Unix seconds.
        wanted: As for `deadline_of`.
        goes_on: Whether an end is foreseen, see `trainmon.meaning.remaining`; of a run that stalls nothing is said.
    """
    deadline = deadline_of(state, wanted)
    if deadline is None or state.end is not None:
        return None
    left = deadline.time - now
    estimate = derived.estimate(state, now) if goes_on else None
    if estimate is None or estimate.seconds is None:
        return Outlook(deadline, left, None, None, _newest_checkpoint(state))
    spare = left - estimate.seconds
    return Outlook(
        deadline,
        left,
        spare,
        left - estimate.low if estimate.low is not None else None,
        _last_that_fits(state, now, left) if spare < 0 else None,
    )


def words(outlook: Outlook) -> str:
    """`fits, 2h 35m spare`, `ends 1h 40m too late`, `passed 5m 10s ago`; empty where there is no estimate."""
    if outlook.left <= 0:
        return f"passed {units.duration(-outlook.left)} ago"
    if outlook.spare is None:
        return ""
    if outlook.spare >= 0:
        return f"fits, {units.duration(outlook.spare)} spare"
    return f"ends {units.duration(-outlook.spare)} too late"


def name(deadline: Deadline) -> str:
    """What stands before its time."""
    return "allocation ends" if deadline.allocation else "deadline"


def _newest_checkpoint(state: RunState) -> int | None:
    return state.checkpoints[-1].run_step if state.checkpoints else None


def _last_that_fits(state: RunState, now: float, left: float) -> int | None:
    """Run step of the last checkpoint that will be whole within `left` seconds, if they come as often as so far."""
    newest = _newest_checkpoint(state)
    usual = trends.usual_checkpoint_steps(state)
    if newest is None or usual is None or state.last_step_time is None:
        return newest
    elapsed = max(0.0, now - state.last_step_time)
    pauses = state.pace.paused.get("checkpoint")
    saving = pauses.mean if pauses is not None else state.checkpoints[-1].duration or 0.0

    def done_after(count: int) -> float:
        """Seconds until the checkpoint after `count` further distances is whole."""
        reached = eta.estimate(state.pace, state.run_step, newest + count * usual, elapsed).seconds
        return inf if reached is None else reached + saving

    # A later one is never done sooner: the bound is doubled until it is too far, and then halved in between.
    fitting, beyond = 0, 1
    while done_after(beyond) <= left:
        fitting, beyond = beyond, 2 * beyond
    while beyond - fitting > 1:
        middle = (fitting + beyond) // 2
        fitting, beyond = (middle, beyond) if done_after(middle) <= left else (fitting, middle)
    return newest + fitting * usual
