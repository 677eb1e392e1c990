"""What a terminal can do, and what it is sent then: colours, characters, or the plain status."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders import a_run
from tests.run_folders import environment, write_run
from tests.tui.terminals import PROGRAM, Open


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_run(tmp_path / "logs", a_run().error())


@pytest.mark.parametrize("variables", [{"TERM": "dumb"}, {"TERM": ""}])
def test_a_terminal_that_cannot_draw_gets_the_plain_status_V02(
    folder: Path, open_terminal: Open, variables: dict[str, str]
) -> None:
    terminal = open_terminal(folder, variables=variables)

    assert terminal.wait() == 0
    assert "plain status of logs" in terminal.text
    assert b"\x1b[" not in terminal.output


def test_a_pipe_gets_the_plain_status_on_standard_output_V02(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder)],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, env=environment(), check=False,
    )  # fmt: skip

    assert done.returncode == 0
    assert done.stdout == "plain status of logs\n"
    assert "not a terminal" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "variables", [{"PYTHONIOENCODING": "ascii"}, {"PYTHONIOENCODING": "latin-1"}, {"TERM": "linux"}]
)
def test_where_braille_cannot_be_written_only_ascii_is_V03(
    folder: Path, open_terminal: Open, variables: dict[str, str]
) -> None:
    terminal = open_terminal(folder, variables=variables)
    terminal.until(lambda: "250/400" in terminal.text and "- loss -" in terminal.text)
    terminal.send("\x10")
    terminal.until(lambda: "1 Overview" in terminal.text)
    terminal.send("theme")
    terminal.until(lambda: "Change the current theme" in terminal.text and "1 Overview" not in terminal.text)
    terminal.send("\r")
    terminal.until(lambda: "dracula" in terminal.text)
    terminal.send("\x1b")
    terminal.until(lambda: "dracula" not in terminal.text)
    terminal.send_when_quiet("q")

    assert terminal.wait() == 0
    assert terminal.output.isascii()


def colours(output: bytes) -> set[bytes]:
    """The colours that were asked for, each as its parameters."""
    asked = b";".join(re.findall(rb"\x1b\[([0-9;]+)m", output))
    return set(re.findall(rb"[34]8;2;\d+;\d+;\d+|[34]8;5;\d+|\b(?:[349]|10)[0-7]\b", asked))


def test_without_colour_all_is_grey_and_status_and_marks_are_still_said(
    folder: Path, open_terminal: Open
) -> None:
    terminal = open_terminal(folder, variables={"NO_COLOR": "1"})

    terminal.until(lambda: "● RUNNING" in terminal.text and "─ loss ─" in terminal.text)

    seen = colours(terminal.output)
    assert seen
    assert all(len(set(colour.split(b";")[2:])) == 1 for colour in seen), seen


@pytest.mark.parametrize("term", ["screen", "linux", "xterm-16color"])
def test_a_terminal_of_sixteen_colours_is_sent_no_others(
    folder: Path, open_terminal: Open, term: str
) -> None:
    terminal = open_terminal(folder, variables={"TERM": term, "COLORTERM": ""})

    terminal.until(lambda: "RUNNING" in terminal.text and " loss " in terminal.text)

    seen = colours(terminal.output)
    assert seen
    assert not any(colour.startswith((b"38;", b"48;")) for colour in seen), seen


def test_a_terminal_of_256_colours_as_over_ssh_is_sent_its_palette(folder: Path, open_terminal: Open) -> None:
    terminal = open_terminal(folder, variables={"COLORTERM": ""})

    terminal.until(lambda: "RUNNING" in terminal.text and "─ loss ─" in terminal.text)

    seen = colours(terminal.output)
    assert seen
    assert all(colour.startswith((b"38;5;", b"48;5;")) for colour in seen), seen


@pytest.mark.parametrize("variables", [{"LC_ALL": "C"}, {"LC_ALL": "POSIX", "LANG": ""}])
def test_the_c_locale_is_utf_8_for_python_so_charts_are_drawn_in_full_V03(
    folder: Path, open_terminal: Open, variables: dict[str, str]
) -> None:
    terminal = open_terminal(folder, variables=variables)

    terminal.until(lambda: "250/400" in terminal.text and "─ loss ─" in terminal.text)


def test_without_a_keyboard_the_plain_status_is_printed_V02(folder: Path) -> None:
    """Standard input is /dev/null, as under cron or nohup, though standard error is a terminal."""
    ours, theirs = os.openpty()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=theirs, timeout=60, env=environment(), check=False,
    )  # fmt: skip
    os.close(theirs)
    os.close(ours)

    assert done.returncode == 0
    assert done.stdout == b"plain status of logs\n"
