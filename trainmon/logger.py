"""`TrainLogger`: a run folder that is recorded into, and the hot path.

A wrong argument raises at setup. A log call raises for no value at all: what is not a number is kept as text and
warned about once; whatever else goes wrong in a call is said once on standard error and counted.
"""

import atexit
import os
import time
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self, TypedDict

from msgspec import structs

from trainmon import checks, launched, ranks
from trainmon.codec import LINE_LIMIT, encode_line
from trainmon.errors import ArgumentError
from trainmon.events import Progress, System
from trainmon.given import LONGEST, as_integer, as_metrics, as_recorded, as_seconds
from trainmon.hooks import Hooks
from trainmon.monitor import Monitor
from trainmon.monitoring import empty_monitoring_data, monitoring_data, with_floats
from trainmon.paths import rank_folder
from trainmon.readings import MachineReading
from trainmon.recorder import Options, Recorder
from trainmon.safe import ModelLoader, SafeCalls
from trainmon.system.stats import system_stats
from trainmon.values import as_text

_INT64 = 2**63 - 1


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
    machine_every: float | None
    model_loader: ModelLoader | None


_living: "weakref.WeakValueDictionary[str, TrainLogger]" = weakref.WeakValueDictionary()
"""The newest logger of each folder in this process."""


def _reopened(folder: str, options: LoggerOptions) -> "TrainLogger":
    """The logger that was pickled: the one of this process where there is one, else one that is opened here."""
    logger = _living.get(folder)
    return logger if logger is not None and not logger.recorder.closed else TrainLogger(folder, **options)


