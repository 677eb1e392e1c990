"""What programs do to a training: end it, signal it, fork it, give it workers, start other programs."""

import importlib.util
import os
import signal
import time
from pathlib import Path

import pytest

from tests.processes.harness import (
    CLOSING,
    RAISED,
    SLACK,
    Stage,
    Training,
    check_all_there,
    count_records,
    count_steps,
    of_kind,
    repair,
    until,
)
from trainmon.meaning.statuses import Status
from trainmon.meaning.verdict import verdict
from trainmon.reading.reader import RunReader

FORKS = int(os.environ.get("TRAINMON_FORKS", "200"))
"""1,500 are the proof."""
SIGNALS = int(os.environ.get("TRAINMON_SIGNALS", "500"))
"""2,000 are the proof."""
LEAVES = int(os.environ.get("TRAINMON_LEAVES", "3"))
"""100 are the proof."""
CHILD = 8
"""First slot of the children."""


def numbers(training: Training) -> dict[str, int]:
    """What the program said at its end."""
    pairs = [line.split() for line in training.said() if len(line.split()) == 2]
    return {name: int(number) for name, number in pairs if number.lstrip("-").isdigit()}


@pytest.mark.parametrize("end", ["exit", "term", "raise", "thread", "status"])
def test_w03_w04_whatever_ends_a_program_its_records_are_there_and_its_status_is_its_own(
    stage: Stage, spool_base: Path, end: str
) -> None:
    """`os._exit`, the default action of SIGTERM, an exception, `sys.exit` in a thread and in the program."""
    training = stage.start("train", logs=spool_base / "logs", rate=2_000.0, end=end, wait=500)
    begin = time.monotonic()
    status = training.stop()
    took = time.monotonic() - begin
    found = repair(training.folder)

    assert status == {"exit": 1, "term": -15, "raise": 1, "thread": 0, "status": 7}[end]
    assert took < 1.0 + 0.2 * SLACK
    check_all_there(training)
    if end == "raise":
        (error,) = of_kind(training.folder, "error")
        assert error["uncaught"]
        assert "RuntimeError: the training failed" in str(error["traceback"])
        (ended,) = of_kind(training.folder, "ended")
        assert ended["reason"] == "failed"
    if end in ("raise", "thread", "status"):
        assert found == 0
        assert of_kind(training.folder, "closed")


def test_p8_closing_takes_a_moment(stage: Stage, spool_base: Path) -> None:
    """0.2 s on a disk that answers, as memory always does."""
    training = stage.start("train", logs=spool_base / "logs", rate=5_000.0, wait=2_000)
    status = training.stop()

    print(f"close: {training.page[CLOSING] / 1e6:.1f} ms")
    assert status == 0
    assert training.page[CLOSING] / 1e9 < 0.2 * SLACK


