"""A program below a pseudo-terminal or pipes: its output is handed on unchanged, its end waited for.

The one thing to know: where our own output is a terminal the program gets a terminal too, with the same size and modes,
and keys go through it; so Ctrl-C reaches the program from its terminal as ever. Where it is not, pipes serve.
"""

import contextlib
import errno
import fcntl
import os
import resource
import select
import signal
import sys
import termios
import time
import tty
from collections.abc import Sequence

import msgspec

CHUNK = 1 << 16
"""Bytes read at once."""

TICK = 0.1
"""Seconds between two calls of the listener's `tick`."""

DRAIN_QUIET = 0.05
"""Seconds of silence after the end of the program that mean that all its output has come."""

DRAIN_MOST = 1.0
"""Seconds after the end for which children that live on may still print through us."""

KEYS = (signal.SIGINT, signal.SIGQUIT)
"""What a terminal's keys send to all of the foreground; passed on to all of the program."""

PASSED = (signal.SIGHUP, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2)
"""What is sent to one process; passed on to the program itself."""

_GONE = frozenset({errno.EPIPE, errno.EIO, errno.EBADF})
"""Nobody reads what we would hand on."""


class Listener:
    """What a launcher wants to know of its program; called in the thread that waits for it."""

    def started(self, pid: int) -> None:
        """The program runs under this process id."""

    def printed(self, data: bytes) -> None:
        """The program printed that."""

    def tick(self) -> None:
        """Some time has passed, at most about a tenth of a second."""

    def passed_on(self, number: int) -> None:
        """A signal that came to us went to the program."""


class Ended(msgspec.Struct, frozen=True):
    """How a program ended."""

    pid: int
    status: int
    """As wait(2) gives it."""
    user: float
    """CPU seconds."""
    system: float
    """CPU seconds."""
    max_rss: int
    """Bytes."""


