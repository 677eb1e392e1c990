"""The journal's file system frozen for 5 s: log calls go on in microseconds, and nothing is lost."""

import os
import random
import shutil
import signal
import time

import pytest

from tests.processes.harness import (
    CALL_SLACK,
    CLOSING,
    OPENING,
    RAISED,
    SLACK,
    Stage,
    check_all_there,
    count_progress,
    repair,
    until,
)
from tests.processes.storage import Freezer, freezer

__all__ = ["freezer"]

FROZEN = 5.0
LONGEST = 20.0 * CALL_SLACK
"""Milliseconds that a call may take; one that waited for the disk would take seconds."""
KILLS = int(os.environ.get("TRAINMON_FREEZES", "3"))
"""Kills during a freeze, of up to 5 s where they are more than the moods; 21 are the proof."""
MOODS = [{"rate": 100.0, "threads": 1}, {"rate": 5_000.0, "threads": 1}, {"rate": 1_250.0, "threads": 4}]


@pytest.mark.root
@pytest.mark.parametrize(("rate", "threads"), [(100.0, 1), (5_000.0, 1), (1_250.0, 4)])
def test_w13_a_frozen_disk_holds_up_no_call_and_loses_nothing(
    stage: Stage, freezer: Freezer, rate: float, threads: int
) -> None:
    """What came meanwhile waits in the spool and goes out when the disk thaws."""
    count = int((FROZEN + 1.5) * rate)
    training = stage.start(
        "train", logs=freezer.mount / "logs", rate=rate, count=count, threads=threads, wait=20
    )
    freezer.freeze()
    goal = min(training.logged() + int(FROZEN * rate * threads), count * threads)
    until(lambda: training.logged() >= goal, "5 s of calls")
    freezer.thaw()
    healed = until(lambda: count_progress(training.folder) >= goal, "the journal has all", 5.0 + SLACK)
    status = training.stop()

    print(f"frozen 5 s: longest call {training.worst():.2f} ms, {goal:,} calls, healed after {healed:.2f} s")
    assert (status, training.page[RAISED]) == (0, 0)
    assert training.worst() < LONGEST
    check_all_there(training, killed=False)


@pytest.mark.root
@pytest.mark.timeout(60 + 10 * KILLS)
def test_w13_a_kill_while_the_disk_is_frozen_loses_nothing(stage: Stage, freezer: Freezer) -> None:
    """The spool has what the disk did not take."""
    chance = random.Random(20_261_128)
    for trial in range(KILLS):
        mood = MOODS[trial % len(MOODS)]
        training = stage.start("train", logs=freezer.mount / f"logs-{trial}", wait=20, **mood)
        freezer.freeze()
        time.sleep(chance.uniform(0.3, FROZEN if len(MOODS) < KILLS else 1.0))
        training.wait_logged(21)
        training.process.send_signal(
            signal.SIGKILL
        )  # It stays a zombie until the thaw: that is the kernel's.
        freezer.thaw()
        training.wait()

        found = repair(training.folder)

        print(f"killed in a freeze, {mood}: {training.logged():,} calls, {found:,} lines in the spool")
        assert found > 20
        assert training.worst() < LONGEST
        check_all_there(training)
        stage.close()
        stage.trainings.clear()
        shutil.rmtree(training.folder)  # The disk is small.


@pytest.mark.root
def test_w13_a_disk_that_is_frozen_from_the_beginning_holds_up_the_setup_for_two_seconds(
    stage: Stage, freezer: Freezer
) -> None:
    """Not two for each thing that is opened; what is recorded meanwhile goes out when the disk thaws."""
    freezer.freeze()
    training = stage.start("train", logs=freezer.mount / "logs", rate=1_000.0, wait=200)
    freezer.thaw()
    status = training.stop()

    print(f"setup on a frozen disk: {training.page[OPENING] / 1e9:.2f} s")
    assert (status, training.page[RAISED]) == (0, 0)
    assert 1.5 < training.page[OPENING] / 1e9 < 2.0 + 0.2 * SLACK
    check_all_there(training, killed=False)


@pytest.mark.root
def test_p8_closing_on_a_frozen_disk_takes_two_seconds_and_one_warning(
    stage: Stage, freezer: Freezer
) -> None:
    """The program gets on; the lines wait in the spool."""
    training = stage.start("train", logs=freezer.mount / "logs", rate=1_000.0, wait=500)
    freezer.freeze()
    training.wait_logged(500)
    begin = time.monotonic()
    training.stop_file.touch()
    until(lambda: training.page[CLOSING] > 0, "closing returned")
    took = time.monotonic() - begin
    freezer.thaw()
    training.wait()
    repair(training.folder)

    print(f"close on a frozen disk: {training.page[CLOSING] / 1e9:.2f} s")
    assert training.page[CLOSING] / 1e9 < 2.0 + 0.1 * SLACK
    assert took < 3.0 + 0.1 * SLACK
    assert len(training.said()) <= 1
    check_all_there(training, killed=False)
