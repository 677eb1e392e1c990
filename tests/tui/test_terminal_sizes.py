"""Sizes of the terminal, from nothing to 500x500, and how they change."""

from pathlib import Path
from types import FrameType

import pytest

from tests.builders import a_run
from tests.run_folders import write_run
from tests.tui.terminals import Open
from trainmon_tui.terminal.driver import one_after_another


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_run(tmp_path / "logs", a_run().error())


def test_a_size_that_comes_while_one_is_handed_on_is_handed_on_last_V01() -> None:
    terminal, known = [80], [0]

    def hand_on(number: int, frame: FrameType | None) -> None:
        size = terminal[0]
        while terminal[0] < 83:
            terminal[0] += 1
            handle(number, frame)
        known.append(size)

    handle = one_after_another(hand_on)
    handle(28, None)

    assert known == [0, 80, 83]


@pytest.mark.parametrize("size", [(1, 1), (0, 0), (500, 500)])
def test_any_size_is_survived_from_the_start_and_later_V01(
    folder: Path, open_terminal: Open, size: tuple[int, int]
) -> None:
    terminal = open_terminal(folder, width=size[0], height=size[1])
    terminal.until(lambda: b"\x1b[?1049h" in terminal.output)
    terminal.resize(80, 24)
    terminal.until(lambda: "250/400" in terminal.text)

    terminal.resize(*size)
    terminal.resize(80, 24)
    terminal.screen.reset()

    terminal.until(lambda: "250/400" in terminal.text and "─ loss ─" in terminal.text)


def test_two_hundred_resizes_end_in_a_whole_screen_V01(folder: Path, open_terminal: Open) -> None:
    terminal = open_terminal(folder)
    terminal.until(lambda: "250/400" in terminal.text)

    for step in range(200):
        terminal.resize(1 + step * 7 % 200, 1 + step * 3 % 60)
    terminal.resize(80, 24)
    terminal.screen.reset()

    terminal.until(lambda: "250/400" in terminal.text and "─ loss ─" in terminal.text)
    terminal.until(lambda: "? keys" in terminal.screen.display[-1])


def test_a_resize_repaints(folder: Path, open_terminal: Open) -> None:
    terminal = open_terminal(folder)
    terminal.until(lambda: "250/400" in terminal.text)

    terminal.resize(160, 45)

    terminal.until(lambda: "─ config ─" in terminal.text)
