"""A terminal of 200x50 without a screen: a command in a real pty, what it wrote and when, read with pyte."""

import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from pathlib import Path

import msgspec

from benchmarks.measure import child_environment

COLUMNS, ROWS = 200, 50

COMMAND = [sys.executable, "-c", "import sys; from trainmon.cli.main import main; sys.exit(main())"]
"""What the console script `trainmon` does."""

TICKS = os.sysconf("SC_CLK_TCK")


class Chunk(msgspec.Struct, frozen=True):
    """What one read of the terminal gave."""

    at: float
    """Monotonic seconds when it was here."""
    data: bytes


class Terminal:
    """A command that believes that it has a terminal, from `with` to its end."""

    def __init__(self, command: list[str]) -> None:
        self._command = command
        self.chunks: list[Chunk] = []
        self._reading = threading.Event()
        self._reading.set()
        self.started = 0.0
        """Monotonic seconds just before the process was made."""

    def __enter__(self) -> "Terminal":
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        environment = child_environment() | {
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "LANG": "C.UTF-8",
        }
        for name in ("COLUMNS", "LINES", "NO_COLOR", "CI"):
            environment.pop(name, None)
        self._descriptor = ours
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            self._command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True
        )
        os.close(theirs)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def _read(self) -> None:
        while True:
            self._reading.wait()
            try:
                data = os.read(self._descriptor, 1 << 16)
            except OSError:
                return  # The other side is closed.
            if not data:
                return
            self.chunks.append(Chunk(time.monotonic(), data))

    def __exit__(self, *_: object) -> None:
        self.go_on()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._reader.join(5)
        os.close(self._descriptor)

    def hold(self) -> None:
        """Reads no more, as a terminal that was stopped; what is being read may still come."""
        self._reading.clear()

    def go_on(self) -> None:
        """Reads again."""
        self._reading.set()

    def bytes_read(self) -> int:
        """Bytes that the process has read so far, of files and of all else."""
        fields = Path(f"/proc/{self.process.pid}/io").read_text(encoding="ascii").split()
        return int(fields[fields.index("rchar:") + 1])

    def switches(self) -> int:
        """How often threads of the process gave up the processor of themselves so far, which is to wait."""
        threads = Path(f"/proc/{self.process.pid}/task").iterdir()
        statuses = [(thread / "status").read_text(encoding="utf-8").split() for thread in threads]
        return sum(int(status[status.index("voluntary_ctxt_switches:") + 1]) for status in statuses)

    def bytes_written(self) -> int:
        """Bytes that came so far."""
        return sum(len(chunk.data) for chunk in self.chunks)

    def cpu(self) -> float:
        """Seconds of CPU that the process used so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


class Replay:
    """The screen after each chunk, in order; fed after the measurement, because pyte is slow."""

    def __init__(self, chunks: list[Chunk]) -> None:
        import pyte

        self._chunks = chunks
        self._screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self._screen)
        self._next = 0

    def step(self) -> float | None:
        """Feeds one more chunk and says when it came; None: there is none left."""
        if self._next == len(self._chunks):
            return None
        chunk = self._chunks[self._next]
        self._next += 1
        self._stream.feed(chunk.data)
        return chunk.at

    def rows(self) -> list[str]:
        """The rows of the screen as text."""
        return list(self._screen.display)

    def first(self, *words: str) -> float | None:
        """When all the words stood on the screen for the first time; None: never."""
        while (at := self.step()) is not None:
            text = "\n".join(self.rows())
            if all(word in text for word in words):
                return at
        return None
