"""The ledger of a run folder as a file of the user's, changed under a lock: every sender asks here first.

Where the user's state folder cannot be used, the folder of the spools takes its place; where that fails, too, each
sender tells what it finds.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from trainmon.notify.ledger import Ledger
from trainmon.spool import shared_memory
from trainmon.system.kept import keep, kept_path, read_struct
from trainmon.system.private_files import make_folder, open_private

KIND = "told"

LONGEST = 200
"""Entries that are written: a kept file is read up to 64 KiB."""


def path_of(run: Path) -> Path:
    """Where the ledger of a run folder is."""
    path = kept_path(run, KIND)
    if path.is_absolute() and _usable(path.parent):
        return path
    for base in shared_memory.bases():
        with contextlib.suppress(OSError):
            return kept_path(run, KIND, shared_memory.make_folder(base))
    return path


def _usable(folder: Path) -> bool:
    try:
        make_folder(folder)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds the ledger's lock; where there are no locks, nothing is held."""
    descriptor = -1
    # A home without locks, or without room: told twice is better than not at all.
    with contextlib.suppress(OSError):
        descriptor = open_private(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def read(path: Path) -> Ledger:
    """What was told; nothing where nothing is known, or the file is damaged."""
    return read_struct(path, Ledger) or Ledger()


def write(path: Path, ledger: Ledger) -> None:
    """Keeps it; where that cannot be done, a restart may tell things again."""
    keep(path, msgspec.json.encode(Ledger(ledger.entries[-LONGEST:])))
