"""Appending and rotation: every record once, whatever happens to the files."""

import errno
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainmon.storage import log_appender
from trainmon.storage.textlogs import TextLogs
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


@contextmanager
def a_folder() -> Iterator[Path]:
    """A folder for one example of a law."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def content(folder: Path, name: str = NAME) -> str:
    """What a file holds; empty where there is none."""
    path = folder / name
    return path.read_bytes().decode() if path.exists() else ""


@contextmanager
def a_disk(monkeypatch: pytest.MonkeyPatch, write: Callable[[int, bytes], int]) -> Iterator[None]:
    """A disk that takes what `write` takes."""
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", write)
        yield


def test_each_line_goes_to_its_file_and_no_other_file_is_made(tmp_path: Path) -> None:
    logs = TextLogs(tmp_path, "my_app")

    logs.append(
        [(LogFile.GENERAL, "[t] one"), (LogFile.ERRORS, "[t] two\n    more"), (LogFile.GENERAL, "[t] é")]
    )
    logs.close()

    assert content(tmp_path, "my_app.log") == "[t] one\n[t] é\n"
    assert content(tmp_path, "errors.log") == "[t] two\n    more\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["errors.log", "my_app.log"]


def test_a_call_is_one_write_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others that append to the same file cannot get between the lines of a call."""
    writes: list[bytes] = []
    real = os.write

    def counted(descriptor: int, text: bytes) -> int:
        writes.append(text)
        return real(descriptor, text)

    with a_disk(monkeypatch, counted):
        TextLogs(tmp_path, "app").append(progress("[t] one", "[t] two"))

    assert writes == [b"[t] one\n[t] two\n"]


def test_a_log_goes_on_behind_what_is_there(tmp_path: Path) -> None:
    """A torn last line of somebody else gets its line break."""
    (tmp_path / NAME).write_bytes(b"[t] old\n[t] torn")

    TextLogs(tmp_path, "app").append(progress("[t] new"))

    assert content(tmp_path) == "[t] old\n[t] torn\n[t] new\n"


@pytest.mark.parametrize("action", ["unlink", "rename", "replace"])
def test_a_file_that_is_taken_away_is_made_again(tmp_path: Path, action: str) -> None:
    """As `rm`, logrotate and an editor do it."""
    logs = TextLogs(tmp_path, "app")
    logs.append(progress("[t] one"))
    path = tmp_path / NAME
    if action == "unlink":
        path.unlink()
    elif action == "rename":
        path.rename(tmp_path / "old")
    else:
        (tmp_path / "edited").write_bytes(b"[t] edited\n")
        (tmp_path / "edited").replace(path)

    logs.append(progress("[t] two"))

    assert content(tmp_path).endswith("[t] two\n")
    assert ("[t] edited\n" in content(tmp_path)) == (action == "replace")


def test_a_file_that_is_cut_to_nothing_goes_on_from_its_beginning(tmp_path: Path) -> None:
    """Copytruncate must not leave a hole of NULs."""
    logs = TextLogs(tmp_path, "app")
    logs.append(progress("[t] one"))
    os.truncate(tmp_path / NAME, 0)

    logs.append(progress("[t] two"))

    assert content(tmp_path) == "[t] two\n"


def test_a_planted_link_is_not_followed_and_the_other_files_are_written(tmp_path: Path) -> None:
    """The text waits until the link is gone."""
    (tmp_path / NAME).symlink_to(tmp_path / "precious")
    logs = TextLogs(tmp_path, "app")

    with pytest.raises(OSError):
        logs.append([*progress("[t] one"), (LogFile.ERRORS, "[t] two")])
    (tmp_path / NAME).unlink()
    logs.flush()

    assert not (tmp_path / "precious").exists()
    assert content(tmp_path) == "[t] one\n"
    assert content(tmp_path, "errors.log") == "[t] two\n"


@given(records, st.integers(1, 20))
def test_a_disk_that_fails_in_the_middle_gets_only_the_rest_later(texts: list[str], taken: int) -> None:
    """Every second write fails, every other one takes a few bytes only: no byte twice, none missing."""
    with a_folder() as folder, pytest.MonkeyPatch.context() as patch:
        logs, real, calls = TextLogs(folder, "app"), os.write, iter(range(1_000_000))

        def failing(descriptor: int, text: bytes) -> int:
            if next(calls) % 2:
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(descriptor, text[:taken])

        patch.setattr(os, "write", failing)
        for text in texts:
            try:
                logs.append(progress(text))
            except OSError:
                continue  # the text waits
        while logs.pending:
            try:
                logs.flush()
            except OSError:
                continue

        assert content(folder) == "".join(text + "\n" for text in texts)


def test_what_waits_for_a_dead_disk_is_bounded_and_what_is_dropped_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log says in its place how many records it lacks."""
    monkeypatch.setattr(log_appender, "PENDING_LIMIT", 100)
    logs = TextLogs(tmp_path, "app")

    def full(descriptor: int, text: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with a_disk(monkeypatch, full):
        for number in range(30):
            with pytest.raises(OSError):
                logs.append(progress(f"[t] {number:05}"))
    logs.flush()
    logs.append(progress("[t] after"))

    lines = content(tmp_path).splitlines()
    assert logs.dropped == 30 - 10
    assert lines[9:] == [
        "[t] 00009",
        "… 20 records could not be written here, they are in journal.jsonl",
        "[t] after",
    ]


def test_a_file_that_is_full_becomes_the_first_of_the_old_ones(tmp_path: Path) -> None:
    logs = TextLogs(tmp_path, "app", max_log_bytes=20, backup_count=2)

    for number in range(8):
        logs.append(progress(f"[t] {number:04}"))

    assert content(tmp_path) == "[t] 0006\n[t] 0007\n"
    assert content(tmp_path, f"{NAME}.1") == "[t] 0004\n[t] 0005\n"
    assert content(tmp_path, f"{NAME}.2") == "[t] 0002\n[t] 0003\n"
    assert not (tmp_path / f"{NAME}.3").exists()


@given(records, st.integers(1, 60))
def test_rotation_divides_between_records_and_loses_none(texts: list[str], limit: int) -> None:
    """However many come in one call; a file is longer than the limit only where one record is."""
    with a_folder() as folder:
        logs = TextLogs(folder, "app", max_log_bytes=limit, backup_count=20)

        logs.append(progress(*texts))
        logs.append(progress(*texts))

        names = [f"{NAME}.{number}" for number in range(20, 0, -1)] + [NAME]
        files = [text for text in (content(folder, name) for name in names) if text]
        assert "".join(files) == "".join(text + "\n" for text in texts * 2)
        assert all(text.startswith("[") for text in files)
        assert all(len(text.encode()) <= limit or text.count("\n[") == 0 for text in files)


def test_a_rotation_that_fails_costs_no_line(tmp_path: Path) -> None:
    """The caller hears of it; the file grows over its limit."""
    logs = TextLogs(tmp_path, "app", max_log_bytes=10, backup_count=1)
    logs.append(progress("[t] one"))
    (tmp_path / f"{NAME}.1").mkdir()

    with pytest.raises(OSError):
        logs.append(progress("[t] two"))

    assert content(tmp_path) == "[t] one\n[t] two\n"
    assert logs.pending == 0
