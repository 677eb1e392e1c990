"""What `trainmon run` does beside waiting: finds the run folder, keeps the output, writes down how the program ended.

A program that records by itself says where, see `trainmon.recording.launched`, and owns its journal. For one that knows
nothing of trainmon the launcher keeps a journal, see `trainmon.launch.stand_in`.
"""

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from trainmon.facts.events import EndReason
from trainmon.facts.given import as_command
from trainmon.launch.passthrough import Ended, Listener
from trainmon.launch.stand_in import StandIn
from trainmon.notify import readiness
from trainmon.recording import workers
from trainmon.recording.launched import VARIABLE, Announcement, announcements
from trainmon.storage import fault_files
from trainmon.storage.exit_file import read_exit, write_exit
from trainmon.storage.output import OutputLog
from trainmon.storage.repair import take_in
from trainmon.system import cgroup, sentinel_start
from trainmon.system.batch_job import batch_job
from trainmon.system.identity import ProcessIdentity, identity_of, own_identity
from trainmon.words import ranks
from trainmon.words.complaints import print_line
from trainmon.words.exits import ExitRecord, signal_name
from trainmon.words.paths import JOURNAL, RANKS, named, rank_folder

OPEN_AFTER = 2.0
"""Seconds after which a program that has not said where it records gets a journal of ours, with readings."""

OPEN_LATE = 10.0
"""The same where it matters more that the folder is the right one."""

START_AFTER = 30.0
"""Seconds after which that journal says that a run has started: most trainings have set up their own until then."""

LOOK_EVERY = 1.0
"""Seconds between two looks at the program's control group."""

MOST_FORWARDED = 16
"""Signals that an exit record lists, the oldest."""


