"""The demo as a process: it ends as it was told to, and `trainmon status` says what became of it.

Everything here waits for something that is certain to come (an end, a line of the journal), never for a time.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.run_folders import REPOSITORY, environment, trainmon
from trainmon.cli.demo import farewell
from trainmon.launch.ending import end
from trainmon.storage.exit_file import read_exit
from trainmon.storage.output import newest_lines
from trainmon.words.paths import JOURNAL

FAST = ("--backend", "python", "--speed", "0", "--epochs", "2", "--steps", "20")

PATIENCE = 90.0
"""Seconds after which a process that should have done something is called stuck."""


@contextmanager
def demo(
    folder: Path, *options: str, more: Mapping[str, str] | None = None
) -> Iterator["subprocess.Popen[bytes]"]:
    """The demo trains into a folder; it is gone when the block is left."""
    child = subprocess.Popen(
        [sys.executable, str(REPOSITORY / "demo_train.py"), "--log-dir", str(folder), *options],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env=environment(**(more or {})),
    )  # fmt: skip
    try:
        yield child
    finally:
        child.kill()
        child.wait()


def wait_for(child: "subprocess.Popen[bytes]", folder: Path, words: bytes) -> None:
    """Until the journal holds the words."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        path = folder / JOURNAL
        if path.exists() and words in path.read_bytes():
            return
        assert child.poll() is None, f"the demo ended with {child.returncode}"
        # Nobody tells us of a line: the kernel's notifications would be what is under test elsewhere.
        time.sleep(0.02)
    pytest.fail(f"no {words!r} in the journal")


def test_a_demo_that_finishes_is_told_as_finished(tmp_path: Path) -> None:
    """Real losses, validations and checkpoint files; exit code 0."""
    folder = tmp_path / "run"

    with demo(folder, *FAST) as child:
        assert child.wait(PATIENCE) == 0
    told = trainmon("status", str(folder), "--json")

    found = json.loads(told.stdout)
    assert (told.returncode, found["status"]) == (0, "finished")
    assert (found["progress"]["run_step"], found["progress"]["fraction"]) == (40, 1.0)
    assert found["checkpoint"]["there"] is True
    assert found["best"]["metric"] == "loss"
    assert found["records"] == {"missing": 0, "refused": 0, "damaged": 0, "begins_at": None}
    assert found["errors"] == 0


@pytest.mark.parametrize("backend", ["python", "torch"])
def test_a_demo_that_fails_is_told_with_its_cause(tmp_path: Path, backend: str) -> None:
    """The words of the network's own exception, and where it was."""
    if backend == "torch":
        pytest.importorskip("torch")
    folder = tmp_path / "run"

    with demo(folder, *FAST, "--backend", backend, "--fail-at", "30") as child:
        assert child.wait(PATIENCE) == 1
    told = trainmon("status", str(folder))

    assert told.returncode == 5
    assert "FAILED" in told.stdout.splitlines()[0]
    assert "shapes cannot be multiplied" in told.stdout.splitlines()[0]
    assert "29/40 steps" in told.stdout
    assert "9 steps since the newest checkpoint" in told.stdout


def test_a_demo_whose_loss_is_not_finite_is_told_with_code_4(tmp_path: Path) -> None:
    """While it goes on."""
    folder = tmp_path / "run"

    with demo(folder, *FAST, "--nan-at", "10", "--stall-at", "13") as child:
        wait_for(child, folder, b'"loss":"NaN"')
        told = trainmon("status", str(folder), "--json")

    assert told.returncode == 4
    assert json.loads(told.stdout)["progress"]["loss"] == "NaN"


def test_a_script_waits_for_a_validation_and_for_the_end_of_a_training(tmp_path: Path) -> None:
    """`trainmon wait` as a process beside the training; it may begin before the run folder is there."""
    folder = tmp_path / "run"

    with demo(folder, *FAST, "--speed", "200") as child:
        validated = trainmon("wait", str(folder), "--until", "val_loss < 9 or dead", "--timeout", "50s")
        never = trainmon("wait", str(folder), "--until", "val_loss > 1e9", "--timeout", "0.2s")
        done = trainmon("wait", str(folder), "--until", "done or dead", "--timeout", "50s")
        child.wait(PATIENCE)

    assert (validated.returncode, never.returncode, done.returncode) == (0, 124, 0)
    assert ", val_loss 0." in validated.stdout
    assert done.stdout.rstrip().partition(": ")[2].startswith("finished, step 40")


def test_alerts_and_the_deadline_of_a_training_are_on_record(tmp_path: Path) -> None:
    """The NaN losses are over within half a second, and the run soon after; whoever comes later finds the alert."""
    folder = tmp_path / "run"
    options = ("--backend", "python", "--speed", "40", "--epochs", "1", "--steps", "120", "--nan-at", "10")

    with demo(folder, *options, more={"TRAINMON_DEADLINE": "+1s"}) as child:
        child.wait(PATIENCE)

    told = trainmon("tail", str(folder), "--no-follow", "--kind", "alert").stdout
    assert "critical nan loss " in told
    assert "deadline ends " in told
    assert "Alert (critical): nan - loss " in (folder / "gradio_app.log").read_text()


