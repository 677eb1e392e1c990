"""Making good what a crash left behind in a run folder: by `trainmon repair`, and by a parent that sees its child die.

The next training in the folder does the same when it starts; what is there is never truncated or rewritten.
"""

import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from trainmon.errors import SnapshotError
from trainmon.fold.state import Bookmark
from trainmon.spool.spool_files import JournalName, find
from trainmon.storage import journal, snapshot
from trainmon.storage.journal import Busy, Holder
from trainmon.storage.opening import RunFiles, TextOptions
from trainmon.system.identity import own_identity
from trainmon.words.paths import FAULTS, JOURNAL

PATIENCE = 2.0
"""Seconds that a parent waits at most for what its children left."""


class Repaired(msgspec.Struct, frozen=True):
    """What was made good."""

    records: int
    """Records that dead spools held and the journal lacked."""
    torn: bool
    """The journal's last line had no end."""
    text_bytes: int
    """Bytes that were added to the text logs."""
    snapshot: bool
    """A new snapshot was written."""

    def words(self) -> str:
        """The same as one line."""
        parts: list[str] = []
        if self.records:
            parts.append(
                f"{self.records:,} record{'s' if self.records != 1 else ''} recovered from shared memory"
            )
        if self.torn:
            parts.append("a torn last line ended")
        if self.text_bytes:
            parts.append(f"{self.text_bytes:,} bytes added to the text logs")
        if self.snapshot:
            parts.append("snapshot written")
        return ", ".join(parts) or "nothing was to do"


def has_run(folder: Path) -> bool:
    """Whether a journal is there, or a dead process left one in shared memory."""
    return (folder / JOURNAL).exists() or has_spools(folder)


def has_spools(folder: Path) -> bool:
    """Whether a process left lines for the journal of that folder in shared memory, or still has them there."""
    files = find(JournalName(str(folder / JOURNAL), None))
    for file in files:
        file.close()
    return bool(files)


def repair(folder: Path) -> Repaired:
    """Makes good what a crash left behind in one folder, which must be absolute.

    Raises:
        Busy: Another process records there, or nobody can tell.
        OSError: The storage failed; nothing is lost.
    """
    if not folder.exists():
        folder.mkdir(mode=0o700, parents=True)
    me = own_identity()
    holder = Holder(me.host, me.boot_id, me.pid, me.start_ticks)
    options = TextOptions(app_name=None)
    files = RunFiles(folder, journal.take_lock(folder, holder), holder, options, orphans=True)
    torn, known = _is_torn(folder / JOURNAL), _bookmark(folder)
    try:
        # The name of the general log is known only when the journal has been read: all that may be it are counted.
        before = _text_bytes(folder)
        files.open()
        files.journal.sync()
        files.collector.finish(files.journal.end)
        files.collector.synced(files.collector.offsets(), files.journal.end)
        added = _text_bytes(folder) - before
        files.mark()
        outdated = known != files.state.bookmark
        if outdated or added:
            files.write_snapshot(time.time())
        return Repaired(files.recovered, torn, added, outdated or added > 0)
    finally:
        files.close()


def take_in(folders: Sequence[Path]) -> None:
    """Brings into the journals what trainers left that have just died; what fails is left to the next opener.

    For their parent, which must not hang on the same storage as they do: after `PATIENCE` for all of them together it
    goes on without.
    """

    def work() -> None:
        for folder in folders:
            with suppress(Busy, OSError):
                if has_spools(folder):
                    repair(folder)

    thread = threading.Thread(target=work, name="trainmon-repair", daemon=True)
    thread.start()
    thread.join(PATIENCE)


def _is_torn(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            end = file.seek(0, 2)
            file.seek(max(0, end - 1))
            return end > 0 and file.read(1) != b"\n"
    except FileNotFoundError:
        return False


def _bookmark(folder: Path) -> Bookmark | None:
    """How far the snapshot has read which journal; None: there is none that can be used."""
    try:
        return snapshot.read(folder).state.bookmark
    except SnapshotError:
        return None


def _text_bytes(folder: Path) -> int:
    """Bytes of all text logs, but not of what `faulthandler` wrote."""
    logs = (path for path in folder.glob("*.log") if not path.name.startswith((".", f"{FAULTS}.")))
    return sum(path.stat().st_size for path in logs)
