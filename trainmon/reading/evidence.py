"""What an observer can find out beside the journal: process table, locks, counters, and files that a death leaves.

The one thing to know: nothing here waits. Every question fails alone, into "not known", and what is expensive is asked
once the trainer is gone. The rest of `Evidence` is in `trainmon.meaning.statuses`, what follows from it in
`trainmon.meaning.verdict`.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path

from trainmon.facts.events import Opened
from trainmon.fold.state import RunState
from trainmon.meaning.statuses import Evidence
from trainmon.reading.elastic import LauncherWord
from trainmon.reading.left_behind import Orphans
from trainmon.reading.process_look import STOPPED, ProcessLook
from trainmon.reading.seen_end import kept_end
from trainmon.spool.spool_files import JournalName, find
from trainmon.storage.exit_file import own_end, read_exit, read_last
from trainmon.system import cgroup, kernel_log
from trainmon.system.identity import (
    NAMELESS_HOSTS,
    ProcessIdentity,
    alive,
    own_place,
)
from trainmon.system.pidfd import Hold
from trainmon.system.proc import ROOT
from trainmon.system.slurm import Accounts
from trainmon.words.accounting import Accounting
from trainmon.words.exits import ExitRecord
from trainmon.words.paths import FAULTS, JOURNAL

FAULT_LIMIT = 16_384
"""Bytes of a C-level crash report that are read, the last."""

SILENT = 90.0
"""Seconds without a heartbeat from another host after which its batch system is asked."""

SAME_CLOCK = 1.0
"""Seconds that wall and monotonic clock may drift apart before the wall clock counts as changed."""

_FATAL = "Fatal Python error:"
_WHOLE = "\nExtension modules:"
"""How a report of a crash ends: what stands before it is that of an earlier process of the same number."""

Stamps = tuple[object, ...]
"""Whatever tells that the files of a run folder changed."""


class Observer:
    """Looks at one run folder's process, again and again; for one thread."""

    def __init__(
        self,
        folder: Path,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        root: Path = ROOT,
        accounts: Accounts | None = None,
    ) -> None:
        """Looks at nothing yet.

        Args:
            folder: The run folder.
            clock: Unix seconds.
            monotonic: Monotonic seconds.
            root: Where `proc`, `sys` and `dev` are.
            accounts: Asks the batch system; None: one of our own.
        """
        self._folder = folder
        self._clock = clock
        self._monotonic = monotonic
        self._root = root
        self._offset: float | None = None
        self._stamps: Stamps = ()
        self._changed_at: float | None = None
        self._victim_of: tuple[int, bool] | None = None
        self._hold: Hold | None = None
        self._held: ProcessIdentity | None = None
        self._seen: ExitRecord | None = None
        self._kept: tuple[tuple[str, bool | None], ExitRecord | None] | None = None
        self._launcher = LauncherWord(folder)
        self._orphans = Orphans(root)
        self._accounts = accounts or Accounts()
        self._process = ProcessLook(clock=clock, monotonic=monotonic, root=root)

    def heartbeat(self, stamps: Stamps, newest: float | None) -> float | None:
        """When the files last changed, in Unix seconds of our present clock: that of another host may be off.

        The time since is taken from the monotonic clock, so that neither a jump of our clock nor a suspended laptop
        makes a heartbeat old. At the first sight there is only the files' own time, but never as one to come.

        Args:
            stamps: Equal while nothing changed.
            newest: Unix seconds at which the newest of the files changed; None: there are none.
        """
        mono, offset = self._monotonic(), self._clock_offset()
        if stamps != self._stamps and newest is not None:
            first = self._changed_at is None
            self._changed_at = min(newest - offset, mono) if first else mono
        self._stamps = stamps
        return None if self._changed_at is None else self._changed_at + offset

    def _clock_offset(self) -> float:
        """Unix seconds less monotonic seconds, the same as before unless the clock was changed."""
        offset = self._clock() - self._monotonic()
        if self._offset is None or abs(offset - self._offset) > SAME_CLOCK:
            self._offset = offset
        return self._offset

    def look(self, state: RunState, heartbeat: float | None, skew: float | None = None) -> Evidence:
        """What there is to know now.

        Args:
            state: Of the run, as far as it was read.
            heartbeat: As `heartbeat` gave it.
            skew: Seconds that our clock is ahead of the trainer's; None: not known.
        """
        opened = state.opened
        if opened is None:
            return Evidence(heartbeat=heartbeat, skew=skew)
        identity, here = identity_in(opened), own_place(self._root)
        same_boot = opened.boot_id is not None and opened.boot_id == here.boot_id
        lives = alive(identity, self._root)
        gone = lives is False or state.end is not None
        exit_ = self._exit(opened, identity, lives)
        # It may have died, and its parent may have said how, since we looked for it.
        died = lives is not True or (exit_ is not None and exit_.time >= opened.time)
        letter = self._process.look(state, identity) if lives else None
        return Evidence(
            alive=lives,
            process_state=letter,
            stopped_since=self._process.stopped_since if letter in STOPPED else None,
            heartbeat=heartbeat,
            fault=read_fault(self._folder, opened.pid) if died else None,
            skew=skew,
            exit=exit_,
            oom_kills=self._oom_kills(opened) if gone and same_boot else None,
            oom_victim=lives is False and same_boot and not _left_in_order(state) and self._is_victim(opened),
            rebooted=lives is False and not same_boot and opened.host == here.host not in NAMELESS_HOSTS,
            spool_held=spool_held(self._folder, opened) if lives is None else None,
            orphans=self._orphans.look(opened, exit_, self._monotonic())
            if lives is False and same_boot
            else None,
            accounting=self._accounting(opened, lives, heartbeat) if state.end is None else None,
            clock_offset=self._clock_offset() if same_boot else None,
        )

    def _accounting(self, opened: Opened, lives: bool | None, heartbeat: float | None) -> Accounting | None:
        """What the batch system says of the trainer's end; asked where it is dead, or silent on another host."""
        silent = lives is None and heartbeat is not None and self._clock() - heartbeat > SILENT
        return self._accounts.look(opened.job, self._monotonic()) if lives is False or silent else None

    def _exit(self, opened: Opened, identity: ProcessIdentity, lives: bool | None) -> ExitRecord | None:
        """How the process ended: as its parent wrote it down, else as we saw it, or another screen of this user."""
        seen, written = self._watch_exit(opened, identity, lives), read_exit(self._folder)
        if seen is None and not lives:
            seen = self._kept_end(opened, lives)
        if not lives and (told := self._launcher.word(opened, written)) is not None:
            return told
        if seen is None or written is None or written.time < opened.time:
            return seen or written
        return written if written.pid == seen.pid else own_end(written, seen)

    def _kept_end(self, opened: Opened, lives: bool | None) -> ExitRecord | None:
        """What was kept of its end, also by a screen of another host; asked once a process: a home may be slow."""
        key = (opened.writer, lives)
        if self._kept is None or self._kept[0] != key:
            self._kept = (key, kept_end(self._folder, opened))
        return self._kept[1]

    def _watch_exit(self, opened: Opened, identity: ProcessIdentity, lives: bool | None) -> ExitRecord | None:
        """What the kernel tells of the end of a process that we saw living; None: it lives, or nothing was seen."""
        if lives and self._held != identity:
            self.close()
            try:
                self._hold = Hold(opened.pid)
            except OSError:
                return None  # It has just gone, or this kernel has no such thing.
            # Between two looks at the pid it was the same process, so the hold is on that one.
            self._held = identity if alive(identity, self._root) else None
        if lives is not False or self._hold is None or self._held != identity:
            return None
        status = self._hold.wait_status() if self._seen is None else None
        if status is not None:
            self._seen = seen_exit(opened, status, self._clock())
        return self._seen

    @property
    def descriptor(self) -> int | None:
        """The pidfd of the process that is held; None: none is."""
        return self._hold.descriptor if self._hold is not None else None

    def close(self) -> None:
        """Lets go of the process."""
        if self._hold is not None:
            self._hold.close()
        self._hold = self._held = self._seen = None

    def _oom_kills(self, opened: Opened) -> int | None:
        return cgroup.oom_kills(opened.cgroup, self._root) if opened.cgroup is not None else None

    def _is_victim(self, opened: Opened) -> bool:
        """Whether the kernel's messages name the trainer; asked once a process."""
        if self._victim_of is None or self._victim_of[0] != opened.pid:
            self._victim_of = (opened.pid, is_victim(opened, self._root))
        return self._victim_of[1]


