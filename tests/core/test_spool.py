"""The spool: one write a line, whatever the folder, the descriptor or the storage does."""

import errno
import fcntl
import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from trainmon.spool import overflow, shared_memory, spool
from trainmon.spool.spool import Spool
from trainmon.spool.spool_header import SUFFIX, SpoolHeader
from trainmon.system import private_files

HEADER = SpoolHeader("/runs/a/journal.jsonl", "0123456789ab", "0123456789ab", 4711)


@pytest.fixture
def opened() -> Spool:
    """A spool that is open."""
    made = Spool(HEADER)
    made.open()
    return made


def lines(*paths: Path) -> list[bytes]:
    """The lines of segments, without their headers."""
    return [line for path in paths for line in path.read_bytes().split(b"\n")[1:] if line]


def segments(folder: Path) -> list[Path]:
    """All segments under a base folder, in no order: two that were made in one tick of the clock have none."""
    return list(folder.glob(f"*/*{SUFFIX}"))


def test_a_line_stands_in_the_segment_when_the_call_returns(opened: Spool) -> None:
    assert opened.append(b"one\n")
    assert opened.append(b"two\n")

    assert opened.path is not None
    assert lines(opened.path) == [b"one", b"two"]


def test_the_header_says_whose_lines_follow(opened: Spool) -> None:
    assert opened.path is not None
    head = opened.path.read_bytes().split(b"\n")[0]

    assert b'"journal":"/runs/a/journal.jsonl"' in head
    assert b'"pid":4711' in head


