"""The end that watches: whatever happens to the files, `poll` gives a view, and nothing is written."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.builders import START, Journal, a_run
from trainmon.fold.reducer import copy_state
from trainmon.reading.reader import TEXTS_ALONE, RunReader, View
from trainmon.spool.spool import Spool
from trainmon.spool.spool_files import SpoolFile
from trainmon.spool.spool_header import SpoolHeader
from trainmon.storage import journal as journal_file
from trainmon.storage import snapshot
from trainmon.storage.snapshot import Texts
from trainmon.words.paths import JOURNAL, SNAPSHOT

Read = Callable[[Path], RunReader]


@pytest.fixture
def read() -> Iterator[Read]:
    """Readers whose clock stands at a minute after the start, closed afterwards."""
    opened: list[RunReader] = []

    def make(folder: Path) -> RunReader:
        opened.append(RunReader(folder, clock=lambda: START + 60.0, monotonic=lambda: 1_000.0))
        return opened[-1]

    yield make
    for reader in opened:
        reader.close()


def add(folder: Path, lines: list[bytes]) -> None:
    """What a writer does."""
    with (folder / JOURNAL).open("ab") as file:
        file.write(b"".join(line + b"\n" for line in lines))


def steps(view: View) -> list[int]:
    """The steps of the curve."""
    return list(view.state.loss.column("loss").last_step) if "loss" in view.state.loss.names else []


def save(folder: Path, journal: Journal) -> None:
    """Writes the snapshot of a journal that stands there."""
    descriptor = os.open(folder / JOURNAL, os.O_RDONLY)
    state = journal.state()
    size = (folder / JOURNAL).stat().st_size
    state.bookmark = journal_file.bookmark(descriptor, size, journal_file.first_writer(descriptor))
    os.close(descriptor)
    snapshot.write(folder, snapshot.encode(state, Texts(), START))


def test_r01_before_anything_is_there_it_waits_and_then_reads(tmp_path: Path, read: Read) -> None:
    folder = tmp_path / "logs"
    reader = read(folder)
    before = reader.poll()

    Journal().opened().started().steps(3).write(folder)
    after = reader.poll()

    assert (before.exists, before.state.run_id) == (False, None)
    assert (after.exists, steps(after)) == (True, [1, 2, 3])
    assert after.version > before.version


def test_a_folder_without_a_run_is_told_from_one_that_is_not_there(tmp_path: Path, read: Read) -> None:
    """And the difference counts as something new."""
    folder = tmp_path / "logs"
    reader = read(folder)
    missing = reader.poll()

    folder.mkdir()
    empty = reader.poll()

    assert [(view.exists, view.folder_there) for view in (missing, empty)] == [(False, False), (False, True)]
    assert empty.version > missing.version


def test_a_folder_with_text_logs_alone_says_who_shows_them(tmp_path: Path, read: Read) -> None:
    """Those of a program that writes the spec's lines itself; once there is a journal, there is nothing to say."""
    (tmp_path / "training_progress.log").write_text("[2024-01-15 10:30:00] TRAINING - INFO - x\n")
    reader = read(tmp_path)
    alone = reader.poll()
    a_run(5).write(tmp_path)

    assert (alone.exists, alone.note) == (False, TEXTS_ALONE)
    assert reader.poll().note is None


def test_a_folder_that_cannot_be_looked_into_is_one_without_a_run(tmp_path: Path, read: Read) -> None:
    """As another user's, which may not be entered; here one whose name no file system takes."""
    found = read(tmp_path / ("x" * 300)).poll()

    assert (found.exists, found.folder_there) == (False, False)


def test_r01_a_folder_that_is_replaced_later_is_another_run(tmp_path: Path, read: Read) -> None:
    folder = tmp_path / "logs"
    Journal().opened().started().steps(3).write(folder)
    reader = read(folder)
    reader.poll()

    shutil.rmtree(folder)
    reader.poll()
    Journal("ffffffffffff").opened().started(model_name="Other").steps(1).write(folder)
    view = reader.poll()

    assert view.state.configuration is not None
    assert view.state.configuration.model_name == "Other"
    assert steps(view) == [1]


def test_r02_a_line_shows_once_when_it_is_whole(tmp_path: Path, read: Read) -> None:
    journal = Journal().opened().started().steps(2)
    data = b"".join(line + b"\n" for line in journal.lines)
    reader = read(tmp_path)
    seen: list[list[int]] = []

    for end in range(0, len(data) + 1, 7):
        (tmp_path / JOURNAL).write_bytes(data[:end])
        seen.append(steps(reader.poll()))
    add(tmp_path, [])
    (tmp_path / JOURNAL).write_bytes(data)
    seen.append(steps(reader.poll()))

    assert seen[-1] == [1, 2]
    assert all(found in ([], [1], [1, 2]) for found in seen)


