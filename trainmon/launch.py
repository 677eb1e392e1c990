"""What `trainmon run` does beside waiting: finds the run folder, keeps the output, writes down how the program ended.

A program that records by itself says where, see `trainmon.launched`, and owns its journal. For one that knows nothing
of trainmon the launcher keeps a journal: its start, readings of the machine, its end.
"""

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from msgspec import structs

from trainmon import ranks, sentinel_start, workers
from trainmon.alert_watch import AlertWatch
from trainmon.complaints import print_line
from trainmon.events import Ended as EndedEvent
from trainmon.events import EndReason, Started, System
from trainmon.exit_file import read_exit, write_exit
from trainmon.exits import LAUNCHER_APP, ExitRecord, signal_name
from trainmon.launched import VARIABLE, Announcement, announcements
from trainmon.monitor import Monitor
from trainmon.notify import readiness
from trainmon.output import OutputLog
from trainmon.passthrough import Ended, Listener
from trainmon.paths import RANKS, rank_folder
from trainmon.readings import MachineReading
from trainmon.recorder import Options, Recorder
from trainmon.repair import take_in
from trainmon.secrets import mask_command
from trainmon.system import cgroup
from trainmon.system.batch_job import batch_job
from trainmon.system.identity import ProcessIdentity, identity_of, own_identity

OPEN_AFTER = 2.0
"""Seconds after which a program that has not said where it records gets a journal of ours, with readings."""

START_AFTER = 30.0
"""Seconds after which that journal says that a run has started: most trainings have set up their own until then."""

MACHINE_EVERY = 2.0
"""Seconds between two readings of the machine."""

LOOK_EVERY = 1.0
"""Seconds between two looks at the program's control group."""

MOST_FORWARDED = 16


class Launch(Listener):
    """One program under `trainmon run`; for the thread that waits for it."""

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        settled: Callable[[Path], None],
        started: Callable[[int], None],
    ) -> None:
        """Prepares everything but starts nothing.

        Args:
            command: The program and its arguments.
            folder: Where to record where the program does not do it itself, absolute.
            settled: Is told the run folder, each time that it becomes another.
            started: Is told the process id of the program.
        """
        self._say_started = started
        self._command = tuple(mask_command(command))
        self._folder = rank_folder(folder, ranks.rank())
        self._settled = settled
        self._place = Path(tempfile.mkdtemp(prefix="trainmon-run-"))
        self._output = OutputLog()
        self._recorder: Recorder | None = None
        self._monitor: Monitor | None = None
        self._run_started = False
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
        if mono - self._looked >= LOOK_EVERY:
            self._looked = mono
            self._look_at_group()
        for path, announcement in announcements(self._place):
            self._heard(announcement)
            path.unlink(missing_ok=True)
        if not self.folders and mono - self._began[1] >= OPEN_AFTER:
            self._open()
            if mono - self._began[1] >= START_AFTER:
                self._start_run()

    def finished(self, ended: Ended) -> ExitRecord:
        """Writes down the end of the program, and closes everything; returns what was written."""
        record = self._record(ended)
        if not self.folders:
            self._open()
            self._start_run()
            self._close(*_ending(record))
        for folder in self.folders or [self._own_folder()]:
            if self._is_told_better(folder):
                continue
            with contextlib.suppress(
                OSError
            ):  # The folder is gone, or full: then there is nothing to say it in.
                write_exit(folder, record)
        for folder in self.folders:
            take_in(folder)
        self._output.close(time.time())
        self.discard()
        return record

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
        folder = Path(announcement.folder)
        if announcement.pid != self._pid and folder.parent.name == RANKS:
            folder = folder.parent.parent  # A launcher of ranks: the folder of all of them is its run folder.
        else:
            self._recording[folder] = announcement.pid
        self._hand_over(folder)
        if folder not in self.folders:
            self.folders.append(folder)
            self._settle(folder)

    def _hand_over(self, folder: Path) -> None:
        """Lets go of our own journal, for which there is no need any more."""
        if self._recorder is None:
            return
        if self._run_started or folder != self._own_folder():
            self._start_run()
        self._close(
            "interrupted", f"the program records by itself in {folder}" if self._run_started else None
        )

    def _settle(self, folder: Path) -> None:
        with contextlib.suppress(OSError):  # Where nothing can be written the output is only passed on.
            self._output.settle(folder)
        self._settled(folder)
        self._watch_over(folder)

    def _watch_over(self, folder: Path) -> None:
        """Has people told of what happens there, where a service is configured."""
        if not readiness.is_configured() or folder in self._watched_over:
            return
        self._watched_over.add(folder)
        if readiness.installed():
            sentinel_start.start(folder, since=self._began[0], watched=os.getpid())
        elif len(self._watched_over) == 1:
            print_line(f"trainmon: {readiness.MISSING}")

    def _own_folder(self) -> Path:
        return self._recorder.folder if self._recorder is not None else self._folder

    # Our own journal.

    def _open(self) -> None:
        if self._recorder is not None:
            return
        self._recorder = Recorder(Options(folder=self._folder, app_name=LAUNCHER_APP))
        if self._recorder.writer is not None:
            self._recorder.writer.call_each_second(AlertWatch(self._recorder).look)
        self._monitor = Monitor(MACHINE_EVERY, self._own_folder(), self._record_reading, self._pid)
        self._monitor.start()
        self._settle(self._own_folder())

    def _record_reading(self, reading: MachineReading) -> None:
        """In the monitor's thread."""
        if self._recorder is not None:
            self._recorder.put(System(*self._recorder.stamp(), reading=reading))

    def _start_run(self) -> None:
        if self._recorder is None or self._run_started:
            return
        self._run_started = True
        event = Started(
            *self._recorder.stamp(),
            run_id=self._recorder.new_run_id(),
            model_name=name_of(self._command),
            config={"command": list(self._command)},
        )
        self._recorder.put(structs.replace(event, time=self._began[0], mono=self._began[1]), wake=True)

    def _close(self, reason: EndReason, error: str | None) -> None:
        recorder = self._recorder
        if recorder is None:
            return
        if self._monitor is not None:
            self._monitor.stop()
        if self._run_started:
            success = reason == "finished"
            event = EndedEvent(*recorder.stamp(), success=success, reason=reason, error=error)
            recorder.put(event, wake=True)
        recorder.close()

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