class Launch(Listener):
    """One program under `trainmon run`; for the thread that waits for it."""

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        settled: Callable[[Path], None],
        started: Callable[[int], None],
        *,
        watched: bool = False,
    ) -> None:
        """Prepares everything but starts nothing.

        Args:
            command: The program and its arguments.
            folder: Where to record where the program does not do it itself, absolute.
            settled: Is told the run folder, each time that it becomes another.
            started: Is told the process id of the program.
            watched: A screen is opened on the first folder that `settled` is told.
        """
        self._say_started = started
        self._command = as_command(command)
        self._folder = rank_folder(folder, ranks.rank())
        self._settled = settled
        self._place = Path(tempfile.mkdtemp(prefix="trainmon-run-"))
        self._output = OutputLog()
        self._stand_in: StandIn | None = None
        self._watched = watched
        self._pid = -1
        self._identity: ProcessIdentity | None = None
        self._began = (time.time(), time.monotonic())
        self._looked = float("-inf")
        self._forwarded: list[int] = []
        self._group: str | None = None
        self._oom_before: dict[str, int | None] = {}
        self._watched_over: set[Path] = set()
        self._recording: dict[Path, int] = {}
        """The process that records in each folder, the newest."""
        self._recorded: dict[Path, set[int]] = {}
        """Who recorded in each folder, those of ranks included."""
        self.folders: list[Path] = []
        """Run folders that the program, or those below it, recorded in, oldest first."""

    def environment(self, environment: Mapping[str, str]) -> dict[str, str]:
        """The program's environment: ours, and where it says where it records."""
        kept = {name: value for name, value in environment.items() if name != workers.VARIABLE}
        return kept | {VARIABLE: str(self._place)}

    # What happens to the program.

    def started(self, pid: int) -> None:
        """See `Listener`."""
        self._pid, self._began = pid, (time.time(), time.monotonic())
        self._identity = identity_of(pid)
        self._say_started(pid)
        self._look_at_group()

    def printed(self, data: bytes) -> None:
        """See `Listener`."""
        self._output.add(data, time.time())

    def passed_on(self, number: int) -> None:
        """See `Listener`."""
        if len(self._forwarded) < MOST_FORWARDED:
            self._forwarded.append(number)

    def tick(self) -> None:
        """See `Listener`."""
        mono = time.monotonic()
        self._output.rest(time.time())
        if mono - self._looked >= LOOK_EVERY:
            self._looked = mono
            self._look_at_group()
        for path, announcement in announcements(self._place):
            self._heard(announcement)
            path.unlink(missing_ok=True)
        age = mono - self._began[1]
        if not self.folders and (self._stand_in is not None or age >= self._patience()):
            stand_in = self._open()
            if age >= START_AFTER:
                self._start_run(stand_in)

    def finished(self, ended: Ended) -> ExitRecord:
        """Writes down the end of the program, and closes everything; returns what was written."""
        record = self._record(ended)
        folders = list(self.folders)
        if not folders:
            folders.append(self._record_whole(record))
        for folder in folders:
            if self._is_told_better(folder):
                continue
            with contextlib.suppress(
                OSError
            ):  # The folder is gone, or full: then there is nothing to say it in.
                write_exit(folder, record)
        take_in(list(self._recorded))
        for folder, pids in self._recorded.items():
            fault_files.remove_empty(folder, pids)
        self._output.close(time.time())
        self.discard()
        return record

    def _record_whole(self, record: ExitRecord) -> Path:
        """Writes down a run of a program that never recorded by itself, up to its end; returns where."""
        stand_in = self._open()
        self._start_run(stand_in)
        stand_in.close(*_ending(record))
        return stand_in.folder

    def _is_told_better(self, folder: Path) -> bool:
        """Whether a sentinel has written down the end of the very process that recorded there, below our program."""
        written, recording = read_exit(folder), self._recording.get(folder)
        seen = written is not None and not written.launcher and written.pid == recording
        return seen and recording != self._pid

    def discard(self) -> None:
        """Takes away what was only for the time of the program."""
        shutil.rmtree(self._place, ignore_errors=True)

    # Where it records.

    def _heard(self, announcement: Announcement) -> None:
        """The program, or one below it, is about to record."""
        folder = named(announcement.folder)
        self._recorded.setdefault(folder, set()).add(announcement.pid)
        if announcement.pid != self._pid and folder.parent.name == RANKS:
            folder = folder.parent.parent  # A launcher of ranks: the folder of all of them is its run folder.
        else:
            self._recording[folder] = announcement.pid
        self._hand_over(folder)
        if folder not in self.folders:
            self.folders.append(folder)
            self._settle(folder)
            self._watch_over(folder)

    def _hand_over(self, folder: Path) -> None:
        """Gives up our own journal, for which there is no need any more."""
        stand_in, self._stand_in = self._stand_in, None
        if stand_in is None:
            return
        elsewhere = folder != stand_in.folder
        if elsewhere and self._watched:
            # A screen looks at it, and has to say where to look.
            stand_in.start_run(name_of(self._command), self._command, self._began)
        stand_in.close("finished", f"the program records by itself in {folder}")
        if elsewhere and not self._watched and self._output.take_back():
            stand_in.remove()

    def _settle(self, folder: Path) -> None:
        with contextlib.suppress(OSError):  # Where nothing can be written the output is only passed on.
            self._output.settle(folder)
        self._settled(folder)

    def _watch_over(self, folder: Path) -> None:
        """Has people told of what happens there, where a service is configured."""
        if not readiness.is_configured() or folder in self._watched_over:
            return
        self._watched_over.add(folder)
        if readiness.installed():
            sentinel_start.start(folder, since=self._began[0], watched=os.getpid())
        elif len(self._watched_over) == 1:
            print_line(f"trainmon: {readiness.MISSING}")

    # Our own journal.

    def _open(self) -> StandIn:
        if self._stand_in is None:
            self._stand_in = StandIn(self._folder, self._pid)
            self._settle(self._stand_in.folder)
        return self._stand_in

    def _start_run(self, stand_in: StandIn) -> None:
        stand_in.start_run(name_of(self._command), self._command, self._began)
        self._watch_over(stand_in.folder)

    def _patience(self) -> float:
        """Seconds without a word of the program after which we record for it.

        Where the folder's journal tells of another run, or somebody waits to look at the right folder, it takes longer.
        """
        late = self._watched or os.path.lexists(self._folder / JOURNAL)
        return OPEN_LATE if late else OPEN_AFTER

    # The end.

    def _look_at_group(self) -> None:
        """Notes the control group of the program and what its counter says before anything happens in it."""
        self._group = cgroup.memory_path(self._pid) or self._group
        if self._group is not None and self._group not in self._oom_before:
            self._oom_before[self._group] = cgroup.oom_kills(self._group)

    def _record(self, ended: Ended) -> ExitRecord:
        here, code = own_identity(), os.waitstatus_to_exitcode(ended.status)
        now, mono = time.time(), time.monotonic()
        job, job_end = batch_job(os.environ)
        return ExitRecord(
            command=self._command,
            host=here.host,
            boot_id=here.boot_id,
            pid=self._pid,
            start_ticks=self._identity.start_ticks if self._identity is not None else None,
            launcher=here.pid,
            started=self._began[0],
            time=now,
            duration=mono - self._began[1],
            status=code if code >= 0 else None,
            signal=-code if code < 0 else None,
            core=os.WCOREDUMP(ended.status),
            forwarded=tuple(self._forwarded),
            oom_before=self._oom_before.get(self._group or ""),
            oom_after=cgroup.oom_kills(self._group) if self._group is not None else None,
            cpu_user=ended.user,
            cpu_system=ended.system,
            max_rss=ended.max_rss,
            job=job,
            job_end=job_end,
        )


def _ending(record: ExitRecord) -> tuple[EndReason, str | None]:
    """The end of a run that we recorded, as reason and words."""
    if record.status == 0:
        return "finished", None
    words = signal_name(record.signal) if record.signal is not None else f"exit status {record.status}"
    return ("interrupted" if words == "SIGINT" else "failed"), words


def name_of(command: Sequence[str]) -> str:
    """A command line as the name of a run: `python train.py --lr 0.1`, at most 80 characters."""
    text = " ".join([Path(command[0]).name, *command[1:]])
    return text if len(text) <= 80 else f"{text[:79]}…"
