"""The streams between a program and us: a pseudo-terminal where we have a terminal, pipes where we have none.

The one thing to know: where our output and our keys are a terminal's, ours is made raw and the program's takes over its
duties (echo, line ends, what Ctrl-C does), so that everything passes as if we were not there.
"""

import contextlib
import errno
import fcntl
import os
import select
import termios
import tty

CHUNK = 1 << 16
"""Bytes read at once."""

_GONE = frozenset({errno.EPIPE, errno.EIO, errno.EBADF})
"""Nobody reads what we would hand on."""


class Streams:
    """Both ends of a program's three streams; for one thread."""

    def __init__(self, *, detached: bool) -> None:
        """Makes them.

        Args:
            detached: We have no terminal: what the program prints is only shown to a listener, and it gets no input.
        """
        self.targets: dict[int, int] = {}
        """Where what comes from a descriptor goes on to; -1: nowhere."""
        self.master = -1
        """Our end of the program's terminal; -1: it has none."""
        self.terminal = -1
        """The program's end of it, until it is started."""
        self.keys = False
        """Our terminal's keys go through the program's terminal."""
        self.pending = b""
        """Keys that the program's terminal had no room for."""
        self._saved: list[int | list[bytes | int]] | None = None
        """The modes of our terminal before it was made raw; None: it is not."""
        ours = [os.isatty(number) and not detached for number in (0, 1, 2)]
        # With `| tee` the terminal must stay as it is, because others print on it.
        self.keys = ours[0] and ours[1]
        if ours[1] or ours[2] or detached:
            self._make_terminal(None if detached else 0 if self.keys else 1 if ours[1] else 2)
        self.inside = self._detached() if detached else self._attached(ours)
        """The program's standard input, output and error, until it is started."""

    @property
    def raw(self) -> bool:
        """Whether our terminal's keys come to us one by one."""
        return self._saved is not None

    def _detached(self) -> tuple[int, int, int]:
        self.targets[self.master] = -1
        return os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC), self.terminal, self.terminal

    def _attached(self, ours: list[bool]) -> tuple[int, int, int]:
        inside = [self.terminal if self.keys else 0, self.terminal, self.terminal]
        same = not ours[1] and not ours[2] and os.path.sameopenfile(1, 2)
        for number in (1, 2):
            if ours[number]:
                self.targets[self.master] = number
            elif number == 2 and same:
                inside[2] = inside[1]
            else:
                outer, inside[number] = os.pipe2(os.O_CLOEXEC)
                self.targets[outer] = number
        return inside[0], inside[1], inside[2]

    def _make_terminal(self, like: int | None) -> None:
        self.master, self.terminal = os.openpty()
        os.set_blocking(self.master, False)
        if like is not None:
            termios.tcsetattr(self.terminal, termios.TCSANOW, termios.tcgetattr(like))
            self.copy_size()
        if not self.keys:
            # Our own terminal, if any, stays in its usual mode and makes the carriage returns.
            modes = termios.tcgetattr(self.terminal)
            modes[1] &= ~termios.OPOST
            termios.tcsetattr(self.terminal, termios.TCSANOW, modes)

    def copy_size(self) -> None:
        """Gives the program's terminal the size of ours; the kernel tells the program."""
        for number in (1, 2):
            if self.master >= 0 and os.isatty(number):
                with contextlib.suppress(OSError):
                    size = fcntl.ioctl(number, termios.TIOCGWINSZ, b"\0" * 8)
                    fcntl.ioctl(self.master, termios.TIOCSWINSZ, size)
                return

    def close_inside(self) -> None:
        """Lets go of the program's ends, once it has them."""
        for descriptor in {*self.inside, self.terminal} - {-1, 0, 1, 2}:
            os.close(descriptor)
        self.terminal = -1

    def make_raw(self) -> None:
        """Has keys go to the program as they are; not in the background, where that would stop us."""
        if not self.keys or self.raw:
            return
        try:
            if os.tcgetpgrp(0) != os.getpgrp():
                return
            self._saved = termios.tcgetattr(0)
            tty.setraw(0, termios.TCSANOW)
        except (OSError, termios.error):
            return  # It is not our controlling terminal, or it has gone.

    def restore(self) -> None:
        """Gives our terminal back the modes that it had."""
        if self._saved is not None:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(0, termios.TCSADRAIN, self._saved)
            self._saved = None

    def take_keys(self, program: int) -> bool:
        """Passes on the keys that were pressed; True if one of them is to suspend the program.

        Args:
            program: Process id. Where another group has its terminal it is a shell that controls its own jobs.
        """
        try:
            data = os.read(0, CHUNK)
        except OSError:
            data = b""
        if not data:
            self.restore()
            return False
        modes = termios.tcgetattr(self.master)
        suspend = modes[6][termios.VSUSP]
        # The program leads a session of its own, where the kernel does nothing for this key.
        signals = bool(modes[3] & termios.ISIG) and self._in_front(program)
        suspends = signals and suspend != b"\0" and suspend in data
        self.pending += data.replace(suspend, b"") if suspends else data
        self.send_keys()
        return suspends

    def _in_front(self, program: int) -> bool:
        """Whether the program itself has its terminal, and not a job that it started there."""
        try:
            return os.tcgetpgrp(self.master) == program
        except OSError:
            return True

    def send_keys(self) -> None:
        """Passes on the keys that have waited, as far as there is room."""
        if self.pending and self.master >= 0:
            try:
                self.pending = self.pending[os.write(self.master, self.pending) :]
            except BlockingIOError:
                return  # The program reads nothing; they wait, and so do further keys.
            except OSError:
                self.pending = b""

    def hand_on(self, descriptor: int) -> bytes:
        """Hands on what there is from a descriptor, and returns it; empty where there was nothing."""
        try:
            data = os.read(descriptor, CHUNK)
        except BlockingIOError:
            return b""
        except OSError:
            data = b""  # EIO: nobody has the program's terminal open any more.
        if not data:
            self._forget(descriptor)
            return b""
        target = self.targets[descriptor]
        if target >= 0 and not _write_all(target, data):
            self.targets[descriptor] = -1
            if descriptor != self.master:
                self._forget(descriptor)  # The program is to get SIGPIPE, as it would have without us.
        return data

    def _forget(self, descriptor: int) -> None:
        del self.targets[descriptor]
        if descriptor != self.master:
            os.close(descriptor)

    def close(self) -> None:
        """Lets go of our ends."""
        self.restore()
        for descriptor in {*self.targets, self.master} - {-1}:
            os.close(descriptor)
        self.targets, self.master = {}, -1


def _write_all(target: int, data: bytes) -> bool:
    """Writes everything, as slowly as the other side reads; False where nobody reads any more."""
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(target, rest) :]
        except BlockingIOError:
            select.select([], [target], [])
        except OSError as error:
            if error.errno in _GONE:
                return False
            raise
    return True
