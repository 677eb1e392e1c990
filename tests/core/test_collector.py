"""What a journal's writer drains, and when a segment may be unlinked: never before its lines are safe."""

import errno
import os
from pathlib import Path

import pytest

from trainmon.spool.spool import Spool
from trainmon.spool.spool_files import JournalName
from trainmon.spool.spool_header import SpoolHeader
from trainmon.storage.collector import Collector

NAME = JournalName("/runs/a/journal.jsonl", "0123456789ab")


@pytest.fixture
def spool() -> Spool:
    """A spool with a line in it."""
    made = Spool(SpoolHeader(NAME.path, NAME.journal_id, "0123456789ab", 4711))
    made.open()
    made.append(b"line\n")
    return made


def read_all(collector: Collector) -> None:
    """Moves all lines, as far as the collector can tell."""
    for drained in collector.segments.values():
        drained.file.offset = drained.file.peek(64)[1]


def test_a_segment_is_unlinked_once_it_is_retired_empty_and_synced(spool: Spool) -> None:
    collector = Collector()
    collector.scan(NAME)
    path = spool.path
    assert path is not None
    steps = []
    for do in (
        lambda: read_all(collector),
        spool.leave,
        lambda: collector.finish(100),
        lambda: collector.synced(collector.offsets(), 99),
        lambda: collector.synced(collector.offsets(), 100),
    ):
        do()
        steps.append(path.exists())

    assert steps == [True, True, True, True, False]
    assert collector.segments == {}


def test_a_segment_that_was_anothers_is_found_once_the_journal_has_its_name(spool: Spool) -> None:
    """An empty journal has no name yet; a worker may name it before its first line is there."""
    collector = Collector()

    collector.scan(JournalName("/elsewhere", None))
    before = len(collector.segments)
    collector.scan(JournalName("/elsewhere", NAME.journal_id))

    assert (before, len(collector.segments)) == (0, 1)


def test_a_segment_in_use_stays(spool: Spool) -> None:
    collector = Collector()
    collector.scan(NAME)
    read_all(collector)

    collector.finish(100)
    collector.synced(collector.offsets(), 1_000)

    assert spool.path is not None
    assert spool.path.exists()


def test_p3_after_a_failed_sync_everything_since_the_last_good_one_is_moved_again(spool: Spool) -> None:
    collector = Collector()
    collector.scan(NAME)
    read_all(collector)
    collector.synced(collector.offsets(), 50)
    spool.append(b"doubtful\n")
    read_all(collector)

    collector.distrust(collector.offsets())

    (drained,) = collector.segments.values()
    assert drained.file.peek(64)[0] == [b"doubtful"]


def test_a_torn_end_does_not_keep_a_dead_segment_for_ever(spool: Spool) -> None:
    os.write(spool.descriptor, b"to")
    collector = Collector()
    collector.scan(NAME)
    read_all(collector)
    spool.leave()

    collector.finish(100)
    collector.synced({}, 100)

    assert collector.segments == {}


def test_w32_a_segment_whose_descriptor_was_closed_is_found_again_where_it_was(spool: Spool) -> None:
    collector = Collector()
    collector.scan(NAME)
    read_all(collector)
    spool.append(b"more\n")
    for drained in collector.segments.values():
        os.close(drained.file.descriptor)

    all_ours = collector.check()
    collector.scan(NAME)

    assert not all_ours
    (drained,) = collector.segments.values()
    assert drained.file.peek(64)[0] == [b"more"]


def test_where_lines_come_faster_than_the_disk_syncs_drained_segments_make_room(spool: Spool) -> None:
    collector = Collector()
    spool.append(b"x" * 10_000 + b"\n")
    spool.next_segment()
    collector.scan(NAME)
    read_all(collector)
    collector.finish(100)

    collector.free(5_000)

    assert collector.used() < 5_000
    assert len(collector.segments) == 1


def test_a_segment_that_may_not_be_unlinked_is_left_and_not_moved_again(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program became another user since it made it: nothing else waits for that."""

    def refused(path: Path, *, missing_ok: bool = False) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    collector = Collector()
    collector.scan(NAME)
    read_all(collector)
    spool.leave()
    collector.finish(100)
    monkeypatch.setattr(Path, "unlink", refused)

    collector.synced(collector.offsets(), 100)
    collector.scan(NAME)

    assert collector.segments == {}


def test_what_fits_makes_no_room(spool: Spool) -> None:
    """A segment that the disk has not confirmed goes only where it must."""
    collector = Collector()
    spool.next_segment()
    collector.scan(NAME)
    read_all(collector)
    collector.finish(100)
    used = collector.used()

    assert collector.free(used) == used
    assert len(collector.segments) == 2
    assert collector.free(used - 1) < used
    assert len(collector.segments) == 1


def test_a_failed_sync_of_nothing_leaves_no_doubt(spool: Spool) -> None:
    assert spool.path is not None
    collector = Collector()
    collector.scan(NAME)
    read_all(collector)
    collector.synced(collector.offsets(), 50)

    assert not collector.distrust(collector.offsets())
