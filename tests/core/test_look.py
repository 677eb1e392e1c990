"""One look at a run folder: the folders inside, and the files of checkpoints."""

import os
import time
from pathlib import Path

import pytest

from tests.builders import Journal, a_run
from tests.run_folders import write_run
from trainmon.facts.events import Opened
from trainmon.fold.state_entries import CheckpointEntry
from trainmon.reading import look as module
from trainmon.reading.look import files_of, is_there, look
from trainmon.reading.reader import RunReader, View


def opened_in(folder: str, host: str) -> Opened:
    return Opened("w", 0, 0.0, 0.0, schema=1, host=host, pid=1, version="0", folder=folder)


def saved(path: str, folder: str | None = None, size: int | None = None) -> CheckpointEntry:
    return CheckpointEntry(1, 1, None, path, {}, "", 0.0, 1, size, folder=folder)


def test_a_folder_that_is_not_there_is_an_empty_look(tmp_path: Path) -> None:
    """Nothing is made, nothing is raised."""
    found = look(tmp_path / "none")

    assert not found.view.exists
    assert not (tmp_path / "none").exists()


def test_ranks_and_busy_folders_are_looked_at_in_order(tmp_path: Path) -> None:
    """Files and links among them are none of ours."""
    run = write_run(tmp_path / "run", a_run())
    for name in ("ranks/00002", "ranks/00001", "busy/20261123-1"):
        write_run(run / name, Journal().opened().started().steps(3))
    (run / "ranks" / "note.txt").write_text("x")
    (run / "ranks" / "link").symlink_to(run)

    found = look(run)

    assert found.view.state.run_step == 250
    assert [rank.folder.name for rank in found.ranks] == ["00001", "00002"]
    assert [each.view.state.run_step for each in (*found.ranks, *found.busy)] == [3, 3, 3]


def test_a_long_journal_is_read_to_its_end(tmp_path: Path) -> None:
    """One poll stops after a quarter of a second; a status must not show the middle of a run."""
    run = write_run(
        tmp_path / "run", Journal().opened().started(total_steps=9_000).steps(9_000, total_steps=9_000)
    )
    assert (run / "journal.jsonl").stat().st_size > 1_500_000

    found = look(run)

    assert found.view.state.run_step == 9_000


def test_more_folders_than_anybody_reads_are_counted(tmp_path: Path) -> None:
    """Ten thousand ranks must not make a status take a minute."""
    for number in range(module.MOST_INSIDE + 3):
        (tmp_path / "ranks" / f"{number:05}").mkdir(parents=True)

    found = look(tmp_path)

    assert (len(found.ranks), found.left_out) == (module.MOST_INSIDE, 3)


def test_of_too_many_ranks_the_one_that_fell_silent_first_is_looked_at(tmp_path: Path) -> None:
    """It is the one that failed, or that the others wait for, whatever its number."""
    for number in range(1, 2 * module.MOST_INSIDE):
        folder = tmp_path / "ranks" / f"{number:05}"
        folder.mkdir(parents=True)
        (folder / "journal.jsonl").touch()
        os.utime(folder / "journal.jsonl", (1e9, 1e9 + 100 - (number == 400)))

    names = [rank.folder.name for rank in look(tmp_path).ranks]

    assert len(names) == module.MOST_INSIDE
    assert names[0] == "00001"
    assert "00400" in names
    assert names == sorted(names)


@pytest.mark.parametrize("answers", [True, False], ids=["answers", "hangs"])
def test_the_batch_system_is_asked_once_for_all_ranks_of_a_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answers: bool
) -> None:
    """Its database serves a whole cluster; and one that hangs is waited for once, not for each rank."""
    (tmp_path / "sacct").write_text(
        f"#!/bin/sh\necho >> {tmp_path}/asked\n[ -p {tmp_path}/hold ] && cat {tmp_path}/hold\necho '7|TIMEOUT|0:0|'\n"
    )
    (tmp_path / "sacct").chmod(0o755)
    if not answers:
        os.mkfifo(tmp_path / "hold")
        monkeypatch.setattr(module, "ACCOUNTS_PATIENCE", 0.5)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    run = tmp_path / "run"
    for folder in (run, *(run / "ranks" / f"{number:05}" for number in range(1, 9))):
        write_run(folder, Journal().opened(host="another-host", job="slurm 7").started().steps(3))
        os.utime(folder / "journal.jsonl", (1e9, 1e9))

    began = time.monotonic()
    found = look(run)
    took = time.monotonic() - began
    if not answers:
        os.close(os.open(tmp_path / "hold", os.O_WRONLY))  # Waits until it was asked.

    words = [each.view.evidence.accounting for each in (found, *found.ranks)]
    assert [word.state if word else None for word in words] == ["TIMEOUT" if answers else None] * 9
    assert (tmp_path / "asked").read_text() == "\n"
    assert took < 9 * module.ACCOUNTS_PATIENCE


