"""`sacct` is asked in a thread, again while it knows nothing, and never waited for; a script stands in its place."""

import os
import threading
import time
from pathlib import Path

import pytest

from trainmon.system.slurm import AGAIN_AFTER, Accounts

LIMIT = 10.0


@pytest.fixture
def sacct(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `sacct` on the path that notes its arguments and prints `answer`."""
    program = tmp_path / "sacct"
    program.write_text(f'#!/bin/sh\ncd {tmp_path}\necho "$@" >> asked\n[ -p hold ] && cat hold\ncat answer\n')
    program.chmod(0o755)
    (tmp_path / "answer").write_text("7|TIMEOUT|0:0|TimeLimit\n")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path


def asked(folder: Path) -> int:
    return len((folder / "asked").read_text().splitlines()) if (folder / "asked").exists() else 0


def answer(folder: Path) -> None:
    """Waits until it was asked, and has it answer: it holds its answer back where there is a pipe for that."""
    os.close(os.open(folder / "hold", os.O_WRONLY))


def test_the_answer_comes_with_a_later_look(sacct: Path) -> None:
    os.mkfifo(sacct / "hold")
    accounts = Accounts()

    first = accounts.look("slurm 7", 0.0)
    answer(sacct)
    accounts.wait(LIMIT)
    second = accounts.look("slurm 7", 1.0)
    accounts.look("slurm 7", 100.0)

    assert first is None
    assert second is not None
    assert second.state == "TIMEOUT"
    assert asked(sacct) == 1
    assert "--jobs 7 --parsable2 --noheader" in (sacct / "asked").read_text()


def test_a_database_that_is_behind_is_asked_again_after_a_while(sacct: Path) -> None:
    (sacct / "answer").write_text("7|RUNNING|0:0|\n")
    accounts = Accounts()

    for now in (0.0, 1.0, AGAIN_AFTER + 1.0):
        assert accounts.look("slurm 7", now) is None
        accounts.wait(LIMIT)

    assert asked(sacct) == 2


def test_one_that_hangs_holds_up_nobody(sacct: Path) -> None:
    os.mkfifo(sacct / "hold")
    accounts = Accounts()

    began = time.monotonic()
    for now in range(200):
        assert accounts.look("slurm 7", float(now)) is None
    took = time.monotonic() - began
    answer(sacct)
    assert accounts.wait(LIMIT)

    assert took < LIMIT / 2
    assert asked(sacct) == 1


@pytest.mark.parametrize("job", [None, "", "pbs 7", "slurm ", "slurm 7;rm", "slurm -h"])
def test_only_numbers_of_slurm_are_asked_for(sacct: Path, job: str | None) -> None:
    accounts = Accounts()

    assert accounts.look(job, 0.0) is None
    assert not accounts.wait(0.0)
    assert asked(sacct) == 0


def test_where_there_is_no_sacct_nothing_is_started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    before = set(threading.enumerate())
    accounts = Accounts()

    assert accounts.look("slurm 7", 0.0) is None
    assert set(threading.enumerate()) <= before


def test_another_job_is_another_question(sacct: Path) -> None:
    accounts = Accounts()
    accounts.look("slurm 7", 0.0)
    accounts.wait(LIMIT)

    assert accounts.look("slurm 7", 1.0) is not None
    assert accounts.look("slurm 8", 2.0) is None
