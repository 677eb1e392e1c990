"""What the terminal is to show and what it shows already, cell by cell: only the difference is sent.

Textual sends a changed piece of a widget from the widget's left edge, and each run of text with all its colours; a
frame of a few changed numbers takes kilobytes. Here a frame is drawn into cells, and what goes to the terminal is made
from the cells that differ. So it does not matter how many frames were drawn since the last look: a terminal that reads
slowly gets the newest, and never a queue.
"""

import re
from itertools import count

from trainmon_tui.render.safe import cell_width, character_width, is_single
from trainmon_tui.terminal.pens import change

_FRAME = re.compile(r"\x1b\[\d+;\d+H")
"""How a frame begins: with a move to its first cell. Nothing else that Textual writes begins so."""

_TOKEN = re.compile(
    r"\x1b\[([0-9;]+)m([^\x00-\x1f\x7f-\x9f]*)\x1b\[0m"  # text in a pen of its own
    r"|\x1b\[(\d+);(\d+)H"  # a move
    r"|([^\x00-\x1f\x7f-\x9f]+)"  # text in no colour
)

_SHORT_GAP = 4
"""Bytes of equal cells that are sent along rather than jumped over; the jump takes as many."""

MOST_CELLS = 2_000
"""Rows, and cells of a row, that are kept; what lies beyond is not drawn."""


class _Line:
    """One row of cells; a wide character stands in its first cell, and the second is empty."""

    __slots__ = ("pens", "texts")

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.pens: list[str | None] = []

    def widen(self, width: int) -> None:
        """Adds cells that nobody has drawn."""
        missing = width - len(self.texts)
        if missing > 0:
            self.texts += [" "] * missing
            self.pens += [None] * missing

    def cut(self, width: int) -> "_Line":
        """The first cells of it; a wide character of which only one half has room becomes blank."""
        if len(self.texts) <= width:
            return self
        part = _Line()
        part.texts, part.pens = self.texts[:width], self.pens[:width]
        if not self.texts[width]:
            part.texts[-1] = " "
        return part

    def put(self, at: int, cells: list[str], pen: str) -> None:
        """Draws over some cells; a wide character of which one half is drawn over becomes blank."""
        last = at + len(cells)
        self.widen(last)
        texts = self.texts
        if at and not texts[at]:
            texts[at - 1] = " "
        if last < len(texts) and not texts[last]:
            texts[last] = " "
        texts[at:last] = cells
        self.pens[at:last] = [pen] * len(cells)


