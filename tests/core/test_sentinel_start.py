"""Who asks for a sentinel gets one for the run, or one line that says why not; the training goes on either way."""

from pathlib import Path

import pytest

from tests.conftest import OpenLogger
from tests.receivers import nobody
from trainmon.notify.rules import VARIABLE
from trainmon.system import sentinel_start


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders for which a sentinel was started, instead of starting it."""
    found: list[Path] = []

    def start(folder: Path, **_options: object) -> bool:
        found.append(folder)
        return True

    monkeypatch.setattr(sentinel_start, "start", start)
    monkeypatch.setattr("trainmon.notify.readiness.installed", lambda: True)
    monkeypatch.setenv(VARIABLE, nobody())
    return found


def test_nobody_gets_one_who_does_not_ask(open_logger: OpenLogger, started: list[Path]) -> None:
    open_logger()

    assert started == []


@pytest.mark.parametrize("by", ["argument", "1", "true"])
def test_one_is_started_for_the_folder_that_is_recorded_in(
    open_logger: OpenLogger, started: list[Path], monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    """In a busy folder that is one inside."""
    if by != "argument":
        monkeypatch.setenv(sentinel_start.VARIABLE, by)

    first = open_logger(sentinel=by == "argument")
    second = open_logger(sentinel=by == "argument")

    assert started == [first.folder, second.folder]
    assert first.folder != second.folder


def test_ranks_above_0_leave_it_to_rank_0(open_logger: OpenLogger, started: list[Path]) -> None:
    open_logger(rank=3, sentinel=True)

    assert started == []


def test_that_nobody_can_be_told_is_said_once_and_the_training_goes_on(
    open_logger: OpenLogger,
    started: list[Path],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("trainmon.notify.readiness.installed", lambda: False)

    logger = open_logger(sentinel=True)
    logger.log_training_progress(1, 1, 1, 0.5)

    said = capfd.readouterr().err
    assert said.count("no sentinel") == 1
    assert "pip install 'trainmon[notify]'" in said
    assert started == []
    monkeypatch.setenv(VARIABLE, "")
    open_logger(logger.folder.parent / "other", sentinel=True)
    assert "no service is configured" in capfd.readouterr().err


def test_where_it_cannot_be_started_that_is_said(
    open_logger: OpenLogger,
    monkeypatch: pytest.MonkeyPatch,
    started: list[Path],
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sentinel_start, "start", lambda *_folder, **_options: False)

    open_logger(sentinel=True)

    assert "no sentinel: it cannot be started" in capfd.readouterr().err
