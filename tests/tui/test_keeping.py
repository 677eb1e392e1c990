"""`trainmon_tui.visit.keeping`: the newest of each file is written, nobody waits for a home that does not answer."""

import threading
from pathlib import Path

import pytest

from trainmon_tui.visit import keeping
from trainmon_tui.visit.keeping import Keeper


def test_every_file_gets_what_was_put_last(tmp_path: Path) -> None:
    keeper = Keeper("kept")

    for number in range(20):
        keeper.put(tmp_path / "a", b"a%d" % number)
        keeper.put(tmp_path / "b", b"b%d" % number)
    keeper.wait(10.0)

    assert [(tmp_path / name).read_bytes() for name in "ab"] == [b"a19", b"b19"]


def test_what_is_put_after_all_was_written_is_written_too(tmp_path: Path) -> None:
    keeper = Keeper("kept")

    for number in range(3):
        keeper.put(tmp_path / "a", b"%d" % number)
        keeper.wait(10.0)

    assert (tmp_path / "a").read_bytes() == b"2"


def test_storage_that_hangs_holds_up_nobody_and_piles_up_neither_threads_nor_texts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    written: list[bytes] = []
    begun, heals = threading.Event(), threading.Event()

    def keep(_path: Path, data: bytes) -> bool:
        begun.set()
        heals.wait(10.0)
        written.append(data)
        return True

    monkeypatch.setattr(keeping, "keep", keep)
    keeper = Keeper("kept that hangs")
    keeper.put(tmp_path / "a", b"first")
    begun.wait(10.0)

    for number in range(100):
        keeper.put(tmp_path / "a", b"%d" % number)
    keeper.wait(0.0)
    threads = sum(thread.name == "kept that hangs" for thread in threading.enumerate())
    heals.set()
    keeper.wait(10.0)

    assert threads == 1
    assert written == [b"first", b"99"]
