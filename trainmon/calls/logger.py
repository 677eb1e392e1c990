"""`TrainLogger`: a run folder that is recorded into.

A wrong argument raises at setup. A log call raises for no value at all: what is not a number is kept as text and
warned about once; whatever else goes wrong in a call is said once on standard error and counted.
"""

import atexit
import os
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self, TypedDict

from trainmon.calls import checks
from trainmon.calls.alert_watch import AlertWatch
from trainmon.calls.hooks import Hooks
from trainmon.calls.monitor import Monitor
from trainmon.calls.progress_call import ProgressCall
from trainmon.calls.safe import ModelLoader, SafeCalls
from trainmon.errors import ArgumentError, FolderError
from trainmon.facts.events import System
from trainmon.facts.given import as_integer
from trainmon.facts.readings import MachineReading
from trainmon.fold.state_entries import LIST_LIMIT
from trainmon.meaning.monitoring import empty_monitoring_data, monitoring_data, newest, with_floats
from trainmon.reading.whole_record import whole_monitoring_data
from trainmon.recording import launched
from trainmon.recording.recorder import Options, Recorder
from trainmon.recording.writer import Writer
from trainmon.system import sentinel_start
from trainmon.system.stats import system_stats
from trainmon.words import ranks
from trainmon.words.paths import RANKS, absolute, rank_folder


class LoggerOptions(TypedDict, total=False):
    """The options of `TrainLogger` beside the folder; it documents and checks them."""

    app_name: str
    level: str | int
    console: bool
    progress_per_second: float
    best_metric: str
    best_direction: str
    max_log_bytes: int | None
    backup_count: int
    rank: int | None
    record_exceptions: bool
    record_warnings: bool
    record_faults: bool
    record_loggers: bool
    record_stacks: bool
    machine_every: float | None
    model_loader: ModelLoader | None
    sentinel: bool


def check_options(options: LoggerOptions) -> None:
    """Raises an `ArgumentError` that says what was meant where there is an option that `TrainLogger` does not have."""
    checks.check_known("setup_logging", options, LoggerOptions.__annotations__)


_living: "weakref.WeakValueDictionary[str, TrainLogger]" = weakref.WeakValueDictionary()
"""The newest logger of each folder in this process."""


def _reopened(folder: str, options: LoggerOptions) -> "TrainLogger":
    """The logger that was pickled: the one of this process where there is one, else one that is opened here."""
    logger = _living.get(folder)
    return logger if logger is not None and not logger.recorder.closed else TrainLogger(folder, **options)


