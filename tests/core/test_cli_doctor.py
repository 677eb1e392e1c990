"""`trainmon doctor`: every subject gets a line, and what does not work is said with its reason."""

import threading
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.core.test_amd_gpu import a_card as an_amd_card
from trainmon.cli import findings, findings_machine
from trainmon.cli.doctor import finding_text
from trainmon.cli.finding import Finding
from trainmon.cli.main import group
from trainmon.facts.readings import GpuReading
from trainmon.spool.spool import Spool
from trainmon.spool.spool_header import SpoolHeader
from trainmon.system.amd_gpu import AmdReader
from trainmon.system.cgroup import CgroupFolders
from trainmon.system.gpu import GpuReader
from trainmon.words.paths import JOURNAL

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
    monkeypatch.setattr("trainmon_tui.terminal.terminal._is_terminal", lambda _stream: True)

    assert findings.terminal({"TERM": "dumb"}).how == "limited"
    assert findings.terminal({"TERM": "xterm", "NO_COLOR": "1"}).words == "TERM=xterm, no colours (NO_COLOR)"
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


def test_in_a_pipe_the_colours_of_the_terminal_are_told_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """`trainmon doctor | less` asks about the terminal as well."""
    monkeypatch.setattr("trainmon_tui.terminal.terminal._is_terminal", lambda _stream: False)

    found = findings.terminal({"TERM": "xterm-256color", "COLORTERM": "truecolor"})

    assert found.how == "limited"
    assert found.words.endswith("the status instead; TERM=xterm-256color, 16 million colours")


class Driver(GpuReader):
    """A driver that says what it is told to."""

    def __init__(self, *cards: GpuReading, note: str | None = None, hangs: bool = False) -> None:
        super().__init__({})
        self.cards, self.note = cards, note
        self.may_answer = threading.Event()
        if not hangs:
            self.may_answer.set()

    def open(self) -> str | None:
        self.may_answer.wait(20.0)
        return self.note

    def sample(self) -> tuple[GpuReading, ...]:
        return self.cards

    def driver(self) -> str | None:
        return "580.95"


def a_card(index: int, *, visible: bool | None = True, state: str | None = None) -> GpuReading:
    return GpuReading(index=index, name="NVIDIA H100", visible=visible, state=state)


def test_gpus_are_counted_by_name_with_their_driver() -> None:
    found = findings_machine.gpu(Driver(a_card(0), a_card(1)), 20.0)

    assert found == Finding("well", "GPU", "2 × NVIDIA H100; driver 580.95")


def test_a_lost_gpu_and_those_that_are_not_ours_are_said() -> None:
    cards = a_card(0), a_card(1, visible=False), a_card(2, visible=False, state="lost")

    found = findings_machine.gpu(Driver(*cards), 20.0)

    assert found.how == "limited"
    assert found.words.endswith("; CUDA_VISIBLE_DEVICES leaves 1 of them; GPU2 lost")


@pytest.mark.parametrize(
    ("note", "how", "words"),
    [
        ("no NVML", "well", "no NVML, the library of NVIDIA's driver, and no card of AMD"),
        ("no GPU", "well", "no GPU"),
        ("no NVML (Insufficient Permissions)", "limited", "no NVML (Insufficient Permissions)"),
    ],
)
def test_a_machine_without_a_driver_is_an_ordinary_one_and_a_broken_one_is_not(
    note: str, how: str, words: str, tmp_path: Path
) -> None:
    found = findings_machine.gpu(Driver(note=note), 20.0, AmdReader({}, tmp_path))

    assert found == Finding(how, "GPU", words)


def test_cards_of_amd_are_found_where_there_is_none_of_nvidia(tmp_path: Path) -> None:
    """As the trainer and the screen find them."""
    an_amd_card(tmp_path, "card0")
    an_amd_card(tmp_path, "card1")

    found = findings_machine.gpu(Driver(note="no NVML"), 20.0, AmdReader({}, tmp_path))

    assert found == Finding("well", "GPU", "2 × AMD INSTINCT MI210; read from the kernel's files")


def test_on_a_terminal_long_lines_are_broken_between_words_and_in_a_pipe_never() -> None:
    head, words = (
        f"{'!':<3}{'dead spools':<15}",
        "1 (18.6 kB) of /runs/a: `trainmon repair FOLDER` takes them in",
    )

    narrow = finding_text(head, words, 60).split("\n")

    assert all(len(line) < 60 for line in narrow)
    assert [line[: len(head)] for line in narrow] == [head, " " * len(head)]
    assert " ".join(line[len(head) :] for line in narrow) == words
    assert finding_text(head, words, None) == finding_text(head, words, 20) == head + words


def test_a_driver_that_hangs_does_not_hang_the_doctor() -> None:
    driver = Driver(hangs=True)

    found = findings_machine.gpu(driver, 0.01)
    driver.may_answer.set()

    assert found.how == "missing"
    assert "has not answered" in found.words


def test_the_limits_of_the_control_group_are_told_with_its_version(tmp_path: Path) -> None:
    """Of version 2, of version 1, and where none can be seen."""
    (tmp_path / "cgroup.controllers").write_text("cpu memory\n")
    (tmp_path / "memory.max").write_text(f"{64 << 30}\n")
    (tmp_path / "memory.current").write_text(f"{16 << 30}\n")
    (tmp_path / "cpu.max").write_text("250000 100000\n")
    one = tmp_path / "one"
    one.mkdir()
    (one / "memory.limit_in_bytes").write_text(f"{8 << 30}\n")
    (one / "memory.usage_in_bytes").write_text("0\n")

    second = findings_machine.limits(CgroupFolders(memory=(tmp_path,), cpu=(tmp_path,)))
    first = findings_machine.limits(CgroupFolders(memory=(one,)))
    none = findings_machine.limits(CgroupFolders())

    assert second.words.startswith("version 2: memory 16.0 of 64.0 GiB, 2.5 CPUs; ")
    assert first.words.startswith("version 1: memory 0.0 of 8.0 GiB, no CPU limit; ")
    assert none.how == "limited"


def test_no_dead_spools_are_well() -> None:
    assert findings.left_spools() == Finding("well", "dead spools", "none")


def test_services_are_counted_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINMON_NOTIFY_URLS", "ntfy://secret-topic json://h/secret-token")
    found = findings.messages()
    monkeypatch.setattr("trainmon.notify.readiness.installed", lambda: False)
    missing = findings.messages()

    assert found.how in ("well", "missing")
    assert "secret" not in found.words
    assert missing.how == "missing"
    assert "pip install 'trainmon[notify]'" in missing.words


def test_a_file_of_addresses_that_others_can_read_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr("trainmon.notify.readiness.installed", lambda: True)
    path = tmp_path / "trainmon" / "config.toml"
    path.parent.mkdir()
    path.write_text('[notify]\nurls = ["ntfy://secret-topic"]\n')
    path.chmod(0o644)
    open_to_all = findings.messages()
    path.chmod(0o600)

    assert open_to_all.how == "limited"
    assert "chmod 600" in open_to_all.words
    assert findings.messages().words.startswith("1 services (ntfy)")
