"""The files that `faulthandler` was to write to, and did not: whoever is killed leaves an empty one behind."""

import os
from collections.abc import Container
from contextlib import suppress
from pathlib import Path

from trainmon.words.paths import FAULTS


def remove_empty(folder: Path, pids: Container[int] | None = None) -> None:
    """Removes the empty reports of processes that are no more; what has a word in it stays.

    Args:
        folder: A run folder. Where `pids` is None we must hold its lock: then none of them is another host's.
        pids: Only those of these processes, which were of this host.
    """
    with suppress(OSError):  # The folder is gone.
        for path in folder.glob(f"{FAULTS}.*.log"):
            number = path.name.split(".")[1]
            if not (number.isascii() and number.isdigit()) or (pids is not None and int(number) not in pids):
                continue
            with suppress(
                OSError
            ):  # Gone meanwhile, or it cannot be removed: it says nothing, so nothing is wrong.
                if path.lstat().st_size == 0 and not _there(int(number)):
                    path.unlink()


def _there(pid: int) -> bool:
    """Whether a process has that number, also one of somebody else."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
