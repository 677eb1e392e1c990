"""What reaches a real terminal, and how the monitor leaves it."""

import re
import signal
from pathlib import Path

import pytest

from tests.builders import Journal, a_run
from tests.run_folders import write_run
from tests.tui.terminals import Open
from trainmon_tui.visit.memory import Memory

RESTORED = (b"\x1b[0m", b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?1000l", b"\x1b[23;2t")
"""Colours, other screen, cursor, mouse and title are as they were."""

ALLOWED = re.compile(
    rb"\x1b\[[0-9;:?<>=$]*[A-Za-z]|\x1b\[\?\d+\$p|\x1b\[[<>]\d*u|\x1b\]2;[^\x00-\x1f\x7f]*\x1b\\|\x1b\]22;default\x07"
)
"""The sequences that the monitor may send: moves, colours, modes, and the two of its own title and pointer."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_run(tmp_path / "logs", a_run().error())


def test_it_paints_and_quits_on_q(folder: Path, open_terminal: Open) -> None:
    terminal = open_terminal(folder)
    terminal.until(lambda: "250/400" in terminal.text and "─ loss ─" in terminal.text)

    terminal.send("q")

    assert terminal.wait() == 0
    assert all(sequence in terminal.output for sequence in RESTORED)


def test_runs_to_compare_with_stand_in_the_chart_from_the_beginning(
    folder: Path, open_terminal: Open, tmp_path: Path
) -> None:
    other = write_run(tmp_path / "baseline", a_run(90))

    terminal = open_terminal(folder, width=160, compare=[other])

    terminal.until(lambda: "a baseline" in terminal.text or " a 0.9" in terminal.text)
    terminal.send("q")
    assert terminal.wait() == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_restores_the_terminal_and_is_the_exit_code_V04(
    folder: Path, open_terminal: Open, number: signal.Signals
) -> None:
    terminal = open_terminal(folder)
    terminal.until(lambda: "250/400" in terminal.text)

    terminal.signal(number)

    assert terminal.wait() == 128 + number
    assert all(sequence in terminal.output for sequence in RESTORED)


@pytest.mark.parametrize("ignore_hangup", [False, True])
def test_a_terminal_that_vanished_is_left_V04(folder: Path, open_terminal: Open, ignore_hangup: bool) -> None:
    """With SIGHUP ignored, as under nohup, Textual alone would spin for ever."""
    terminal = open_terminal(folder, ignore_hangup=ignore_hangup)
    terminal.until(lambda: "250/400" in terminal.text)

    terminal.hang_up()

    assert terminal.wait() == 128 + signal.SIGHUP


@pytest.mark.parametrize("how", ["quit", "signal", "vanished"])
def test_what_was_set_is_kept_however_the_monitor_ends(
    folder: Path, open_terminal: Open, tmp_path: Path, how: str
) -> None:
    """A connection that breaks is how most people leave."""
    state = tmp_path / "state"
    terminal = open_terminal(folder, variables={"XDG_STATE_HOME": str(state)})
    terminal.until(lambda: "250/400" in terminal.text)
    terminal.send_when_quiet("l")
    terminal.until(lambda: "log y " in terminal.text)

    match how:
        case "quit":
            terminal.send("q")
        case "signal":
            terminal.signal(signal.SIGTERM)
        case _:
            terminal.hang_up()
    terminal.wait()

    assert Memory(folder, state / "trainmon").of_run(folder).log_y


def test_a_signal_is_obeyed_while_nobody_reads_the_terminal_V06(folder: Path, open_terminal: Open) -> None:
    """The loop is stuck in a write then, and no handler of it would ever run."""
    terminal = open_terminal(folder, width=200, height=60)
    terminal.until(lambda: "250/400" in terminal.text)
    terminal.send("t" * 20)
    terminal.signal(signal.SIGTERM)

    assert terminal.wait() == 128 + signal.SIGTERM


def test_q_is_obeyed_while_nobody_reads_the_terminal_and_it_is_restored_V06_V07(
    folder: Path, open_terminal: Open
) -> None:
    """What it has not read yet gives way to what restores it, and the shell finds it as it was."""
    terminal = open_terminal(folder, width=200, height=60)
    terminal.until(lambda: "250/400" in terminal.text)
    terminal.send("t" * 20)
    terminal.send("q")

    assert terminal.wait_unread() == 0
    terminal.wait()
    assert all(sequence in terminal.output for sequence in RESTORED)


def test_what_came_while_nobody_read_the_terminal_is_there_when_somebody_does_V06(
    folder: Path, open_terminal: Open
) -> None:
    terminal = open_terminal(folder, width=200, height=60)
    terminal.until(lambda: "250/400" in terminal.text)
    terminal.send("t" * 20)

    write_run(folder, a_run(400).error())

    terminal.until(lambda: "400/400" in terminal.text)


def test_ctrl_z_gives_the_terminal_back_and_fg_paints_again_V07(folder: Path, open_terminal: Open) -> None:
    terminal = open_terminal(folder)
    terminal.until(lambda: "250/400" in terminal.text)

    terminal.send_when_quiet("\x1a")
    terminal.until_stopped()
    assert all(sequence in terminal.output for sequence in RESTORED)
    terminal.screen.reset()
    terminal.signal(signal.SIGCONT)

    terminal.until(lambda: "250/400" in terminal.text and "─ loss ─" in terminal.text)
    terminal.send_when_quiet("q")
    assert terminal.wait() == 0


def test_a_folder_that_is_not_there_is_waited_for_and_shown_once_it_is(
    tmp_path: Path, open_terminal: Open
) -> None:
    terminal = open_terminal(tmp_path / "logs")
    terminal.until(lambda: "WAITING" in terminal.text)

    write_run(tmp_path / "logs", a_run(120))

    terminal.until(lambda: "120/400" in terminal.text)


def test_the_title_is_set(folder: Path, open_terminal: Open) -> None:
    terminal = open_terminal(folder)
    terminal.until(lambda: "250/400" in terminal.text)

    terminal.until(lambda: "\x1b]2;● running 62 % DemoModel\x1b\\".encode() in terminal.output)


def test_no_byte_of_a_log_reaches_the_terminal_as_a_control_S01_P10(
    tmp_path: Path, open_terminal: Open
) -> None:
    payload = "\x1b]52;c;cHduZWQ=\x07\x1b]0;pwned\x1b\\\x9b31m\x1b[?1049l\x1bP+q\x1b\\\u202e\x07\x08"
    journal = Journal().opened(host=payload).started(payload, git=payload, config={payload: payload})
    journal.steps(30, metrics={payload: 1.0}).checkpoint(30, payload).error(
        payload, traceback=payload
    ).warned(payload)
    terminal = open_terminal(write_run(tmp_path / "logs", journal), width=160, height=45)
    terminal.until(lambda: "30/400" in terminal.text)

    terminal.send("4")
    terminal.until(lambda: "1 of" in terminal.text or "errors 1" in terminal.text)
    terminal.send("q")
    terminal.wait()

    left = ALLOWED.sub(b"", terminal.output)
    assert b"pwned" in left
    assert not re.search(rb"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80\xae", left)


def test_watching_writes_nothing_into_the_folder_P9(folder: Path, open_terminal: Open) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in (folder, *folder.iterdir())}
    terminal = open_terminal(folder)
    terminal.until(lambda: "250/400" in terminal.text)
    terminal.send("q")

    assert terminal.wait() == 0
    assert {path.name: path.stat().st_mtime_ns for path in (folder, *folder.iterdir())} == before


def test_m_hands_the_mouse_to_the_terminal_and_takes_it_back(folder: Path, open_terminal: Open) -> None:
    """With the mouse reported to the monitor, neither tmux nor the terminal can select text."""
    terminal = open_terminal(folder)
    terminal.until(lambda: "250/400" in terminal.text)

    terminal.send_when_quiet("m")
    terminal.until(lambda: b"\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l" in terminal.output)
    terminal.until(lambda: "MOUSE OFF [m]" in terminal.text)
    terminal.send_when_quiet("m")
    terminal.until(lambda: b"l\x1b[?1000h\x1b[?1003h\x1b[?1015h\x1b[?1006h" in terminal.output)
    terminal.until(lambda: "MOUSE OFF" not in terminal.text)


def test_what_the_charts_were_set_to_is_there_again_and_the_users_theme_and_view_too(
    folder: Path, open_terminal: Open, tmp_path: Path
) -> None:
    homes = {"XDG_CONFIG_HOME": str(tmp_path / "config"), "XDG_STATE_HOME": str(tmp_path / "state")}
    first = open_terminal(folder, width=160, height=45, variables=homes)
    first.until(lambda: "250/400" in first.text)
    first.send_when_quiet("l")
    first.until(lambda: "log y" in first.text)
    first.send_when_quiet("q")
    assert first.wait() == 0
    (tmp_path / "config" / "trainmon").mkdir(parents=True)
    (tmp_path / "config" / "trainmon" / "config.toml").write_text('view = "errors"\ntheme = "trainmon-day"\n')

    second = open_terminal(folder, width=160, height=45, variables=homes)

    second.until(lambda: "RuntimeError" in second.text and "─ loss ─" not in second.text)
    second.send_when_quiet("1")
    second.until(lambda: "─ loss ─" in second.text)
    assert "log y" in second.text.split("─ loss ─")[1].split("\n")[0]
    assert b"48;2;255;255;255" in second.output


def test_a_folder_with_a_single_run_below_it_shows_that_run(folder: Path, open_terminal: Open) -> None:
    terminal = open_terminal(folder.parent)

    terminal.until(lambda: "250/400" in terminal.text)

    terminal.send_when_quiet("q")
    assert terminal.wait() == 0


def test_a_folder_of_several_runs_begins_with_their_list_and_remembers_the_open_one(
    tmp_path: Path, open_terminal: Open
) -> None:
    for name, steps in (("a", 110), ("b", 120), ("c", 130)):
        write_run(tmp_path / "runs" / name, a_run(steps))
    variables = {"XDG_STATE_HOME": str(tmp_path / "state")}
    first = open_terminal(tmp_path / "runs", variables=variables)
    first.until(lambda: "─ runs ─" in first.text and "32.5 %" in first.text)
    first.send_when_quiet("\x1b[H\x1b[B\r")
    first.until(lambda: "120/400" in first.text)
    first.send_when_quiet("q")
    first.wait()

    again = open_terminal(tmp_path / "runs", variables=variables)
    again.until(lambda: "─ runs ─" in again.text and "32.5 %" in again.text)
    again.send_when_quiet("\r")
    again.until(lambda: "120/400" in again.text)

    again.send_when_quiet("q")
    assert again.wait() == 0
