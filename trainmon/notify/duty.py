"""Which sentinel is on duty for a run folder: a lock in memory of this host, never in the run folder."""

import contextlib
import fcntl
import os
import time
from pathlib import Path

from trainmon.spool import shared_memory
from trainmon.system.kept import run_name
from trainmon.system.private_files import open_private

TRIES = 25
"""How often the lock is tried for: whoever asks who is on duty holds it for some microseconds, too."""

TRY_EVERY = 0.01
"""Seconds between two tries."""


def take(run: Path) -> int | None:
    """Takes the duty, which lasts until the descriptor is closed or the process ends; None: somebody has it.

    Raises:
        OSError: There is no place for the lock.
    """
    descriptor = open_private(_path(run), os.O_RDWR | os.O_CREAT)
    for _ in range(TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(TRY_EVERY)
        else:
            os.truncate(descriptor, 0)
            os.write(descriptor, str(os.getpid()).encode())
            return descriptor
    os.close(descriptor)
    return None


def on_duty(run: Path) -> int | None:
    """The process id of the sentinel of a run folder on this host, 0 where it does not say; None: there is none."""
    try:
        descriptor = open_private(_path(run), os.O_RDWR)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        said = os.pread(descriptor, 16, 0)
        return int(said) if said.isdigit() else 0
    finally:
        os.close(descriptor)
    return None


def _path(run: Path) -> Path:
    """Where the lock is.

    Raises:
        OSError: No folder of ours can be made.
    """
    name = f"sentinel-{run_name(run)}.lock"
    for base in shared_memory.bases():
        with contextlib.suppress(OSError):
            return shared_memory.make_folder(base) / name
    raise FileNotFoundError(name)
