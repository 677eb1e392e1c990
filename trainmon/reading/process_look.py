"""What the process table tells of a living trainer that does not move: stopped, and since when, or waiting on disk."""

from collections.abc import Callable
from pathlib import Path

from trainmon.fold.state import RunState
from trainmon.system.identity import ProcessIdentity, ProcessState, identity_of, process_state
from trainmon.system.proc import ROOT, descendants
from trainmon.words.exits import LAUNCHER_APP

QUIET = 30.0
"""Seconds without a step after which a wait on disk is worth a word; every healthy trainer has such moments."""

STOPPED = ("T", "t")
"""Letters of `/proc/PID/stat` for a process that a signal or a debugger stopped."""


class ProcessLook:
    """Looks at one process again and again, and remembers when it stopped; for one thread."""

    def __init__(
        self, *, clock: Callable[[], float], monotonic: Callable[[], float], root: Path = ROOT
    ) -> None:
        """Looks at nothing yet.

        Args:
            clock: Unix seconds.
            monotonic: Monotonic seconds.
            root: Where `proc` is.
        """
        self._clock = clock
        self._monotonic = monotonic
        self._root = root
        self._moving: ProcessIdentity | None = None
        """Whom we saw go on at some time: only of that one can be said when it stopped."""
        self.stopped_since: float | None = None
        """Unix seconds at which it was first seen stopped; None: it is not, or was at the first sight."""

    def look(self, state: RunState, identity: ProcessIdentity) -> ProcessState | None:
        """T for a stopped trainer, D for one that is silent and waits on disk; None for all that is ordinary."""
        letter = process_state(identity, self._root)
        opened, progress = state.opened, state.progress
        if letter not in STOPPED and opened is not None and opened.app_name == LAUNCHER_APP:
            letter = self._state_of_child(opened.pid)
        if letter in STOPPED:
            if self.stopped_since is None and self._moving == identity:
                self.stopped_since = self._clock()
            return letter
        self._moving, self.stopped_since = identity, None
        last = progress.mono if progress is not None else float("inf")
        return "D" if letter == "D" and self._monotonic() - last > QUIET else None

    def _state_of_child(self, launcher: int) -> ProcessState | None:
        """What the program that `trainmon run` started does; None where it is gone."""
        children = descendants(launcher, self._root)
        child = identity_of(children[0], self._root) if children else None
        return process_state(child, self._root) if child is not None else None