def test_folders_that_take_long_to_read_share_one_patience(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each poll takes half of it: the run folder is read to its end, and of each rank the beginning."""
    run, polled = write_run(tmp_path / "run", a_run()), list[str]()
    for name in ("ranks/00001", "ranks/00002"):
        write_run(run / name, a_run())
    poll, times = RunReader.poll, iter(range(100))

    def noted(reader: RunReader) -> View:
        polled.append(reader.folder.name)
        return poll(reader)

    monkeypatch.setattr(RunReader, "poll", noted)

    look(run, monotonic=lambda: next(times) * module.PATIENCE / 2)

    assert polled == ["run", "run", "00001", "00002"]


def test_the_file_of_a_checkpoint_is_there_or_missing_or_unknown(tmp_path: Path) -> None:
    """Missing is said only where we see what the trainer saw: its host, and an absolute path."""
    (tmp_path / "a.pt").write_bytes(b"x")
    here = opened_in(str(tmp_path), os.uname().nodename)
    elsewhere = opened_in(str(tmp_path), "another-host")

    assert is_there(saved(str(tmp_path / "a.pt")), here) is True
    assert is_there(saved("a.pt"), elsewhere) is True
    assert is_there(saved(str(tmp_path / "b.pt")), here) is False
    assert is_there(saved(str(tmp_path / "b.pt")), elsewhere) is None
    assert is_there(saved("b.pt"), here) is None


def test_the_file_is_looked_for_beside_the_run_folder_too(tmp_path: Path) -> None:
    """Most trainers write ./ckpt and ./logs side by side."""
    (tmp_path / "logs").mkdir()
    (tmp_path / "best.pt").touch()

    assert is_there(saved("best.pt"), opened_in(str(tmp_path / "logs"), "another-host")) is True


@pytest.mark.parametrize("path", ["nul\0", "x" * 10_000, "\udcff", ""])
def test_no_path_is_too_strange_to_be_looked_for(path: str) -> None:
    assert is_there(saved(path), None) in (None, True)


def test_a_relative_path_counts_from_where_the_trainer_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not from where somebody looks, who may have a file of that name of another run."""
    for name in ("looker", "trainer"):
        (tmp_path / name).mkdir()
    (tmp_path / "looker" / "last.pt").touch()
    monkeypatch.chdir(tmp_path / "looker")
    here, entry = opened_in("/runs/a", os.uname().nodename), saved("last.pt", str(tmp_path / "trainer"))

    before = is_there(entry, here)
    (tmp_path / "trainer" / "last.pt").touch()

    assert (before, is_there(entry, here)) == (False, True)
    assert is_there(saved("x.pt", str(tmp_path / "trainer")), opened_in("/runs/a", "another-host")) is None


def test_a_file_of_another_size_is_perhaps_another_one(tmp_path: Path) -> None:
    """A size is compared where it was recorded; a folder has none."""
    (tmp_path / "a.pt").write_bytes(b"12345")
    here = opened_in("/runs/a", os.uname().nodename)

    sizes = [is_there(saved(str(tmp_path / "a.pt"), size=size), here) for size in (None, 5, 6)]

    assert sizes == [True, True, None]
    assert is_there(saved(str(tmp_path), size=6), here) is True


def test_of_checkpoints_with_one_path_the_newest_counts(tmp_path: Path) -> None:
    """Each was written over the one before, which had another size."""
    path = tmp_path / "last.pt"
    path.write_bytes(b"123456")
    state = Journal().opened(host=os.uname().nodename).started().steps(2).state()
    state.checkpoints = [saved(str(path), size=size) for size in (5, 6)]

    assert files_of(state) == {str(path): True}
