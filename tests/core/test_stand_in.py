"""The journal that `trainmon run` keeps for a program that does not, and what is left of it where it was not needed."""

import os
from pathlib import Path

import msgspec
import pytest

from tests.builders import START
from trainmon.calls.logger import TrainLogger
from trainmon.launch import launch as launching
from trainmon.launch.launch import Launch
from trainmon.launch.passthrough import Ended
from trainmon.launch.stand_in import StandIn
from trainmon.meaning.statuses import Status
from trainmon.meaning.verdict import verdict
from trainmon.reading.reader import RunReader
from trainmon.recording import launched
from trainmon.recording.launched import VARIABLE, Announcement
from trainmon.storage.output import newest_lines

DONE = Ended(pid=os.getpid(), status=0, user=0.1, system=0.1, max_rss=1 << 20)


def a_launch(folder: Path, monkeypatch: pytest.MonkeyPatch, *, watched: bool = False) -> Launch:
    """A program whose journal we keep in `folder`, and which has printed a line."""
    for name in ("OPEN_AFTER", "OPEN_LATE"):
        monkeypatch.setattr(launching, name, 0.0)
    launch = Launch(["python", "slow.py"], folder, lambda _: None, lambda _: None, watched=watched)
    launch.started(os.getpid())
    launch.tick()
    launch.printed(b"imports\n")
    return launch


def take_over(launch: Launch, folder: Path) -> None:
    """What a training does in its setup."""
    folder.mkdir(parents=True)
    said = Path(launch.environment({})[VARIABLE]) / f"1{launched.SUFFIX}"
    said.write_bytes(msgspec.json.encode(Announcement(os.getpid(), str(folder))))
    launch.tick()


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_program_that_takes_over_elsewhere_leaves_no_run_where_we_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, taken = tmp_path / "work" / "logs", tmp_path / "runs" / "exp1"
    launch = a_launch(own, monkeypatch)
    recorded = names(own)

    take_over(launch, taken)
    launch.printed(b"epoch 1\n")
    launch.finished(DONE)

    assert "journal.jsonl" in recorded
    assert not (tmp_path / "work").exists()
    assert [line.text for line in newest_lines(taken, 9)] == ["imports", "epoch 1"]
    assert names(taken) == {"exit.json", "output.log"}


def test_what_others_have_put_there_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "logs"
    own.mkdir()
    (own / "output.log").write_text("2026-11-28T18:59:01.000+00:00 an earlier program\n")
    (own / "errors.log").write_text("mine\n")
    launch = a_launch(own, monkeypatch)

    take_over(launch, tmp_path / "exp1")
    launch.finished(DONE)

    assert names(own) == {"errors.log", "output.log"}
    assert [line.text for line in newest_lines(own, 9)] == ["an earlier program"]
    assert [line.text for line in newest_lines(tmp_path / "exp1", 9)] == ["imports"]


def test_a_journal_that_was_there_keeps_its_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "logs"
    logger = TrainLogger(own, machine_every=None)
    logger.log_training_start("m", 1, 1, 1, 0.1, "SGD")
    logger.log_training_end(True)
    logger.close()
    launch = a_launch(own, monkeypatch)

    take_over(launch, tmp_path / "exp1")
    launch.finished(DONE)

    reader = RunReader(own)
    view = reader.poll()
    reader.close()
    assert view.state.configuration is not None
    assert view.state.configuration.model_name == "m"
    assert verdict(view.state, view.evidence, START).status is Status.FINISHED


def test_a_journal_into_which_another_has_recorded_stays(tmp_path: Path) -> None:
    stand_in = StandIn(tmp_path / "logs", os.getpid())
    stand_in.close("finished", None)
    logger = TrainLogger(tmp_path / "logs", machine_every=None)
    logger.log_training_start("m", 1, 1, 1, 0.1, "SGD")
    logger.close()

    stand_in.remove()

    assert {"journal.jsonl", "snapshot.json"} <= names(tmp_path / "logs")


def test_a_screen_that_looks_at_it_is_told_where_to_look_and_of_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    launch = a_launch(tmp_path / "logs", monkeypatch, watched=True)

    take_over(launch, tmp_path / "exp1")
    launch.finished(DONE)

    reader = RunReader(tmp_path / "logs")
    view = reader.poll()
    reader.close()
    found = verdict(view.state, view.evidence, START)
    assert found.status is Status.FINISHED
    assert found.why == f"the program records by itself in {tmp_path / 'exp1'}"


def test_a_folder_that_cannot_be_there_stops_no_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    launch = a_launch(tmp_path / "file" / "logs", monkeypatch)

    take_over(launch, tmp_path / "exp1")
    launch.finished(DONE)

    assert [line.text for line in newest_lines(tmp_path / "exp1", 9)] == ["imports"]
