"""The journal file: only ever appended to, one writer, and readers that survive any bytes."""

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import Journal
from trainmon.storage import journal
from trainmon.storage.journal import Busy, Holder, JournalFile, read_lines, take_lock
from trainmon.words.paths import JOURNAL, LOCK

HOLDER = Holder("gpu-07", "boot", 4711, 99)

ONE, TWO = b'{"n":1}\n', b'{"n":2}\n'


@pytest.fixture
def file(tmp_path: Path) -> JournalFile:
    """A journal that is open."""
    opened = JournalFile(tmp_path / "logs")
    opened.open()
    return opened


def flaky(answers: list[int | OSError]) -> Callable[[int, bytes], int]:
    """A `write` that takes so many bytes, or fails, and then works."""
    real = os.write

    def write(descriptor: int, data: bytes) -> int:
        answer = answers.pop(0) if answers else len(data)
        if isinstance(answer, OSError):
            raise answer
        return real(descriptor, bytes(data[:answer]))

    return write


def lines_of(path: Path) -> list[bytes]:
    """All whole lines of a file, read in chunks of any size."""
    descriptor = os.open(path, os.O_RDONLY)
    out: list[bytes] = []
    offset = 0
    while (part := read_lines(descriptor, offset)).end > offset:
        out += part.lines
        offset = part.end
    os.close(descriptor)
    return out


def test_lines_are_appended_at_the_offset_that_is_told(file: JournalFile) -> None:
    offsets = [file.append(ONE), file.append(TWO + ONE), file.append(TWO)]

    assert offsets == [0, 8, 24]
    assert file.path.read_bytes() == ONE + TWO + ONE + TWO
    assert file.end == 32


def test_s07_files_are_private(file: JournalFile) -> None:
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.folder.stat().st_mode) == 0o700


def test_m07_what_is_there_is_kept_and_a_torn_line_is_ended(tmp_path: Path) -> None:
    (tmp_path / JOURNAL).write_bytes(ONE + b'{"to')
    file = JournalFile(tmp_path)

    file.open()
    file.append(TWO)

    assert file.path.read_bytes() == ONE + b'{"to\n' + TWO


def test_w09_a_short_write_is_continued(file: JournalFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "write", flaky([3, 1]))

    file.append(ONE + TWO)

    assert file.path.read_bytes() == ONE + TWO


