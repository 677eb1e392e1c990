"""`kill -9` at random moments: every call that had returned is found again, once."""

import os
import random
import time

import pytest

from tests.processes.harness import Stage, check_all_there, repair

TRIALS = int(os.environ.get("TRAINMON_KILLS", "24"))
"""Kills; 200 are the proof, 24 take some 30 s."""

MOODS = [
    {"rate": 100.0, "threads": 1},
    {"rate": 5_000.0, "threads": 1},
    {"rate": 0.0, "count": 20_000, "threads": 1},
    {"rate": 100.0, "threads": 4},
    {"rate": 1_250.0, "threads": 4},
    {"rate": 0.0, "count": 5_000, "threads": 4},
]
"""100 and 5,000 records a second and one burst of 20,000, in one thread and in four."""


@pytest.mark.timeout(20 + 5 * TRIALS)
def test_w01_a_kill_loses_nothing_whose_call_had_returned(stage: Stage) -> None:
    """And most trials are caught with lines that were not moved yet, so that it is the spool that is tested."""
    chance = random.Random(20_261_123)
    caught, records, recovered = 0, 0, 0
    for trial in range(TRIALS):
        mood = MOODS[trial % len(MOODS)]
        training = stage.start("train", logs=stage.folder / f"logs-{trial}", **mood)
        # A burst takes some 0.2 s; the others go on for ever.
        moment = chance.uniform(0.0, 0.2 if not mood["rate"] else 0.6)
        time.sleep(moment)
        status = training.kill()

        found = repair(training.folder)

        assert status == -9
        check_all_there(training)
        caught += found > 0
        recovered += found
        records += training.logged()
        stage.close()
        stage.trainings.clear()
    print(
        f"{TRIALS} kills, {records:,} calls returned, 0 lost; {caught} caught with {recovered:,} lines not moved"
    )
    assert caught > TRIALS / 2
