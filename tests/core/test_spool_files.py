"""The other side of the spool: which segments belong to a journal, and their lines."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from trainmon.facts.codec import LINE_LIMIT
from trainmon.spool import spool_files
from trainmon.spool.spool import Spool
from trainmon.spool.spool_files import JournalName, SpoolFile, find
from trainmon.spool.spool_header import SpoolHeader

HEADER = SpoolHeader("/runs/a/journal.jsonl", "0123456789ab", "0123456789ab", 4711)


@pytest.fixture
def spool() -> Spool:
    """A spool that is open."""
    made = Spool(HEADER)
    made.open()
    return made


def spied(init: Callable[[SpoolFile, Path], None], opened: list[Path]) -> Callable[[SpoolFile, Path], None]:
    """What opens a segment, and notes which."""

    def noted(file: SpoolFile, path: Path) -> None:
        opened.append(path)
        init(file, path)

    return noted


def reading(spool: Spool) -> SpoolFile:
    """Its current segment, open for reading."""
    assert spool.path is not None
    return SpoolFile(spool.path)


@pytest.mark.parametrize(
    ("name", "owned"),
    [
        (JournalName("/elsewhere", "0123456789ab"), True),
        (JournalName("/runs/a/journal.jsonl", "ffffffffffff"), False),
        (JournalName("/runs/a/journal.jsonl", None), True),
        (JournalName("/elsewhere", None), False),
        (JournalName("/runs/a/journal.jsonl", None, made=True), False),
        (JournalName("/elsewhere", "ffffffffffff", frozenset({"0123456789ab"})), True),
    ],
    ids=[
        "moved",
        "made anew at the old path",
        "empty journal",
        "other path",
        "after a deletion",
        "a writer of it",
    ],
)
def test_a_segment_belongs_to_the_journal_that_it_names(name: JournalName, owned: bool) -> None:
    assert name.owns(HEADER) is owned


def test_find_opens_the_segments_of_a_journal_in_their_order(spool: Spool) -> None:
    paths = [spool.path]
    for _ in range(3):
        spool.next_segment()
        paths.append(spool.path)
    other = Spool(SpoolHeader("/runs/b", "bbbbbbbbbbbb", "bbbbbbbbbbbb", 1))
    other.open()

    found = find(JournalName("/runs/a/journal.jsonl", "0123456789ab"))

    assert [file.path for file in found] == paths
    for file in found:
        file.close()


def test_segments_of_others_are_opened_once_and_forgotten_when_they_are_gone(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine may hold the spools of many trainings, and each looks for its own once a second."""
    other = JournalName("/runs/b", "bbbbbbbbbbbb")
    opened = list[Path]()
    monkeypatch.setattr(SpoolFile, "__init__", spied(SpoolFile.__init__, opened))

    for _ in range(3):
        assert find(other) == []
    times, before = opened.count(spool.path), spool.path
    assert before is not None
    before.unlink()
    find(other)

    assert times == 1
    assert before.name not in spool_files._headers


def test_lines_are_taken_in_batches_and_a_torn_one_waits(spool: Spool) -> None:
    for number in range(5):
        spool.append(b"line %d\n" % number)
    os.write(spool.descriptor, b"to")
    file = reading(spool)

    lines, end = file.peek(3)
    file.offset = end
    rest, end = file.peek(3)
    file.offset = end
    os.write(spool.descriptor, b"rn\n")
    last, _ = file.peek(3)

    assert [lines, rest, last] == [[b"line 0", b"line 1", b"line 2"], [b"line 3", b"line 4"], [b"torn"]]


def test_a_line_longer_than_what_is_read_at_once_comes_whole(spool: Spool) -> None:
    long = b"x" * 500_000
    spool.append(long + b"\n")

    assert reading(spool).peek(64)[0] == [long]


def test_w22_a_line_that_is_too_long_does_not_block_those_behind_it(spool: Spool) -> None:
    os.write(spool.descriptor, b"x" * (3 * LINE_LIMIT) + b"\nnext\n")
    file, seen = reading(spool), []

    for _ in range(10):
        lines, file.offset = file.peek(64)
        seen += lines

    assert seen[-1] == b"next"


def test_a_segment_is_retired_once_its_owner_went_on_or_left(spool: Spool) -> None:
    first = reading(spool)
    before = first.retired()
    spool.next_segment()
    second = reading(spool)
    moved = (first.retired(), second.retired())
    spool.leave()

    assert not before
    assert moved == (True, False)
    assert second.retired()


def test_what_is_no_segment_is_left_alone(spool: Spool, tmp_path: Path) -> None:
    assert spool.path is not None
    folder = spool.path.parent
    (folder / "text.spool").write_bytes(b"not json\n")
    (folder / "empty.spool").touch()
    (folder / "link.spool").symlink_to(spool.path)
    os.mkfifo(folder / "pipe.spool")

    found = find(JournalName("/runs/a/journal.jsonl", "0123456789ab"))

    assert [file.path for file in found] == [spool.path]


def test_a_line_as_long_as_a_line_may_be_is_waited_for(spool: Spool) -> None:
    """Only what is longer is passed over."""
    os.write(spool.descriptor, b"x" * LINE_LIMIT)
    file = reading(spool)
    torn = file.peek(64)

    os.write(spool.descriptor, b"\n")

    assert torn == ([], file.offset)
    assert [len(line) for line in file.peek(64)[0]] == [LINE_LIMIT]


def test_a_segment_with_a_long_line_is_not_drained(spool: Spool) -> None:
    """It must not be thrown away with it; a torn end, however long, is nothing to wait for."""
    os.write(spool.descriptor, b"x" * 100_000)
    file = reading(spool)
    torn = file.is_drained()

    os.write(spool.descriptor, b"\n")

    assert (torn, file.is_drained()) == (True, False)
