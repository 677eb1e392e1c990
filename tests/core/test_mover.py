"""Moving lines from the spool: none goes down with a journal that was taken away, and what is lost is said in full."""

import os
import shutil
from pathlib import Path

import pytest

from tests.conftest import OpenLogger
from tests.processes.harness import count_steps, of_kind
from trainmon.recording.refusals import Loss, Refusals
from trainmon.spool.spool import RESERVE
from trainmon.spool.worker_spool import WorkerSpool
from trainmon.storage.opening import RunFiles
from trainmon.storage.projection import TextLine
from trainmon.words.paths import JOURNAL


def test_w14_what_is_written_while_the_folder_is_removed_stands_in_the_new_journal(
    open_logger: OpenLogger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal was looked at, then somebody removed it, then the lines went into a file without a name."""
    logger = open_logger()
    assert logger.recorder.drained(30.0)
    store = RunFiles.store
    removed: list[Path] = []

    def removed_first(files: RunFiles, lines: list[bytes]) -> list[TextLine]:
        if not removed and any(b'"progress"' in line for line in lines):
            removed.append(files.folder)
            shutil.rmtree(files.folder)
        return store(files, lines)

    monkeypatch.setattr(RunFiles, "store", removed_first)
    for step in range(1, 201):
        logger.log_training_progress(1, step, None, 0.5)
    logger.close()

    assert removed
    assert set(count_steps(tmp_path / "logs")) == {(1, step) for step in range(1, 201)}


def test_w14_a_folder_that_is_gone_when_the_thread_looks_at_its_lock_is_made_again(
    open_logger: OpenLogger, tmp_path: Path
) -> None:
    """Once a second the lock is looked at, too; without a folder there is none, and that must not be the end of it."""
    logger = open_logger()
    writer = logger.recorder.writer
    assert writer is not None
    assert logger.recorder.drained(30.0)

    def remove() -> None:
        shutil.rmtree(tmp_path / "logs")
        writer._mover.scan_soon()

    writer.do(remove, 30.0)
    logger.log_training_progress(1, 1, None, 0.5)
    assert logger.recorder.drained(30.0)

    assert set(count_steps(tmp_path / "logs")) == {(1, 1)}


def test_what_somebody_else_leaves_at_the_end_of_the_journal_costs_no_line(
    open_logger: OpenLogger, tmp_path: Path
) -> None:
    """A torn line of another host, or a hole of NULs: ours begins a line of its own, and its offset is right."""
    logger = open_logger()
    for step, foreign in enumerate((b'{"kind":"prog', bytes(5_000), b'{"kind":"other"}\n'), 1):
        assert logger.recorder.drained(30.0)
        with (tmp_path / "logs" / JOURNAL).open("ab") as journal:
            journal.write(foreign)
        logger.log_training_progress(1, step, None, 0.5)
    logger.close()

    assert set(count_steps(tmp_path / "logs")) == {(1, 1), (1, 2), (1, 3)}
    state = logger.recorder.state()
    assert state is not None
    assert state.bookmark.offset == (tmp_path / "logs" / JOURNAL).stat().st_size


def test_p5_a_loss_waits_for_room_to_be_said_in(
    open_logger: OpenLogger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A record that says how much was lost, and is itself refused, would take the number with it."""
    logger = open_logger()
    recorder = logger.recorder
    assert recorder.drained(30.0)
    monkeypatch.setattr(recorder.spool, "set_used", lambda used: None)
    recorder.spool._room = -2 * RESERVE
    for seq in range(1_000, 1_010):
        recorder.refusals.note(seq, "full")
    assert recorder.drained(30.0)
    before = of_kind(tmp_path / "logs", "lost")
    monkeypatch.undo()
    recorder.spool.set_used(0)
    logger.close()

    assert before == []
    (lost,) = of_kind(tmp_path / "logs", "lost")
    assert (lost["count"], lost["first"], lost["last"]) == (10, 1_000, 1_009)
    (closed,) = of_kind(tmp_path / "logs", "closed")
    assert closed["refused"] == 10


def test_p5_a_worker_says_what_it_lost_while_it_goes_on(open_logger: OpenLogger, tmp_path: Path) -> None:
    """Those of a data loader end without a word."""
    logger = open_logger()
    child = os.fork()
    if child == 0:
        spool = logger.recorder.spool
        assert isinstance(spool, WorkerSpool)
        logger.log_training_progress(1, 1, None, 0.5)
        for seq in range(1_000, 1_003):
            logger.recorder.refusals.note(seq, "full")
        spool._look_at = 0.0
        logger.log_training_progress(1, 2, None, 0.5)
        os._exit(0)
    os.waitpid(child, 0)
    logger.close()

    (lost,) = of_kind(tmp_path / "logs", "lost")
    assert (lost["count"], lost["first"], lost["last"]) == (3, 1_000, 1_002)


def test_what_was_refused_is_counted_before_it_is_taken() -> None:
    refusals = Refusals()
    for seq in range(5_000):
        refusals.note(seq, "full")
    before = refusals.total
    loss: Loss | None = refusals.take()

    assert before == refusals.total == 5_000
    assert loss == (5_000, 0, 4_999, "full")