class Canvas:
    """A screen of cells; made for one thread, or under the lock of its owner."""

    def __init__(self) -> None:
        """Nothing is drawn, and nothing is known of the terminal."""
        self._wanted: list[_Line] = []
        self._shown: list[_Line] = []
        self._touched: set[int] = set()
        self._pen: str | None = None
        self._cursor = (0, 0)
        self._size = (MOST_CELLS, MOST_CELLS)

    def forget(self) -> None:
        """Takes nothing for granted: all is sent again, from the next look on."""
        self._shown = [_Line() for _ in self._wanted]
        self._touched = set(range(len(self._wanted)))
        self._pen = None

    def resize(self, width: int, height: int) -> None:
        """The terminal has this size now, 0 for one that is not known, and may have garbled what it shows.

        What has no room is kept: a terminal that is made smaller and larger again at once gets no new frame.
        """
        self._size = (width or MOST_CELLS, height or MOST_CELLS)
        self.forget()

    def draw(self, data: str) -> bool:
        """Draws a frame; False: this is none.

        Of a frame nothing but text and colours is taken: no other sequence in it can reach the terminal.
        """
        if _FRAME.match(data) is None:
            return False
        x = y = 0
        for pen, text, row, column, bare in _TOKEN.findall(data):
            if row:
                y, x = int(row) - 1, int(column) - 1
                continue
            text = text or bare
            cells = list(text) if is_single(text) else _cells(text)
            if cells and y < MOST_CELLS and x < MOST_CELLS:
                self._line(y).put(x, cells[: MOST_CELLS - x], pen)
                self._touched.add(y)
            x += len(cells)
        self._cursor = (x, y)
        return True

    def _line(self, y: int) -> _Line:
        while len(self._wanted) <= y:
            self._wanted.append(_Line())
            self._shown.append(_Line())
        return self._wanted[y]

    def rows(self) -> list[int]:
        """The rows that may differ from what the terminal shows, from the top."""
        return sorted(self._touched)

    def cursor(self) -> str:
        """The sequence that puts the cursor where the last frame left it; "" where no text is typed.

        The cursor is hidden, but methods of input open their windows there.
        """
        x, y = self._cursor
        return f"\x1b[{y + 1};{x + 1}H" if x or y else ""

    def update(self, y: int) -> str:
        """What makes the terminal show row `y` as it is wanted; it counts as shown from now on."""
        self._touched.discard(y)
        width, height = self._size
        if y >= min(height, len(self._wanted)):
            return ""
        wanted, shown = self._wanted[y].cut(width), self._shown[y]
        shown.widen(len(wanted.texts))
        if wanted.pens == shown.pens and wanted.texts == shown.texts:
            return ""
        cells = zip(count(), wanted.pens, shown.pens, wanted.texts, shown.texts, strict=False)
        different = [
            x for x, pen, before, text, old in cells if (pen != before or text != old) and pen is not None
        ]
        if not different:
            return ""
        parts: list[str] = []
        reached: int | None = None
        for first, last in _stretches(different, wanted):
            parts.append(_move(y, reached, first))
            reached = self._write(parts, y, wanted, first, last)
        shown.texts[:], shown.pens[:] = wanted.texts, wanted.pens
        return "".join(parts)

    def _write(self, parts: list[str], y: int, line: _Line, first: int, last: int) -> int | None:
        """Adds the cells of a stretch; returns where the cursor is then, None where terminals disagree about it."""
        reached: int | None = first
        begin = first
        while begin < last:
            pen = line.pens[begin] or ""
            end = begin + 1
            while end < last and line.pens[end] == pen:
                end += 1
            text = "".join(line.texts[begin:end])
            parts += [_move(y, reached, begin), change(self._pen, pen), text]
            self._pen = pen
            reached = end if is_single(text) else None
            begin = end
        return reached


def _cells(text: str) -> list[str]:
    """One string for each cell that the text takes: a wide character and an empty one, marks with what they sit on."""
    width = cell_width(text)
    cells: list[str] = []
    for character in text:
        taken = character_width(character)
        if cells and (not taken or len(cells) + taken > width):
            # What takes no cell, or is drawn together with the one before, as the second letter of a flag.
            at = len(cells) - 1
            while at and not cells[at]:
                at -= 1
            cells[at] += character
        else:
            cells += [character, *[""] * (taken - 1)]
    return (cells + [" "] * width)[:width]


def _runs(different: list[int]) -> list[tuple[int, int]]:
    """First and one past the last of numbers that follow one another."""
    runs: list[tuple[int, int]] = []
    first = last = different[0]
    for x in different:
        if x > last:
            runs.append((first, last))
            first = last = x
        last += 1
    return [*runs, (first, last)]


def _stretches(different: list[int], line: _Line) -> list[tuple[int, int]]:
    """First and one past the last of the cells that are sent together: whole characters, and short gaps included."""
    found: list[tuple[int, int]] = []
    texts = line.texts
    for first, last in _runs(different):
        while first and not texts[first]:
            first -= 1
        while last < len(texts) and not texts[last]:
            last += 1
        if found and _is_short(line, found[-1][1], first):
            first = found.pop()[0]
        found.append((first, last))
    return found


def _is_short(line: _Line, begin: int, end: int) -> bool:
    """Whether the cells between two stretches cost no more than a jump."""
    if end - begin > _SHORT_GAP:
        return False
    pen = line.pens[begin - 1]
    return all(line.pens[x] == pen for x in range(begin, end)) and (
        end <= begin or len("".join(line.texts[begin:end]).encode()) <= _SHORT_GAP
    )


def _move(y: int, reached: int | None, x: int) -> str:
    """From cell `reached` of row `y`, None from anywhere, to cell `x`, which is not to the left of it."""
    if reached is None:
        return f"\x1b[{y + 1};{x + 1}H"
    return "" if reached == x else f"\x1b[{x - reached}C"