def test_w08_w09_after_a_half_written_batch_the_same_lines_go_on_where_they_stopped(
    file: JournalFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing stands twice, nothing is torn, and the offset is that of the first byte."""
    monkeypatch.setattr(os, "write", flaky([3, OSError(errno.ENOSPC, "full"), 2, OSError(errno.EIO, "bad")]))
    for _ in range(2):
        with pytest.raises(OSError):
            file.append(ONE)

    offset = file.append(ONE + TWO)

    assert offset == 0
    assert file.path.read_bytes() == ONE + TWO


def test_w09_other_lines_after_a_half_written_batch_do_not_glue_to_it(
    file: JournalFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "write", flaky([3, OSError(errno.ENOSPC, "full")]))
    with pytest.raises(OSError):
        file.append(ONE)

    offset = file.append(TWO)

    assert file.path.read_bytes() == ONE + TWO
    assert offset == len(ONE)


def test_w16_a_journal_that_was_renamed_deleted_truncated_or_replaced_is_noticed(file: JournalFile) -> None:
    file.append(ONE)
    assert not file.changed()

    os.truncate(file.path, 0)
    assert file.changed()
    file.open()
    assert not file.changed()

    file.path.rename(file.path.with_suffix(".1"))
    assert file.changed()
    file.path.write_bytes(b"")
    assert file.changed()


def test_w32_a_closed_descriptor_is_noticed_and_a_reused_number_is_left_alone(
    file: JournalFile, tmp_path: Path
) -> None:
    os.close(file.descriptor)
    other = os.open(tmp_path / "other", os.O_RDWR | os.O_CREAT)
    os.dup2(other, file.descriptor)

    assert file.changed()
    number = file.descriptor
    file.close()

    assert os.fstat(number).st_ino == os.fstat(other).st_ino
    os.close(number)
    os.close(other)


def test_one_writer_holds_the_lock_and_is_named_in_it(tmp_path: Path) -> None:
    lock = take_lock(tmp_path, HOLDER)

    with pytest.raises(Busy, match="another process"):
        take_lock(tmp_path, HOLDER)

    assert b"gpu-07" in (tmp_path / LOCK).read_bytes()
    os.close(lock)
    os.close(take_lock(tmp_path, HOLDER))


def test_m05_words_in_a_lock_file_hold_nobody_up(tmp_path: Path) -> None:
    """The lock is the kernel's: a host that died, a pid that is used again, another boot leave only words."""
    (tmp_path / LOCK).write_bytes(b'{"host":"dead","boot_id":"old","pid":1,"process_start":1}\n' * 9)

    lock = take_lock(tmp_path, HOLDER)

    assert (tmp_path / LOCK).read_bytes().count(b"\n") == 1
    os.close(lock)


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK])
def test_a_file_system_without_locks_counts_as_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def no_locks(descriptor: int, operation: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(journal.fcntl, "flock", no_locks)

    with pytest.raises(Busy, match="no locks"):
        take_lock(tmp_path, HOLDER)


def test_s05_a_planted_link_is_not_followed(tmp_path: Path) -> None:
    folder, target = tmp_path / "logs", tmp_path / "precious"
    folder.mkdir()
    target.write_bytes(b"mine")
    (folder / JOURNAL).symlink_to(target)
    (folder / LOCK).symlink_to(target)

    with pytest.raises(OSError):
        JournalFile(folder).open()
    with pytest.raises(OSError):
        take_lock(folder, HOLDER)

    assert target.read_bytes() == b"mine"


def test_r02_a_torn_last_line_is_left_for_later(tmp_path: Path) -> None:
    """One byte at a time, split inside a character: nothing shows before its line break."""
    path = tmp_path / JOURNAL
    data = '{"a":"é🚀"}\n{"b":2}\n'.encode()
    seen: list[bytes] = []
    offset = 0
    for end in range(len(data) + 1):
        path.write_bytes(data[:end])
        descriptor = os.open(path, os.O_RDONLY)
        part = read_lines(descriptor, offset)
        os.close(descriptor)
        seen += part.lines
        offset = part.end

    assert seen == data[:-1].split(b"\n")


def test_r09_a_line_longer_than_a_chunk_is_whole_up_to_the_limit_and_passed_over_beyond(
    tmp_path: Path,
) -> None:
    path = tmp_path / JOURNAL
    whole, long = b"x" * (journal.LINE_LIMIT - 1), b"y" * (5 << 20)
    path.write_bytes(whole + b"\n" + long + b"\n" + ONE)

    lines = lines_of(path)

    assert [lines[0], lines[2]] == [whole, ONE[:-1]]
    assert journal.LINE_LIMIT < len(lines[1]) < 3 << 20


def test_r09_a_hole_without_line_breaks_is_passed_over_in_bounded_time(tmp_path: Path) -> None:
    """A sparse file may say that it has terabytes of NULs."""
    path = tmp_path / JOURNAL
    path.write_bytes(ONE)
    os.truncate(path, 1 << 40)
    descriptor = os.open(path, os.O_RDONLY)

    first = read_lines(descriptor, 0)
    hole = read_lines(descriptor, first.end)

    os.close(descriptor)
    assert first.lines == [ONE[:-1]]
    assert hole.end == first.end + journal.PASSED_OVER


@given(
    st.lists(st.binary(max_size=30).map(lambda line: line.replace(b"\n", b"")), max_size=30),
    st.integers(1, 64),
)
def test_lines_and_offsets_do_not_depend_on_how_much_is_read_at_once(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], at_most: int
) -> None:
    path = tmp_path_factory.mktemp("journal") / JOURNAL
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    descriptor = os.open(path, os.O_RDONLY)
    read: list[bytes] = []
    offsets: list[int] = []
    offset = 0

    while (part := read_lines(descriptor, offset, at_most=at_most)).end > offset:
        read += part.lines
        offsets += part.offsets
        offset = part.end

    os.close(descriptor)
    assert read == lines
    data = path.read_bytes()
    assert all(data[at:].startswith(line + b"\n") for at, line in zip(offsets, lines, strict=True))


def test_r13_a_bookmark_fits_its_journal_and_copies_of_it_alone(tmp_path: Path) -> None:
    path = Journal().opened().started().steps(3).write(tmp_path / "a")
    descriptor = os.open(path, os.O_RDONLY)
    mark = journal.bookmark(descriptor, path.stat().st_size, journal.first_writer(descriptor))
    grown = Journal().opened().started().steps(5).write(tmp_path / "b")
    other = Journal("ffffffffffff").opened().started().steps(5).write(tmp_path / "c")
    short = Journal().opened().write(tmp_path / "d")

    fitting = []
    for candidate in (path, grown, other, short):
        opened = os.open(candidate, os.O_RDONLY)
        fitting.append(journal.fits(opened, mark))
        os.close(opened)

    os.close(descriptor)
    assert fitting == [True, True, False, False]


def test_a_first_line_longer_than_a_page_still_names_the_journal(tmp_path: Path) -> None:
    """A command line may have 128 KiB."""
    path = Journal().opened(command=("x" * 200_000,)).write(tmp_path)
    descriptor = os.open(path, os.O_RDONLY)

    name = journal.first_writer(descriptor)

    os.close(descriptor)
    assert name == Journal().writer