def test_a_killed_demo_ended_without_a_word_and_loses_no_record(tmp_path: Path) -> None:
    """`kill -9`: nothing of ours runs any more, and still every step that was done is told."""
    folder = tmp_path / "run"

    with demo(folder, *FAST, "--stall-at", "30") as child:
        wait_for(child, folder, b'"step":29')
        child.send_signal(signal.SIGKILL)
        child.wait(PATIENCE)
        told = trainmon("status", str(folder))

    assert told.returncode == 5
    assert "ENDED WITHOUT A WORD" in told.stdout
    assert "29/40 steps" in told.stdout
    assert "none lost" in told.stdout


def test_repair_leaves_a_living_demo_alone_and_mends_a_dead_one(tmp_path: Path) -> None:
    """Busy first; after the kill the text log has every step."""
    folder = tmp_path / "run"

    with demo(folder, *FAST, "--stall-at", "30") as child:
        wait_for(child, folder, b'"step":29')
        busy = trainmon("repair", str(folder))
        child.send_signal(signal.SIGKILL)
        child.wait(PATIENCE)
    mended = trainmon("repair", str(folder))

    assert (busy.returncode, mended.returncode) == (5, 0)
    assert not (folder / "busy").exists()
    assert (folder / "training_progress.log").read_text().count("Phase: training") == 29


def test_ending_the_demo_is_recorded_as_an_interruption(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It gets the signal of Ctrl-C first, and so has time to say its end."""
    monkeypatch.setattr("trainmon.launch.ending.PATIENCE", PATIENCE)
    folder = tmp_path / "run"

    with demo(folder, *FAST, "--stall-at", "30") as child:
        wait_for(child, folder, b'"step":29')
        end(child)
        told = trainmon("status", str(folder))

    assert child.returncode == 130
    assert told.returncode == 5
    assert "INTERRUPTED" in told.stdout


def test_the_demo_command_follows_it_as_lines_to_its_end(tmp_path: Path) -> None:
    """Without a terminal; what the demo prints is in its run folder."""
    folder = tmp_path / "run"

    done = trainmon("demo", "--plain", "--log-dir", str(folder), *FAST)

    assert done.returncode == 0
    assert "the demo trains (pid " in done.stdout
    assert "✔ FINISHED" in done.stdout
    assert newest_lines(folder, 1)[0].text.startswith("epoch 2/2")
    assert newest_lines(folder, 1)[0].time is not None


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (None, "still trains: `trainmon watch demo_logs` shows it, `kill 4711` ends it"),
        (0, "has finished: `trainmon watch demo_logs` shows it again"),
        (130, "was ended: `trainmon watch demo_logs` shows how far it came"),
        (1, "ended with exit code 1; its output: demo_logs/output.log"),
    ],
)
def test_after_the_screen_it_is_said_what_became_of_the_demo(code: int | None, words: str) -> None:
    """An end that the user asked for must not read like a failure."""
    assert farewell(code, 4711, Path("demo_logs")) == f"the demo {words}"


def test_a_demo_that_fails_before_its_training_is_not_told_by_the_run_before_it(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with demo(folder, *FAST) as child:
        assert child.wait(PATIENCE) == 0
    (folder / "checkpoints" / "SpiralNet_epoch_003.json").write_text("{")

    told = trainmon("demo", "--plain", "--log-dir", str(folder), *FAST, "--resume")

    assert told.returncode == 5
    assert "a later start in this folder ended with exit status 1" in told.stdout


def test_the_demo_command_refuses_what_the_demo_does_not_understand(tmp_path: Path) -> None:
    """Before anything is started or written."""
    done = trainmon("demo", "--log-dir", str(tmp_path / "run"), "--speed", "fast")

    assert done.returncode == 2
    assert "--speed" in done.stderr
    assert not (tmp_path / "run").exists()


def test_the_demo_command_does_not_start_a_second_one_in_the_same_folder(tmp_path: Path) -> None:
    """It would record in a folder inside, where the screen does not look."""
    folder = tmp_path / "run"

    with demo(folder, *FAST, "--stall-at", "3") as child:
        wait_for(child, folder, b'"step":2')
        done = trainmon("demo", "--plain", "--log-dir", str(folder), *FAST)

    assert done.returncode == 2
    assert f"pid {child.pid}" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_demo_ends_with_the_command_that_started_it(tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C, a closed terminal, a kill: no training is left behind."""
    folder = tmp_path / "run"
    line = [
        sys.executable,
        "-m",
        "trainmon",
        "demo",
        "--plain",
        "--log-dir",
        str(folder),
        *FAST,
        "--stall-at",
        "3",
    ]
    with subprocess.Popen(
        line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    ) as command:
        try:
            wait_for(command, folder, b'"step":2')
            os.kill(command.pid, number)
            _, said = command.communicate(timeout=PATIENCE)
        finally:
            command.kill()
    told = trainmon("status", str(folder), "--json")

    assert command.returncode == 128 + number
    assert b"Traceback" not in said
    exit_ = read_exit(folder)
    assert exit_ is not None
    assert signal.SIGINT in exit_.forwarded
    assert json.loads(told.stdout)["status"] == "interrupted"
