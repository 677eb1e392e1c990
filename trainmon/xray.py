"""Asks a living program what all its threads do: by a signal to a trainer that answers it, else with `py-spy`.

The one thing to know: an unhandled signal kills, so it is sent through a descriptor of that very process, and only
where the kernel says that the process catches it; see `trainmon.stack_file`. What cannot be done is said in words.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec import structs

from trainmon import stack_file
from trainmon.events import Opened
from trainmon.evidence import identity_in
from trainmon.exits import LAUNCHER_APP
from trainmon.stack_words import in_order
from trainmon.stacks import MOST_THREADS, Stack, parse
from trainmon.system.identity import ProcessIdentity, alive, identity_of, process_state
from trainmon.system.proc import descendants, read_signals

ANSWER = 0.3
"""Seconds that one thread gets to write its stack; it takes a millisecond, unless the machine is very busy."""

FIRST_ANSWER = 2.0
"""Seconds that the first gets: where it does not answer the others hardly will."""

ALL = 8.0
"""Seconds that all threads together get."""

HELP_WITHIN = 4.0
"""Seconds that the trainer gets to write down its threads itself: it looks once a second."""

SPY_LIMIT = 15.0
"""Seconds that py-spy gets."""

LOOK_EVERY = 0.002
"""Seconds between two looks for an answer."""

SOURCE_LIMIT = 4 << 20
"""Bytes of a source file that is read."""

_ONE_THREAD = os.O_EXCL
"""PIDFD_THREAD of pidfd_open(2), Linux 6.9 and later: the descriptor stands for one thread."""

_TEXT_END = b":\n"


class XRay(msgspec.Struct, frozen=True):
    """What the threads of a program did at a moment."""

    time: float
    """Unix seconds of the observer."""
    pid: int
    stacks: tuple[Stack, ...] = ()
    """The main thread's first, those of trainmon itself last; empty where nothing could be learned."""
    how: str = ""
    """Who told, `faulthandler` or `py-spy`, and what is missing; in words."""
    why_not: str | None = None
    """Why there are no stacks; None where there are."""


class Refused(Exception):  # noqa: N818 - it is an answer, and never leaves this file
    """Why something cannot be asked, in words."""


def xray(opened: Opened | None, *, clock: Callable[[], float] = time.time) -> XRay:
    """The stacks of the program that records a run; takes some ms, and seconds where it does not answer.

    Args:
        opened: The run's header; None: there is none.
        clock: Unix seconds.
    """
    now = clock()
    if opened is None:
        return XRay(now, 0, why_not="no training has recorded here")
    try:
        target = _target(opened)
    except Refused as refused:
        return XRay(now, opened.pid, why_not=str(refused))
    try:
        found = _by_signal(opened, target)
    except Refused as refused:
        found = _by_spy(target, str(refused))
    stacks = tuple(_with_source(stack, target.pid) for stack in in_order(found.stacks))
    return structs.replace(found, time=now, stacks=stacks)


def _target(opened: Opened) -> ProcessIdentity:
    """The process whose stacks are wanted: the trainer, or the program that `trainmon run` started."""
    identity = identity_in(opened)
    lives = alive(identity)
    if lives is None:
        raise Refused(f"its process {opened.pid} cannot be reached from here: another host or container")
    if not lives:
        raise Refused("its process is gone")
    if opened.app_name != LAUNCHER_APP:
        return identity
    children = descendants(opened.pid)
    child = identity_of(children[0]) if children else None
    if child is None:
        raise Refused("the program is gone")
    return child


# By a signal.


def _by_signal(opened: Opened, target: ProcessIdentity) -> XRay:
    if opened.app_name == LAUNCHER_APP:
        raise Refused("the program does not record with trainmon")
    path = stack_file.find(opened.writer)
    header = stack_file.read_header(path) if path is not None else None
    if path is None or header is None:
        raise Refused("the trainer takes no such question (record_stacks=False, or another user's)")
    if (header.identity.pid, header.identity.start_ticks) != (target.pid, target.start_ticks):
        raise Refused("its file is another process's")
    try:
        with _Asking(target, header.signal, path) as asking:
            return asking.ask()
    except ProcessLookupError:
        raise Refused("its process has just ended") from None
    except OSError as error:
        raise Refused(f"it cannot be asked: {error.strerror or error}") from None


