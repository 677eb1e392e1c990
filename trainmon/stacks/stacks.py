"""Stacks of a program's threads as values, and how `faulthandler` and py-spy write them down. Pure.

The one thing to know: the innermost call comes first, as both print it.
"""

import re
from collections.abc import Iterator

import msgspec

MOST_THREADS = 1_024
"""Threads that are kept of one text."""

MOST_FRAMES = 256
"""Calls that are kept of one thread, the innermost; `faulthandler` itself stops at 100."""

OWN_PARTS = ("/trainmon/", "/trainmon_tui/")
"""Folders whose threads are trainmon's own."""


class StackFrame(msgspec.Struct, frozen=True):
    """A call that has not returned; texts are untrusted."""

    file: str
    """Path, or the end of one where the writer shortened it."""
    line: int | None
    function: str
    source: str | None = None
    """The line of the file as it stands there now, stripped; None where it was not read."""


class Stack(msgspec.Struct, frozen=True):
    """What one thread does."""

    frames: tuple[StackFrame, ...]
    """The innermost call first; empty for a thread that runs no Python."""
    name: str | None = None
    """Of the thread, untrusted; None where it is not known."""
    thread: int | None = None
    """The kernel's number of it; None where it is not known."""
    main: bool = False
    """Whether it is the main thread, as far as is known."""
    worker: bool = False
    """Whether it is that of a child process."""

    @property
    def own(self) -> bool:
        """Whether it is a thread of trainmon itself, which waits by profession."""
        if self.worker:
            return False
        if self.name is not None and self.name.startswith("trainmon-"):
            return True
        bottom = [frame.file for frame in self.frames if not frame.file.endswith("threading.py")][-1:]
        return not self.main and any(part in file for file in bottom for part in OWN_PARTS)


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


_FRAME = re.compile(r'  File "(.*)", line (\d+|\?+) in (.*)')
_HEAD = re.compile(
    r"(?:(?:Current thread|Thread) (?:0x[0-9a-f]+|(\d+))(?: [\"\[](.*)[\"\]])?|Stack) \(most recent call first\):"
)
_SPY_HEAD = re.compile(r"Thread (?:0x[0-9A-Fa-f]+|(\d+)) \([^)]*\)(?:: \"(.*)\")?")
_SPY_FRAME = re.compile(r"    (.+) \((.*?)(?::(\d+))?\)")


def parse(text: str, main: int | None = None) -> tuple[Stack, ...]:
    """The stacks in what `faulthandler`, the trainer or py-spy wrote; whatever else stands there is passed over.

    Args:
        text: Untrusted.
        main: The kernel's number of the main thread, which is that of the process; None: not known.
    """
    found: list[Stack] = []
    frames: list[StackFrame] = []
    head: tuple[int | None, str | None] | None = None
    for line in text.splitlines():
        begin = _begin(line)
        if begin is not None:
            if head is not None:
                found.append(_stack(head, frames, main))
            if len(found) >= MOST_THREADS:
                return tuple(found)
            head, frames = begin, []
        elif head is not None and len(frames) < MOST_FRAMES:
            frames += _frames(line)
    if head is not None:
        found.append(_stack(head, frames, main))
    return tuple(found)


def _begin(line: str) -> tuple[int | None, str | None] | None:
    """Number and name of the thread whose stack begins here; None where none does."""
    match = _HEAD.fullmatch(line) or _SPY_HEAD.fullmatch(line)
    if match is None:
        return None
    return (int(match[1]) if match[1] else None), match[2]


def _stack(head: tuple[int | None, str | None], frames: list[StackFrame], main: int | None) -> Stack:
    thread, name = head
    is_main = (thread is not None and thread == main) or name == "MainThread"
    return Stack(tuple(frames), name=name, thread=thread, main=is_main)


def _frames(line: str) -> Iterator[StackFrame]:
    match = _FRAME.fullmatch(line)
    if match is not None:
        yield StackFrame(match[1], int(match[2]) if match[2].isdecimal() else None, match[3])
        return
    match = _SPY_FRAME.fullmatch(line)
    if match is not None:
        # Newer ones name the class, too, as faulthandler does not.
        yield StackFrame(match[2], int(match[3]) if match[3] else None, match[1].rpartition(".")[2])
