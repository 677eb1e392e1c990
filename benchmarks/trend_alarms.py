"""How good the alarms `plateau` and `overfitting` are, on generated runs.

    python -m benchmarks.trend_alarms [RUNS OF EACH KIND [FIRST SEED]]

The thresholds were tuned on the seeds from 0; a first seed beyond them shows how they do on curves they have not seen.
"""

import sys

from benchmarks.trend_curves import EVERY, falling, generalising, overfitting, standing
from trainmon.facts.events import Opened, Progress, Started, Validation
from trainmon.fold.reducer import Reducer
from trainmon.meaning.alarms import learning
from trainmon.meaning.alarms.kinds import Thresholds

LOOK_EVERY = 250
"""Steps between two looks at the loss."""

LIMITS = Thresholds()


class Replay:
    """A run that is folded event by event."""

    def __init__(self) -> None:
        self.reducer = Reducer()
        self.seq = 0
        opened = Opened(*self._head(0), schema=1, host="h", pid=1, version="0")
        started = Started(*self._head(0), run_id="r", model_name="m", total_epochs=1, total_steps=10**6)
        self.reducer.apply([opened, started], [-1, -1])

    def _head(self, step: int) -> tuple[str, int, float, float]:
        self.seq += 1
        return "aaaaaaaaaaaa", self.seq - 1, 1e9 + step, float(step)

    def train(self, first: int, losses: list[float]) -> None:
        """Steps with these losses."""
        events = [
            Progress(*self._head(step), epoch=1, step=step, total_steps=10**6, loss=loss)
            for step, loss in enumerate(losses, first + 1)
        ]
        self.reducer.apply(events, [-1] * len(events))

    def validate(self, step: int, loss: float) -> None:
        """A validation after this step."""
        self.reducer.apply([Validation(*self._head(step), epoch=1, step=step, val_loss=loss)], [-1])

    def kinds(self) -> set[str]:
        """The alerts that stand now."""
        return {alert.kind for alert in learning.found(self.reducer.state, LIMITS)}


def plateau_looks(losses: list[float]) -> list[int]:
    """The steps, of all looks, at which the alert stands."""
    run, out = Replay(), []
    for begin in range(0, len(losses), LOOK_EVERY):
        run.train(begin, losses[begin : begin + LOOK_EVERY])
        if "plateau" in run.kinds():
            out.append(begin + LOOK_EVERY)
    return out


def overfitting_looks(losses: list[float], validations: list[float]) -> list[int]:
    """The validations, by index, after which the alert stands."""
    run, out = Replay(), []
    for index, value in enumerate(validations):
        run.train(index * EVERY, losses[index * EVERY : (index + 1) * EVERY])
        run.validate((index + 1) * EVERY, value)
        if "overfitting" in run.kinds():
            out.append(index)
    return out


def main() -> None:
    """Prints the figures of both alarms."""
    count, first = [int(argument) for argument in sys.argv[1:]] + [500, 0][len(sys.argv) - 1 :]
    seeds = range(first, first + count)
    false = sum(bool(plateau_looks(falling(seed).losses)) for seed in seeds)
    found = sum(bool(plateau_looks(standing(seed).losses)) for seed in seeds)
    print(
        f"plateau: found in {100 * found / count:.1f} % of {count:,} that stand still; said of {false:,} that fall"
    )
    early = on_time = 0
    for seed in seeds:
        run = overfitting(seed)
        looks = overfitting_looks(run.losses, run.validations)
        assert run.turn is not None
        early += any(index <= run.turn for index in looks)
        on_time += any(index > run.turn for index in looks)
    wrong = sum(bool(overfitting_looks(run.losses, run.validations)) for run in map(generalising, seeds))
    share = 100 * on_time / count
    print(
        f"overfitting: found in {share:.1f} % of {count:,} that overfit, too early in {early:,}; "
        f"said of {wrong:,} that do not"
    )


if __name__ == "__main__":
    main()
