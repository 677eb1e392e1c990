"""What `trainmon run` knows beside waiting: names, batch jobs, and where trainings record."""

import os
import threading
from pathlib import Path

import pytest

from tests.builders import START
from trainmon.launch.launch import name_of, write_exit
from trainmon.recording import launched
from trainmon.storage.exit_file import read_exit
from trainmon.words.exits import ExitRecord


def test_a_command_line_names_the_run() -> None:
    assert name_of(("/usr/bin/python", "train.py", "--lr", "0.1")) == "python train.py --lr 0.1"
    assert len(name_of(("python", "x" * 200))) == 80


def test_an_exit_record_replaces_an_older_one_whole(tmp_path: Path) -> None:
    records = [
        ExitRecord(host="h", pid=pid, launcher=2, started=START, time=START + 1, duration=1.0, status=0)
        for pid in (7, 8)
    ]

    for record in records:
        write_exit(tmp_path, record)

    assert read_exit(tmp_path) == records[1]
    assert [path.name for path in tmp_path.iterdir()] == ["exit.json"]


def test_without_a_launcher_nothing_is_announced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(launched.VARIABLE, raising=False)

    launched.announce(tmp_path / "logs")

    assert launched.announcements(tmp_path) == []


def test_a_training_waits_until_its_launcher_has_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The launcher answers by taking the file away."""
    monkeypatch.setenv(launched.VARIABLE, str(tmp_path))
    thread = threading.Thread(target=launched.announce, args=(tmp_path / "logs",))
    thread.start()
    while not (heard := launched.announcements(tmp_path)):
        continue

    [(path, announcement)] = heard
    waits = thread.is_alive()
    path.unlink()
    thread.join(5.0)

    assert announcement == launched.Announcement(os.getpid(), str(tmp_path / "logs"))
    assert waits
    assert not thread.is_alive()


def test_a_launcher_that_is_gone_holds_up_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(launched.VARIABLE, str(tmp_path / "gone"))

    launched.announce(tmp_path / "logs")

    assert list(tmp_path.iterdir()) == []


def test_a_spawned_worker_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that started it has said it."""
    monkeypatch.setenv(launched.VARIABLE, str(tmp_path))
    monkeypatch.setenv("TRAINMON_WRITER", "{}")

    launched.announce(tmp_path / "logs")

    assert list(tmp_path.iterdir()) == []