def _left_in_order(state: RunState) -> bool:
    """Whether nobody killed it: then reading the kernel's messages would take longer than all else."""
    writer = state.writers.get(state.opened.writer) if state.opened is not None else None
    return state.end is not None and writer is not None and writer.closed


def identity_in(opened: Opened) -> ProcessIdentity:
    """The identity of the process that wrote a journal's header."""
    return ProcessIdentity(
        host=opened.host,
        pid=opened.pid,
        boot_id=opened.boot_id,
        pid_namespace=opened.pid_namespace,
        start_ticks=opened.process_start,
        cgroup=opened.cgroup,
    )


def seen_exit(opened: Opened, status: int, now: float) -> ExitRecord:
    """An exit record by an observer that is not the parent.

    Args:
        opened: Who ended.
        status: As wait(2) gives it.
        now: Unix seconds when it was learned.
    """
    code = os.waitstatus_to_exitcode(status)
    return ExitRecord(
        host=opened.host,
        boot_id=opened.boot_id,
        pid=opened.pid,
        start_ticks=opened.process_start,
        launcher=0,
        started=opened.time,
        time=now,
        duration=max(0.0, now - opened.time),
        status=code if code >= 0 else None,
        signal=-code if code < 0 else None,
        core=os.WCOREDUMP(status),
    )


