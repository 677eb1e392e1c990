"""Asks a living program what all its threads do: by a signal to a trainer that answers it, else with `py-spy`.

The one thing to know: it raises nothing; what cannot be done is said in words. The signal is `trainmon.stacks.asking`.
"""

import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from msgspec import structs

from trainmon.facts.events import Opened
from trainmon.reading.evidence import identity_in
from trainmon.stacks import stack_file
from trainmon.stacks.asking import Asking, Refused
from trainmon.stacks.stack_words import in_order
from trainmon.stacks.stacks import Stack, XRay, parse
from trainmon.system.identity import ProcessIdentity, alive, identity_of
from trainmon.system.proc import descendants
from trainmon.words.exits import LAUNCHER_APP

SPY_LIMIT = 15.0
"""Seconds that py-spy gets."""


SOURCE_LIMIT = 4 << 20
"""Bytes of a source file that is read."""


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
        with Asking(target, header.signal, path) as asking:
            return asking.ask()
    except ProcessLookupError:
        raise Refused("its process has just ended") from None
    except OSError as error:
        raise Refused(f"it cannot be asked: {error.strerror or error}") from None


# With py-spy.


def _by_spy(target: ProcessIdentity, reason: str) -> XRay:
    """The stacks as `py-spy dump` gives them; it stops the process for some ms and needs the right to trace it."""
    program = shutil.which("py-spy")
    if program is None:
        why = f"{reason}; py-spy is not installed (pip install py-spy)"
        return XRay(0.0, target.pid, why_not=why)
    try:
        done = subprocess.run(
            [program, "dump", "--full-filenames", "--pid", str(target.pid)],
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
