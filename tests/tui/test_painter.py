"""The painter: nobody waits for the terminal, frames replace one another, and the newest gets there."""

import os
import threading
from collections.abc import Callable, Iterator

import pytest

from trainmon_tui.terminal.painter import MOST_WORDS, PIECE, Painter

ROOM = 65_536
"""Bytes that a pipe holds until it is read."""

Open = Callable[[], tuple[Painter, int]]


def frame(text: str, row: int = 1) -> str:
    return f"\x1b[{row};1H\x1b[31m{text}\x1b[0m\x1b[1;1H"


def read_until(descriptor: int, end: bytes) -> bytes:
    found = b""
    while not found.endswith(end):
        found += os.read(descriptor, ROOM)
    return found


@pytest.fixture
def open_painter() -> Iterator[Open]:
    made: list[tuple[Painter, int, int]] = []

    def open_one() -> tuple[Painter, int]:
        theirs, ours = os.pipe()
        os.set_blocking(ours, False)
        made.append((Painter(ours, "utf-8"), theirs, ours))
        return made[-1][0], theirs

    yield open_one
    for painter, theirs, ours in made:
        painter.end_drawing()
        os.close(theirs)
        assert painter.stop(5.0)
        os.close(ours)


def test_what_is_written_reaches_the_terminal(open_painter: Open) -> None:
    painter, terminal = open_painter()
    painter.start()

    painter.write("\x1b]2;title\x1b\\")
    painter.write(frame("hello"))

    assert b"\x1b]2;title\x1b\\" in read_until(terminal, b"hello")


def test_a_terminal_that_does_not_read_gets_the_newest_and_no_queue_V06(open_painter: Open) -> None:
    painter, terminal = open_painter()
    painter.start()
    for number in range(20_000):
        painter.write(frame(f"{number % 10}" * 100, row=number % 40 + 1))

    painter.write(frame("the newest", row=41))

    assert len(read_until(terminal, b"the newest")) <= ROOM + 3 * PIECE


def test_words_that_nobody_reads_do_not_pile_up(open_painter: Open) -> None:
    painter, _ = open_painter()

    for _ in range(200):
        painter.write(f"\x1b]52;c;{'A' * 1_000}\x07")

    assert sum(map(len, painter._words)) < MOST_WORDS + 1_100


def test_of_titles_that_wait_the_newest_is_sent(open_painter: Open) -> None:
    painter, terminal = open_painter()
    for percent in range(100):
        painter.write(f"\x1b]2;{percent} %\x1b\\")

    painter.start()

    assert read_until(terminal, b"\x1b\\") == b"\x1b]2;99 %\x1b\\"


def test_what_leaving_says_is_written_before_the_end_without_a_colour_and_no_cell_after_it(
    open_painter: Open,
) -> None:
    painter, terminal = open_painter()
    painter.start()
    painter.write(frame("shown"))
    read_until(terminal, b"shown")

    painter.end_drawing()
    painter.write(frame("never"))
    painter.write("\x1b[?1049l")
    assert painter.stop(5.0)

    assert os.read(terminal, ROOM) == b"\x1b[0m\x1b[?1049l"


def test_stopping_gives_up_a_terminal_that_does_not_read(open_painter: Open) -> None:
    painter, _ = open_painter()
    before = set(threading.enumerate())
    painter.start()
    (thread,) = (each for each in set(threading.enumerate()) - before if each.name == "trainmon-painter")
    for row in range(1, 1_200):
        painter.write(frame(f"{row}" * 30, row=row))

    assert not painter.stop(0.05)
    thread.join(20.0)
    assert not thread.is_alive()


def test_one_that_starts_again_sends_what_was_there(open_painter: Open) -> None:
    """As after Ctrl-Z and fg: nobody draws a screen again that did not change."""
    painter, terminal = open_painter()
    painter.start()
    painter.write(frame("there"))
    read_until(terminal, b"there")
    painter.end_drawing()
    assert painter.stop(5.0)

    painter.start()

    assert read_until(terminal, b"there")


def test_frames_of_many_rows_are_shown_at_once_where_the_terminal_can(open_painter: Open) -> None:
    painter, terminal = open_painter()

    painter.write("\x1b[?2026h")
    painter.write("".join(frame("row", row=y) for y in (1, 2)))
    painter.write("\x1b[?2026l")
    painter.start()

    written = read_until(terminal, b"\x1b[?2026l")
    assert written.startswith(b"\x1b[?2026h")


def test_a_terminal_that_is_gone_ends_the_thread(open_painter: Open) -> None:
    painter, terminal = open_painter()
    os.dup2(os.open(os.devnull, os.O_RDONLY), terminal)
    painter.start()

    painter.write(frame("lost"))

    assert painter.stop(5.0)
