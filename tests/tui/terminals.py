"""A real pseudo-terminal with the monitor in it, read back by pyte."""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pyte

from tests.run_folders import environment

QUIET_LIMIT = 3.0
"""Seconds that typing waits at most for a screen that keeps changing."""

PATIENCE = 30.0
"""Seconds until a wait gives up."""

PROGRAM = """
import sys
from pathlib import Path
from trainmon_tui.cli import run_watch
folder, *compare = map(Path, sys.argv[1:])
sys.exit(run_watch(folder, lambda folder: f"plain status of {folder.name}", compare=compare))
"""


class Terminal:
    """A terminal in which `run_watch` runs as a process of its own."""

    def __init__(
        self, folder: Path, *, width: int = 80, height: int = 24, ignore_hangup: bool = False,
        variables: Mapping[str, str] | None = None, compare: Sequence[Path] = (),
    ) -> None:  # fmt: skip
        settings = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "PYTHONIOENCODING": ""} | dict(
            variables or {}
        )
        self.screen = pyte.Screen(width, height)
        self._stream = pyte.ByteStream(self.screen)
        self.output = b""
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            if ignore_hangup:
                signal.signal(signal.SIGHUP, signal.SIG_IGN)
            arguments = [sys.executable, "-c", PROGRAM, str(folder), *map(str, compare)]
            inherited = environment(**settings)
            # A test runner may set them, and they win over the terminal's size.
            for name in ("COLUMNS", "LINES"):
                inherited.pop(name, None)
            os.execve(sys.executable, arguments, inherited)
        self.resize(width, height)
        self._exit_code: int | None = None

    def resize(self, width: int, height: int) -> None:
        """Changes the size of the terminal."""
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        self.screen.resize(height, width)

    @property
    def text(self) -> str:
        """What stands on the screen."""
        return "\n".join(self.screen.display)

    def send(self, keys: str) -> None:
        """Types."""
        os.write(self._master, keys.encode())

    def send_when_quiet(self, keys: str) -> None:
        """Types once nothing is being drawn: a key that comes into a change of screens may be lost."""
        deadline = time.monotonic() + QUIET_LIMIT
        while self._read(0.3) and time.monotonic() < deadline:
            continue
        self.send(keys)

    def signal(self, number: int) -> None:
        """Sends a signal to the monitor."""
        os.kill(self.pid, number)

    def until(self, wanted: Callable[[], bool]) -> None:
        """Reads until it is so."""
        deadline = time.monotonic() + PATIENCE
        while not wanted():
            assert time.monotonic() < deadline, f"not seen:\n{self.text}"
            self._read(0.05)

    def wait(self) -> int:
        """Reads until the monitor has ended; its exit code."""
        self.until(self._has_ended)
        while self._read(0.05):
            pass
        assert self._exit_code is not None
        return self._exit_code

    def wait_unread(self) -> int:
        """Waits until the monitor has ended without reading a byte of the terminal; its exit code."""
        if self._exit_code is None:
            self._exit_code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self._exit_code

    def until_stopped(self) -> None:
        """Reads until the monitor has gone to the background."""
        self.until(self._is_stopped)
        while self._read(0.05):
            pass

    def hang_up(self) -> None:
        """Closes the terminal under the monitor."""
        os.close(self._master)
        self._master = -1

    def close(self) -> None:
        """Ends whatever still runs."""
        if not self._has_ended():
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        if self._master >= 0:
            self.hang_up()

    def _is_stopped(self) -> bool:
        status = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8")
        return status.rpartition(")")[2].split()[0] == "T"

    def _has_ended(self) -> bool:
        if self._exit_code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._exit_code = os.waitstatus_to_exitcode(status)
        return self._exit_code is not None

    def _read(self, patience: float) -> bool:
        if self._master < 0:
            time.sleep(patience)
            return False
        poll = select.poll()  # `select` ends at descriptor 1,023
        poll.register(self._master, select.POLLIN)
        if not poll.poll(patience * 1_000):
            return False
        try:
            read = os.read(self._master, 65_536)
        except OSError:  # the other end is closed
            return False
        self.output += read
        self._stream.feed(read)
        return bool(read)


Open = Callable[..., Terminal]
"""Opens a terminal on a run folder; further arguments as for `Terminal`."""
