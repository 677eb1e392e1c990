"""The lines of what a program prints, also where it draws over them: a progress bar, or several below each other.

The one thing to know: a few rows are followed as a terminal would show them. A line is given when it ends; a row that
is drawn over, in the shape in which it stood, now and then and at its end. So ten drawings a second of a bar push
nothing else out of a file of bounded size.
"""

import re
from collections import deque

LONGEST = 16 << 10
"""Bytes of a line; the rest of a longer one begins another."""

REDRAWN_EVERY = 5.0
"""Seconds between two shapes that are given of what has no end yet."""

STILL = 0.05
"""Seconds in which nothing came, after which a drawing is whole: a terminal may give it in two parts."""

UNFINISHED = 1.0
"""The same for a line that is not drawn over and just has no end yet, such as `compiling...`."""

ROWS = 64
"""Rows that a program may go back to."""

_CONTROL = re.compile(rb"[\r\n]|\x1b\[(\d*)([A-HJKf])")
"""What moves the cursor or erases; colours stay in the text."""

_TORN = re.compile(rb"\x1b(\[\d*)?\Z")
"""The beginning of such a sequence, at the end of what was read."""

_COLOURS = re.compile(rb"\x1b\[[0-9;:]*m")

Line = tuple[float, bytes]
"""Unix seconds, and a line without its end."""


class _Row:
    """A row of the screen."""

    __slots__ = ("given", "over", "text")

    def __init__(self) -> None:
        self.text = b""
        self.given: bytes | None = None
        """In which shape it was given; None: not at all."""
        self.over = False
        """It has been drawn over."""

    def shape(self) -> bytes:
        return self.text.rstrip() if self.over else self.text

    def is_new(self) -> bool:
        """Whether there is something to be seen that was not given."""
        return self.text != self.given and bool(_COLOURS.sub(b"", self.text).strip())


class Drawing:
    """What a program prints, in any cut; for one thread."""

    def __init__(self) -> None:
        """Nothing was printed yet."""
        self._rows = deque((_Row(),), maxlen=ROWS)
        self._up = 0
        """Rows from the last one up to the cursor."""
        self._at_start = True
        """The cursor stands at the beginning of its row."""
        self._drew_over = False
        """A row has perhaps another shape than it was given in."""
        self._torn = b""
        self._changed: float | None = None
        """When something came last; None: never."""
        self._given = 0.0

    def add(self, data: bytes, now: float) -> list[Line]:
        """Takes what came at Unix time `now`, and gives the lines that ended, or that have stood until then."""
        if self._changed is None:
            self._given = now
        found = self.rest(now)
        self._changed = now
        data = self._torn + data
        torn = _TORN.search(data)
        self._torn = torn[0] if torn is not None else b""
        data = (data[: torn.start()] if torn is not None else data).replace(b"\r\n", b"\n")
        begin = 0
        for control in _CONTROL.finditer(data):
            self._write(data[begin : control.start()], found, now)
            begin = control.end()
            if control[0] == b"\n":
                self._end(found, now)
            else:
                self._obey(control[2] or control[0], control[1] or b"")
        self._write(data[begin:], found, now)
        return found

    def rest(self, now: float) -> list[Line]:
        """What stands without an end and was not given for a while; to be called now and then while nothing comes."""
        if self._changed is None or now - self._given < REDRAWN_EVERY:
            return []
        still = now - self._changed
        # Of what never stands still something is given, too.
        is_whole = still >= (STILL if self._rows[-1 - self._up].over else UNFINISHED)
        return self._all(self._changed) if is_whole or now - self._given >= 2 * REDRAWN_EVERY else []

    def close(self, now: float) -> list[Line]:
        """What stands and was not given; nothing more comes."""
        return self._all(now)

    def _all(self, at: float) -> list[Line]:
        found: list[Line] = []
        for row in self._rows:
            if row.is_new():
                self._give(row, found, at)
        self._drew_over = False
        return found

    def _give(self, row: _Row, found: list[Line], at: float) -> None:
        found.append((at, row.shape()))
        row.given = row.text
        self._given = at

    def _write(self, text: bytes, found: list[Line], now: float) -> None:
        if not text:
            return
        row = self._rows[-1 - self._up]
        if self._at_start:
            # What is longer below a new drawing is taken to be erased, as all who draw bars do.
            row.over = row.over or bool(row.text) or row.given is not None
            row.text, self._at_start = text, False
            self._drew_over = self._drew_over or row.over
        else:
            row.text += text
        while len(row.text) > LONGEST:
            found.append((now, row.text[:LONGEST]))
            row.text = row.text[LONGEST:]

    def _end(self, found: list[Line], now: float) -> None:
        """The cursor goes to the beginning of the next row, which may be there already."""
        self._at_start = True
        if self._up:
            self._up -= 1
            return
        if self._drew_over:
            found += self._all(now)
        ended = self._rows[-1]
        if ended.text != ended.given and not ended.over:
            self._give(ended, found, now)
        self._rows.append(_Row())

    def _obey(self, what: bytes, number: bytes) -> None:
        if what == b"A":
            self._up = min(self._up + int(number[:4] or b"1"), len(self._rows) - 1)
        elif what == b"B":
            self._up = max(0, self._up - int(number[:4] or b"1"))
        elif what == b"K":
            if self._at_start or number == b"2":
                row = self._rows[-1 - self._up]
                row.text, row.over = b"", row.over or bool(row.text)
        elif what == b"\r" or (what == b"G" and number in (b"", b"0", b"1")):
            self._at_start = True
