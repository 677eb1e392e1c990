"""A program that we start and wait for: its output is handed on unchanged, signals are passed on, its end is learned.

The one thing to know: the program leads a session of its own, so that a signal comes to it once, through us or from its
own terminal, and that it survives ours.
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
from collections.abc import Sequence

import msgspec

from trainmon.launch.streams import Streams

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

_HANDLED = (*KEYS, *PASSED, signal.SIGCHLD, signal.SIGWINCH, signal.SIGTSTP, signal.SIGCONT)


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
        self._pid = -1

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
            streams = Streams(detached=self._detached)
            cleanup.callback(streams.close)
            self._start(streams)
            listener.started(self._pid)
            streams.make_raw()
            return self._attend(listener, streams, wake_read)

    def _handle_signals(self, wake: int, cleanup: contextlib.ExitStack) -> None:
        """Has signals come as bytes through a pipe; those that were ignored stay so, as under nohup."""
        cleanup.callback(signal.set_wakeup_fd, signal.set_wakeup_fd(wake, warn_on_full_buffer=False))
        for number in _HANDLED:
            before = signal.getsignal(number)
            if before is not signal.SIG_IGN:
                signal.signal(number, lambda _number, _frame: None)
                cleanup.callback(signal.signal, number, before)

    def _start(self, streams: Streams) -> None:
        failed_read, failed_write = os.pipe2(os.O_CLOEXEC)
        self._pid = os.fork()
        if self._pid == 0:
            _become(self._command, self._environment, streams, failed_write)
        os.close(failed_write)
        streams.close_inside()
        with os.fdopen(failed_read, "rb") as pipe:
            number = pipe.read()
        if number:
            os.waitpid(self._pid, 0)
            raise OSError(int(number), os.strerror(int(number)), self._command[0])

    def _attend(self, listener: Listener, streams: Streams, wake: int) -> Ended:
        while True:
            for descriptor in _wait(streams, wake, TICK):
                if descriptor == wake:
                    for number in os.read(wake, 256):
                        self._signalled(number, listener, streams)
                elif descriptor != 0:
                    _hand_on(streams, descriptor, listener)
                elif streams.take_keys(self._pid):
                    self._suspend(streams)
            listener.tick()
            ended = self._reap()
            if ended is not None:
                _drain(streams, listener)
                return ended

    def _signalled(self, number: int, listener: Listener, streams: Streams) -> None:
        if number in KEYS or number in PASSED:
            listener.passed_on(number)
            self._kill(number, group=number in KEYS)
        elif number == signal.SIGWINCH:
            streams.copy_size()
        elif number == signal.SIGTSTP:
            self._suspend(streams)
        elif number == signal.SIGCONT:
            streams.make_raw()

    def _suspend(self, streams: Streams) -> None:
        """Ctrl-Z: stops the program and ourselves, and goes on when our shell says so."""
        self._kill(signal.SIGSTOP, group=True)
        streams.restore()
        os.kill(os.getpid(), signal.SIGSTOP)
        streams.make_raw()
        self._kill(signal.SIGCONT, group=True)

    def _kill(self, number: int, *, group: bool) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            (os.killpg if group else os.kill)(self._pid, number)

    def _reap(self) -> Ended | None:
        pid, status, usage = os.wait4(self._pid, os.WNOHANG)
        if pid == 0:
            return None
        # Linux gives ru_maxrss in KiB.
        return Ended(pid, status, usage.ru_utime, usage.ru_stime, usage.ru_maxrss * 1024)


def _wait(streams: Streams, wake: int, seconds: float) -> list[int]:
    """The descriptors that have something or are at their end; 0 stands for keys, `wake` (-1: none) for signals."""
    poll = select.poll()
    for descriptor in streams.targets:
        room = descriptor == streams.master and streams.pending
        poll.register(descriptor, select.POLLIN | (select.POLLOUT if room else 0))
    if wake >= 0:
        poll.register(wake, select.POLLIN)
        if streams.raw and not streams.pending:
            poll.register(0, select.POLLIN)
    ready = poll.poll(seconds * 1_000)
    streams.send_keys()
    return [descriptor for descriptor, events in ready if events & ~select.POLLOUT]


def _hand_on(streams: Streams, descriptor: int, listener: Listener) -> bool:
    data = streams.hand_on(descriptor)
    if data:
        listener.printed(data)
    return bool(data)


def _drain(streams: Streams, listener: Listener) -> None:
    """Hands on what the program printed last; children that live on do not hold us up for long."""
    deadline = time.monotonic() + DRAIN_MOST
    while streams.targets and time.monotonic() < deadline:
        ready = _wait(streams, -1, DRAIN_QUIET)
        if sum(_hand_on(streams, descriptor, listener) for descriptor in ready) == 0:
            return


def _become(command: list[str], environment: dict[str, str], streams: Streams, failed: int) -> None:
    """In the forked child: streams, session and signals as a shell would give them, then the program; never returns."""
    try:
        os.setsid()
        if streams.keys:
            fcntl.ioctl(streams.terminal, termios.TIOCSCTTY, 0)
        for number, descriptor in enumerate(streams.inside):
            os.dup2(descriptor, number, inheritable=True)
        signal.set_wakeup_fd(-1)
        for number in _HANDLED:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, signal.SIG_DFL)
        for number in (signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)  # Python ignores these two; programs expect them.
        os.execvpe(command[0], command, environment)  # noqa: S606 - what this file is for
    except OSError as error:
        os.write(failed, str(error.errno or errno.ENOEXEC).encode())
    finally:
        os._exit(127)


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
