"""The stacks of a program as they are drawn; recorded of real programs."""

import pytest

from tests.core.test_stack_words import recorded
from tests.tui.test_injection import PAYLOADS
from trainmon.stacks.stacks import Stack, StackFrame, XRay
from trainmon_tui.render.cells import plain, row_width
from trainmon_tui.widgets.stacks import StacksSlice, content


def text(found: XRay | None, width: int = 80, *, asking: bool = False, ascii_only: bool = False) -> str:
    return plain(content(StacksSlice(found, asking=asking), width, ascii_only))


def test_what_is_likeliest_stands_on_top_and_its_line_is_marked() -> None:
    lines = text(XRay(0.0, 4711, recorded("deadlock"), "faulthandler, signal 47")).split("\n")

    assert lines[0].startswith("waits at `with second:`: a lock?; 1 other thread waits")
    assert any(line.startswith("pid 4711, told by faulthandler") for line in lines)
    (marked,) = [at for at, line in enumerate(lines) if line.startswith("▶")]
    assert "hangs.py:55 in take" in lines[marked]
    assert not any("/usr/lib" in line for line in lines)
    assert lines[marked + 1].strip() == "with second:"


def test_trainmons_own_threads_take_one_line_each_at_the_end() -> None:
    lines = text(XRay(0.0, 4711, recorded("queue"))).rstrip().split("\n")

    assert lines[-1].startswith("trainmon-sync (trainmon): ")
    assert sum("(trainmon)" in line for line in lines) == 2
    assert all("(trainmon)" in line for line in lines[-2:])


@pytest.mark.parametrize("name", ["dataloader", "all_reduce", "subprocess", "interpreter"])
@pytest.mark.parametrize("width", [20, 80, 160])
def test_no_row_is_wider_than_the_panel(name: str, width: int) -> None:
    rows = content(StacksSlice(XRay(0.0, 1, recorded(name))), width, False)

    assert max(map(row_width, rows)) <= width


def test_why_there_is_nothing_is_said_and_so_is_waiting() -> None:
    assert "pid 7 cannot be asked: its process is gone" in text(XRay(0.0, 7, why_not="its process is gone"))
    assert "asking the program" in text(None, asking=True)
    assert text(None) == ""


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_nothing_in_a_stack_reaches_the_terminal_as_it_is(payload: str) -> None:
    """A program may name its threads, functions and files as it likes."""
    frame = StackFrame(payload, 1, payload, payload)
    drawn = text(XRay(0.0, 1, (Stack((frame,), name=payload, main=True),), payload), ascii_only=True)

    assert drawn.isascii()
    assert all(character.isprintable() or character == "\n" for character in drawn)
