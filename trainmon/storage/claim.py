"""Claiming a run folder for this process: its lock, or a folder inside it where it cannot be ours."""

import errno
import os
import time
from collections.abc import Callable
from pathlib import Path

from trainmon.storage import journal
from trainmon.storage.journal import Busy, Holder
from trainmon.storage.opening import RunFiles, TextOptions
from trainmon.system.private_files import REFUSALS, close, make_folder
from trainmon.words.complaints import reason
from trainmon.words.paths import BUSY, RANKS

Say = Callable[[str], object]
"""Tells the user a sentence."""

BUSY_PATIENCE = 0.5
"""Seconds that a folder's lock is waited for: a killed process holds it until the kernel has taken it apart, and
`trainmon repair` while it works."""


def acquire(folder: Path, holder: Holder, options: TextOptions, say: Say) -> RunFiles:
    """The folder with its lock, or one inside it where it is taken, or somebody else has the name of a file in it.

    Raises:
        OSError: No folder can be made or locked.
    """
    _refuse_foreign_links(folder)
    make_folder(folder)
    deadline = time.monotonic() + BUSY_PATIENCE
    why: OSError | Busy | None = None
    while why is None:
        try:
            return _locked(folder, holder, options)
        except Busy as busy:
            if busy.locks and time.monotonic() <= deadline:
                time.sleep(0.02)
            else:
                why = busy
        except OSError as error:
            if error.errno not in REFUSALS:
                raise
            why = error
    stamp = time.strftime("%Y%m%d-%H%M%S")
    inside = folder / BUSY / f"{stamp}-{holder.pid}-{os.urandom(3).hex()}"
    _refuse_foreign_links(inside)
    make_folder(inside)
    say(f"{why if isinstance(why, Busy) else reason(why)}; this training records in {inside}")
    try:
        return _locked(inside, holder, options)
    except Busy:
        # No locks here at all: the name is ours alone by its random part.
        return RunFiles(inside, os.open(inside, os.O_RDONLY | os.O_CLOEXEC), holder, options)


def acquire_only(folder: Path, holder: Holder, options: TextOptions) -> RunFiles:
    """This very folder with its lock.

    Raises:
        OSError: It cannot be made or locked; `EBUSY` where another process has it, which moves our lines as well.
    """
    make_folder(folder)
    try:
        return _locked(folder, holder, options)
    except Busy as busy:
        raise OSError(errno.EBUSY, str(busy)) from busy


def _locked(folder: Path, holder: Holder, options: TextOptions) -> RunFiles:
    lock = journal.take_lock(folder, holder)
    try:
        journal.check_usable(folder)
    except OSError:
        close(lock)
        raise
    return RunFiles(folder, lock, holder, options)


def _refuse_foreign_links(folder: Path) -> None:
    """The folders inside a run folder are ours to make: a symbolic link of another user there leads astray."""
    if folder.parent.name not in (RANKS, BUSY):
        return
    for part in (folder.parent, folder):
        if part.is_symlink() and part.lstat().st_uid not in (0, os.geteuid()):
            raise OSError(errno.ELOOP, "Symbolic link of another user", str(part))
