"""Storage that fails while a training logs: nothing raises, nothing waits, nothing is lost, and it heals by itself."""

import errno
import os
import subprocess
from pathlib import Path

import pytest

from tests.processes.harness import (
    CALL_SLACK,
    CLOSING,
    RAISED,
    SLACK,
    Stage,
    Training,
    check_all_there,
    count_progress,
    count_steps,
    lines,
    of_kind,
    tail,
    until,
)
from tests.processes.storage import FailingStorage, failing, tiny_memory

__all__ = ["failing"]

LONGEST = 10.0 * CALL_SLACK
"""Milliseconds that a call may take; one that waited for the storage would take those of `FAULTS`, or a second."""
RATE = 400.0
OUTAGE = int(RATE * 1.5)
"""Calls during an outage: more than one retry of the writer."""
CALLS = 25_000
"""Calls with lines of 1 KiB: more than a spool of 16 MiB takes."""
HEALED = 2.0 + SLACK
"""Seconds until everything is in the journal again."""
NOTICED = 1.0 + SLACK
"""Seconds until the writer has seen that the journal is gone; it looks with every line, four times a second."""

FAULTS = {
    "W07-full": "errno 28",
    "W07-full-in-the-middle": "half 28",
    "W08-quota": "errno 122",
    "W08-read-only": "errno 30",
    "W08-broken": "errno 5",
    "W08-broken-in-the-middle": "half 5",
    "W08-stale": "errno 116",
    "W09-short": "short 0",
    "W12-slow": "slow 400",
    "W12-slow-sync": "syncs 5000",
}


def check_healed(training: Training) -> None:
    """Everything that was logged is in the journal soon; the end is in order, and little was said.

    Nothing is there twice, unless a sync fell into the outage, too: then it is said, and the lines are written again.
    """
    logged = training.logged()
    took = until(
        lambda: count_progress(training.folder) >= logged, f"{logged} records in the journal", HEALED
    )
    status = training.stop()

    print(
        f"longest call {training.worst():.2f} ms, {logged:,} calls, healed after {took:.2f} s, {training.said()}"
    )
    assert (status, training.page[RAISED]) == (0, 0)
    assert training.worst() < LONGEST
    assert len(training.said()) <= 5
    assert not of_kind(training.folder, "lost")
    again = any("writing it again" in line for line in training.said())
    check_all_there(training, killed=False, repeats=again)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_an_outage_delays_records_and_nothing_else(stage: Stage, failing: FailingStorage, fault: str) -> None:
    """0 raise, 0 lost, no call waits; a few lines on standard error; all is written when the storage heals."""
    training = stage.start("train", rate=RATE, wait=50, environment=failing.environment)
    failing.fail(fault)
    training.wait_logged(OUTAGE)
    failing.heal()

    check_healed(training)


def test_w08_a_failed_sync_is_not_believed_the_second_time(stage: Stage, failing: FailingStorage) -> None:
    """The kernel may have dropped the pages: the lines since the last good sync are written once more."""
    training = stage.start("train", rate=RATE, wait=50, environment=failing.environment)
    failing.fail("sync 5")
    until(lambda: failing.control.read_text() == "synced", "a sync that fails")
    training.wait_logged(OUTAGE)
    failing.heal()

    check_healed(training)


def test_w18_memory_is_bounded_on_a_dead_disk_and_the_loss_is_said(
    stage: Stage, failing: FailingStorage, spool_base: Path
) -> None:
    """What does not fit is refused, counted with its numbers, and seen as missing by readers."""
    failing.fail("errno 28")
    training = stage.start("train", rate=0.0, count=CALLS, metrics=40, environment=failing.environment)
    begin = resident(training.process.pid)
    until(lambda: training.logged() >= CALLS, f"{CALLS:,} calls")
    growth = resident(training.process.pid) - begin
    spool = sum(path.stat().st_size for path in spool_base.rglob("*.spool"))
    failing.heal()
    until(lambda: b'"kind":"lost"' in tail(training.folder), "a lost record")
    status = training.stop()

    print(f"resident memory grew by {growth >> 10:,} KiB, the spool to {spool >> 10:,} KiB")
    refused = sum(int(str(line["count"])) for line in of_kind(training.folder, "lost"))
    kept = sum(count_steps(training.folder).values())
    assert (status, training.page[RAISED]) == (0, 0)
    assert growth + spool < 32 << 20
    assert refused > 0
    assert kept + refused == CALLS
    assert all(line["why"] and line["first"] <= line["last"] for line in of_kind(training.folder, "lost"))
    assert len(training.said()) <= 5