class TrainLogger(ProgressCall, SafeCalls):
    """Records one training, or several that follow each other, into a run folder."""

    def __init__(
        self,
        log_dir: str | os.PathLike[str] = "logs",
        *,
        app_name: str = "gradio_app",
        level: str | int = "INFO",
        console: bool = False,
        progress_per_second: float = 10.0,
        best_metric: str = "loss",
        best_direction: str = "min",
        max_log_bytes: int | None = None,
        backup_count: int = 5,
        rank: int | None = None,
        record_exceptions: bool = True,
        record_warnings: bool = True,
        record_faults: bool = True,
        record_loggers: bool = True,
        record_stacks: bool = True,
        machine_every: float | None = 2.0,
        model_loader: ModelLoader | None = None,
        sentinel: bool = False,
    ) -> None:
        """Opens the run folder and starts recording.

        Args:
            log_dir: The run folder; it is made where it is missing. Ranks above 0 record in `ranks/00001` inside it.
                `~` is the home folder.
            app_name: Names the general text log and its logger.
            level: The lowest level that the text logs and the console show; `TRAINMON_LEVEL` in the environment
                wins where it is one. The journal has all.
            console: Print what matters to standard error, too.
            progress_per_second: Progress lines a second that the text log gets in the long run.
            best_metric: The validation metric that decides what is best: `loss`, or a name in `val_metrics`.
            best_direction: `min` where lower is better, `max` where higher is.
            max_log_bytes: A text log that would grow longer is rotated; None: never.
            backup_count: How many rotated files are kept.
            rank: This process's rank; None: as the launcher's environment says.
            record_exceptions: Record exceptions that leave the program or a thread; they go on as before.
            record_warnings: Record Python warnings; they are shown as before.
            record_faults: Let `faulthandler` write C-level crashes into the folder, unless the program enabled it.
            record_loggers: Record what the program logs to the five loggers of the spec.
            record_stacks: Answer a real-time signal that nobody else uses with the stacks of the threads (hang X-ray).
            machine_every: Seconds between two readings of the machine; None: no readings.
            model_loader: Makes a model from its name, for `safe_model_loading`.
            sentinel: Start a process that sends messages about this run and outlives it, see docs/notifications.md;
                `TRAINMON_SENTINEL=1` in the environment starts one, too.

        Raises:
            ArgumentError: An argument is not what it has to be; the message says what was expected.
        """
        log_dir = checks.check_path("log_dir", log_dir)
        rank = checks.check_optional_count("rank", rank)
        folder = rank_folder(absolute(log_dir), rank if rank is not None else ranks.rank())
        self.options = Options(
            folder=folder,
            app_name=checks.check_app_name(app_name),
            level=checks.named_level(os.environ.get("TRAINMON_LEVEL"), checks.check_level(level)),
            console=checks.check_flag("console", console),
            progress_per_second=checks.check_positive("progress_per_second", progress_per_second),
            max_log_bytes=checks.check_optional_count("max_log_bytes", max_log_bytes, least=1_024),
            backup_count=checks.check_count("backup_count", backup_count),
        )
        hooked = {
            name: checks.check_flag(f"record_{name}", value)
            for name, value in (
                ("exceptions", record_exceptions),
                ("warnings", record_warnings),
                ("faults", record_faults),
                ("loggers", record_loggers),
                ("stacks", record_stacks),
            )
        }
        if machine_every is not None:
            machine_every = max(0.5, checks.check_positive("machine_every", machine_every))
        if model_loader is not None and not callable(model_loader):
            raise ArgumentError(f"model_loader: expected a function of a model's name, got {model_loader!r}")
        super().__init__()
        self.model_loader = model_loader
        self.best_metric = checks.check_text("best_metric", best_metric)
        self.best_direction = checks.check_direction(best_direction)
        self._start(hooked, machine_every, sentinel or sentinel_start.is_asked_for())
        _living[str(folder)] = self
        atexit.register(self._close_at_exit)

    def _start(self, hooked: dict[str, bool], machine_every: float | None, sentinel: bool) -> None:
        """Begins to record; what one process does for the whole run is left to the one that owns the journal.

        Args:
            hooked: What `Hooks` records, by name.
            machine_every: Seconds between two readings of the machine; None: no readings.
            sentinel: Whether to start one.
        """
        launched.announce(self.options.folder)
        self.recorder = Recorder(self.options)
        self._hooks: Hooks | None = None
        self._monitor: Monitor | None = None
        writer = self.recorder.writer
        if writer is not None:
            self._watch = AlertWatch(self.recorder)
            writer.call_each_second(self._each_second)
        self._hooks = Hooks(self, **hooked)
        if writer is None:
            return
        self._machine_every = machine_every
        self._start_monitor()
        self.recorder.on_succession = self._go_on
        if sentinel:
            self._start_sentinel()

    def _start_monitor(self) -> None:
        if self._machine_every is not None:
            self._monitor = Monitor(
                self._machine_every,
                self.folder,
                self._record_reading,
                checkpoint=lambda: self.newest_checkpoint,
            )
            self._monitor.start()

    def _go_on(self, writer: Writer) -> None:
        """In a forked child that has become the owner of the journal; in a thread of its own."""
        writer.call_each_second(self._each_second)
        self._start_monitor()

    def __deepcopy__(self, memo: object) -> Self:
        """The same logger: a run folder has one in a process."""
        return self

    def __copy__(self) -> Self:
        """The same logger."""
        return self

    def __reduce__(self) -> "tuple[Callable[[str, LoggerOptions], TrainLogger], tuple[str, LoggerOptions]]":
        """For a worker that gets this logger pickled: it records into the same folder, with a spool of its own."""
        options: LoggerOptions = {
            "app_name": self.options.app_name,
            "level": self.options.level,
            "best_metric": self.best_metric,
            "best_direction": self.best_direction,
            "rank": 0,  # The folder is the rank's own already.
            "record_exceptions": False,
            "record_warnings": False,
            "record_faults": False,
            "record_loggers": False,
            "record_stacks": False,
            "machine_every": None,
        }
        return _reopened, (str(self.options.folder), options)

    @property
    def folder(self) -> Path:
        """Where the files are: `log_dir`, or a folder inside it for ranks and where it was taken."""
        return self.recorder.folder

    def _each_second(self) -> None:
        """What is due once a second; in the writer's thread."""
        self.record_repeats()
        self._watch.look()
        if self._hooks is not None:
            self._hooks.each_second()

    def _record_reading(self, reading: MachineReading) -> None:
        """Records a reading of the machine; in the monitor's thread."""
        self.recorder.put(System(*self.recorder.stamp(), reading=reading))

    def _start_sentinel(self) -> None:
        """Has people told of this run; a rank above 0 has nothing to say that rank 0 has not."""
        if self.folder.parent.name == RANKS:
            return
        from trainmon.notify import readiness  # deferred: only those pay for it who ask for it

        reason = readiness.why_not()
        if reason is None and not sentinel_start.start(self.folder):
            reason = "it cannot be started"
        if reason is not None:
            self.recorder.complaints.say("sentinel", f"no sentinel: {reason}")

    def get_system_stats(self) -> dict[str, Any]:
        """What the machine does now, with the spec's keys; a part that cannot be read is absent."""
        return dict(system_stats())

    def get_monitoring_data(self, limit: int | None = LIST_LIMIT) -> dict[str, Any]:
        """The spec's `monitoring_data` of what is in the journal, at most some tenths of a second old.

        Args:
            limit: The newest entries that each list has at most; None: all of the run, which are read from the journal,
                whole. More than the usual hundred are read there, too; else the newest ten are whole.
        """
        if limit is not None and (limit := as_integer(limit)) is None:
            limit = LIST_LIMIT
        state = self.recorder.state()
        if state is None:
            return empty_monitoring_data()
        data = monitoring_data(state, time.time())
        if limit is None or limit > LIST_LIMIT:
            try:
                data = whole_monitoring_data(self.folder, time.time())
            except FolderError as error:
                self.recorder.warn_once("monitoring data", f"{error}; only the newest entries are given")
        return with_floats(data if limit is None else newest(data, max(0, limit)))

    def close(self) -> None:
        """Records that the program closed in order, drains everything, within 2 s, and gives the folder free."""
        atexit.unregister(self._close_at_exit)
        self._close(release=True)

    def _close_at_exit(self) -> None:
        """The same where the process ends: what others record after us at exit is then moved without opening again."""
        self._close(release=False)

    def _close(self, *, release: bool) -> None:
        try:
            if self._hooks is not None:
                self._hooks.remove()
            if self._monitor is not None and self.recorder.writer is not None:
                self._monitor.stop()  # A forked child has no such thread, but maybe the lock that it held.
            self.record_repeats(all_of_them=True)
            self.recorder.close(release=release)
        except Exception as error:  # noqa: BLE001 - the end of a program must not fail because of its logging
            self.complain("close", error)