def read_fault(folder: Path, pid: int) -> str | None:
    """What `faulthandler` wrote at the last C-level crash of that process; None: it did not crash so.

    The file may also hold stacks that somebody asked for while the process lived.
    """
    data = read_last(folder / f"{FAULTS}.{pid}.log", FAULT_LIMIT)
    text = data.decode("utf-8", "replace") if data else ""
    last = text.rfind(_FATAL)
    if last < 0:
        return None
    # Looking at the other threads may crash in its turn: what came first is why the process died.
    return text[text.find(_FATAL, max(0, text.rfind(_WHOLE, 0, last))) :]


def spool_held(folder: Path, opened: Opened) -> bool | None:
    """Whether somebody holds the lock of the writer's newest spool; None where no spool of it is in sight.

    Tells life from death across pid namespaces that share their memory. Trying the lock disturbs nobody: a living
    owner has had it since before the spool could be found.

    Args:
        folder: The run folder.
        opened: Names the writer.
    """
    files = find(JournalName(str((folder / JOURNAL).absolute()), None, frozenset({opened.writer})))
    try:
        own = [file for file in files if file.header.writer == opened.writer]
        return not own[-1].retired() if own else None
    finally:
        for file in files:
            file.close()


def is_victim(opened: Opened, root: Path = ROOT) -> bool:
    """Whether the kernel says that the out-of-memory killer ended that very process; False where it cannot be read.

    The kernel numbers processes as the host does, so a pid of another namespace is never looked for, and a line
    counts only if it is younger than the process: pids are used again.
    """
    if opened.pid_namespace != kernel_log.HOST_PIDS or opened.process_start is None:
        return False
    started = opened.process_start / os.sysconf("SC_CLK_TCK")
    return any(
        victim.pid == opened.pid and victim.since_boot > started for victim in kernel_log.oom_victims(root)
    )