class Program:
    """One program, from its start to its end; for the main thread, which alone gets signals."""

    def __init__(self, command: Sequence[str], environment: dict[str, str], *, detached: bool) -> None:
        """Starts nothing yet.

        Args:
            command: Program and arguments; the program is looked for in PATH.
            environment: Of the program.
            detached: It has no terminal to hand anything on to, and prints into one of its own.
        """
        self._command = list(command)
        self._environment = environment
        self._detached = detached
        self._targets: dict[int, int] = {}
        """Where what comes from a descriptor goes on to; -1: nowhere."""
        self._master = -1
        self._pending = b""
        """Keys that the program's terminal had no room for."""
        self._saved: list[int | list[bytes | int]] | None = None
        """The modes of our terminal before it was made raw; None: it was not."""
        self._keys = False
        self.pid = -1

    def run(self, listener: Listener) -> Ended:
        """Starts it and stays until its end.

        Raises:
            OSError: It cannot be started.
        """
        wake_read, wake_write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        with contextlib.ExitStack() as cleanup:
            cleanup.callback(os.close, wake_read)
            cleanup.callback(os.close, wake_write)
            self._handle_signals(wake_write, cleanup)
            cleanup.callback(self._close)
            self._start()
            listener.started(self.pid)
            cleanup.callback(self._restore)
            self._make_raw()
            return self._attend(listener, wake_read)

    def _handle_signals(self, wake: int, cleanup: contextlib.ExitStack) -> None:
        """Has signals come as bytes through a pipe; those that were ignored stay so, as under nohup."""
        cleanup.callback(signal.set_wakeup_fd, signal.set_wakeup_fd(wake, warn_on_full_buffer=False))
        for number in (*KEYS, *PASSED, signal.SIGCHLD, signal.SIGWINCH, signal.SIGTSTP, signal.SIGCONT):
            before = signal.getsignal(number)
            if before is not signal.SIG_IGN:
                signal.signal(number, lambda _number, _frame: None)
                cleanup.callback(signal.signal, number, before)

    # The start.

    def _start(self) -> None:
        inside, slave = self._make_streams()
        failed_read, failed_write = os.pipe2(os.O_CLOEXEC)
        self.pid = os.fork()
        if self.pid == 0:
            _become(self._command, self._environment, inside, slave, failed_write)
        os.close(failed_write)
        for descriptor in {*inside} - {0, 1, 2}:
            os.close(descriptor)
        if slave >= 0 and slave not in inside:
            os.close(slave)
        with os.fdopen(failed_read, "rb") as pipe:
            number = pipe.read()
        if number:
            os.waitpid(self.pid, 0)
            raise OSError(int(number), os.strerror(int(number)), self._command[0])

    def _make_streams(self) -> tuple[tuple[int, int, int], int]:
        """The program's three streams, and its terminal (-1: none)."""
        ours = [os.isatty(number) and not self._detached for number in (0, 1, 2)]
        slave = -1
        if ours[1] or ours[2] or self._detached:
            slave = self._make_terminal(0 if ours[0] else 1 if ours[1] else 2, raw=not ours[0])
        self._keys = slave >= 0 and ours[0]
        if self._detached:
            self._targets[self._master] = -1
            return (os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC), slave, slave), slave
        inside = [slave if self._keys else 0, slave, slave]
        same = not ours[1] and not ours[2] and os.path.sameopenfile(1, 2)
        for number in (1, 2):
            if ours[number]:
                self._targets[self._master] = number
            elif number == 2 and same:
                inside[2] = inside[1]
            else:
                outer, inside[number] = os.pipe2(os.O_CLOEXEC)
                self._targets[outer] = number
        return (inside[0], inside[1], inside[2]), slave

    def _make_terminal(self, like: int, *, raw: bool) -> int:
        self._master, slave = os.openpty()
        os.set_blocking(self._master, False)
        if not self._detached:
            termios.tcsetattr(slave, termios.TCSANOW, termios.tcgetattr(like))
            self._copy_size(like)
        if raw:
            # Our own terminal, if any, is in its usual mode and makes the carriage returns.
            modes = termios.tcgetattr(slave)
            modes[1] &= ~termios.OPOST
            termios.tcsetattr(slave, termios.TCSANOW, modes)
        return slave

    def _copy_size(self, like: int) -> None:
        """Gives the program's terminal the size of ours; the kernel tells the program."""
        with contextlib.suppress(OSError):
            size = fcntl.ioctl(like, termios.TIOCGWINSZ, b"\0" * 8)
            fcntl.ioctl(self._master, termios.TIOCSWINSZ, size)

    def _make_raw(self) -> None:
        """Has keys go to the program as they are; not in the background, where that would stop us."""
        if self._keys and self._saved is None and os.tcgetpgrp(0) == os.getpgrp():
            self._saved = termios.tcgetattr(0)
            tty.setraw(0, termios.TCSANOW)

    def _restore(self) -> None:
        if self._saved is not None:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(0, termios.TCSADRAIN, self._saved)
            self._saved = None

    # The life.

    def _attend(self, listener: Listener, wake: int) -> Ended:
        while True:
            for descriptor in self._wait(wake, TICK):
                if descriptor == wake:
                    for number in os.read(wake, 256):
                        self._signalled(number, listener)
                elif descriptor == 0:
                    self._take_keys()
                else:
                    self._hand_on(descriptor, listener)
            listener.tick()
            ended = self._reap()
            if ended is not None:
                self._drain(listener)
                return ended

    def _wait(self, wake: int, seconds: float) -> list[int]:
        """The descriptors that have something, or are at their end."""
        poll = select.poll()
        for descriptor in self._targets:
            room = descriptor == self._master and self._pending
            poll.register(descriptor, select.POLLIN | (select.POLLOUT if room else 0))
        if wake >= 0:
            poll.register(wake, select.POLLIN)
            if self._saved is not None and not self._pending:
                poll.register(0, select.POLLIN)
        ready = poll.poll(seconds * 1_000)
        self._send_keys()
        return [descriptor for descriptor, events in ready if events & ~select.POLLOUT]

    def _hand_on(self, descriptor: int, listener: Listener) -> bool:
        """Hands on what there is from a descriptor; False where there was nothing."""
        try:
            data = os.read(descriptor, CHUNK)
        except BlockingIOError:
            return False
        except OSError:
            data = b""  # EIO: nobody has the program's terminal open any more.
        if not data:
            self._forget(descriptor)
            return False
        listener.printed(data)
        target = self._targets[descriptor]
        if target >= 0 and not _write_all(target, data):
            self._targets[descriptor] = -1
            if descriptor != self._master:
                self._forget(descriptor)  # The program is to get SIGPIPE, as it would have without us.
        return True

    def _forget(self, descriptor: int) -> None:
        del self._targets[descriptor]
        if descriptor != self._master:
            os.close(descriptor)

    def _take_keys(self) -> None:
        try:
            data = os.read(0, CHUNK)
        except OSError:
            data = b""
        if not data:
            self._restore()
            return
        modes = termios.tcgetattr(self._master)
        suspend = modes[6][termios.VSUSP]
        if modes[3] & termios.ISIG and suspend != b"\0" and suspend in data:
            # The program leads a session of its own, where the kernel does nothing for this key.
            self._suspend()
            data = data.replace(suspend, b"")
        self._pending += data
        self._send_keys()

    def _send_keys(self) -> None:
        if self._pending and self._master >= 0:
            try:
                self._pending = self._pending[os.write(self._master, self._pending) :]
            except BlockingIOError:
                return  # The program reads nothing; they wait, and so do further keys.
            except OSError:
                self._pending = b""

    def _signalled(self, number: int, listener: Listener) -> None:
        if number in KEYS or number in PASSED:
            listener.passed_on(number)
            self._kill(number, group=number in KEYS)
        elif number == signal.SIGWINCH and self._master >= 0:
            self._copy_size(0 if self._keys else 1)
        elif number == signal.SIGTSTP:
            self._suspend()
        elif number == signal.SIGCONT:
            self._make_raw()

    def _suspend(self) -> None:
        """Ctrl-Z: stops the program and ourselves, and goes on when our shell says so."""
        self._kill(signal.SIGSTOP, group=True)
        self._restore()
        os.kill(os.getpid(), signal.SIGSTOP)
        self._make_raw()
        self._kill(signal.SIGCONT, group=True)

    def _kill(self, number: int, *, group: bool) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            (os.killpg if group else os.kill)(self.pid, number)

    # The end.

    def _reap(self) -> Ended | None:
        pid, status, usage = os.wait4(self.pid, os.WNOHANG)
        if pid == 0:
            return None
        # Linux gives ru_maxrss in KiB.
        return Ended(pid, status, usage.ru_utime, usage.ru_stime, usage.ru_maxrss * 1024)

    def _drain(self, listener: Listener) -> None:
        """Hands on what the program printed last; children that live on do not hold us up for long."""
        deadline = time.monotonic() + DRAIN_MOST
        while self._targets and time.monotonic() < deadline:
            ready = self._wait(-1, DRAIN_QUIET)
            if sum(self._hand_on(descriptor, listener) for descriptor in ready) == 0:
                return

    def _close(self) -> None:
        for descriptor in {*self._targets, self._master} - {-1}:
            os.close(descriptor)
        self._targets, self._master = {}, -1


