"""`trainmon repair`: what a crash left is made good once, and a living trainer is left alone."""

import os
import time
from pathlib import Path

from click.testing import CliRunner, Result

from tests.builders import Journal, a_run
from tests.run_folders import write_run
from trainmon.cli.main import group
from trainmon.facts.codec import encode_line
from trainmon.spool.spool import Spool
from trainmon.spool.spool_header import SpoolHeader
from trainmon.storage import journal
from trainmon.storage.dead_spools import AGE
from trainmon.storage.journal import Holder
from trainmon.words.paths import BUSY, JOURNAL


def repair(folder: Path) -> Result:
    return CliRunner().invoke(group, ["repair", str(folder)])


def leave_a_spool(run: Path, built: Journal, journal_id: str | None) -> None:
    """What a killed process leaves: a spool with all its lines, and nobody who holds it."""
    spool = Spool(SpoolHeader(str(run / JOURNAL), journal_id, built.writer, 1))
    spool.open()
    for event in built.events:
        assert spool.append(encode_line(event))
    spool.leave()


def lines(run: Path) -> list[bytes]:
    return (run / JOURNAL).read_bytes().splitlines()


def test_records_of_a_dead_process_go_to_the_journal_once(tmp_path: Path) -> None:
    """The journal has the first 100, the spool has all: nothing is missing and nothing is twice."""
    built = a_run()
    whole = [encode_line(event).rstrip(b"\n") for event in built.events]
    run = write_run(tmp_path / "run", built)
    (run / JOURNAL).write_bytes(b"\n".join(whole[:100]) + b"\n")
    leave_a_spool(run, built, built.writer)

    first, again = repair(run), repair(run)

    assert first.exit_code == again.exit_code == 0
    assert f"{len(whole) - 100} records recovered" in first.output
    assert "nothing was to do" in again.output
    assert lines(run) == whole
    assert not list((tmp_path / "spools").rglob("*.spool"))


def test_a_journal_that_was_never_made_is_made_from_the_spool(tmp_path: Path) -> None:
    """The storage was dead while the trainer lived."""
    run = tmp_path / "run"
    leave_a_spool(run, a_run(), None)

    result = repair(run)

    assert result.exit_code == 0
    assert len(lines(run)) == len(a_run().events)


def test_a_torn_line_is_ended_and_the_text_logs_are_completed(tmp_path: Path) -> None:
    """What is there stays byte for byte; the torn line is counted, not removed."""
    run = write_run(tmp_path / "run", a_run())
    before = (run / JOURNAL).read_bytes() + b'{"kind":"progr'
    (run / JOURNAL).write_bytes(before)

    result = repair(run)

    assert "a torn last line ended" in result.output
    assert "bytes added to the text logs" in result.output
    assert (run / JOURNAL).read_bytes() == before + b"\n"
    assert (run / "training_progress.log").read_text().count("Phase: training") == 250


def test_nothing_to_do_touches_nothing(tmp_path: Path) -> None:
    """Not even the time of the snapshot, which observers elsewhere take for a sign of life."""
    run = write_run(tmp_path / "run", a_run().ended().closed())
    repair(run)
    before = {path.name: path.stat().st_mtime_ns for path in run.iterdir() if not path.name.startswith(".")}

    result = repair(run)

    assert "nothing was to do" in result.output
    assert before == {
        path.name: path.stat().st_mtime_ns for path in run.iterdir() if not path.name.startswith(".")
    }


def test_a_living_trainer_is_left_alone(tmp_path: Path) -> None:
    """Busy is 5, and no folder is made inside."""
    run = write_run(tmp_path / "run", a_run())
    before = (run / JOURNAL).read_bytes()
    lock = journal.take_lock(run, Holder("host", None, 1, None))

    try:
        result = repair(run)
    finally:
        os.close(lock)

    assert result.exit_code == 5
    assert "another process records" in result.output
    assert (run / JOURNAL).read_bytes() == before
    assert not (run / BUSY).exists()


def test_ranks_and_busy_folders_are_repaired_too(tmp_path: Path) -> None:
    """One line each."""
    run = write_run(tmp_path / "run", a_run())
    write_run(run / "ranks" / "00001", a_run())
    write_run(run / "busy" / "20261123-1", a_run())

    result = repair(run)

    assert result.exit_code == 0
    assert result.output.count("snapshot written") == 3


def test_the_stack_of_a_crash_stays(tmp_path: Path) -> None:
    """It is the only word on how the process died."""
    run = write_run(tmp_path / "run", a_run())
    (run / "faulthandler.1.log").write_text("Fatal Python error: Segmentation fault\n")

    repair(run)

    assert (run / "faulthandler.1.log").read_text() == "Fatal Python error: Segmentation fault\n"


def test_no_run_is_6_and_nothing_is_made(tmp_path: Path) -> None:
    """A wrong path must not become a run folder."""
    assert repair(tmp_path / "none").exit_code == 6
    assert not (tmp_path / "none").exists()


def test_what_was_left_for_folders_that_are_gone_for_a_week_is_removed_and_said(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", a_run())
    device = tmp_path.stat().st_dev
    spool = Spool(SpoolHeader(str(tmp_path / "gone" / JOURNAL), None, "eeeeeeeeeeee", 1, device))
    spool.open()
    path = spool.path
    assert path is not None
    spool.leave()
    os.utime(path, (time.time() - AGE - 60.0,) * 2)

    result = repair(run)

    assert result.exit_code == 0
    assert "removed 1 spool (" in result.output
    assert "gone" in result.output
    assert not path.exists()
