"""The last output, as text."""

from tests.builders import START, a_run
from trainmon.storage.output import OutputLine
from trainmon_tui.render.cells import plain, row_width
from trainmon_tui.widgets.output import OutputSlice, rows

LINES = tuple(OutputLine(START + number, f"epoch {number}") for number in range(8))


def text(
    lines: tuple[OutputLine, ...], *, over: bool = False, height: int = 4, ascii_only: bool = False
) -> str:
    piece = OutputSlice(lines, over, START + 10, 0)
    drawn = rows(piece, 60, height, ascii_only)
    assert len(drawn) <= height
    assert max(map(row_width, drawn)) <= 60
    return plain(drawn)


def test_the_newest_lines_are_there_with_their_times_the_newest_last() -> None:
    drawn = text(LINES)

    assert drawn.split("\n")[0].startswith("─ last output ─")
    assert "3s ago" in drawn
    assert [line.strip() for line in drawn.split("\n")[1:]] == [
        "23:41:12 epoch 5", "23:41:13 epoch 6", "23:41:14 epoch 7",
    ]  # fmt: skip


def test_in_one_row_the_newest_line_stands_with_its_time() -> None:
    assert text(LINES, height=1).rstrip() == "out   23:41:14 epoch 7"


def test_after_the_end_it_says_that_nothing_follows() -> None:
    assert text(LINES, over=True).rstrip().endswith("(nothing after this)")


def test_a_line_without_a_time_a_hostile_one_and_a_huge_one_take_one_row_each() -> None:
    drawn = text((OutputLine(None, "\x1b]52;c;x\x07"), OutputLine(START, "x" * 100_000)))

    assert "␛]52;c;x␇" in drawn
    assert len(drawn.split("\n")) == 3


def test_with_ascii_nothing_else_is_drawn() -> None:
    assert text((OutputLine(START, "modèle ✖"),), ascii_only=True).isascii()


def test_the_sight_of_a_run_without_kept_output_has_none() -> None:
    assert a_run(5).sight().output == ()