def _become(
    command: list[str], environment: dict[str, str], inside: tuple[int, int, int], slave: int, failed: int
) -> None:
    """In the forked child: streams, session and signals as a shell would give them, then the program; never returns."""
    try:
        os.setsid()
        if inside[0] == slave and slave >= 0:
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        for number, descriptor in enumerate(inside):
            os.dup2(descriptor, number, inheritable=True)
        signal.set_wakeup_fd(-1)
        for number in (*KEYS, *PASSED, signal.SIGCHLD, signal.SIGWINCH, signal.SIGTSTP, signal.SIGCONT):
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, signal.SIG_DFL)
        for number in (signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)  # Python ignores these two; programs expect them.
        os.execvpe(command[0], command, environment)  # noqa: S606 - what this file is for
    except OSError as error:
        os.write(failed, str(error.errno or errno.ENOEXEC).encode())
    finally:
        os._exit(127)


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


def end_like(status: int) -> int:
    """Ends this process by the signal that ended the program; returns its exit status where none did.

    Args:
        status: As wait(2) gives it.
    """
    if not os.WIFSIGNALED(status):
        return os.waitstatus_to_exitcode(status)
    number = os.WTERMSIG(status)
    sys.stdout.flush()
    sys.stderr.flush()
    resource.setrlimit(
        resource.RLIMIT_CORE, (0, 0)
    )  # The program's core file is the one that tells something.
    with contextlib.suppress(OSError, ValueError):  # SIGKILL cannot be set, and need not be.
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
    os.kill(os.getpid(), number)
    return 128 + number
