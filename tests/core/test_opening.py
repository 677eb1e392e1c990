"""Opening a folder to write: whatever a crash left behind is made good, exactly once."""

import json
import os
from pathlib import Path

import pytest

from tests.builders import Journal
from tests.core.test_claim import PLANTED, plant
from trainmon.facts.codec import decode_lines
from trainmon.fold.reducer import fold
from trainmon.fold.state import Bookmark, RunState
from trainmon.spool.spool import Spool
from trainmon.spool.spool_header import SpoolHeader
from trainmon.status.parts import records_part
from trainmon.storage import snapshot
from trainmon.storage.claim import acquire
from trainmon.storage.journal import Holder
from trainmon.storage.opening import RunFiles, TextOptions
from trainmon.storage.snapshot import canonical
from trainmon.words.paths import JOURNAL, LOCK, SNAPSHOT, LogFile

HOLDER = Holder("gpu-07", "boot", 4711, 99)


def opened(folder: Path) -> RunFiles:
    """The folder, opened as the writer thread does."""
    files = acquire(folder, HOLDER, TextOptions(), lambda sentence: None)
    files.open()
    return files


def recorded(files: RunFiles, lines: list[bytes]) -> None:
    """What the writer thread does with lines."""
    files.texts.append(files.store(lines))
    files.texts.flush()


def kill(files: RunFiles) -> None:
    """What `kill -9` does: descriptors close, nothing else happens."""
    files.close()


def texts(folder: Path) -> dict[str, str]:
    """The text logs."""
    return {path.name: path.read_text() for path in sorted(folder.glob("*.log"))}


def an_empty_journal(folder: Path) -> Path:
    """What a writer leaves that is killed before its first lines are moved."""
    folder.mkdir()
    (folder / JOURNAL).touch(mode=0o600)
    return folder


def left_spool(folder: Path, journal: Journal, lines: list[bytes]) -> None:
    """A dead process's spool with lines in it."""
    spool = Spool(SpoolHeader(str(folder / JOURNAL), journal.writer, journal.writer, 4711))
    spool.open()
    for line in lines:
        spool.append(line + b"\n")
    spool.leave()


def pure(state: RunState) -> bytes:
    """A state without its bookmark, which a fold of lines alone does not have."""
    state.bookmark = Bookmark()
    return canonical(state)


def folded(path: Path) -> RunState:
    """The state of a whole journal."""
    lines = path.read_bytes().split(b"\n")[:-1]
    offsets = [0]
    for line in lines[:-1]:
        offsets.append(offsets[-1] + len(line) + 1)
    return fold(RunState(), decode_lines(lines), offsets)


def expected(tmp_path: Path, journal: Journal) -> tuple[bytes, dict[str, str]]:
    """State and text logs of a run that nothing happened to."""
    files = opened(tmp_path / "expected")
    recorded(files, journal.lines)
    files.close()
    return pure(files.state), texts(tmp_path / "expected")


A_RUN = Journal().opened().started().steps(40).validation(40, 0.5).error().steps(60, 41).performance().ended()