def test_s07_folder_and_file_are_private(opened: Spool) -> None:
    assert opened.path is not None

    assert stat.S_IMODE(opened.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(opened.path.parent.stat().st_mode) == 0o700


def test_a_next_segment_loses_no_concurrent_line(opened: Spool, spools: Path) -> None:
    """`dup2` swaps the file under the descriptor; no append falls between."""
    stop = threading.Event()
    written: list[int] = []

    def write(number: int) -> None:
        count = 0
        while not stop.is_set():
            opened.append(b"%d %d\n" % (number, count))
            count += 1
        written.append(count)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(50):
        opened.next_segment()
    stop.set()
    for thread in threads:
        thread.join()

    found = lines(*segments(spools))
    assert len(found) == len(set(found)) == sum(written)


def test_leaving_loses_no_concurrent_line_and_frees_no_number(
    opened: Spool, spools: Path, tmp_path: Path
) -> None:
    """An append that is under way while another thread leaves must not find a file of the program under the number."""
    stop = threading.Event()
    written: list[int] = []
    number = opened.descriptor
    own = os.open(tmp_path / "own", os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def write(thread: int) -> None:
        count = 0
        while not stop.is_set():
            opened.append(b"%d %d\n" % (thread, count))
            count += 1
        written.append(count)

    threads = [threading.Thread(target=write, args=(thread,)) for thread in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(200):
        opened.leave()
        copy = fcntl.fcntl(own, fcntl.F_DUPFD_CLOEXEC, number)
        assert copy != number
        os.close(copy)
    stop.set()
    for thread in threads:
        thread.join()
    os.close(own)

    found = lines(*segments(spools)) + [line.rstrip() for line in opened.overflow.take()]
    assert len(found) == len(set(found)) == sum(written)
    assert (tmp_path / "own").read_bytes() == b""


def test_a_line_after_leaving_stands_in_another_segment(opened: Spool, spools: Path) -> None:
    opened.append(b"before\n")
    first = opened.path
    opened.leave()
    assert opened.path is None

    assert opened.append(b"after\n")

    assert first is not None
    assert opened.path not in (None, first)
    assert (lines(first), len(segments(spools))) == ([b"before"], 2)


def test_w25_a_handler_that_interrupts_an_opening_keeps_its_line(
    opened: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It must not wait for the lock that its own thread holds."""
    make_unwritable = private_files.make_unwritable

    def interrupted(descriptor: int) -> private_files.Identity | None:
        own = make_unwritable(descriptor)
        assert opened.append(b"from the handler\n")
        return own

    monkeypatch.setattr(spool, "make_unwritable", interrupted)
    opened.leave()

    assert opened.overflow.take() == [b"from the handler\n"]


def test_a_spool_that_nobody_has_any_more_keeps_no_descriptor() -> None:
    made = Spool(HEADER)
    made.open()
    number = made.descriptor
    made.leave()
    assert private_files.identity(number) is not None

    del made

    assert private_files.identity(number) is None


def test_w32_a_closed_descriptor_opens_a_new_segment_and_keeps_the_line(opened: Spool, spools: Path) -> None:
    os.close(opened.descriptor)

    assert opened.append(b"after\n")

    assert lines(*segments(spools)) == [b"after"]


def test_w32_a_reused_number_is_noticed_when_the_writer_looks(opened: Spool, tmp_path: Path) -> None:
    other = os.open(tmp_path / "other", os.O_RDWR | os.O_CREAT)
    os.dup2(other, opened.descriptor)

    assert not opened.is_ours()
    assert opened.is_spent()
    number = opened.descriptor
    opened.next_segment()
    opened.append(b"mine\n")

    assert opened.descriptor != number
    assert (tmp_path / "other").read_bytes() == b""
    os.close(number)
    os.close(other)


def test_w09_a_short_write_is_ended_and_the_whole_line_written_again(opened: Spool) -> None:
    real, answers = opened._write, [2]

    def short(descriptor: int, line: bytes, length: int) -> int:
        length = answers.pop() if answers else length
        return real(descriptor, line[:length], length)

    opened._write = short
    assert opened.append(b"whole\n")

    assert opened.path is not None
    assert lines(opened.path) == [b"wh", b"whole"]


def test_a_full_spool_refuses_progress_and_keeps_a_reserve_for_what_matters(opened: Spool) -> None:
    opened.set_used(opened.limit)

    assert not opened.append(b"progress\n")
    assert opened.append(b"error\n", urgent=True)
    opened.set_used(opened.limit + spool.RESERVE)
    assert not opened.append(b"error\n", urgent=True)


def test_a_spool_whose_file_was_unlinked_is_spent(opened: Spool) -> None:
    assert opened.path is not None
    assert not opened.is_spent()

    opened.path.unlink()

    assert opened.is_spent()


def test_without_any_folder_lines_are_kept_in_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TRAINMON_SPOOL_DIR", str(tmp_path / "missing"))
    kept = Spool(HEADER)

    kept.open()
    taken = kept.append(b"line\n")

    assert taken
    assert (kept.kind, kept.overflow.take()) == ("none", [b"line\n"])
    assert kept.why is not None
    assert "No such file" in kept.why


def test_w18_what_is_kept_in_memory_is_bounded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TRAINMON_SPOOL_DIR", str(tmp_path / "missing"))
    kept = Spool(HEADER)
    kept.open()
    line = b"x" * 100_000 + b"\n"

    taken = sum(kept.append(line) for _ in range(200))

    assert taken * len(line) <= overflow.MOST < 200 * len(line)
    assert sum(map(len, kept.overflow.take())) == taken * len(line)


def test_s05_a_folder_that_somebody_else_took_is_not_used(spools: Path, tmp_path: Path) -> None:
    """A symbolic link, or a folder that others can read, stands under the usual name."""
    (tmp_path / "theirs").mkdir(mode=0o700)
    usual = spools / f"trainmon-{os.geteuid()}"
    usual.symlink_to(tmp_path / "theirs")
    made = Spool(HEADER)

    made.open()

    assert made.path is not None
    assert made.path.parent != usual
    assert list((tmp_path / "theirs").iterdir()) == []


def test_a_tiny_shared_memory_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_memory, "free_bytes", lambda folder: spool.LEAST - 1)
    made = Spool(HEADER)

    made.open()

    assert made.kind == "none"
    assert made.why is not None
    assert "bytes are free" in made.why


def test_w17_no_descriptor_left_keeps_the_line(opened: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    os.close(opened.descriptor)

    def none_left(path: Path) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(private_files, "open_new", none_left)

    assert opened.append(b"line\n")
    assert opened.overflow.take() == [b"line\n"]


def test_the_preamble_stands_first_in_the_next_segment_once() -> None:
    """How a forked child says who it is, before its first line."""
    made = Spool(HEADER)
    made.preamble = b"hello\n"

    made.append(b"line\n")
    first = made.path
    made.next_segment()
    made.append(b"more\n")

    assert first is not None
    assert made.path is not None
    assert lines(first, made.path) == [b"hello", b"line", b"more"]


def test_a_segment_of_a_small_spool_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shared memory of a mebibyte, or a job with little memory left: all segments together keep within the limit."""
    monkeypatch.setattr(shared_memory, "free_bytes", lambda folder: spool.LEAST)
    made = Spool(HEADER)
    made.open()
    made.append(bytes(made.limit // 3) + b"\n")

    assert made.limit == spool.LEAST
    assert made.is_spent()
    made.let_go()


def test_a_folder_that_takes_no_more_files_is_left_once_the_segment_is_long(
    opened: Spool, spools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Inodes ran out there, or the program became another user: the next base may do."""
    first = opened.folder
    elsewhere = spools / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.setattr(shared_memory, "bases", lambda: [elsewhere])
    new = spool.new_locked_file

    def refused(folder: Path, suffix: str, head: bytes, hold: Callable[[int], None]) -> Path:
        if folder == first:
            raise PermissionError(errno.EACCES, "Permission denied", str(folder))
        return new(folder, suffix, head, hold)

    monkeypatch.setattr(spool, "new_locked_file", refused)
    with pytest.raises(PermissionError):
        opened.next_segment()
    assert opened.append(bytes(opened.limit // 2) + b"\n")
    assert opened.is_spent()

    opened.next_segment()

    assert opened.path is not None
    assert opened.path.parent.parent == elsewhere
    assert opened.append(b"after\n")
    assert lines(opened.path) == [b"after"]
