"""How good the divergence alarm is: false alarms on healthy curves, and how soon it finds diverging ones.

    python -m benchmarks.alarm_quality [HEALTHY [DIVERGING [FIRST SEED]]]

The thresholds were tuned on the seeds from 0; a first seed beyond them shows how they do on curves they have not seen.
"""

import sys
from collections import Counter

from benchmarks.curves import diverging, healthy
from trainmon.fold.divergence import Divergence

WITHIN = 200
"""Steps after the onset within which a divergence is to be found."""


def first_alarm(losses: list[float]) -> int | None:
    """The step at which the alarm comes first; None: never."""
    detector = Divergence()
    for begin in range(0, len(losses), 16):
        part = losses[begin : begin + 16]
        detector.extend(range(begin + 1, begin + 1 + len(part)), part)
        if detector.found:
            return begin + len(part)
    return None


def main() -> None:
    """Prints both figures with the kinds that were wrong."""
    counts = [int(argument) for argument in sys.argv[1:]] + [5_000, 1_000, 0][len(sys.argv) - 1 :]
    false: Counter[str] = Counter()
    for seed in range(counts[2], counts[2] + counts[0]):
        curve = healthy(seed)
        false[curve.kind] += first_alarm(curve.losses) is not None
    late: Counter[str] = Counter()
    early: Counter[str] = Counter()
    for seed in range(counts[2], counts[2] + counts[1]):
        curve = diverging(seed)
        alarm = first_alarm(curve.losses)
        if alarm is not None and alarm <= curve.onset:
            early[curve.kind] += 1
        elif alarm is None or alarm > curve.onset + WITHIN:
            late[curve.kind] += 1
    print(f"false alarms: {sum(false.values())} of {counts[0]:,} healthy runs  {dict(+false)}")
    share = 100 * (counts[1] - sum(late.values()) - sum(early.values())) / counts[1]
    print(
        f"found within {WITHIN} steps: {share:.1f} % of {counts[1]:,}  late {dict(late)}  early {dict(early)}"
    )


if __name__ == "__main__":
    main()