@pytest.mark.parametrize("moved", [0, 1, 2, 30, 45, len(A_RUN.lines) - 1, len(A_RUN.lines)])
@pytest.mark.parametrize("with_snapshot", [False, True])
def test_m07_a_killed_writer_is_made_good_by_the_next_opener(
    tmp_path: Path, moved: int, with_snapshot: bool
) -> None:
    """Killed with so many lines moved; the spool still has all of them."""
    files = opened(tmp_path / "logs")
    recorded(files, A_RUN.lines[: moved // 2])
    if with_snapshot:
        files.write_snapshot(1.7e9)
    recorded(files, A_RUN.lines[moved // 2 : moved])
    kill(files)
    left_spool(tmp_path / "logs", A_RUN, A_RUN.lines)

    again = opened(tmp_path / "logs")

    again.close()
    assert (pure(again.state), texts(tmp_path / "logs")) == expected(tmp_path, A_RUN)
    assert (tmp_path / "logs" / JOURNAL).read_bytes().split(b"\n")[:-1] == A_RUN.lines
    assert again.recovered == len(A_RUN.lines) - moved


def test_m07_text_that_the_crash_cut_anywhere_is_completed_and_never_stands_twice(tmp_path: Path) -> None:
    files = opened(tmp_path / "logs")
    recorded(files, A_RUN.lines)
    kill(files)
    path = tmp_path / "logs" / "errors.log"
    whole = path.read_text()

    for length in (0, 1, len(whole) // 2, len(whole) - 1, len(whole)):
        os.truncate(path, length)
        opened(tmp_path / "logs").close()
        assert path.read_text() == whole


def test_the_state_after_every_opening_is_that_of_the_journal(tmp_path: Path) -> None:
    """`fold(snapshot, tail) == fold(empty, whole journal)`, with files."""
    for number in range(5):
        files = opened(tmp_path / "logs")
        recorded(files, Journal(f"{number:012}").opened().started().steps(30).lines)
        if number % 2:
            files.write_snapshot(1.7e9)
        kill(files)

    files = opened(tmp_path / "logs")

    files.close()
    assert pure(files.state) == pure(folded(tmp_path / "logs" / JOURNAL))


def test_r13_a_snapshot_of_another_journal_is_not_believed(tmp_path: Path) -> None:
    files = opened(tmp_path / "logs")
    recorded(files, A_RUN.lines)
    files.write_snapshot(1.7e9)
    kill(files)
    (tmp_path / "logs" / JOURNAL).unlink()
    Journal("ffffffffffff").opened().started(model_name="Other").steps(500).write(tmp_path / "logs")

    files = opened(tmp_path / "logs")

    files.close()
    assert files.state.configuration is not None
    assert files.state.configuration.model_name == "Other"


def test_a_spool_of_another_journal_is_left_alone(tmp_path: Path) -> None:
    left_spool(tmp_path / "elsewhere", Journal("ffffffffffff"), [b"{}"])

    files = opened(tmp_path / "logs")

    assert files.collector.segments == {}
    files.close()


def test_a_training_that_begins_where_a_run_was_deleted_does_not_bring_it_back(tmp_path: Path) -> None:
    """`kill -9`, `rm -r logs`, and again: the old run is gone, as its owner wanted; `trainmon repair` could take it."""
    folder = tmp_path / "logs"
    old = Journal().opened().started().progress(1)
    left_spool(folder, old, old.lines)

    files = opened(folder)

    assert files.recovered == 0
    assert (folder / JOURNAL).read_bytes() == b""
    kill(files)


def test_a_journal_that_is_there_and_empty_takes_in_what_its_killed_writer_left(tmp_path: Path) -> None:
    """Killed in its first tenth of a second: the file was made, and no line had been moved."""
    folder = an_empty_journal(tmp_path / "logs")
    old = Journal().opened().started().progress(1)
    left_spool(folder, old, old.lines)

    files = opened(folder)

    assert files.recovered == len(old.lines)
    kill(files)


def test_a_torn_half_line_in_a_spool_does_not_reach_the_journal(tmp_path: Path) -> None:
    an_empty_journal(tmp_path / "logs")
    left_spool(tmp_path / "logs", A_RUN, [A_RUN.lines[0], A_RUN.lines[1][:40], *A_RUN.lines[1:]])

    opened(tmp_path / "logs").close()

    assert (tmp_path / "logs" / JOURNAL).read_bytes().split(b"\n")[:-1] == A_RUN.lines


def test_w16_a_renamed_journal_is_kept_and_the_new_one_begins_with_our_header_and_start(
    tmp_path: Path,
) -> None:
    journal = Journal().opened().started().steps(5)
    files = opened(tmp_path / "logs")
    recorded(files, journal.lines)
    header = journal.events[0]
    (tmp_path / "logs" / JOURNAL).rename(tmp_path / "logs" / "journal.1")

    assert files.journal.changed()
    files.begin_again(header)  # type: ignore[arg-type]  # it is the header
    recorded(files, journal.steps(9, 6).lines[7:])

    files.close()
    assert (tmp_path / "logs" / "journal.1").read_bytes().split(b"\n")[:-1] == journal.lines[:7]
    assert (tmp_path / "logs" / JOURNAL).read_bytes().split(b"\n")[:-1] == [
        *journal.lines[:2],
        *journal.lines[7:],
    ]
    assert files.state.totals.unjournaled == 5
    assert files.state.run_step == 9


def test_w16_a_new_journal_alone_tells_of_the_run_and_the_status_where_it_begins(tmp_path: Path) -> None:
    """A training that was over, and one of another process, is not begun again."""
    journal = Journal().opened().started().steps(5)
    files = opened(tmp_path / "logs")
    recorded(files, journal.lines)
    (tmp_path / "logs" / JOURNAL).unlink()

    files.begin_again(journal.events[0])  # type: ignore[arg-type]  # it is the header
    recorded(files, journal.steps(9, 6).lines[7:])
    records = records_part(files.state)
    recorded(files, journal.ended().lines[11:])
    lines = (tmp_path / "logs" / JOURNAL).read_bytes().split(b"\n")[:-1]
    alone = fold(RunState(), decode_lines(lines), [-1] * len(lines))
    (tmp_path / "logs" / JOURNAL).unlink()
    files.begin_again(journal.events[0])  # type: ignore[arg-type]  # it is the header

    files.close()
    assert (records.missing, records.begins_at) == (0, 6)
    assert (alone.run_id, alone.run_step) == ("run-1", 9)
    assert (tmp_path / "logs" / JOURNAL).read_bytes().split(b"\n")[:-1] == journal.lines[:1]


def test_w16_after_a_rotation_no_offset_points_into_the_new_file(tmp_path: Path) -> None:
    """The errors' full texts and the curve's raw points are in the old one."""
    journal = Journal().opened().started().steps(5).error()
    files = opened(tmp_path / "logs")
    recorded(files, journal.lines)
    (tmp_path / "logs" / JOURNAL).unlink()

    files.begin_again(journal.events[0])  # type: ignore[arg-type]  # it is the header

    files.close()
    state = files.state
    assert set(state.loss.column("loss").offset) == {-1}
    assert [entry.offset for entry in state.errors] == [-1]
    assert state.configuration is not None
    assert state.configuration.offset == -1


def test_m05_a_stale_lock_file_is_taken_over(tmp_path: Path) -> None:
    (tmp_path / LOCK).write_text(
        json.dumps({"host": "dead", "boot_id": "other", "pid": 1, "process_start": 1})
    )

    files = opened(tmp_path)

    assert files.folder == tmp_path
    files.close()


@pytest.mark.parametrize("kind", PLANTED)
def test_s05_a_text_log_whose_name_is_taken_keeps_nothing_else_from_a_restart(
    tmp_path: Path, kind: str
) -> None:
    """The journal, the other text logs and the snapshot of a folder with a run are opened and written all the same."""
    folder = tmp_path / "logs"
    files = opened(folder)
    recorded(files, A_RUN.lines[:20])
    kill(files)
    path = folder / "training_progress.log"
    path.unlink()
    plant(path, kind, tmp_path / "precious")

    files = opened(folder)
    with pytest.raises(OSError) as raised:
        recorded(files, A_RUN.lines[20:])
    waiting = files.texts.waiting
    files.write_snapshot(1.7e9)
    files.close()

    assert raised.value.filename == str(path)
    assert waiting == 0
    assert len((folder / JOURNAL).read_bytes().splitlines()) == len(A_RUN.lines)
    assert LogFile.PROGRESS.value not in snapshot.read(folder).texts.positions
    assert (tmp_path / "precious").read_text() == "mine"


def test_a_thread_that_is_interrupted_while_it_has_the_state_may_ask_for_it(tmp_path: Path) -> None:
    """By a signal handler or a `__del__` that calls `get_monitoring_data`."""
    files = opened(tmp_path / "logs")
    recorded(files, A_RUN.lines)

    with files.state_lock:
        copied = files.copy_state()

    assert copied.run_step == files.state.run_step
    files.close()


def test_the_snapshot_that_is_written_fits_the_journal(tmp_path: Path) -> None:
    files = opened(tmp_path / "logs")
    recorded(files, A_RUN.lines)
    size = files.write_snapshot(1.7e9)
    files.close()

    saved = snapshot.read(tmp_path / "logs")

    assert size == (tmp_path / "logs" / SNAPSHOT).stat().st_size
    assert saved.state.bookmark.offset == (tmp_path / "logs" / JOURNAL).stat().st_size
    assert saved.state.bookmark.journal == A_RUN.writer
