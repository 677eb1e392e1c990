"""The talk between `trainmon run` and the training below it: which run folder it records in.

The training leaves a file in a folder that its environment names; the launcher, which may be recording in that very
run folder for want of anybody better, lets go of it and takes the file away. A training without a launcher pays for one
look into its environment.
"""

import os
import time
from pathlib import Path

import msgspec

from trainmon.recording import workers
from trainmon.words.paths import recorded

VARIABLE = "TRAINMON_LAUNCHER"
"""Environment variable with the folder in which a training says where it records."""

SUFFIX = ".recorder"

PATIENCE = 1.0
"""Seconds that a training waits at its setup for the launcher to let go of the run folder; it goes on without."""

ASK_EVERY = 0.005
"""Seconds between two looks for the answer."""


class Announcement(msgspec.Struct, frozen=True):
    """A training that is about to record."""

    pid: int
    folder: str
    """The run folder, absolute; of a rank above 0 its own."""


def announce(folder: Path) -> None:
    """Tells the launcher, where there is one, that this process is about to record in `folder`; never raises."""
    place = os.environ.get(VARIABLE)
    if not place or os.environ.get(workers.VARIABLE):
        return  # Nobody listens, or the process that started us has said it already.
    path = Path(place) / f"{os.getpid()}-{os.urandom(3).hex()}{SUFFIX}"
    try:
        temporary = path.with_suffix(".new")
        temporary.write_bytes(msgspec.json.encode(Announcement(os.getpid(), recorded(folder))))
        temporary.rename(path)
    except OSError:
        return  # The launcher is gone, and its folder with it.
    deadline = time.monotonic() + PATIENCE
    while path.exists() and time.monotonic() < deadline:
        time.sleep(ASK_EVERY)


def announcements(place: Path) -> list[tuple[Path, Announcement]]:
    """What trainings have said and nobody has answered, oldest first; unlink a path to answer it."""
    try:
        paths = sorted(place.glob(f"*{SUFFIX}"), key=lambda path: path.stat().st_mtime_ns)
    except OSError:
        return []
    found: list[tuple[Path, Announcement]] = []
    for path in paths:
        try:
            found.append((path, msgspec.json.decode(path.read_bytes(), type=Announcement)))
        except (OSError, msgspec.MsgspecError, ValueError):
            continue  # Not ours, or taken away meanwhile.
    return found
