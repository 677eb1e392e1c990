"""`trainmon repair`: opens a run folder as a trainer would, so that everything a crash left behind is made good.

What is there is never truncated or rewritten; stacks of C-level crashes (`faulthandler.PID.log`) stay as they are.
"""

import time
from pathlib import Path

import click
import msgspec

from trainmon import journal, snapshot
from trainmon.cli.output import say
from trainmon.dead_spools import remove_orphans, words
from trainmon.errors import SnapshotError
from trainmon.journal import Busy, Holder
from trainmon.look import folders_in
from trainmon.opening import RunFiles, TextOptions
from trainmon.paths import BUSY, FAULTS, JOURNAL, RANKS
from trainmon.spool_files import JournalName, find
from trainmon.state import Bookmark
from trainmon.status_document import BROKEN, NO_RUN, WELL
from trainmon.system.identity import own_identity
from trainmon.visible import visible

HELP = """Make good what a crash left behind in FOLDER, and in the ranks and busy folders inside it.

Records that dead processes left in shared memory go to the journal, a torn last line is ended, the text logs get what
they lack, and the snapshot is written. The next training in the folder does the same when it starts. What dead
processes left for folders that have been gone for a week is removed.

\b
Example:
  trainmon repair logs

\b
Exit codes:
  0  done, or nothing was to do
  1  the storage failed
  5  a living process records there, or the file system has no locks; nothing was touched
  6  no run here
  2  wrong usage
"""


@click.command("repair", help=HELP, short_help="Make good what a crash left behind.")
@click.argument("folder", type=click.Path(path_type=Path))
@click.pass_context
def command(ctx: click.Context, folder: Path) -> None:
    """The command; its help stands in `HELP`."""
    whole = folder.absolute()
    folders = [whole, *folders_in(whole / RANKS), *folders_in(whole / BUSY)]
    codes = [_repair_and_say(each) for each in folders if has_run(each)]
    removed = remove_orphans(time.time())
    if removed:
        say(visible(words(removed)))
    if not codes:
        say(f"{visible(str(folder))}: no run here")
        ctx.exit(NO_RUN)
    ctx.exit(max(codes))


def _repair_and_say(folder: Path) -> int:
    name = visible(str(folder))
    try:
        say(f"{name}: {repair(folder).words()}")
    except Busy as busy:
        say(f"{name}: not repaired: {visible(str(busy))}")
        return BROKEN
    except OSError as error:
        raise click.ClickException(f"{name}: {visible(error.strerror or str(error))}") from error
    return WELL


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
            parts.append(f"{self.records:,} records recovered from shared memory")
        if self.torn:
            parts.append("a torn last line ended")
        if self.text_bytes:
            parts.append(f"{self.text_bytes:,} bytes added to the text logs")
        if self.snapshot:
            parts.append("snapshot written")
        return ", ".join(parts) or "nothing was to do"


def has_run(folder: Path) -> bool:
    """Whether a journal is there, or a dead process left one in shared memory."""
    path = folder / JOURNAL
    if path.exists():
        return True
    files = find(JournalName(str(path), None))
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