@pytest.mark.parametrize(
    "damage",
    [lambda line: line[:50] + b"\x01" + line[51:], lambda line: line[:9] + line[60:], lambda line: b"\0" * 4_096,
     lambda line: b'{"kind":"debug","data":{"a":' + b"[" * 100_000, lambda line: b"x" * (3 << 20)],
    ids=["a bit", "bytes missing", "NULs", "a bomb", "a long one"],
)  # fmt: skip
def test_r03_r09_of_a_damaged_line_only_that_line_is_lost_and_it_is_said(
    tmp_path: Path, read: Read, damage: Callable[[bytes], bytes]
) -> None:
    lines = Journal().opened().started().steps(20).lines
    at = sum(len(line) + 1 for line in lines[:11])
    lines[11] = damage(lines[11])
    add(tmp_path, lines)

    view = read(tmp_path).poll()

    assert steps(view) == [step for step in range(1, 21) if step != 10]
    assert view.note is not None
    assert f"{at:,}" in view.note


def test_r04_a_torn_tail_and_a_good_append_are_both_read(tmp_path: Path, read: Read) -> None:
    lines = Journal().opened().started().steps(9).lines
    (tmp_path / JOURNAL).write_bytes(b"\n".join(lines)[:-20] + b"\n")
    add(tmp_path, Journal("ffffffffffff").opened().started().steps(4).lines)

    view = read(tmp_path).poll()

    assert (view.state.run_number, view.state.earlier[0].run_step, view.state.run_step) == (2, 8, 4)


def test_r06_a_rotation_loses_nothing_and_repeats_nothing(tmp_path: Path, read: Read) -> None:
    """Lines that came into the old file after the last look, and the header that the new one repeats."""
    journal = Journal().opened().started().steps(5)
    journal.write(tmp_path)
    reader = read(tmp_path)
    reader.poll()

    journal.steps(9, 6)
    add(tmp_path, journal.lines[7:])
    (tmp_path / JOURNAL).rename(tmp_path / "journal.1")
    old = journal.lines
    journal.steps(12, 10)
    add(tmp_path, [old[0], *journal.lines[len(old) :]])

    assert steps(reader.poll()) == list(range(1, 13))


def test_r06_copytruncate_goes_on_under_the_same_writer(tmp_path: Path, read: Read) -> None:
    journal = Journal().opened().started().steps(50)
    journal.write(tmp_path)
    reader = read(tmp_path)
    reader.poll()

    os.truncate(tmp_path / JOURNAL, 0)
    emptied = reader.poll()
    known = len(journal.lines)
    journal.steps(52, 51)
    add(tmp_path, [journal.lines[0], *journal.lines[known:]])

    assert emptied.state.run_step == 50
    assert reader.poll().state.run_step == 52


def test_r06_another_journal_in_the_same_inode_is_noticed_though_it_is_longer(
    tmp_path: Path, read: Read
) -> None:
    Journal().opened().started().steps(5).write(tmp_path)
    reader = read(tmp_path)
    reader.poll()

    with (tmp_path / JOURNAL).open("r+b") as file:
        file.write(b"\n".join(Journal("ffffffffffff").opened().started().steps(400).lines) + b"\n")
    view = reader.poll()

    assert view.state.run_step == 400
    assert view.state.totals.damaged == 0


