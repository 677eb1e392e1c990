"""What a dead trainer left behind, looked for again and again while somebody watches; see `trainmon.system.orphans`."""

from pathlib import Path

from trainmon.facts.events import Opened
from trainmon.meaning.statuses import Orphan
from trainmon.system.orphans import orphans
from trainmon.system.proc import ROOT, command_of
from trainmon.words.exits import LAUNCHER_APP, ExitRecord

EVERY = 5.0
"""Seconds between two looks: each reads the whole process table."""

MOST = 64
"""Orphans that are named."""

COMMAND_LIMIT = 200
"""Characters of a command line that are kept."""


class Orphans:
    """The orphans of one trainer; for one thread."""

    def __init__(self, root: Path = ROOT) -> None:
        """Looks at nothing yet."""
        self._root = root
        self._looked: tuple[str, float] | None = None
        self._found: tuple[Orphan, ...] | None = None

    def look(self, opened: Opened, exit_: ExitRecord | None, now: float) -> tuple[Orphan, ...] | None:
        """What there is at monotonic time `now`; None where the trainer did not write down what tells its children.

        Args:
            opened: Of the dead trainer, which ran on this host since its last boot.
            exit_: What its parent wrote down, if anything.
            now: Monotonic seconds.
        """
        before = self._looked
        if before is None or before[0] != opened.writer or now - before[1] >= EVERY:
            self._looked = (opened.writer, now)
            found = self._find(opened, exit_)
            self._found = None if found is None else tuple(self._named(pid) for pid in found[:MOST])
        return self._found

    def _find(self, opened: Opened, exit_: ExitRecord | None) -> tuple[int, ...] | None:
        if opened.app_name == LAUNCHER_APP:
            # The program that `trainmon run` started leads a session of its own.
            if exit_ is None or exit_.start_ticks is None or exit_.launcher != opened.pid:
                return None
            return orphans(exit_.pid, exit_.start_ticks, exit_.pid, None, opened.folder, self._root)
        if opened.session is None or opened.process_start is None:
            return None
        leads = opened.session == opened.pid
        group = None if leads else opened.process_group
        return orphans(opened.pid, opened.process_start, opened.session, group, opened.folder, self._root)

    def _named(self, pid: int) -> Orphan:
        command = command_of(pid, self._root)
        return Orphan(pid, command[:COMMAND_LIMIT] if command is not None else None)
