"""Which alarms recorded runs would have raised: for the demo's own runs, and for anybody's.

for seed in 1 2 3; do python demo_train.py --log-dir /tmp/demo/$seed --seed $seed --speed 0; done
python -m benchmarks.alarm_replay /tmp/demo/*
"""

import sys
from itertools import islice
from pathlib import Path

from trainmon.fold.reducer import Reducer
from trainmon.meaning.alarms import learning
from trainmon.meaning.alarms.kinds import Thresholds
from trainmon.reading.walk import Walk

EVERY = 25
"""Events between two looks."""


def raised(folder: Path) -> dict[str, tuple[int, int]]:
    """The alerts about learning by their kind: the first and the last step at which a look found them."""
    found: dict[str, tuple[int, int]] = {}
    reducer = Reducer()
    with Walk(folder) as walk:
        events = walk.events()
        while batch := list(islice(events, EVERY)):
            reducer.apply(batch, [-1] * len(batch))
            step = reducer.state.run_step
            for alert in learning.found(reducer.state, Thresholds()):
                first, _ = found.get(alert.kind, (step, step))
                found[alert.kind] = (first, step)
    return found


def main() -> None:
    """A line for each folder."""
    for name in sys.argv[1:]:
        alarms = raised(Path(name))
        words = ", ".join(f"{kind} at steps {first:,}–{last:,}" for kind, (first, last) in alarms.items())
        print(f"{name}: {words or 'none'}")


if __name__ == "__main__":
    main()