def test_r08_a_read_that_fails_is_said_and_tried_again(
    tmp_path: Path, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal().opened().started().steps(2)
    journal.write(tmp_path)
    reader = read(tmp_path)
    reader.poll()
    add(tmp_path, journal.steps(4, 3).lines[4:])

    def stale(descriptor: int, length: int, offset: int) -> bytes:
        raise OSError(116, "Stale file handle")

    with monkeypatch.context() as patch:
        patch.setattr(os, "pread", stale)
        failed = reader.poll()
    healed = reader.poll()

    assert failed.note is not None
    assert "Stale file handle" in failed.note
    assert steps(failed) == [1, 2]
    assert steps(healed) == [1, 2, 3, 4]
    assert "cannot read" not in (healed.note or "")


def test_r13_it_begins_at_the_snapshot_and_reads_only_what_follows(tmp_path: Path, read: Read) -> None:
    journal = a_run(1_000)
    journal.write(tmp_path)
    save(tmp_path, journal)
    tail = len(journal.lines)
    size = (tmp_path / JOURNAL).stat().st_size
    add(tmp_path, journal.steps(1_003, 1_001).lines[tail:])

    view = read(tmp_path).poll()

    assert view.state.run_step == 1_003
    assert view.bytes_read < size


@pytest.mark.parametrize(
    "data", [b"", b"{", b"null", b'{"schema":99}'], ids=["empty", "torn", "null", "newer"]
)
def test_r13_r14_where_the_snapshot_cannot_be_used_the_journal_is_read(
    tmp_path: Path, read: Read, data: bytes
) -> None:
    Journal().opened().started().steps(3).write(tmp_path)
    (tmp_path / SNAPSHOT).write_bytes(data)

    assert steps(read(tmp_path).poll()) == [1, 2, 3]


def test_r13_a_snapshot_of_another_run_is_not_mixed_in(tmp_path: Path, read: Read) -> None:
    Journal("ffffffffffff").opened().started().steps(900).write(tmp_path)
    save(tmp_path, Journal("ffffffffffff").opened().started().steps(900))
    Journal().opened().started().steps(3).write(tmp_path)

    assert steps(read(tmp_path).poll()) == [1, 2, 3]


def test_a_snapshot_without_a_journal_is_shown(tmp_path: Path, read: Read) -> None:
    journal = a_run(50)
    journal.write(tmp_path)
    save(tmp_path, journal)
    (tmp_path / JOURNAL).unlink()

    view = read(tmp_path).poll()

    assert (view.exists, view.state.run_step) == (True, 50)


def test_r14_unknown_kinds_are_counted(tmp_path: Path, read: Read) -> None:
    lines = Journal().opened().started().lines
    add(tmp_path, [*lines, b'{"kind":"gradient","writer":"0123456789ab","seq":2,"time":1.0,"mono":1.0}'])

    view = read(tmp_path).poll()

    assert view.state.totals.unknown == 1
    assert view.note is None


def test_r16_a_clock_that_is_off_is_said_and_told_to_the_verdict(tmp_path: Path, read: Read) -> None:
    """Five minutes ahead of ours; known once a line came while we watched."""
    journal = Journal(now=START + 359.0).opened().started()
    journal.write(tmp_path)
    reader = read(tmp_path)
    first = reader.poll()

    add(tmp_path, journal.after(1).progress(1).lines[2:])
    view = reader.poll()

    assert first.evidence.skew is None
    assert view.evidence.skew == -300.0
    assert view.note is not None
    assert "ahead of ours" in view.note


def test_nothing_new_is_no_new_version(tmp_path: Path, read: Read) -> None:
    Journal().opened().started().steps(3).write(tmp_path)
    reader = read(tmp_path)

    versions = [reader.poll().version for _ in range(5)]

    assert versions[1:] == versions[1:2] * 4


def test_a_view_is_not_changed_by_later_polls(tmp_path: Path, read: Read) -> None:
    journal = Journal().opened().started().steps(3)
    journal.write(tmp_path)
    reader = read(tmp_path)
    view = reader.poll()
    picture = snapshot.canonical(copy_state(view.state))

    add(tmp_path, journal.steps(6, 4).error().lines[5:])
    reader.poll()

    assert snapshot.canonical(view.state) == picture


def test_what_a_dead_trainer_left_in_its_spool_is_shown(tmp_path: Path, read: Read) -> None:
    journal = Journal().opened(host="elsewhere").started().steps(3)
    path = journal.write(tmp_path)
    os.utime(path, (START, START))
    spool = Spool(SpoolHeader(str(path), journal.writer, journal.writer, 4711))
    spool.open()
    for line in journal.steps(6, 4).lines:
        spool.append(line + b"\n")
    spool.leave()

    view = read(tmp_path).poll()

    assert steps(view) == [1, 2, 3, 4, 5, 6]
    assert view.state.totals.repeated == 0


def test_the_spools_of_other_journals_are_not_opened_at_each_poll(
    tmp_path: Path, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dead trainings of others may have left dozens of them, and a screen polls every second."""
    journal = Journal().opened(host="elsewhere").started().steps(3)
    os.utime(journal.write(tmp_path), (START, START))
    spool = Spool(SpoolHeader("/runs/other/journal.jsonl", "f" * 12, "f" * 12, 4712))
    spool.open()
    opened: list[Path] = []
    real = SpoolFile.__init__

    def spied(file: SpoolFile, path: Path) -> None:
        opened.append(path)
        real(file, path)

    monkeypatch.setattr(SpoolFile, "__init__", spied)
    reader = read(tmp_path)

    for _ in range(3):
        reader.poll()

    assert opened.count(spool.path or tmp_path) == 1
    spool.leave()


def test_p9_a_reader_writes_nothing(tmp_path: Path, read: Read) -> None:
    journal = a_run(50)
    journal.write(tmp_path)
    save(tmp_path, journal)
    before = {path: path.stat().st_mtime_ns for path in [tmp_path, *tmp_path.iterdir()]}

    read(tmp_path).poll()

    assert {path: path.stat().st_mtime_ns for path in [tmp_path, *tmp_path.iterdir()]} == before


@pytest.mark.parametrize("name", [JOURNAL, SNAPSHOT])
def test_s14_a_planted_link_or_pipe_is_not_followed(tmp_path: Path, read: Read, name: str) -> None:
    (tmp_path / name).symlink_to("/etc/passwd")
    linked = read(tmp_path).poll()
    (tmp_path / name).unlink()
    os.mkfifo(tmp_path / name)
    piped = read(tmp_path).poll()

    assert (linked.state.totals.damaged, piped.state.totals.damaged) == (0, 0)
