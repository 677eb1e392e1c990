"""The command line as a whole: help, version, exit codes, and how it leaves."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from tests.run_folders import environment, trainmon
from trainmon.cli import main
from trainmon.cli.output import RUN_FOLDER
from trainmon.version import __version__


@pytest.mark.parametrize("name", main.COMMANDS)
def test_every_command_says_what_it_does_with_an_example_and_its_exit_codes(name: str) -> None:
    """A person at a terminal needs no manual."""
    result = CliRunner().invoke(main.group, [name, "--help"])

    assert result.exit_code == 0
    assert "Example:" in result.output
    assert f"trainmon {name}" in result.output
    assert "Exit codes" in result.output


def test_the_help_lists_every_command() -> None:
    """In the order in which a newcomer needs them."""
    result = CliRunner().invoke(main.group, ["--help"])

    positions = [result.output.index(f"\n  {name}") for name in main.COMMANDS]
    assert positions == sorted(positions)
    assert "Example:" in result.output


def test_a_command_that_is_not_there_is_wrong_usage() -> None:
    """Nothing is imported by a name from the command line."""
    result = CliRunner().invoke(main.group, ["output"])

    assert result.exit_code == 2


def test_the_version_is_said() -> None:
    """By the console script and by `python -m trainmon` alike."""
    done = trainmon("--version")

    assert (done.returncode, done.stdout.strip()) == (0, f"trainmon, version {__version__}")


def test_ctrl_c_leaves_with_130_and_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As shells have it: 128 and the number of SIGINT."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(main.group, "invoke", interrupted)

    assert main.run(["status"]) == 128 + signal.SIGINT
    assert "Traceback" not in capsys.readouterr().err


def test_wrong_usage_is_2_and_goes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    """So that a pipe never takes it for a status."""
    assert main.run(["status", "--nonsense"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "--nonsense" in said.err


@pytest.mark.parametrize("name", ["journal.jsonl", "training_progress.log"])
def test_a_file_of_a_run_stands_for_its_folder(tmp_path: Path, name: str) -> None:
    """`trainmon watch logs/journal.jsonl` would wait for ever for a folder of that name."""
    (tmp_path / "journal.jsonl").touch()
    (tmp_path / name).touch()

    assert RUN_FOLDER.convert(tmp_path / name, None, None) == tmp_path
    assert RUN_FOLDER.convert(tmp_path / "not yet", None, None) == tmp_path / "not yet"


def test_a_file_of_no_run_is_wrong_usage(tmp_path: Path) -> None:
    """It never becomes a run folder."""
    (tmp_path / "notes.txt").touch()

    result = CliRunner().invoke(main.group, ["status", str(tmp_path / "notes.txt")])

    assert result.exit_code == 2
    assert "notes.txt is a file, and a run is recorded in a folder" in result.output


def test_a_sentence_of_ours_is_1(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """What click calls an exception is said as one line."""

    def failing(*_: object, **__: object) -> None:
        raise click.ClickException("no disk")

    monkeypatch.setattr(main.group, "invoke", failing)

    assert main.run(["status"]) == 1
    assert capsys.readouterr().err == "Error: no disk\n"


def test_a_reader_that_went_away_ends_it_quietly() -> None:
    """`trainmon doctor | head -1` shows no complaint of the interpreter."""
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "trainmon", "doctor"],
            stdin=subprocess.DEVNULL, stdout=write, stderr=subprocess.PIPE, env=environment(), timeout=60, check=False,
        )  # fmt: skip
    finally:
        os.close(write)

    assert (done.returncode, done.stderr) == (141, b"")


def test_an_output_that_is_full_is_said_in_a_sentence() -> None:
    """`trainmon status > file` on a full disk: no traceback, and a code that says it failed."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "trainmon", "--help"],
            stdout=full, stderr=subprocess.PIPE, env=environment(), timeout=60, check=False,
        )  # fmt: skip

    assert done.returncode == 1
    assert done.stderr == b"trainmon: the output cannot be written: No space left on device\n"