def resident(pid: int) -> int:
    """Bytes of a process's own memory: shared pages, as those of the spool, are counted apart."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.root
def test_w07_a_full_file_system_that_is_freed(stage: Stage, tmp_path: Path) -> None:
    """A real one: a tmpfs that another file fills to the last byte."""
    with tiny_memory(tmp_path / "small", "6m") as small:
        training = stage.start("train", logs=small / "logs", rate=RATE, wait=50)
        fill(small / "other")
        training.wait_logged(OUTAGE)
        (small / "other").unlink()

        check_healed(training)


def fill(path: Path) -> None:
    """Takes all room that the file system has left."""
    with path.open("wb") as file:
        try:
            while os.write(file.fileno(), bytes(4_096)):
                continue
        except OSError as error:
            assert error.errno == errno.ENOSPC  # noqa: PT017 - it is what ends the loop


def test_w09_a_file_size_limit_stops_nothing(stage: Stage) -> None:
    """RLIMIT_FSIZE: Python gets EFBIG after a short write; lines wait in the spool."""
    training = stage.start("limits", fsize=150_000, rate=RATE, wait=50)
    until(lambda: bool(training.said()), "a complaint")
    training.wait_logged(OUTAGE)
    training.process.send_signal(10)  # The program lifts its limit.

    check_healed(training)


@pytest.mark.parametrize("again", [False, True], ids=["deleted", "replaced"])
def test_w14_the_folder_is_made_again_and_logging_goes_on(stage: Stage, again: bool) -> None:
    """Somebody removed the whole run folder under the training."""
    training = stage.start("train", rate=RATE, wait=50)
    journal = training.folder / "journal.jsonl"
    until(journal.exists, "the journal")
    subprocess.run(["mv", str(training.folder), str(training.folder.with_name("gone"))], check=True)
    if again:
        training.folder.mkdir(exist_ok=True)  # The training may have been quicker.
    until(journal.exists, "a new journal", NOTICED)
    logged = training.logged()
    training.wait_logged(200)
    status = training.stop()

    assert status == 0
    assert len(training.said()) <= 2
    assert [line["kind"] for line in lines(training.folder)][:2] == ["opened", "started"]
    steps = {step for _, step in count_steps(training.folder)}
    before = {step for _, step in count_steps(training.folder.with_name("gone"))}
    assert set(range(logged + 1, training.logged() + 1)) <= steps
    assert steps | before == set(range(1, training.logged() + 1))


def test_w16_a_journal_that_is_renamed_goes_on_in_a_new_one(stage: Stage) -> None:
    """As logrotate does: nothing is lost between the two."""
    training = stage.start("train", rate=RATE, wait=50)
    journal = training.folder / "journal.jsonl"
    until(journal.exists, "the journal")
    journal.rename(training.folder / "journal.1")
    until(journal.exists, "a new journal", NOTICED)
    training.wait_logged(200)
    status = training.stop()
    new = {step for _, step in count_steps(training.folder)}
    first = next(iter(lines(training.folder)))
    (training.folder / "journal.1").rename(journal)
    old = {step for _, step in count_steps(training.folder)}

    assert status == 0
    assert first["kind"] == "opened"
    assert new | old == set(range(1, training.logged() + 1))


def test_w16_a_journal_that_is_truncated_gets_a_header_and_no_hole(stage: Stage) -> None:
    """As logrotate's copytruncate does: O_APPEND leaves no block of NULs."""
    training = stage.start("train", rate=RATE, wait=200)
    journal = training.folder / "journal.jsonl"
    until(lambda: journal.exists() and journal.stat().st_size > 10_000, "a journal")
    os.truncate(journal, 0)
    until(lambda: bool(of_kind(training.folder, "opened")), "a new header")
    logged = training.logged()
    training.wait_logged(200)
    status = training.stop()

    assert status == 0
    assert b"\0" not in journal.read_bytes()
    steps = {step for _, step in count_steps(training.folder)}
    assert set(range(logged, training.logged() + 1)) <= steps


def test_w17_without_descriptors_records_wait(stage: Stage) -> None:
    """EMFILE while the journal has to be opened again: it is tried until there is a descriptor."""
    training = stage.start("limits", descriptors=1, rate=RATE, wait=50)
    journal = training.folder / "journal.jsonl"
    until(journal.exists, "the journal")
    journal.unlink()
    until(lambda: any("wait in the spool" in line for line in training.said()), "a complaint", NOTICED)
    noticed = training.logged()
    training.wait_logged(OUTAGE)
    assert not journal.exists()
    training.process.send_signal(10)  # The program closes what it opened.
    until(journal.exists, "a new journal", HEALED)
    training.wait_logged(100)
    status = training.stop()

    assert (status, training.page[RAISED]) == (0, 0)
    assert len(training.said()) <= 5
    steps = {step for _, step in count_steps(training.folder)}
    assert set(range(noticed + 1, training.logged() + 1)) <= steps


def test_w17_without_descriptors_from_the_beginning_records_wait(stage: Stage) -> None:
    """Nothing can be opened when the logger is made: not the journal, not the spool."""
    training = stage.start("limits", early=1, rate=RATE, wait=50)
    training.wait_logged(OUTAGE)
    journal = training.folder / "journal.jsonl"
    assert not journal.exists()
    training.process.send_signal(10)  # The program closes what it opened.
    until(journal.exists, "the journal", HEALED)

    check_healed(training)


def test_w32_a_program_that_closes_all_descriptors_is_recorded_on(stage: Stage) -> None:
    """And its own files, which get the numbers of ours, get nothing of us and are not closed."""
    training = stage.start("closes", count=2_000, wait=2_000)
    status = training.stop()

    assert (status, training.page[RAISED]) == (0, 0)
    for number in range(8):
        assert (stage.folder / f"own-{number}").read_bytes() == b"mine\nmine still\n"
    check_all_there(training, killed=False)


@pytest.mark.parametrize("kind", ["unwritable", "file", "long"])
def test_w31_a_folder_that_cannot_be_used_leaves_the_training_alone(stage: Stage, kind: str) -> None:
    """One clear warning; the program ends with its own status."""
    blocked = stage.folder / "blocked"
    if kind == "file":
        blocked.write_text("a file")
    else:
        blocked.mkdir(mode=0o555)
    folder = blocked / ("x" * 5_000 if kind == "long" else "logs")
    training = stage.start("limits", logs=folder, rights="none", rate=RATE, wait=20)
    training.wait_logged(50)
    status = training.stop()

    assert (status, training.page[RAISED]) == (0, 0)
    assert len(training.said()) == 1
    assert "cannot write" in training.said()[0]
    assert training.page[CLOSING] / 1e9 < 2.0 + SLACK
