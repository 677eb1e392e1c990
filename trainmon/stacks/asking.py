"""One question to one living trainer: what do your threads do? By a signal that it has promised to answer.

The one thing to know: an unhandled signal kills, so it is sent through a descriptor of that very process, and only
where the kernel says that the process catches it; see `trainmon.stacks.stack_file`.
"""

import os
import signal
import time
from pathlib import Path

from msgspec import structs

from trainmon.stacks import stack_file
from trainmon.stacks.stacks import MOST_THREADS, Stack, XRay, parse
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

MOST_WORKERS = 16
"""Child processes that are asked, the nearest first."""

SETTLED = 2.0
"""Seconds that a child must live: one that becomes another program does so at once."""

LOOK_EVERY = 0.002
"""Seconds between two looks for an answer."""

_ONE_THREAD = os.O_EXCL
"""PIDFD_THREAD of pidfd_open(2), Linux 6.9 and later: the descriptor stands for one thread."""

_TEXT_END = b":\n"


class Refused(Exception):  # noqa: N818 - it is an answer, and ends in `trainmon.stacks.xray`
    """Why something cannot be asked, in words."""


class Asking:
    """One question to one trainer."""

    def __init__(self, target: ProcessIdentity, number: int, path: Path) -> None:
        """Takes hold of the process.

        Args:
            target: The trainer.
            number: The signal that it answers.
            path: The file that it answers into.

        Raises:
            OSError: It is gone, or this system has no such descriptors.
        """
        self._target = target
        self._number = number
        self._path = path
        self._descriptor = os.pidfd_open(target.pid)

    def __enter__(self) -> "Asking":
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def ask(self) -> XRay:
        """Asks every thread and every forked worker, one after the other.

        Raises:
            Refused: It cannot be asked, or did not answer.
            OSError: The process or its file is gone, or is another user's.
        """
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
        said = f"; {silent} threads did not answer" if silent else ""
        return XRay(0.0, pid, stacks + self._workers(), how + said)

    def _workers(self) -> tuple[Stack, ...]:
        """What the main threads of forked children do, such as the workers of a DataLoader.

        They have the handler and the file from their parent. A child that runs another program has it no more, and one
        that is about to is left alone: it would lose the handler between our look and the signal.
        """
        found: list[Stack] = []
        for pid in descendants(self._target.pid)[:MOST_WORKERS]:
            child = identity_of(pid)
            if child is None or child.start_ticks is None or _age(child.start_ticks) < SETTLED:
                continue
            try:
                descriptor = os.pidfd_open(pid)
            except OSError:
                continue
            try:
                begin = self._path.stat().st_size
                if not alive(child) or not self._catches(pid) or process_state(child) in ("D", "T", "t"):
                    continue
                signal.pidfd_send_signal(descriptor, self._number)
            except OSError:
                continue
            finally:
                os.close(descriptor)
            stacks = parse(self._answer(begin, ANSWER))
            if stacks:
                found.append(structs.replace(stacks[0], name=f"worker {pid}", thread=pid, worker=True))
        return tuple(found)

    def _catches(self, pid: int) -> bool:
        signals = read_signals(pid)
        return signals is not None and signals.has(signals.caught, self._number)

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
        if not self._catches(self._target.pid):
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
            return XRay(0.0, pid, told + self._workers(), f"{how}, and the trainer itself")
        if self_told is None:
            raise Refused(f"it was asked and did not answer{_in_kernel(pid)}")
        why = "the other threads cannot be reached: Linux before 6.9, and the trainer's interpreter is held"
        return XRay(0.0, pid, (self_told, *self._workers()), f"{how}; {why}")


def _age(start_ticks: int) -> float:
    """Seconds since a process began."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) - start_ticks / os.sysconf("SC_CLK_TCK")


def _in_kernel(pid: int) -> str:
    """Where the main thread waits in the kernel, as words to be put behind others; empty where it is not told."""
    try:
        place = Path(f"/proc/{pid}/wchan").read_text("ascii", "replace").strip()
    except OSError:
        return ""
    return f" (in the kernel: {place})" if place not in ("", "0") else ""