@pytest.mark.timeout(60 + SIGNALS // 20)
def test_w25_a_signal_handler_may_log_while_its_own_thread_logs(stage: Stage) -> None:
    """At any moment: no deadlock, nothing raised, nothing lost."""
    training = stage.start("ends", "signals", count=SIGNALS, threads=2)
    for number in range(SIGNALS):
        training.process.send_signal(signal.SIGUSR1)
        until(lambda: training.page[1] > number or training.process.poll() is not None, "a handled signal")  # noqa: B023
    status = training.wait()

    assert (status, training.page[RAISED], training.page[1]) == (0, 0, SIGNALS)
    check_all_there(training, killed=False)


def test_w27_eight_threads_number_their_records_without_gaps_and_in_their_order(stage: Stage) -> None:
    """50,000 records each are the proof; a tenth of it shows the same."""
    training = stage.start("train", threads=8, count=2_000, wait=16_000)
    status = training.stop()

    assert (status, training.page[RAISED]) == (0, 0)
    seqs = sorted(seq for _, seq in count_records(training.folder))
    assert seqs == list(range(len(seqs)))
    for thread in range(1, 9):
        of_thread = sorted(
            (int(str(line["seq"])), int(str(line["step"])))
            for line in of_kind(training.folder, "progress")
            if line["epoch"] == thread
        )
        assert [step for _, step in of_thread] == list(range(1, 2_001))
    check_all_there(training, killed=False)


def test_w28_what_is_logged_while_the_interpreter_ends_is_kept(stage: Stage) -> None:
    """By a library's exit function that runs after ours, and by daemon threads."""
    training = stage.start("ends", "late", count=500, threads=5)
    status = training.wait()
    repair(training.folder)

    print(f"20 records after our exit function: {training.page[CLOSING] / 1e6:.1f} ms")
    assert (status, training.page[RAISED]) == (0, 0)
    assert training.page[1] == 20
    assert not [line for line in training.said() if "Fatal" in line or "Traceback" in line]
    assert training.page[CLOSING] / 1e9 < 0.2 * SLACK
    check_all_there(training)


@pytest.mark.parametrize("trial", range(LEAVES))
def test_w28_threads_and_signal_handlers_that_log_during_the_end_lose_nothing(
    stage: Stage, trial: int
) -> None:
    """At every moment of closing; no deadlock, and no line in a file that is not ours."""
    training = stage.start("ends", "leaving", count=500, threads=5)
    status = training.wait()
    repair(training.folder)

    assert (status, training.page[RAISED]) == (0, 0)
    assert training.page[1] > 0
    assert not [
        line for line in training.said() if "Fatal" in line or "Traceback" in line or "Exception" in line
    ]
    check_all_there(training)


@pytest.mark.timeout(60 + FORKS // 4)
def test_m01_a_fork_at_any_moment_leaves_no_child_stuck(stage: Stage) -> None:
    """While another thread logs; what the children log is kept under writers of their own."""
    training = stage.start("ends", "forks", count=FORKS)
    status = training.wait(50 + FORKS // 4)
    repair(training.folder)

    print(training.said(), f"{training.page[0]:,} calls meanwhile")
    assert (status, training.page[RAISED]) == (0, 0)
    assert numbers(training)["stuck"] == 0
    children = {epoch for epoch, _ in count_steps(training.folder) if epoch >= 100}
    assert children == set(range(100, 100 + FORKS))
    assert max(count_records(training.folder).values()) == 1
    writers = {line["writer"] for line in of_kind(training.folder, "error")}
    assert len(writers) == FORKS
    assert len({line["writer"] for line in of_kind(training.folder, "opened")}) == FORKS + 1


def test_m03_workers_that_are_killed_every_epoch_leave_their_records_and_nothing_else(stage: Stage) -> None:
    """Forked and spawned ones, by SIGKILL and SIGTERM; descriptors and threads are back to where they were."""
    epochs = 8
    training = stage.start("ends", "loader", count=epochs)
    status = training.wait(60)
    repair(training.folder)

    print(training.said())
    assert (status, training.page[RAISED]) == (0, 0)
    assert numbers(training)["threads"] <= 1  # The sync thread may have come.
    assert numbers(training)["descriptors"] <= 4
    steps = count_steps(training.folder)
    for worker in range(4 * epochs):
        slot = CHILD + worker
        found = {step for epoch, step in steps if epoch == slot + 1}
        assert set(range(1, training.page[slot] + 1)) <= found, f"worker {worker}"
    assert max(count_records(training.folder).values()) == 1


@pytest.mark.parametrize("killed", [False, True])
def test_w32_a_training_that_becomes_a_daemon_goes_on_in_its_journal(
    stage: Stage, spool_base: Path, killed: bool
) -> None:
    """The process that opened the folder is gone, and nobody else moves the lines or answers for the run."""
    training = stage.start("ends", "daemon", count=20, threads=2, wait=1)
    training.wait()
    reader = RunReader(training.folder)

    def lives() -> bool:
        opened = reader.poll().state.opened
        return opened is not None and opened.pid == training.page[CHILD]

    until(lives, "the daemon is the trainer")
    goal = training.page[0] + 500
    until(lambda: sum(count_steps(training.folder).values()) >= goal, "steps in the journal")
    view = reader.poll()
    status = verdict(view.state, view.evidence, time.time()).status
    if killed:
        os.kill(training.page[CHILD], signal.SIGKILL)
        until(lambda: reader.poll().evidence.alive is False, "a death that is seen")
        repair(training.folder)
    else:
        training.stop_file.touch()
        until(lambda: training.page[CHILD + 1] == 1, "the daemon has closed")
    reader.close()

    assert status is Status.RUNNING
    check_all_there(training)
    assert not list(spool_base.rglob("*.spool"))
    assert not (training.folder / "busy").exists()
    assert len([line for line in of_kind(training.folder, "opened") if line.get("heir")]) == 1


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="needs torch")
def test_m03_workers_of_torch_log_too(stage: Stage) -> None:
    """What they logged before the loader ended them is there."""
    training = stage.start("ends", "torch_loader", count=200)
    status = training.wait(60)
    repair(training.folder)

    assert (status, training.page[RAISED]) == (0, 0)
    assert {step for epoch, step in count_steps(training.folder) if epoch == 2} == set(range(1, 201))


def test_m08_a_signal_to_the_whole_group_ends_all(stage: Stage) -> None:
    """As Slurm does: nothing hangs, the status is the signal's, and all records are there."""
    training = stage.start("ends", "groups", count=10**6)
    until(lambda: all(training.page[CHILD + number] > 50 for number in range(3)), "workers that log")
    os.killpg(training.process.pid, signal.SIGTERM)
    status = training.wait()
    repair(training.folder)

    assert status == -15
    steps = count_steps(training.folder)
    for slot in (0, CHILD, CHILD + 1, CHILD + 2):
        assert set(range(1, training.page[slot] + 1)) <= {step for epoch, step in steps if epoch == slot + 1}


def test_m09_programs_that_the_training_starts_inherit_nothing(stage: Stage) -> None:
    """Neither descriptors nor the lock: the folder is free when the training has closed it."""
    training = stage.start("ends", "programs", count=100)
    status = training.wait()

    assert (status, training.page[RAISED]) == (0, 0)
    assert numbers(training) == {"inherited": 0, "locked": 0}


def test_m11_a_pickled_logger_records_in_a_worker(stage: Stage) -> None:
    """Forked or spawned, into the same journal; a copy in the same process is the logger itself."""
    training = stage.start("ends", "pickles", count=100)
    status = training.wait()
    repair(training.folder)

    assert (status, training.page[RAISED]) == (0, 0)
    assert numbers(training) == {"fork": 0, "spawn": 0}
    steps = count_steps(training.folder)
    assert {step for epoch, step in steps if epoch == 100} == set(range(1, 11))
    assert {step for epoch, step in steps if epoch == 101} == set(range(1, 11))
