"""Where spools may be, and what is made ready there."""

import os
from pathlib import Path

import pytest

from trainmon.spool import shared_memory
from trainmon.spool.shared_memory import AHEAD, Pages

OLD = 1_000_000_000
"""Unix seconds: long ago."""


@pytest.fixture
def in_memory() -> int:
    """A descriptor of an empty file in shared memory."""
    if not os.access("/dev/shm", os.W_OK) or not shared_memory.is_memory(Path("/dev/shm")):
        pytest.skip("there is no shared memory")
    return os.memfd_create("reserve")


def pages(descriptor: int) -> int:
    """Bytes that a file takes."""
    return os.fstat(descriptor).st_blocks * 512


def test_pages_are_ready_and_the_length_stays(in_memory: int) -> None:
    Pages().keep(in_memory, "a", 0, 1 << 30)

    assert pages(in_memory) >= AHEAD
    assert os.fstat(in_memory).st_size == 0
    os.close(in_memory)


def test_more_pages_come_before_the_last_are_used(in_memory: int) -> None:
    ahead = Pages()
    ahead.keep(in_memory, "a", 0, 1 << 30)
    ahead.keep(in_memory, "a", AHEAD // 4, 1 << 30)
    before = pages(in_memory)

    ahead.keep(in_memory, "a", AHEAD * 3 // 4, 1 << 30)

    assert before < AHEAD * 3 // 2 <= pages(in_memory)
    os.close(in_memory)


def test_a_small_spool_reserves_little(in_memory: int) -> None:
    Pages().keep(in_memory, "a", 0, 32 << 10)

    assert pages(in_memory) <= 64 << 10
    os.close(in_memory)


def test_the_next_segment_gets_pages_of_its_own(in_memory: int) -> None:
    other = os.memfd_create("next")
    ahead = Pages()
    ahead.keep(in_memory, "a", 0, 1 << 30)

    ahead.keep(other, "b", 0, 1 << 30)

    assert pages(other) >= AHEAD
    os.close(other)
    os.close(in_memory)


def test_a_descriptor_that_was_closed_costs_nothing_but_the_pages(in_memory: int) -> None:
    os.close(in_memory)
    ahead = Pages()

    ahead.keep(in_memory, "a", 0, 1 << 30)
    other = os.memfd_create("next")
    ahead.keep(other, "b", 0, 1 << 30)

    assert pages(other) >= AHEAD
    os.close(other)


def test_a_base_that_did_not_change_is_not_listed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINMON_SPOOL_DIR", str(tmp_path))
    folder = shared_memory.make_folder(tmp_path)
    os.utime(tmp_path, (OLD, OLD))
    assert shared_memory.folders() == [folder]

    monkeypatch.setattr(os, "listdir", lambda path: pytest.fail(f"{path} was listed again"))

    assert shared_memory.folders() == [folder]


def test_a_base_that_changes_all_the_time_is_listed_once_a_minute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`/tmp` of a busy machine has thousands of names; a folder of ours that comes is seen by its own name."""
    monkeypatch.setenv("TRAINMON_SPOOL_DIR", str(tmp_path))
    now = [1_000.0]
    monkeypatch.setattr(shared_memory.time, "monotonic", lambda: now[0])
    listed: list[object] = []
    listdir = os.listdir
    monkeypatch.setattr(os, "listdir", lambda path: (listed.append(path), listdir(path))[1])
    assert shared_memory.folders() == []
    folder = shared_memory.make_folder(tmp_path)

    for number in range(50):
        (tmp_path / f"of-another-{number}").touch()
        assert shared_memory.folders() == [folder]
    assert len(listed) == 1

    now[0] += shared_memory.RELIST_EVERY
    assert shared_memory.folders() == [folder]
    assert len(listed) == 2


def test_where_somebody_took_the_usual_name_our_other_folder_is_found_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINMON_SPOOL_DIR", str(tmp_path))
    assert shared_memory.folders() == []
    (tmp_path / shared_memory._folder_name()).write_text("squatted")

    folder = shared_memory.make_folder(tmp_path)

    assert folder.name != shared_memory._folder_name()
    assert shared_memory.folders() == [folder]


def test_a_folder_that_came_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINMON_SPOOL_DIR", str(tmp_path))
    os.utime(tmp_path, (OLD, OLD))
    assert shared_memory.folders() == []

    folder = shared_memory.make_folder(tmp_path)

    assert shared_memory.folders() == [folder]


def test_what_came_within_the_grain_of_the_clock_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time of change is the same before and after: the listing is not trusted yet."""
    monkeypatch.setenv("TRAINMON_SPOOL_DIR", str(tmp_path))
    changed = os.stat(tmp_path).st_mtime_ns
    assert shared_memory.folders() == []

    folder = shared_memory.make_folder(tmp_path)
    os.utime(tmp_path, ns=(changed, changed))

    assert shared_memory.folders() == [folder]


def test_a_folder_that_others_may_read_by_now_is_not_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINMON_SPOOL_DIR", str(tmp_path))
    folder = shared_memory.make_folder(tmp_path)
    os.utime(tmp_path, (OLD, OLD))
    assert shared_memory.folders() == [folder]

    folder.chmod(0o755)

    assert shared_memory.folders() == []


def test_a_program_that_became_another_user_finds_the_folder_of_that_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which was there all the time, so that the base did not change."""
    monkeypatch.setenv("TRAINMON_SPOOL_DIR", str(tmp_path))
    before = shared_memory.make_folder(tmp_path)
    monkeypatch.setattr(shared_memory, "_folder_name", lambda: "trainmon-another")
    after = shared_memory.make_folder(tmp_path)
    os.utime(tmp_path, (OLD, OLD))
    monkeypatch.undo()
    monkeypatch.setenv("TRAINMON_SPOOL_DIR", str(tmp_path))
    assert shared_memory.folders() == [before]

    monkeypatch.setattr(shared_memory, "_folder_name", lambda: "trainmon-another")

    assert shared_memory.folders() == [after]