class _Asking:
    """One question to one trainer."""

    def __init__(self, target: ProcessIdentity, number: int, path: Path) -> None:
        self._target = target
        self._number = number
        self._path = path
        self._descriptor = os.pidfd_open(target.pid)

    def __enter__(self) -> "_Asking":
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def ask(self) -> XRay:
        # It was this process before the descriptor was taken and is it now, so the descriptor is of that one.
        if not alive(self._target):
            raise Refused("its process has just ended")
        if process_state(self._target) in ("T", "t"):
            raise Refused("the process is stopped by a signal, and answers when it goes on")
        threads = stack_file.threads_in(stack_file.read(self._path, 0))
        pid = self._target.pid
        others = sorted(set(threads) - {pid})[: MOST_THREADS - 1]
        until = time.monotonic() + ALL
        found = [self._stack(pid, threads.get(pid, "MainThread"), FIRST_ANSWER, self._descriptor)]
        if found[0] is None and process_state(self._target) == "D":
            raise Refused(f"the process waits on a disk or a device, and answers nothing{_in_kernel(pid)}")
        how = f"faulthandler, signal {self._number}"
        try:
            found += [
                self._stack(thread, threads[thread], ANSWER) for thread in others if time.monotonic() < until
            ]
        except OSError:
            return self._helped(how)
        stacks = tuple(stack for stack in found if stack is not None)
        if not stacks:
            raise Refused(f"it was asked and did not answer{_in_kernel(pid)}")
        silent = len(others) + 1 - len(stacks)
        return XRay(0.0, pid, stacks, how + (f"; {silent} threads did not answer" if silent else ""))

    def _stack(self, thread: int, name: str, patience: float, descriptor: int = -1) -> Stack | None:
        """The stack of one thread; None where it does not answer, or is gone.

        Raises:
            OSError: This kernel has no descriptors for threads.
        """
        if descriptor < 0 and not os.path.exists(f"/proc/{self._target.pid}/task/{thread}"):
            return None
        own = os.pidfd_open(thread, _ONE_THREAD) if descriptor < 0 else os.dup(descriptor)
        try:
            # A number that another process has by now leads to no thread of this one.
            if descriptor < 0 and not os.path.exists(f"/proc/{self._target.pid}/task/{thread}"):
                return None
            begin = self._path.stat().st_size
            self._send(own)
        except ProcessLookupError:
            return None
        finally:
            os.close(own)
        text = self._answer(begin, patience)
        stacks = parse(text)
        return (
            structs.replace(stacks[0], name=name, thread=thread, main=thread == self._target.pid)
            if stacks
            else None
        )

    def _send(self, descriptor: int) -> None:
        """Sends the signal, if it cannot kill."""
        signals = read_signals(self._target.pid)
        if signals is None or not signals.has(signals.caught, self._number):
            raise Refused(f"the process does not catch signal {self._number} any more, which would kill it")
        signal.pidfd_send_signal(descriptor, self._number)

    def _answer(self, begin: int, patience: float) -> str:
        """What was written since, once a whole stack stands there."""
        until = time.monotonic() + patience
        before = b""
        while time.monotonic() < until:
            data = stack_file.read(self._path, begin)
            if not data and self._path.stat().st_size < begin:
                begin = 0  # It began anew meanwhile.
            # The last line is written in pieces; the stack is whole when nothing more comes.
            if data and data == before and data.endswith(b"\n") and not data.endswith(_TEXT_END):
                return data.decode("utf-8", "replace")
            before = data
            time.sleep(LOOK_EVERY)
        return before.decode("utf-8", "replace")

    def _helped(self, how: str) -> XRay:
        """On a kernel where a signal reaches the main thread only, the trainer writes down the others, if it can."""
        pid = self._target.pid
        begin = self._path.stat().st_size
        stack_file.ask_for_help(self._path)
        self_told = self._stack(pid, "MainThread", ANSWER, self._descriptor)
        until = time.monotonic() + HELP_WITHIN
        data = b""
        while time.monotonic() < until and stack_file.HELPED not in data:
            time.sleep(0.05)
            data = stack_file.read(self._path, begin)
        told = tuple(
            stack for stack in parse(data.decode("utf-8", "replace"), pid) if stack.thread is not None
        )
        if any(stack.main for stack in told):
            return XRay(0.0, pid, told, f"{how}, and the trainer itself")
        if self_told is None:
            raise Refused(f"it was asked and did not answer{_in_kernel(pid)}")
        why = "the other threads cannot be reached: Linux before 6.9, and the trainer's interpreter is held"
        return XRay(0.0, pid, (self_told,), f"{how}; {why}")


def _in_kernel(pid: int) -> str:
    """Where the main thread waits in the kernel, as words to be put behind others; empty where it is not told."""
    try:
        place = Path(f"/proc/{pid}/wchan").read_text("ascii", "replace").strip()
    except OSError:
        return ""
    return f" (in the kernel: {place})" if place not in ("", "0") else ""


# With py-spy.


def _by_spy(target: ProcessIdentity, reason: str) -> XRay:
    """The stacks as `py-spy dump` gives them; it stops the process for some ms and needs the right to trace it."""
    program = shutil.which("py-spy")
    if program is None:
        why = f"{reason}; py-spy is not installed (pip install py-spy)"
        return XRay(0.0, target.pid, why_not=why)
    try:
        done = subprocess.run(
            [program, "dump", "--pid", str(target.pid)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SPY_LIMIT,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        return XRay(0.0, target.pid, why_not=f"{reason}; py-spy: {error}")
    stacks = parse(done.stdout.decode("utf-8", "replace"), target.pid)
    if not stacks:
        said = (done.stderr or done.stdout).decode("utf-8", "replace").strip().splitlines()
        return XRay(0.0, target.pid, why_not=f"{reason}; py-spy: {said[0] if said else 'said nothing'}")
    return XRay(0.0, target.pid, stacks, f"py-spy, because {reason}")


# Source lines.


def _with_source(stack: Stack, pid: int) -> Stack:
    """The stack with the lines of the files as they are now."""
    lines: dict[str, list[str]] = {}
    frames = []
    for frame in stack.frames:
        if frame.file not in lines:
            lines[frame.file] = _lines(frame.file, pid)
        text, number = lines[frame.file], frame.line or 0
        source = text[number - 1].strip() if 0 < number <= len(text) else None
        frames.append(structs.replace(frame, source=source or None))
    return structs.replace(stack, frames=tuple(frames))


def _lines(file: str, pid: int) -> list[str]:
    """The lines of a source file; none where it cannot be read. A relative path counts from the program's folder."""
    path = Path(file) if file.startswith("/") else Path(f"/proc/{pid}/cwd", file)
    try:
        if not path.is_file() or path.suffix not in (".py", "") or path.stat().st_size > SOURCE_LIMIT:
            return []
        return path.read_text("utf-8", "replace").split("\n")
    except (OSError, ValueError):
        return []
