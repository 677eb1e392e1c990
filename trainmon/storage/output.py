"""What a program printed, with the time before each line: `output.log` in the run folder, bounded, and read back.

What is drawn over, as progress bars are, is kept in its last shape, and now and then while it lasts: see
`trainmon.storage.drawing`. Secrets are masked line by line. Lines hold bytes of a stranger: whoever shows them makes
them visible first.
"""

import os
import re
from collections import deque
from datetime import datetime
from pathlib import Path

import msgspec

from trainmon.storage import journal
from trainmon.storage.drawing import Drawing, Line
from trainmon.system.private_files import make_folder, open_append
from trainmon.words.paths import OUTPUT
from trainmon.words.secrets import mask_text

MOST_BYTES = 16 << 20
"""Bytes of a file before the next is begun."""

KEPT = 2
"""Older files that are kept: in all 48 MiB."""

WAITING = 1 << 20
"""Bytes kept in memory until the run folder is known."""

TAIL = 256 << 10
"""Bytes read from the end to show the newest lines."""

_STAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d) (.*)", re.DOTALL)
_COLOURS = re.compile(r"\x1b\[[0-9;:]*[A-Za-z]")
"""Sequences that only change colours or move the cursor; what else a terminal obeys stays, and is made visible."""


class OutputLine(msgspec.Struct, frozen=True):
    """A line that a program printed."""

    time: float | None
    """Unix seconds when its end came; None where the file has no time for it."""
    text: str
    """Without colours; untrusted."""


class OutputLog:
    """Keeps what a program prints; for one thread. What the storage refuses is counted, and nobody waits for it."""

    def __init__(self, *, most_bytes: int = MOST_BYTES) -> None:
        """Keeps it in memory until `settle` says where it goes."""
        self.lost = 0
        """Bytes of lines that could not be kept."""
        self._most_bytes = most_bytes
        self._path: Path | None = None
        self._descriptor = -1
        self._size = 0
        self._began = 0
        """Where in the file that which we wrote begins."""
        self._whole = True
        """All of that is in this one file."""
        self._drawing = Drawing()
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0

    def settle(self, folder: Path) -> None:
        """Writes to that folder from now on, first what has waited.

        Raises:
            OSError: The file cannot be opened; it goes on waiting in memory.
        """
        make_folder(folder)
        path = folder / OUTPUT
        descriptor = open_append(path)
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._path, self._descriptor = path, descriptor
        self._size = os.fstat(self._descriptor).st_size
        waiting, self._waiting, self._waiting_bytes = self._waiting, deque(), 0
        self._began, self._whole = self._size, True
        self._write(b"".join(waiting))

    def take_back(self) -> bool:
        """Takes what was written since `settle` back into memory, for another folder; False: it stays where it is.

        It stays where it is too much to be kept in memory, and where the file is not as we left it.
        """
        path, length = self._path, self._size - self._began
        if path is None or self._descriptor < 0 or not self._whole or length > WAITING:
            return False
        try:
            with path.open("rb") as file:
                file.seek(self._began)
                written = file.read(length + 1)
            if len(written) != length:
                return False
            if self._began:
                os.ftruncate(self._descriptor, self._began)
            else:
                path.unlink()
        except OSError:
            return False
        os.close(self._descriptor)
        self._path, self._descriptor = None, -1
        if written:
            self._wait(written)
        return True

    def add(self, data: bytes, now: float) -> None:
        """Takes what came at Unix time `now`, lines in any cut."""
        self._keep(self._drawing.add(data, now))

    def rest(self, now: float) -> None:
        """Keeps what has stood for a while without an end; to be called now and then while nothing comes."""
        self._keep(self._drawing.rest(now))

    def close(self, now: float) -> None:
        """Keeps the last line, which had no end."""
        self._keep(self._drawing.close(now))
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _keep(self, lines: list[Line]) -> None:
        if lines:
            self._write(b"".join(_stamped(time, text) for time, text in lines))

    def _write(self, data: bytes) -> None:
        if self._descriptor < 0:
            self._wait(data)
            return
        try:
            if self._size >= self._most_bytes:
                self._rotate()
            self._size += os.write(self._descriptor, data)
        except OSError:
            self.lost += len(data)

    def _wait(self, data: bytes) -> None:
        self._waiting.append(data)
        self._waiting_bytes += len(data)
        while self._waiting_bytes > WAITING:
            oldest = self._waiting.popleft()
            self._waiting_bytes -= len(oldest)
            self.lost += len(oldest)

    def _rotate(self) -> None:
        path = self._path
        if path is None:
            return
        for number in range(KEPT, 0, -1):
            older = path.with_name(f"{path.name}.{number - 1}") if number > 1 else path
            if older.exists():
                older.replace(path.with_name(f"{path.name}.{number}"))
        fresh = open_append(path)
        os.close(self._descriptor)
        self._descriptor, self._size, self._whole = fresh, 0, False


def _stamped(time: float, text: bytes) -> bytes:
    at = datetime.fromtimestamp(time).astimezone().isoformat(timespec="milliseconds")
    masked = mask_text(text.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
    return at.encode() + b" " + masked + b"\n"


def newest_lines(folder: Path, most: int) -> list[OutputLine]:
    """The newest lines that a program printed, oldest first, at most `most`; none where nothing was kept."""
    try:
        descriptor = journal.open_shared(folder / OUTPUT)
    except OSError:
        return []
    try:
        size = os.fstat(descriptor).st_size
        data = os.pread(descriptor, TAIL, max(0, size - TAIL))
    except OSError:
        return []
    finally:
        os.close(descriptor)
    lines = data.split(b"\n")
    # The first is torn unless the whole file was read; behind the last line end stands nothing, or a torn line.
    whole = lines[1 if size > TAIL else 0 : -1]
    return [_parse(line) for line in whole[-most:]] if most > 0 else []


def plain_line(line: str) -> str:
    """A line of the file with the time of day alone before it, and without colours; untrusted text."""
    found = _STAMP.fullmatch(line)
    return _COLOURS.sub("", line if found is None else f"{found[1][11:19]} {found[2]}")


def _parse(line: bytes) -> OutputLine:
    text = line.decode("utf-8", "replace")
    found = _STAMP.fullmatch(text)
    if found is None:
        return OutputLine(None, _COLOURS.sub("", text))
    return OutputLine(datetime.fromisoformat(found[1]).timestamp(), _COLOURS.sub("", found[2]))
