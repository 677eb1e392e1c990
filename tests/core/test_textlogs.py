"""Recovery of the text logs: after a crash no line is there twice and none is missing."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainmon.errors import ArgumentError
from trainmon.storage.log_appender import Position
from trainmon.storage.textlogs import TextLogs, as_bytes
from trainmon.words.paths import LogFile

Line = tuple[LogFile, str]

NAME = "training_progress.log"

words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=12)
records = st.lists(
    st.builds(
        lambda head, below: "\n".join([f"[t] {head}", *(f"    {text}" for text in below)]),
        words,
        st.lists(words, max_size=2),
    ),
    max_size=8,
)


def progress(*texts: str) -> list[Line]:
    """Records of the progress log."""
    return [(LogFile.PROGRESS, text) for text in texts]


def expected(lines: list[Line]) -> dict[LogFile, bytes]:
    """What `recover` is given; a file without lines is in it too."""
    return {LogFile.PROGRESS: b""} | as_bytes(lines)


@contextmanager
def a_folder() -> Iterator[Path]:
    """A folder for one example of a law."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def content(folder: Path, name: str = NAME) -> str:
    """What a file holds; empty where there is none."""
    path = folder / name
    return path.read_bytes().decode() if path.exists() else ""


@given(records, records, st.integers(0, 400))
def test_after_a_crash_at_any_byte_the_log_holds_every_line_once(
    before: list[str], after: list[str], cut: int
) -> None:
    """Cut in a line, in a character, before the first or behind the last."""
    with a_folder() as folder:
        logs = TextLogs(folder, "app")
        logs.append(progress(*before))
        positions = logs.positions()
        text = as_bytes(progress(*after)).get(LogFile.PROGRESS, b"")
        with (folder / NAME).open("ab") as file:
            file.write(text[:cut])

        again = TextLogs(folder, "app")
        again.recover(positions, expected(progress(*after)))
        again.append(progress("[t] next"))

        assert content(folder) == "".join(line + "\n" for line in [*before, *after, "[t] next"])


@given(records, records, st.integers(0, 400), st.integers(20, 80))
def test_after_a_crash_in_the_middle_of_rotations_the_logs_hold_every_line_once(
    before: list[str], after: list[str], cut: int, limit: int
) -> None:
    """Also where the recorded file has become an older one."""
    with a_folder() as folder:
        logs = TextLogs(folder, "app", max_log_bytes=limit, backup_count=40)
        logs.append(progress(*before))
        positions = logs.positions()
        for text in after[: cut % (len(after) + 1)]:
            logs.append(progress(text))

        again = TextLogs(folder, "app", max_log_bytes=limit, backup_count=40)
        again.recover(positions, expected(progress(*after)))

        names = [f"{NAME}.{number}" for number in range(40, 0, -1)] + [NAME]
        assert "".join(content(folder, name) for name in names) == "".join(
            f"{text}\n" for text in before + after
        )


@given(st.integers(0, 9), st.integers(0, 9), st.integers(1, 11))
def test_after_a_crash_an_edited_log_lacks_no_line_and_repeats_none(
    there: int, note_at: int, torn: int
) -> None:
    """A person put a note between the lines, before the crash tore the last one."""
    lines = [f"[t] line {number}" for number in range(10)]
    with a_folder() as folder:
        logs = TextLogs(folder, "app")
        logs.append(progress("[t] before"))
        positions = logs.positions()
        standing = [line + "\n" for line in lines[:there]]
        standing.insert(min(note_at, there), "a note\n")
        with (folder / NAME).open("a") as file:
            file.write("".join(standing) + (lines[there] + "\n")[:torn])

        again = TextLogs(folder, "app")
        again.recover(positions, expected(progress(*lines)))

        found = content(folder).splitlines()
        assert [line for line in found if line.startswith("[")] == ["[t] before", *lines]
        assert found.count("a note") == 1


def test_a_log_that_was_edited_in_place_before_the_record_is_compared_as_a_whole(tmp_path: Path) -> None:
    """A line more at the top moves all others; the recorded length then points into a line."""
    logs = TextLogs(tmp_path, "app")
    logs.append(progress("[t] one", "[t] two"))
    positions = logs.positions()
    logs.append(progress("[t] three", "[t] four"))
    (tmp_path / NAME).write_text("my title\n" + content(tmp_path))

    TextLogs(tmp_path, "app").recover(positions, expected(progress("[t] three", "[t] four", "[t] five")))

    assert content(tmp_path) == "my title\n[t] one\n[t] two\n[t] three\n[t] four\n[t] five\n"


def test_a_log_shorter_than_recorded_gets_what_it_lacks(tmp_path: Path) -> None:
    """It was cut after the record, and went on from its beginning."""
    logs = TextLogs(tmp_path, "app")
    logs.append(progress("[t] a long line before the record"))
    positions = logs.positions()
    os.truncate(tmp_path / NAME, 0)
    logs.append(progress("[t] one"))

    TextLogs(tmp_path, "app").recover(positions, expected(progress("[t] one", "[t] two")))

    assert content(tmp_path) == "[t] one\n[t] two\n"


def test_a_log_that_is_gone_is_made_again_with_what_follows_the_record(tmp_path: Path) -> None:
    logs = TextLogs(tmp_path, "app")
    logs.append(progress("[t] one"))
    positions = logs.positions()
    (tmp_path / NAME).unlink()

    TextLogs(tmp_path, "app").recover(positions, expected(progress("[t] two")))

    assert content(tmp_path) == "[t] two\n"


def test_a_copied_folder_is_completed_as_the_first_one(tmp_path: Path) -> None:
    """Other inodes, the same bytes."""
    first, copy = tmp_path / "first", tmp_path / "copy"
    first.mkdir()
    logs = TextLogs(first, "app")
    logs.append(progress("[t] one"))
    positions = logs.positions()
    logs.append(progress("[t] two"))
    shutil.copytree(first, copy)

    added = TextLogs(copy, "app").recover(positions, expected(progress("[t] two", "[t] three")))

    assert content(copy) == "[t] one\n[t] two\n[t] three\n"
    assert added == len("[t] three\n")


def test_equal_lines_count_one_by_one(tmp_path: Path) -> None:
    """The same text twice in a second is two lines; one that stands there does not excuse the other."""
    (tmp_path / NAME).write_text("a note\n[t] same\n")

    TextLogs(tmp_path, "app").recover({}, expected(progress("[t] same", "[t] same")))

    assert content(tmp_path) == "a note\n[t] same\n[t] same\n"


def test_a_recovery_that_fails_goes_on_where_it_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs, real = TextLogs(tmp_path, "app"), os.write
    full = iter([False, True])

    def failing(descriptor: int, text: bytes) -> int:
        if next(full):
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(descriptor, text[:5])

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", failing)
        with pytest.raises(OSError):
            logs.recover({}, expected(progress("[t] one", "[t] two")))
    logs.flush()

    assert content(tmp_path) == "[t] one\n[t] two\n"


def test_positions_are_there_for_files_that_another_process_wrote(tmp_path: Path) -> None:
    """The first snapshot of a second run records where the first run's text ends."""
    (tmp_path / NAME).write_bytes(b"[t] old\n")

    positions = TextLogs(tmp_path, "app").positions()

    assert positions.keys() == {"training_progress"}
    assert positions["training_progress"].length == 8
    assert isinstance(positions["training_progress"], Position)


@pytest.mark.parametrize("name", ["", "a/b", "../a", "a\0"])
def test_an_application_name_that_is_no_file_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ArgumentError):
        TextLogs(tmp_path, name)
