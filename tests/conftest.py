"""What every test gets: spools of its own, an environment without launchers, and loggers that are closed for it."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Unpack

import pytest
from hypothesis import HealthCheck, settings

from trainmon.calls.logger import LoggerOptions, TrainLogger
from trainmon.recording import writer
from trainmon.recording.recorder import Recorder

VARIABLES = (
    "TRAINMON_LEVEL", "TRAINMON_WRITER", "TRAINMON_SENTINEL", "TRAINMON_NOTIFY_URLS", "TRAINMON_DEADLINE",
    "SLURM_JOB_ID", "SLURM_JOB_END_TIME", "PBS_JOBID", "PBS_WALLTIME",
    "RANK", "LOCAL_RANK", "WORLD_SIZE",
    "SLURM_PROCID", "SLURM_LOCALID", "SLURM_NTASKS",
    "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_LOCAL_RANK", "OMPI_COMM_WORLD_SIZE",
    "PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID",
)  # fmt: skip
"""What the environment of whoever runs the tests must not bring in."""

# Limits of time fail by chance on a shared machine, and examples that differ from run to run fail whoever is there.
# New ones are looked for with `pytest --hypothesis-profile=explore`.
_TOO_SLOW = [HealthCheck.too_slow]
settings.register_profile("trainmon", deadline=None, suppress_health_check=_TOO_SLOW, derandomize=True)
settings.register_profile("explore", deadline=None, suppress_health_check=_TOO_SLOW, max_examples=2_000)
settings.load_profile("trainmon")

for number, action in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL),
                       (signal.SIGQUIT, signal.SIG_DFL)):  # fmt: skip
    # In the background of a script and under nohup they are ignored, and so they would be in all that tests start.
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, action)

OpenLogger = Callable[..., TrainLogger]

PATIENCE = 30.0
"""Seconds that a test waits for the writer thread of its own process: a disk that others use may hold it up."""


@pytest.fixture(autouse=True)
def spools(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this test's spools are: not in `tmp_path`, so that tests may list that."""
    folder = tmp_path_factory.mktemp("spools")
    monkeypatch.setenv("TRAINMON_SPOOL_DIR", str(folder))
    monkeypatch.setattr(Recorder.drained, "__defaults__", (PATIENCE,))
    monkeypatch.setattr(writer, "CLOSE_LIMIT", PATIENCE)
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):  # the settings of whoever runs the tests
        monkeypatch.setenv(name, str(folder / name))
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def open_logger(tmp_path: Path) -> Iterator[OpenLogger]:
    """Opens loggers in `tmp_path/logs` that leave the interpreter's hooks and the machine alone, and closes them."""
    opened: list[TrainLogger] = []

    def open_one(
        folder: str | os.PathLike[str] | None = None, **options: Unpack[LoggerOptions]
    ) -> TrainLogger:
        quiet: LoggerOptions = {
            "record_exceptions": False, "record_warnings": False, "record_faults": False, "record_loggers": False,
            "record_stacks": False,
            "machine_every": None,
        }  # fmt: skip
        logger = TrainLogger(folder if folder is not None else tmp_path / "logs", **{**quiet, **options})
        opened.append(logger)
        return logger

    yield open_one
    for logger in opened:
        logger.close()
