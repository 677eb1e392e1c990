"""`trainmon/system/batch_job.py`: what batch systems say of a job, and nothing that they do not."""

import os
import time
from pathlib import Path

import pytest

from trainmon.system import batch_job as module
from trainmon.system.batch_job import batch_job, job_start


def a_process(root: Path, pid: int, parent: int, start_ticks: int, environment: bytes) -> None:
    """A process in a made-up /proc."""
    folder = root / "proc" / str(pid)
    folder.mkdir(parents=True)
    fields = ["S", str(parent), *["0"] * 17, str(start_ticks), "0", "0"]
    (folder / "stat").write_text(f"{pid} (a name) {' '.join(fields)}")
    (folder / "environ").write_bytes(environment)


def test_slurm_says_name_and_end() -> None:
    """Slurm before 22.05 says no end."""
    assert batch_job({"SLURM_JOB_ID": "7", "SLURM_JOB_END_TIME": "1795400000"}) == (
        "slurm 7",
        1_795_400_000.0,
    )
    assert batch_job({"SLURM_JOB_ID": "7"}) == ("slurm 7", None)


@pytest.mark.parametrize("said", ["soon", "-1", "1e9", "9" * 40, "٣"])
def test_an_end_that_is_no_number_is_not_known(said: str) -> None:
    assert batch_job({"SLURM_JOB_ID": "7", "SLURM_JOB_END_TIME": said}) == ("slurm 7", None)


def test_outside_of_a_job_there_is_none() -> None:
    assert batch_job({}) == (None, None)


def test_openpbs_says_no_end() -> None:
    assert batch_job({"PBS_JOBID": "9.head"}) == ("pbs 9.head", None)


@pytest.mark.parametrize(
    ("walltime", "seconds"), [("28800", 28_800.0), ("8:00:00", 28_800.0), ("30:00", 1_800.0)]
)
def test_torque_says_how_long_and_the_shell_says_since_when(
    walltime: str, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "job_start", lambda number: 1_000.0 if number == "9.head" else None)

    assert batch_job({"PBS_JOBID": "9.head", "PBS_WALLTIME": walltime}) == ("pbs 9.head", 1_000.0 + seconds)
    assert batch_job({"PBS_JOBID": "9.head", "PBS_WALLTIME": "long"}) == ("pbs 9.head", None)


def test_a_job_began_with_its_oldest_process(tmp_path: Path) -> None:
    """Above the job's shell is the daemon, which is of no job."""
    ours = b"HOME=/\0PBS_JOBID=9.head\0"
    a_process(tmp_path, 1, 0, 10, b"")
    a_process(tmp_path, 40, 1, 500, b"PBS_JOBID=9.header\0")
    a_process(tmp_path, 50, 40, 1_000, ours)
    a_process(tmp_path, 60, 50, 2_000, ours)

    found = job_start("9.head", 60, tmp_path)

    boot = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    assert found is not None
    assert abs(found - boot - 1_000 / os.sysconf("SC_CLK_TCK")) < 1.0
    assert job_start("8.head", 60, tmp_path) is None
