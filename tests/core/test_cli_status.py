"""`trainmon status` as a command: what it prints, its exit code, and what it does not import."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.builders import Journal, a_run
from tests.run_folders import environment, trainmon, write_run
from trainmon.cli.main import group

HEAVY = ("textual", "rich", "psutil", "pynvml", "asyncio", "watchfiles", "torch", "logging", "trainmon_tui")


def status(*arguments: str) -> Result:
    return CliRunner().invoke(group, ["status", *arguments])


def test_a_finished_run_is_told_with_code_0(tmp_path: Path) -> None:
    """The headline says what became of it."""
    run = write_run(tmp_path / "logs", a_run().ended())

    result = status(str(run))

    assert result.exit_code == 0
    assert result.output.startswith("DemoModel  ✔ FINISHED")


def test_a_failed_run_is_told_with_its_cause_and_code_5(tmp_path: Path) -> None:
    """The cause stands in the first line."""
    failed = a_run().error().ended(success=False, reason="failed", error="RuntimeError: shapes")
    run = write_run(tmp_path / "logs", failed)

    result = status(str(run))

    assert result.exit_code == 5
    assert "FAILED  RuntimeError: shapes" in result.output.splitlines()[0]


def test_a_deadline_is_written_as_people_do(tmp_path: Path) -> None:
    """What is none leaves with code 2 and says what would be one."""
    run = write_run(tmp_path / "logs", a_run())

    wrong = status(str(run), "--deadline", "soonish")

    assert json.loads(status(str(run), "--deadline", "2030-01-01 00:00", "--json").output)["schema"] == 1
    assert wrong.exit_code == 2
    assert "'soonish' is no moment such as +8h" in wrong.output


def test_no_run_is_one_sentence_and_code_6(tmp_path: Path) -> None:
    """Looking makes nothing."""
    result = status(str(tmp_path / "none"))

    assert result.exit_code == 6
    assert result.output == f"no run in {tmp_path / 'none'}: no training has started here\n"
    assert not (tmp_path / "none").exists()


def test_the_folder_is_logs_where_none_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a training records that was told nothing."""
    write_run(tmp_path / "logs", a_run().ended())
    monkeypatch.chdir(tmp_path)

    assert status().exit_code == 0


def test_one_line_is_one_line(tmp_path: Path) -> None:
    """For a status bar."""
    run = write_run(tmp_path / "logs", a_run().ended())

    result = status("--oneline", str(run))

    assert result.output.count("\n") == 1
    assert result.output.startswith("✔ finished  250/400")


def test_json_has_the_same_exit_code_as_the_text(tmp_path: Path) -> None:
    """A script may use either."""
    run = write_run(tmp_path / "logs", Journal().opened().started().progress(1, "NaN").ended())

    result = status("--json", str(run))

    assert result.exit_code == 4
    assert json.loads(result.output)["exit_code"] == 4


def test_json_and_oneline_exclude_each_other(tmp_path: Path) -> None:
    """Wrong usage is 2."""
    assert status("--json", "--oneline", str(tmp_path)).exit_code == 2


def test_a_stream_that_takes_only_ascii_gets_ascii(tmp_path: Path) -> None:
    """`LC_ALL=C`, cron, old job logs."""
    run = write_run(tmp_path / "logs", a_run().ended())

    done = trainmon("status", str(run), PYTHONIOENCODING="ascii")

    assert done.returncode == 0
    assert done.stdout.startswith("DemoModel  = FINISHED")
    assert done.stdout.isascii()


def test_it_imports_nothing_heavy(tmp_path: Path) -> None:
    """150 ms are the budget; each of these alone would take a good part of it."""
    run = write_run(tmp_path / "logs", a_run().ended())
    program = (
        "import sys; from trainmon.cli.main import run; code = run(sys.argv[1:]); "
        f"print(sorted(set(sys.modules) & set({HEAVY!r})), file=sys.stderr); sys.exit(code)"
    )

    done = subprocess.run(
        [sys.executable, "-c", program, "status", str(run)],
        capture_output=True, text=True, timeout=60, env=environment(), check=False,
    )  # fmt: skip

    assert (done.returncode, done.stderr) == (0, "[]\n")


def test_watch_without_a_terminal_says_why_and_prints_the_status(tmp_path: Path) -> None:
    """In a pipe there is nothing to draw on."""
    run = write_run(tmp_path / "logs", a_run().ended())

    done = trainmon("watch", str(run))

    assert done.returncode == 0
    assert "DemoModel  ✔ FINISHED" in done.stdout
    assert "not a terminal" in done.stderr


def test_watch_compares_with_three_runs_and_says_so_of_more(tmp_path: Path) -> None:
    run = write_run(tmp_path / "logs", a_run().ended())

    done = trainmon("watch", str(run), *["--compare", str(run)] * 4)

    assert done.returncode == 2
    assert "expected at most 3 folders, got 4" in done.stderr
