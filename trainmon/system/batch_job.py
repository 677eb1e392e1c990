"""The batch job around this process: its name and when it ends, from what Slurm and PBS put into the environment.

Nothing is asked of a scheduler: `scontrol` and `qstat` wait for a server that may be slow. Slurm says the end itself.
TORQUE says how long the job may last, and OpenPBS says nothing; of the start neither says anything, so that it is taken
from the oldest process above us that is of the same job.
"""

import os
import re
import time
from collections.abc import Mapping
from pathlib import Path

from trainmon.system.proc import ROOT, read_stat

_MOST_ANCESTORS = 64

_HOURS = re.compile(r"(?:(\d+):)?(\d+):(\d+)")


def batch_job(environment: Mapping[str, str]) -> tuple[str | None, float | None]:
    """The batch job and the Unix time of its end; None for what the environment does not say.

    `SLURM_JOB_END_TIME`: sbatch(1) of Slurm 22.05 and later. `PBS_WALLTIME`: exported by TORQUE, not by OpenPBS.
    """
    if number := environment.get("SLURM_JOB_ID"):
        end = environment.get("SLURM_JOB_END_TIME", "")
        return f"slurm {number}", float(end) if end.isascii() and end.isdigit() and len(end) < 12 else None
    if number := environment.get("PBS_JOBID"):
        walltime, began = _seconds(environment.get("PBS_WALLTIME", "")), job_start(number)
        known = walltime is not None and began is not None
        return f"pbs {number}", began + walltime if known and began and walltime else None
    return None, None


def _seconds(text: str) -> float | None:
    """Seconds of `28800` or `8:00:00`; None where it is neither."""
    if text.isascii() and text.isdigit() and len(text) < 12:
        return float(text)
    found = _HOURS.fullmatch(text)
    if found is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return 3_600.0 * hours + 60.0 * minutes + seconds


def job_start(number: str, pid: int | None = None, root: Path = ROOT) -> float | None:
    """Unix seconds when the oldest process began that is above `pid` and of the PBS job of this number.

    That is the job's own shell on the node where it runs its script; on other nodes it is what the launcher started
    there, a little later.

    Args:
        number: Value of `PBS_JOBID`.
        pid: Where to begin; None: this process.
        root: Where `proc` is.
    """
    wanted = f"PBS_JOBID={number}".encode()
    at, oldest = os.getpid() if pid is None else pid, None
    for _ in range(_MOST_ANCESTORS):
        found = read_stat(at, root)
        if found is None or not _is_of_job(at, wanted, root):
            break
        oldest, at = found.start_ticks, found.parent
    if oldest is None:
        return None
    since_boot = time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.time() - since_boot + oldest / os.sysconf("SC_CLK_TCK")


def _is_of_job(pid: int, wanted: bytes, root: Path) -> bool:
    try:
        with (root / f"proc/{pid}/environ").open("rb") as file:
            return wanted in file.read(1 << 20).split(b"\0")
    except OSError:
        return False
