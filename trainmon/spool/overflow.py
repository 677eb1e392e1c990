"""Lines that could be written nowhere: kept in the process, up to a limit, until the writer thread takes them."""

from collections import deque

MOST = 8 << 20
"""Bytes of lines that are kept."""


class Overflow:
    """For any thread and signal handler; two at once may exceed the limit by a line."""

    def __init__(self) -> None:
        self._lines: deque[bytes] = deque()
        self._room = MOST

    def __len__(self) -> int:
        """How many lines there are."""
        return len(self._lines)

    def add(self, line: bytes) -> bool:
        """Keeps a line; False if there is no room."""
        if len(line) > self._room:
            return False
        self._room -= len(line)
        self._lines.append(line)
        return True

    def take(self) -> list[bytes]:
        """The lines, taken out."""
        lines: list[bytes] = []
        while self._lines:
            lines.append(self._lines.popleft())
        self._room += sum(map(len, lines))
        return lines

    def put_back(self, lines: list[bytes]) -> None:
        """Puts lines that were taken out back to the front, because the storage did not take them."""
        self._room -= sum(map(len, lines))
        self._lines.extendleft(reversed(lines))
