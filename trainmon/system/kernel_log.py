"""What the kernel's own messages say about processes that it killed, where they may be read.

The one thing to know: reading never waits, and the kernel numbers processes as the host does, not as a container does.
Source: Documentation/ABI/testing/dev-kmsg of Linux.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple

from trainmon.system.proc import ROOT

LIMIT = 8 << 20
"""Bytes of messages that are read; the usual ring has 256 KiB to 1 MiB."""

HOST_PIDS = 0xEFFFFFFC
"""Inode of the host's own pid namespace: PROC_PID_INIT_INO of include/linux/proc_ns.h."""

_KILLED = re.compile(rb"Killed process (\d+) ")


class Victim(NamedTuple):
    """A process that the out-of-memory killer ended."""

    pid: int
    """In the host's own pid namespace."""
    since_boot: float
    """Seconds from boot to its end."""


def oom_victims(root: Path = ROOT) -> list[Victim]:
    """The victims that the messages name, oldest first; none where they may not be read."""
    try:
        # Without O_NONBLOCK the end of the messages waits for the next one.
        descriptor = os.open(root / "dev/kmsg", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return []
    victims: list[Victim] = []
    room = LIMIT
    try:
        while room > 0:
            try:
                record = os.read(descriptor, 8_192)
            except BrokenPipeError:
                continue  # The ring overtook us; the next read goes on behind the gap.
            if not record:
                break
            room -= len(record)
            head, _, text = record.partition(b";")
            found = _KILLED.search(text)
            if found is not None:
                victims.append(Victim(int(found[1]), int(head.split(b",")[2]) / 1e6))
    except (OSError, ValueError, IndexError):
        return victims  # EAGAIN: this was the last one.
    finally:
        os.close(descriptor)
    return victims
