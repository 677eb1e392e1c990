"""The lines of what a program prints: bars that are drawn over tell how far they are, and push nothing else out."""

from hypothesis import example, given
from hypothesis import strategies as st

from tests.builders import START
from trainmon.storage.drawing import LONGEST, REDRAWN_EVERY, STILL, UNFINISHED, Drawing

PARTS = [b"a", b"bc", b"\n", b"\r", b"\r\n", b"\x1b[A", b"\x1b[2A", b"\x1b[K", b"\x1b[31m", b"\x1b"]


def texts(drawing: Drawing, *printed: bytes, every: float = 0.1) -> list[str]:
    """What is given of something that is printed piece after piece, the end included."""
    found: list[bytes] = []
    now = START
    for piece in printed:
        found += [text for _, text in drawing.add(piece, now)]
        now += every
    return [text.decode() for text in (*found, *(text for _, text in drawing.close(now)))]


def bar(name: str, done: int) -> bytes:
    """As tqdm draws it."""
    return f"\r{name}: {done:3}%|{'#' * (done // 10):10}|".encode()


def test_lines_come_as_they_end_and_empty_ones_stay() -> None:
    assert texts(Drawing(), b"one\r\ntw", b"o\n\nthree\r", b"\nfour") == ["one", "two", "", "three", "four"]


def test_of_a_bar_a_shape_is_given_every_few_seconds_and_the_last_one_once() -> None:
    """The end of the line gives no second one of the same shape, and its beginning no empty line."""
    drawing = Drawing()
    drawing.add(b"loading\n", START - 60.0)

    found = texts(
        drawing, *(bar("epoch 1", done) for done in range(100)), bar("epoch 1", 100) + b"\n", b"done\n"
    )

    assert [text[:14] for text in (found[0], *found[-2:])] == ["epoch 1:   0%|", "epoch 1: 100%|", "done"]
    assert [text[:9] for text in found[:-1]] == ["epoch 1: "] * (len(found) - 1)
    assert 3 <= len(found) <= 5


def test_a_bar_that_seldom_moves_is_given_in_its_newest_shape() -> None:
    """And not in the one before, up to a minute old: with the time at which it was drawn."""
    drawing = Drawing()
    drawing.add(bar("slow", 0), START)
    drawing.add(bar("slow", 10), START + 60.0)

    found = drawing.rest(START + 61.0)

    assert found == [(START + 60.0, b"slow:  10%|#         |")]
    assert drawing.rest(START + 90.0) == []


def test_a_line_that_has_no_end_yet_is_given_once_it_stands_still_and_again_when_it_is_whole() -> None:
    """What a program that hangs said last has often no end."""
    drawing = Drawing()
    drawing.add(b"start\ncompiling kernels...", START)

    early = drawing.rest(START + REDRAWN_EVERY + UNFINISHED - 1.5)
    late = drawing.rest(START + REDRAWN_EVERY + UNFINISHED)
    again = drawing.rest(START + 60.0)
    whole = drawing.add(b" done\n", START + 61.0)

    assert [early, again] == [[], []]
    assert [text for _, text in late + whole] == [b"compiling kernels...", b"compiling kernels... done"]


def test_a_counter_without_a_pause_is_given_too_and_never_grows() -> None:
    """A loop that prints its number over and over, thousands of times a second."""
    drawing = Drawing()
    found: list[bytes] = []

    for number in range(24_000):
        found += [
            text for _, text in drawing.add(b"\rstep %d of a training" % number, START + number / 2_000)
        ]

    assert found == [b"step 19999 of a training"]
    assert len(drawing.close(START + 12)[0][1]) < 30


def test_bars_below_each_other_are_given_together_and_seldom() -> None:
    """An inner bar of tqdm goes down to its row and back up at each step."""
    drawing = Drawing()
    printed = [bar("epochs", 0)]
    for done in range(1, 100):
        printed.append(b"\n" + bar("inner", done) + b"\x1b[A")
        printed += [bar("epochs", done // 10)] if done % 10 == 0 else []

    found = texts(drawing, *printed)

    assert len(found) < 10
    assert found[0].startswith("epochs:   0%")
    assert found[-1].startswith("inner:  99%")
    assert any(text.startswith("epochs:   9%") for text in found)
    assert not any("\x1b" in text for text in found)


def test_a_block_that_is_drawn_over_gives_each_row_that_changed() -> None:
    """As rich does it: back to the first row, each erased and written again."""
    first = b"\x1b[32mtrain\x1b[0m 0\r\nvalid 0\r\nspeed 5"
    drawn = [
        b"\r\x1b[2K\x1b[1A\x1b[2K\x1b[1A\x1b[2K\x1b[32mtrain\x1b[0m %d\r\nvalid 0\r\nspeed 5" % step
        for step in range(1, 60)
    ]

    found = texts(Drawing(), first, *drawn, b"\r\ndone\r\n")

    assert found[:2] == ["\x1b[32mtrain\x1b[0m 0", "valid 0"]
    assert found[-2:] == ["\x1b[32mtrain\x1b[0m 59", "done"]
    assert found.count("valid 0") == 1
    assert found.count("speed 5") == 1
    assert len(found) == 6


def test_a_bar_that_is_wiped_away_leaves_nothing() -> None:
    found = texts(Drawing(), bar("x", 10), b"\r" + b" " * 18 + b"\r", b"epoch 1 loss 0.5\n")

    assert found == ["epoch 1 loss 0.5"]


def test_a_drawing_that_is_read_in_two_parts_is_given_whole() -> None:
    drawing = Drawing()
    drawing.add(b"\r10 %", START)
    drawing.add(b"\r20", START + 1.0)

    found = drawing.add(b" %", START + 1.0 + STILL / 2) + drawing.rest(START + 1.0 + REDRAWN_EVERY)

    assert [text for _, text in found] == [b"20 %"]


def test_a_line_without_end_is_cut_and_loses_nothing() -> None:
    found = texts(Drawing(), b"x" * (2 * LONGEST + 5))

    assert [len(text) for text in found] == [LONGEST, LONGEST, 5]


@given(
    st.lists(st.sampled_from(PARTS)),
    st.lists(st.integers(1, 5), max_size=60),
)
@example(parts=[b"\x1b", b"\n", b"a"], cuts=[1, 1])
def test_how_output_is_cut_into_reads_changes_nothing(parts: list[bytes], cuts: list[int]) -> None:
    """A terminal gives what it has."""
    data, pieces = b"".join(parts), list[bytes]()
    rest = data
    for cut in cuts:
        pieces.append(rest[:cut])
        rest = rest[cut:]

    assert texts(Drawing(), *pieces, rest, every=0.0) == texts(Drawing(), data, every=0.0)


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_no_bytes_are_too_strange(pieces: list[bytes]) -> None:
    """And no line is given twice without a change in between."""
    drawing = Drawing()
    for number, piece in enumerate(pieces):
        drawing.add(piece, START + 10.0 * number)

    drawing.close(START)

    assert drawing.close(START) == []
