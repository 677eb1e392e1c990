"""The journal that `trainmon run` keeps for a program that does not: its start, readings of the machine, its end.

Most programs turn out to record by themselves once they have imported all they need. Then this one is given up, and
leaves nothing behind where nobody else recorded meanwhile.
"""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from trainmon.calls.alert_watch import AlertWatch
from trainmon.calls.monitor import Monitor
from trainmon.facts.codec import decode_lines
from trainmon.facts.events import Ended, EndReason, Started, System
from trainmon.facts.readings import MachineReading
from trainmon.recording.recorder import Options, Recorder
from trainmon.storage import journal
from trainmon.storage.journal import Busy, Holder
from trainmon.words.exits import LAUNCHER_APP
from trainmon.words.paths import BUSY, JOURNAL, LOCK, SNAPSHOT, SNAPSHOT_TEMPORARY, LogFile

MACHINE_EVERY = 2.0
"""Seconds between two readings of the machine."""

_OWN = (JOURNAL, SNAPSHOT, SNAPSHOT_TEMPORARY, *(log.name_in(LAUNCHER_APP) for log in LogFile), LOCK)
"""What a recorder makes in a run folder; the lock last, which keeps others out until all else is gone."""


class StandIn:
    """A journal for a program that keeps none; for the thread that waits for the program."""

    def __init__(self, folder: Path, pid: int) -> None:
        """Opens it, and starts the readings.

        Args:
            folder: The run folder, absolute.
            pid: Of the program.
        """
        self._missing = [
            path for path in (folder / BUSY, folder, *folder.parents) if not os.path.lexists(path)
        ]
        before = _names(folder)
        self._recorder = recorder = Recorder(Options(folder=folder, app_name=LAUNCHER_APP))
        self.folder = recorder.folder
        """Where it records: the folder, or one inside where it was taken."""
        if self.folder != folder:
            self._missing.insert(0, self.folder)
            before = ()
        self._made = tuple(name for name in _OWN if name not in before)
        if recorder.writer is not None:
            recorder.writer.call_each_second(AlertWatch(recorder).look)
        self._monitor = Monitor(MACHINE_EVERY, self.folder, self._record_reading, pid)
        self._monitor.start()
        self.run_started = False
        """Whether the journal says that a run has started."""

    def _record_reading(self, reading: MachineReading) -> None:
        """In the monitor's thread."""
        self._recorder.put(System(*self._recorder.stamp(), reading=reading))

    def start_run(self, name: str, command: Sequence[str], began: tuple[float, float]) -> None:
        """Says that a run has started, once.

        Args:
            name: The run's.
            command: The command line, secrets masked.
            began: When the program started, in Unix and in monotonic seconds.
        """
        if self.run_started:
            return
        self.run_started = True
        recorder = self._recorder
        writer, seq, *_ = recorder.stamp()
        event = Started(
            writer,
            seq,
            *began,
            run_id=recorder.new_run_id(),
            model_name=name,
            config={"command": list(command)},
        )
        recorder.put(event, wake=True)

    def close(self, reason: EndReason, error: str | None) -> None:
        """Ends the run where one has started, and closes the journal."""
        recorder = self._recorder
        self._monitor.stop()
        if self.run_started:
            success = reason == "finished"
            recorder.put(Ended(*recorder.stamp(), success=success, reason=reason, error=error), wake=True)
        recorder.close()

    def remove(self) -> None:
        """Takes away what we made, after `close`: nothing where the journal is not ours alone.

        What others put beside it stays, and so does a folder that is not empty then.
        """
        me = self._recorder.identity
        with suppress(Busy, OSError):  # Somebody records there now, or the folder is gone.
            if JOURNAL not in self._made or not self.folder.is_dir():
                return
            lock = journal.take_lock(self.folder, Holder(me.host, me.boot_id, me.pid, me.start_ticks))
            try:
                if self._is_ours_alone():
                    for name in self._made:
                        (self.folder / name).unlink(missing_ok=True)
                    for made in self._missing:
                        with suppress(OSError):  # It never was there, or others have put something into it.
                            made.rmdir()
            finally:
                os.close(lock)

    def _is_ours_alone(self) -> bool:
        lines = (self.folder / JOURNAL).read_bytes().splitlines()
        return all(item.writer == self._recorder.writer_id for item in decode_lines(lines))


def _names(folder: Path) -> tuple[str, ...]:
    """What is in a folder; where it cannot be looked into, all that we might make: none of it counts as ours then."""
    try:
        return tuple(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except OSError:
        return _OWN
