"""The spool of a worker, which looks after itself: full segments, and a shared memory that somebody tidies."""

import shutil
import time
from pathlib import Path

import pytest

from trainmon.spool.spool_header import SUFFIX, SpoolHeader
from trainmon.spool.worker_spool import WorkerSpool

HEADER = SpoolHeader("/runs/a/journal.jsonl", "0123456789ab", "fedcba987654", 4711)


@pytest.fixture
def worker() -> WorkerSpool:
    """A worker that has said one line."""
    made = WorkerSpool(HEADER)
    assert made.append(b"first\n")
    return made


def lines(folder: Path) -> list[bytes]:
    """The lines of all segments under a base folder, without their headers, sorted: the segments are in no order."""
    paths = folder.glob(f"*/*{SUFFIX}")
    return sorted(line for path in paths for line in path.read_bytes().split(b"\n")[1:] if line)


def test_a_full_segment_is_followed_by_another(worker: WorkerSpool, spools: Path) -> None:
    first = worker.path
    worker._room = 0

    assert worker.append(b"second\n")

    assert worker.path != first
    assert lines(spools) == [b"first", b"second"]


@pytest.mark.parametrize("how", ["unlinked", "wiped"])
def test_a_segment_that_was_taken_away_is_made_again(worker: WorkerSpool, spools: Path, how: str) -> None:
    """Lines that go into a file without a name are never found: what was written there may be gone, no more."""
    assert worker.path is not None
    if how == "wiped":
        shutil.rmtree(worker.path.parent)
    else:
        worker.path.unlink()
    worker._look_at = 0.0

    assert worker.append(b"second\n")

    assert lines(spools) == [b"second"]


def test_a_folder_that_was_removed_keeps_no_full_segment_from_its_successor(
    worker: WorkerSpool, spools: Path
) -> None:
    assert worker.path is not None
    shutil.rmtree(worker.path.parent)
    worker._room = 0

    assert worker.append(b"second\n")

    assert lines(spools) == [b"second"]


def test_a_full_spool_waits_for_a_thread_that_moves_its_lines_and_for_nobody_else(
    worker: WorkerSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A daemon has one, once it owns the journal; other workers are refused at once."""
    asked: list[str] = []
    monkeypatch.setattr(time, "sleep", lambda seconds: asked.append("waited"))
    worker.limit = worker._room = 0
    assert not worker.append(b"refused\n")
    assert asked == []

    def move() -> None:
        asked.append("asked")
        worker.add_room(100)

    worker.on_full = move
    worker.moved_at = time.monotonic() + 60.0

    assert worker.append(b"taken\n")
    assert asked[0] == "asked"
