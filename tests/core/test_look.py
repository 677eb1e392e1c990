"""One look at a run folder: the folders inside, and the files of checkpoints."""

import os
from pathlib import Path

import pytest

from tests.builders import Journal, a_run
from tests.run_folders import write_run
from trainmon import look as module
from trainmon.events import Opened
from trainmon.look import is_there, look
from trainmon.state_entries import CheckpointEntry


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