class TrainLogger(SafeCalls):
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
        machine_every: float | None = 2.0,
        model_loader: ModelLoader | None = None,
    ) -> None:
        """Opens the run folder and starts recording.

        Args:
            log_dir: The run folder; it is made where it is missing. Ranks above 0 record in `ranks/00001` inside it.
            app_name: Names the general text log and its logger.
            level: The lowest level that the text logs and the console show; `TRAINMON_LEVEL` in the environment
                wins. The journal has all.
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
            machine_every: Seconds between two readings of the machine; None: no readings.
            model_loader: Makes a model from its name, for `safe_model_loading`.

        Raises:
            ArgumentError: An argument is not what it has to be; the message says what was expected.
        """
        if not isinstance(log_dir, str | os.PathLike) or not os.fspath(log_dir):
            raise ArgumentError(f"log_dir: expected a path, got {log_dir!r}")
        rank = checks.check_optional_count("rank", rank)
        folder = rank_folder(Path(log_dir).absolute(), rank if rank is not None else ranks.rank())
        self.options = Options(
            folder=folder,
            app_name=checks.check_name("app_name", app_name),
            level=checks.check_level(os.environ.get("TRAINMON_LEVEL") or level),
            console=bool(console),
            progress_per_second=checks.check_positive("progress_per_second", progress_per_second),
            max_log_bytes=checks.check_optional_count("max_log_bytes", max_log_bytes, least=1_024),
            backup_count=checks.check_count("backup_count", backup_count),
        )
        if machine_every is not None:
            machine_every = max(0.5, checks.check_positive("machine_every", machine_every))
        if model_loader is not None and not callable(model_loader):
            raise ArgumentError(f"model_loader: expected a function of a model's name, got {model_loader!r}")
        super().__init__()
        self.model_loader = model_loader
        self.best_metric = checks.check_text("best_metric", best_metric)
        self.best_direction = checks.check_direction(best_direction)
        launched.announce(self.options.folder)
        self.recorder = Recorder(self.options)
        if self.recorder.writer is not None:
            self.recorder.writer.call_each_second(self.record_repeats)
        self._hooks = Hooks(
            self,
            exceptions=bool(record_exceptions),
            warnings=bool(record_warnings),
            faults=bool(record_faults),
            loggers=bool(record_loggers),
        )
        self._monitor: Monitor | None = None
        if machine_every is not None and self.recorder.writer is not None:
            self._monitor = Monitor(machine_every, self.recorder.folder, self._record_reading)
            self._monitor.start()
        _living[str(folder)] = self
        atexit.register(self._close_at_exit)

    def __deepcopy__(self, memo: object) -> Self:
        """The same logger: a run folder has one in a process."""
        return self

    __copy__ = __deepcopy__

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
            "machine_every": None,
        }
        return _reopened, (str(self.options.folder), options)

    @property
    def folder(self) -> Path:
        """Where the files are: `log_dir`, or a folder inside it for ranks and where it was taken."""
        return self.recorder.folder

    def _record_reading(self, reading: MachineReading) -> None:
        """Records a reading of the machine; in the monitor's thread."""
        self.recorder.put(System(*self.recorder.stamp(), reading=reading))

    # The hot path.

    def log_training_progress(
        self,
        epoch: int,
        step: int,
        total_steps: int | None,
        loss: float,
        learning_rate: float | None = None,
        metrics: Mapping[str, float] | None = None,
        phase: str = "training",
        *,
        waited: float | None = None,
    ) -> None:
        """Records that a step was completed. Microseconds; never waits for storage.

        Args:
            epoch: The epoch of the step, as the program counts.
            step: The step within the run or within the epoch; which of the two is found out.
            total_steps: Steps of the run or of the epoch; None where nobody knows.
            loss: Training loss. Python, numpy and torch scalars are taken; reading a tensor on a GPU waits until the
                GPU has computed it, as `.item()` does: log every n-th step where that hurts.
            learning_rate: The learning rate of the step.
            metrics: More numbers by name.
            phase: Only `training` enters the curve, the bars and the speed.
            waited: Seconds spent waiting for data.
        """
        recorder = self.recorder
        seq = recorder.next_seq()
        now, mono = time.time(), time.monotonic()
        try:
            # `x - x` is 0 for every finite number and NaN for the others.
            plain = (
                type(loss) is float
                and loss - loss == 0.0
                and (
                    learning_rate is None
                    or (type(learning_rate) is float and learning_rate - learning_rate == 0.0)
                )
                and type(step) is int
                and type(epoch) is int
                and type(phase) is str
                and (metrics is None or type(metrics) is dict)
                and (waited is None or (type(waited) is float and 0.0 <= waited <= LONGEST))
                and -_INT64 <= step <= _INT64
                and -_INT64 <= epoch <= _INT64
            )
            if plain and metrics:
                for value in metrics.values():
                    if (type(value) is not float or value - value != 0.0) and (
                        type(value) is not int or not -_INT64 <= value <= _INT64
                    ):
                        plain = False
                        break
            if not plain or not (total_steps is None or (type(total_steps) is int and total_steps <= _INT64)):
                raise TypeError
            line = encode_line(
                Progress(
                    recorder.writer_id, seq, now, mono, epoch, step, total_steps, loss, learning_rate,
                    metrics, phase, waited,  # type: ignore[arg-type]  # a dict of floats is a dict of numbers
                )
            )  # fmt: skip
            if len(line) > LINE_LIMIT:
                raise ValueError
            if not recorder.spool.append(line):
                recorder.refuse(seq)
            if recorder.closed:
                recorder.drain_late()
        except Exception:  # noqa: BLE001 - not plain numbers: made safe below
            self._progress_of_anything(
                seq, now, mono, (epoch, step, total_steps), loss, learning_rate, metrics, phase, waited
            )

    def _progress_of_anything(
        self,
        seq: int,
        now: float,
        mono: float,
        counts: tuple[object, object, object],
        loss: object,
        learning_rate: object,
        metrics: object,
        phase: object,
        waited: object,
    ) -> None:
        """The same for values of any type: what is no number is kept as text, and said once."""
        try:
            numbers, texts = as_metrics(metrics)
            epoch, step, total_steps = map(as_integer, counts)
            name = "training" if type(phase) is str and phase == "training" else as_text(phase, 80)
            recorded, rate = as_recorded(loss), as_recorded(learning_rate)
            for label, given, number in (
                ("epoch", counts[0], epoch),
                ("step", counts[1], step),
                ("total_steps", counts[2], total_steps),
                ("loss", loss, recorded),
                ("learning_rate", learning_rate, rate),
            ):
                if number is None and given is not None:
                    texts[label] = as_text(given, 200)
            if epoch is None or step is None:
                # Without its place a value cannot stand on the curve.
                name = f"{name}, unnumbered"
            event = Progress(
                self.recorder.writer_id, seq, now, mono, epoch or 0, step or 0, total_steps,
                recorded, rate, numbers or None, name, as_seconds(waited), texts or None,
            )  # fmt: skip
            line = encode_line(event)
            if len(line) > LINE_LIMIT:
                texts = {"metrics": f"{len(numbers):,} metrics make {len(line):,} bytes, too long for a line"}
                line = encode_line(structs.replace(event, metrics=None, texts=texts))
            if not self.recorder.spool.append(line):
                self.recorder.refuse(seq)
            if self.recorder.closed:
                self.recorder.drain_late()
            if texts:
                what = ", ".join(f"{label}={text}" for label, text in texts.items())
                self.recorder.warn_once(
                    f"not a number: {','.join(texts)}", f"log_training_progress: no numbers: {what}"
                )
        except Exception as error:  # noqa: BLE001 - the one place where a log call's failure ends
            self.recorder.refuse(seq)
            self.complain("log_training_progress", error)

    def get_system_stats(self) -> dict[str, Any]:
        """What the machine does now, with the spec's keys; a part that cannot be read is absent."""
        return dict(system_stats())

    def get_monitoring_data(self) -> dict[str, Any]:
        """The spec's `monitoring_data` of what is in the journal, at most some tenths of a second old."""
        state = self.recorder.state()
        return (
            with_floats(monitoring_data(state, time.time())) if state is not None else empty_monitoring_data()
        )

    def close(self) -> None:
        """Records that the program closed in order, drains everything, within 2 s, and gives the folder free."""
        atexit.unregister(self._close_at_exit)
        self._close(release=True)

    def _close_at_exit(self) -> None:
        """The same where the process ends: what others record after us at exit is then moved without opening again."""
        self._close(release=False)

    def _close(self, *, release: bool) -> None:
        try:
            self._hooks.remove()
            if self._monitor is not None and self.recorder.writer is not None:
                self._monitor.stop()  # A forked child has no such thread, but maybe the lock that it held.
            self.record_repeats(all_of_them=True)
            self.recorder.close(release=release)
        except Exception as error:  # noqa: BLE001 - the end of a program must not fail because of its logging
            self.complain("close", error)
