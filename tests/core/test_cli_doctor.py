"""`trainmon doctor`: every subject gets a line, and what does not work is said with its reason."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from trainmon.cli import findings
from trainmon.cli.main import group
from trainmon.paths import JOURNAL
from trainmon.spool import Spool, SpoolHeader

SUBJECTS = (
    "versions", "spool", "dead spools", "log folder", "locks", "disk", "terminal", "characters", "notifications",
    "messages", "GPU", "cgroup", "torch",
)  # fmt: skip


def test_every_subject_has_a_line_and_the_code_is_0(tmp_path: Path) -> None:
    """What is missing keeps nobody from training."""
    result = CliRunner().invoke(group, ["doctor", str(tmp_path / "logs")])

    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert [line[3:18].strip() for line in lines] == list(SUBJECTS)
    assert all(line[0] in "✓!✗" for line in lines)
    assert not (tmp_path / "logs").exists()


def test_the_signs_are_words_where_only_ascii_can_be_written(tmp_path: Path) -> None:
    """Not colour, not a glyph alone."""
    result = CliRunner(charset="ascii").invoke(group, ["doctor", str(tmp_path)])

    assert result.output.isascii()
    assert {line[:2] for line in result.output.splitlines()} <= {"ok", "!!", "no"}


def test_no_shared_memory_is_said_with_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then a killed process loses what its storage had not taken."""
    monkeypatch.setenv("TRAINMON_SPOOL_DIR", str(tmp_path / "none"))

    found = findings.spool()

    assert found.how == "missing"
    assert "No such file" in found.words


def test_a_trial_spool_is_removed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking leaves nothing that a later repair would find."""
    monkeypatch.setenv("TRAINMON_SPOOL_DIR", str(tmp_path))

    found = findings.spool()

    assert found.how in ("well", "limited")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize("kind", ["nfs4", "fuse.sshfs", "lustre", None])
def test_a_file_system_that_tells_nothing_is_polled(kind: str | None) -> None:
    """inotify(7): changes on other hosts are not told."""
    found = findings.notifications(kind)

    assert found.how == "limited"
    assert "polling" in found.words


def test_a_folder_to_come_is_looked_for_above(tmp_path: Path) -> None:
    """The nearest that exists decides what works."""
    assert findings.nearest(tmp_path / "a" / "b") == tmp_path
    assert findings.file_system(tmp_path) is not None


def test_a_dumb_terminal_gets_the_status_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    """Said before somebody wonders why no screen comes."""
    monkeypatch.setattr("trainmon_tui.terminal._is_terminal", lambda _stream: True)

    assert findings.terminal({"TERM": "dumb"}).how == "limited"
    assert findings.terminal({"TERM": "xterm-256color"}).words == "TERM=xterm-256color, 256 colours"


def test_what_dead_processes_left_is_said_with_what_becomes_of_it(tmp_path: Path) -> None:
    """Of runs that can be repaired, and of folders that are gone."""
    (tmp_path / "there").mkdir()
    for name in ("there", "gone"):
        spool = Spool(SpoolHeader(str(tmp_path / name / JOURNAL), None, "a", 1, tmp_path.stat().st_dev))
        spool.open()
        spool.leave()

    found = findings.left_spools()

    assert found.how == "limited"
    repairable, gone = found.words.split("; ")
    assert f"{tmp_path / 'there'}: `trainmon repair FOLDER`" in repairable
    assert f"{tmp_path / 'gone'}: gone, and removed 7 days" in gone


def test_no_dead_spools_are_well() -> None:
    assert findings.left_spools() == findings.Finding("well", "dead spools", "none")


def test_services_are_counted_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINMON_NOTIFY_URLS", "ntfy://secret-topic json://h/secret-token")
    found = findings.messages()
    monkeypatch.setattr("trainmon.notify.readiness.installed", lambda: False)
    missing = findings.messages()

    assert found.how in ("well", "missing")
    assert "secret" not in found.words
    assert missing.how == "missing"
    assert "pip install 'trainmon[notify]'" in missing.words
