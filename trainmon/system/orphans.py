"""Processes that a dead trainer left behind: those of its session and group that nobody above them looks after.

The one thing to know: a child whose parent died keeps its session and its process group, which the trainer wrote down.
"""

from __future__ import annotations

import os
from pathlib import Path

from trainmon.system.proc import ROOT, Stat, read_stat
from trainmon.words.paths import JOURNAL

MOST_CLIMBED = 256
"""Parents that are followed; a chain that long is none of a training."""


def orphans(
    pid: int, start_ticks: int, session: int, group: int | None, folder: str | None, root: Path = ROOT
) -> tuple[int, ...]:
    """Process ids, rising, of what a dead process left behind; some 20 µs for each process of the session.

    Args:
        pid: Of the dead one.
        start_ticks: When it began; what is older is not its child.
        session: Its session.
        group: Its process group; None: any of the session.
        folder: Its run folder, absolute. Who records in another is a training of its own, which a script started
            beside it and did not wait for. None: not known.
        root: Where `proc` is.
    """
    members = {
        number: stat
        for number, stat in _members(session, root)
        if stat.session == session and (group is None or stat.group == group) and stat.state not in "ZX"
    }
    # Whoever leads the session or the group was there before, be it in the same hundredth of a second.
    older = (pid, session, group)
    younger = {
        number for number, stat in members.items() if stat.start_ticks >= start_ticks and number not in older
    }
    younger -= {
        number for number in younger if folder is not None and _records_elsewhere(number, folder, root)
    }
    # A script that started the trainer, and now its next program, is older and of the same group.
    return tuple(sorted(number for number in younger if _top(number, members, younger) not in members))


def _records_elsewhere(number: int, folder: str, root: Path) -> bool:
    """Whether the process has the journal of a run open that is neither in the folder nor below it."""
    descriptors = root / "proc" / str(number) / "fd"
    try:
        files = [os.readlink(descriptors / name) for name in os.listdir(descriptors)]
    except OSError:  # it ended just now, or belongs to another user
        return False
    journals = [Path(file) for file in files if file.endswith(f"/{JOURNAL}")]
    return any(not journal.is_relative_to(os.path.realpath(folder)) for journal in journals)


def _top(number: int, members: dict[int, Stat], younger: set[int]) -> int:
    """The nearest process above that is not one of the younger members."""
    for _ in range(MOST_CLIMBED):
        if number not in younger:
            return number
        number = members[number].parent
    return 0


def _members(session: int, root: Path) -> list[tuple[int, Stat]]:
    """The processes of a session; of a tree that is not the kernel's own, all that there are."""
    try:
        numbers = [int(name) for name in os.listdir(root / "proc") if name.isdecimal()]
    except OSError:
        return []
    if root == ROOT:
        numbers = [number for number in numbers if _session_of(number) == session]
    read = ((number, read_stat(number, root)) for number in numbers)
    return [(number, stat) for number, stat in read if stat is not None]


def _session_of(pid: int) -> int | None:
    """The session of a process, in a fiftieth of the time that reading its line takes; None where it is gone."""
    try:
        return os.getsid(pid)
    except OSError:
        return None
