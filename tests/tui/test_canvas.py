"""The canvas: whatever was drawn, and however often one looked, the terminal shows the last frame."""

import pyte
from hypothesis import given
from hypothesis import strategies as st

from trainmon_tui.terminal.canvas import Canvas

WIDTH, HEIGHT = 24, 5

PENS = ("1;38;2;9;8;7;48;2;1;1;1", "38;2;9;8;7;48;2;1;1;1", "31", "7;48;5;17", "4")

TEXTS = st.text(
    st.sampled_from("ab ─⣿█▏…é中👍が\u0301\u0308"), min_size=1, max_size=WIDTH
).filter(lambda text: text[0] not in "\u0301\u0308")  # fmt: skip


@st.composite
def frames(draw: st.DrawFn) -> str:
    """A frame as Textual sends it: moves, and runs of text with all their colours."""
    parts = []
    for _ in range(draw(st.integers(1, 4))):
        parts.append(f"\x1b[{draw(st.integers(1, HEIGHT))};{draw(st.integers(1, WIDTH))}H")
        parts += [
            f"\x1b[{draw(st.sampled_from(PENS))}m{text}\x1b[0m"
            for text in draw(st.lists(TEXTS, min_size=1, max_size=3))
        ]
    return "".join(parts)


def blank() -> str:
    """A frame that covers the screen, as the first one does."""
    return "".join(f"\x1b[{y};1H\x1b[{PENS[0]}m{' ' * WIDTH}\x1b[0m" for y in range(1, HEIGHT + 1))


def update(canvas: Canvas) -> str:
    return "".join([canvas.update(y) for y in canvas.rows()])


def a_terminal() -> tuple[pyte.Screen, pyte.Stream]:
    screen = pyte.Screen(WIDTH, HEIGHT)
    stream = pyte.Stream(screen)
    stream.feed("\x1b[?7l")
    return screen, stream


def cells(screen: pyte.Screen) -> list[list[object]]:
    return [[screen.buffer[y][x] for x in range(WIDTH)] for y in range(HEIGHT)]


NARROW = frames().filter(lambda frame: not any(character in frame for character in "中👍が\u0301\u0308"))


@given(shown=st.lists(st.lists(NARROW, min_size=1, max_size=3), max_size=4))
def test_the_terminal_shows_what_the_frames_alone_would_have_shown(shown: list[list[str]]) -> None:
    """Between two looks any number of frames may have been drawn."""
    canvas = Canvas()
    canvas.resize(WIDTH, HEIGHT)
    thrifty, thrifty_stream = a_terminal()
    plain, plain_stream = a_terminal()

    for batch in [[blank()], *shown]:
        for frame in batch:
            assert canvas.draw(frame)
            plain_stream.feed(clipped(frame))
        thrifty_stream.feed(update(canvas))

        assert cells(thrifty) == cells(plain)
        assert update(canvas) == ""


def clipped(frame: str) -> str:
    """The frame without what lies beyond the right margin, where terminals without wrapping heap it up."""
    canvas = Canvas()
    canvas.resize(WIDTH, HEIGHT)
    canvas.draw(frame)
    return update(canvas)


@given(shown=st.lists(frames(), max_size=4), last=frames())
def test_what_is_sent_bit_by_bit_ends_as_what_is_sent_at_once(shown: list[str], last: str) -> None:
    """Wide characters and marks included: half of one that is drawn over takes the other half with it."""
    canvas = Canvas()
    canvas.resize(WIDTH, HEIGHT)
    screen, stream = a_terminal()
    for frame in [blank(), *shown, last]:
        canvas.draw(frame)
        stream.feed(update(canvas))
    again, again_stream = a_terminal()

    canvas.forget()
    again_stream.feed(update(canvas))

    assert cells(screen) == cells(again)


def test_only_the_cells_that_differ_are_sent() -> None:
    canvas = Canvas()
    canvas.draw(f"\x1b[3;5H\x1b[{PENS[0]}mstep 1,041 of 9,000\x1b[0m")
    update(canvas)

    canvas.draw(f"\x1b[3;5H\x1b[{PENS[0]}mstep 1,042 of 9,000\x1b[0m")

    assert update(canvas) == "\x1b[3;14H2"


def test_a_frame_that_changes_nothing_is_no_byte() -> None:
    canvas = Canvas()
    canvas.draw(blank())
    update(canvas)

    canvas.draw(blank())

    assert update(canvas) == ""


def test_nothing_in_a_frame_but_text_and_colours_reaches_the_terminal_S01() -> None:
    """What a panel let through by mistake ends here."""
    canvas = Canvas()

    assert canvas.draw("\x1b[1;1H\x1b[31ma\x1b]52;c;cHduZWQ=\x07b\x9b31m\x1b[?1049l\x07\x1b[0m")

    sent = update(canvas)
    assert "\x07" not in sent
    assert "\x9b" not in sent
    assert "\x1b]" not in sent
    assert "\x1b[?" not in sent


def test_what_is_no_frame_is_not_drawn() -> None:
    canvas = Canvas()

    assert not canvas.draw("\x1b[?1049h")
    assert not canvas.draw("\x1b]2;title\x1b\\")
    assert canvas.rows() == []


def test_a_smaller_terminal_is_sent_nothing_beyond_its_edge_V01() -> None:
    """There it would heap up in the last column."""
    canvas = Canvas()
    canvas.resize(WIDTH, HEIGHT)
    canvas.draw(blank())
    update(canvas)

    canvas.resize(10, 2)

    assert update(canvas).count(" ") == 20


def test_one_that_is_smaller_for_a_moment_only_gets_all_again_V01() -> None:
    """It lost what it showed, and Textual draws nothing when the size is what it was."""
    canvas = Canvas()
    canvas.resize(WIDTH, HEIGHT)
    canvas.draw(blank())
    first = update(canvas)
    canvas.resize(10, 2)
    update(canvas)

    canvas.resize(WIDTH, HEIGHT)

    assert update(canvas) == first


def test_half_of_a_wide_character_is_not_sent_V01() -> None:
    canvas = Canvas()
    canvas.resize(3, 1)

    canvas.draw(f"\x1b[1;1H\x1b[{PENS[0]}mab中\x1b[0m")

    assert update(canvas).endswith("ab ")
