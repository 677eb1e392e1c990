"""Spools that dead processes left, and those of them that no journal will ever take in: these must go some day.

A spool waits for the next opener of its journal. Where the run folder was deleted, nobody opens it, and the spool would
take up memory until the machine starts anew. What is removed is said; nothing young is.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from trainmon.spool import shared_memory
from trainmon.spool.spool_files import SpoolFile
from trainmon.spool.spool_header import SUFFIX, SpoolHeader
from trainmon.storage import journal
from trainmon.system.private_files import UNFINISHED, open_read
from trainmon.words.paths import named

AGE = 7 * 86_400.0
"""Seconds after its last line in which a spool is never removed, whatever became of its folder.

A folder may be renamed, or moved to another disk with its journal, whose next opener takes the lines in by the
journal's name; a weekend and a few days of absence must fit between. Until then `trainmon repair FOLDER` makes even a
deleted folder again.
"""


class DeadSpool(msgspec.Struct, frozen=True):
    """A segment that nobody appends to, and that its journal has not taken in."""

    path: Path
    folder: Path
    """The run folder that its lines belong to."""
    size: int
    """Bytes."""
    age: float
    """Seconds since its last line."""
    orphaned: bool
    """The run folder was deleted, or another journal stands in it: nobody will open this one."""


def dead_spools(now: float, older_than: float = 0.0) -> Iterator[DeadSpool]:
    """The dead spools of this user, whatever journal they belong to.

    Looks at their run folders, which may wait for a network file system as long as that is away.

    Args:
        now: Unix seconds.
        older_than: Only those with as many seconds behind their last line.
    """
    for path in _names(SUFFIX):
        try:
            file = SpoolFile(path)
        except OSError:
            continue
        try:
            status = os.fstat(file.descriptor)
            age = now - status.st_mtime
            if age >= older_than and file.retired():
                folder = named(file.header.journal).parent
                yield DeadSpool(path, folder, status.st_size, age, is_orphaned(file.header))
        except OSError:
            continue  # The program closed our descriptor, or the folder cannot be looked at.
        finally:
            file.close()


def is_orphaned(header: SpoolHeader) -> bool:
    """Whether no opener will come for a spool: its folder is gone from where it was, or has another journal.

    A folder on a mount that is away is not gone: what then stands under its name is on another device.

    Raises:
        OSError: The folder cannot be looked at.
    """
    path = named(header.journal)
    if header.device is None or not path.is_absolute():
        return False
    try:
        descriptor = journal.open_shared(path)
    except FileNotFoundError:
        there = next(folder for folder in path.parents if folder.exists())
        return there != path.parent and there.stat().st_dev == header.device
    try:
        first = journal.first_writer(descriptor)
    finally:
        os.close(descriptor)
    return (
        first is not None
        and header.journal_id is not None
        and first not in (header.journal_id, header.writer)
    )


def remove_orphans(now: float) -> list[DeadSpool]:
    """Unlinks the orphaned spools that are older than `AGE`, and what a process left that was killed opening one.

    Args:
        now: Unix seconds.

    Returns:
        The spools that were unlinked.
    """
    removed = [spool for spool in dead_spools(now, AGE) if spool.orphaned]
    for spool in removed:
        spool.path.unlink(missing_ok=True)
    for path in _names(UNFINISHED):
        # A name of that kind lives for microseconds, and no call whose line it has has returned.
        if _is_older(path, now - AGE):
            path.unlink(missing_ok=True)
    return removed


def remove_orphans_aside(report: Callable[[list[DeadSpool]], object]) -> threading.Thread | None:
    """Does the same in a thread that nobody waits for, where anything is old enough.

    Args:
        report: Is called in that thread with what was removed.
    """
    before = time.time() - AGE
    if not any(_is_older(path, before) for suffix in (SUFFIX, UNFINISHED) for path in _names(suffix)):
        return None

    def work() -> None:
        removed = remove_orphans(time.time())
        if removed:
            report(removed)

    thread = threading.Thread(target=work, name="trainmon-orphans", daemon=True)
    try:
        thread.start()
    except RuntimeError:
        return None  # No room for a thread: the next opener does it.
    return thread


def words(removed: list[DeadSpool]) -> str:
    """What was removed, as one sentence."""
    folders = sorted({str(spool.folder) for spool in removed})
    more = f" and {len(folders) - 3:,} more" if len(folders) > 3 else ""
    size = sum(spool.size for spool in removed)
    return (
        f"removed {len(removed):,} spool{'s' if len(removed) > 1 else ''} ({size:,} bytes) of runs that are gone: "
        f"{', '.join(folders[:3])}{more}"
    )


def _names(suffix: str) -> Iterator[Path]:
    for folder in shared_memory.folders():
        try:
            names = sorted(name for name in os.listdir(folder) if name.endswith(suffix))
        except OSError:
            continue
        yield from (folder / name for name in names)


def _is_older(path: Path, than: float) -> bool:
    try:
        descriptor = open_read(path)
    except OSError:
        return False
    try:
        return os.fstat(descriptor).st_mtime < than
    finally:
        os.close(descriptor)
