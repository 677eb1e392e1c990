"""Claiming a run folder: where it cannot be ours, a folder inside it is, and nothing that was planted is followed."""

import os
from pathlib import Path

import pytest

from trainmon.storage import claim
from trainmon.storage.claim import acquire
from trainmon.storage.journal import Holder
from trainmon.storage.opening import TextOptions
from trainmon.words.paths import BUSY, JOURNAL, LOCK, RANKS

HOLDER = Holder("gpu-07", "boot", 4711, 99)
PLANTED = ("link", "dangling link", "second name", "pipe", "folder")
"""What may stand under the name of one of our files."""


def plant(path: Path, kind: str, precious: Path) -> None:
    """Puts something under a name; `precious` is somebody's file that must stay as it is."""
    precious.write_text("mine")
    match kind:
        case "link":
            path.symlink_to(precious)
        case "dangling link":
            path.symlink_to(precious.with_name("nothing"))
        case "second name":
            os.link(precious, path)
        case "pipe":
            os.mkfifo(path)
        case _:
            path.mkdir()


def test_a_busy_folder_gets_a_folder_inside_and_one_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claim, "BUSY_PATIENCE", 0.0)
    said: list[str] = []
    first = acquire(tmp_path, HOLDER, TextOptions(), said.append)

    second = acquire(tmp_path, HOLDER, TextOptions(), said.append)

    assert second.folder.parent == tmp_path / BUSY
    assert len(said) == 1
    assert str(second.folder) in said[0]
    first.close()
    second.close()


@pytest.mark.parametrize("kind", PLANTED)
@pytest.mark.parametrize("name", [JOURNAL, LOCK])
def test_s05_where_a_name_of_ours_is_taken_another_folder_is_used_and_that_is_said(
    tmp_path: Path, name: str, kind: str
) -> None:
    """Somebody planted it; the records must be somewhere, and the planted file must stay as it is."""
    folder = tmp_path / "logs"
    folder.mkdir()
    plant(folder / name, kind, tmp_path / "precious")
    said: list[str] = []

    files = acquire(folder, HOLDER, TextOptions(), said.append)
    files.open()
    files.close()

    assert files.folder.parent == folder / BUSY
    assert (files.folder / JOURNAL).is_file()
    assert len(said) == 1
    assert name in said[0]
    assert str(files.folder) in said[0]
    assert (tmp_path / "precious").read_text() == "mine"
    assert not (tmp_path / "nothing").exists()


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="giving a link to another user needs root")
def test_s05_a_link_of_another_user_in_the_place_of_a_folder_of_ours_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / RANKS).symlink_to(elsewhere)
    os.lchown(tmp_path / RANKS, 4_242, 4_242)

    with pytest.raises(OSError, match="another user"):
        acquire(tmp_path / RANKS / "00001", HOLDER, TextOptions(), lambda sentence: None)

    assert not list(elsewhere.iterdir())


def test_a_link_of_ones_own_in_the_place_of_a_folder_is_followed(tmp_path: Path) -> None:
    """To a larger disk, for example."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / RANKS).symlink_to(elsewhere)

    files = acquire(tmp_path / RANKS / "00001", HOLDER, TextOptions(), lambda sentence: None)
    files.close()

    assert (elsewhere / "00001").is_dir()
