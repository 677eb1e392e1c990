"""Opening a run folder to write: the lock, the journal, and making good what a crash left behind.

The writer thread and `trainmon repair` open a folder in the same way, so that every opening recovers everything.
"""

import errno
import os
import threading
from pathlib import Path

import msgspec
from msgspec import structs

from trainmon.errors import SnapshotError
from trainmon.facts.codec import Unread, decode_lines, encode_line
from trainmon.facts.events import Opened, Started
from trainmon.fold import runs
from trainmon.fold.reducer import copy_state
from trainmon.fold.state import RunState
from trainmon.spool.spool_files import JournalName
from trainmon.spool.spool_header import SpoolHeader
from trainmon.storage import fault_files, journal, snapshot
from trainmon.storage.collector import BATCH, Collector
from trainmon.storage.journal import Busy, Holder, JournalFile
from trainmon.storage.projection import Projector, TextLine
from trainmon.storage.snapshot import Texts
from trainmon.storage.textlogs import TextLogs, as_bytes
from trainmon.system.private_files import close, close_own, identity, make_folder
from trainmon.words.paths import SNAPSHOT, recorded


class TextOptions(msgspec.Struct, frozen=True):
    """How the text logs are kept."""

    app_name: str | None = "gradio_app"
    """None: as the journal's newest writer named it; for `trainmon repair`."""
    max_log_bytes: int | None = None
    backup_count: int = 5


class RunFiles:
    """An opened run folder: we are its one writer."""

    def __init__(
        self, folder: Path, lock: int, holder: Holder, options: TextOptions, *, orphans: bool = False
    ) -> None:
        """Opens nothing yet.

        Args:
            folder: The run folder.
            lock: Descriptor of its lock, which is held.
            holder: Who holds it.
            options: How the text logs are kept.
            orphans: Where no journal is there, take in what was recorded for one that was deleted: wanted of a repair,
                and not of a training that begins where somebody had removed an old one.
        """
        self.folder = folder
        self.lock = lock
        self._lock_identity = identity(lock)
        self.holder = holder
        self.options = options
        self._orphans = orphans
        self.journal = JournalFile(folder)
        self.projector = Projector()
        self.collector = Collector()
        self.journal_id: str | None = None
        self.own_writer: str | None = None
        """The writer that we record for, whose spool is ours whatever its header says."""
        self.texts = TextLogs(folder, options.app_name or "gradio_app")
        self.state_lock = threading.RLock()
        """Held while the state changes and while it is copied; never during I/O, and never by a log call.

        Re-entrant, because a signal handler, or a `__del__` that a collection of garbage calls, may ask for the state
        in the thread that has it.
        """
        self.closed = False
        """Nothing is open any more; the state still can be read."""
        self._started = ("", b"")
        """Writer and line of the newest start that was stored."""
        self.recovered = 0
        """Records that dead spools held and the journal lacked."""

    @property
    def state(self) -> RunState:
        """The state of what was written; changed in place by the next batch."""
        return self.projector.reducer.state

    def name(self) -> JournalName:
        """What tells which spools are ours."""
        writers = frozenset(self.state.writers) | (
            {self.own_writer} if self.own_writer is not None else set()
        )
        made = self.journal.made and not self._orphans
        return JournalName(str(self.journal.path), self.journal_id, writers, made)

    def open(self) -> None:
        """Opens the journal, restores the state, drains dead spools and completes the text logs.

        Raises:
            OSError: The storage failed; nothing is lost, and it may be tried again.
        """
        self.journal.open()
        restored = self._restore()
        lines = self._read_on()
        self._open_texts()
        self.collector.scan(self.name())
        before = self.state.totals.events
        lines += self._drain()
        self.recovered = self.state.totals.events - before
        self.texts.recover(restored.positions, as_bytes(lines))
        fault_files.remove_empty(self.folder)

    def _restore(self) -> Texts:
        """Takes the state of the snapshot where it fits this journal; the journal wins where it does not."""
        self.journal_id = journal.first_writer(self.journal.descriptor)
        try:
            saved = snapshot.read(self.folder)
        except SnapshotError:
            saved = None
        if saved is None or not journal.fits(self.journal.descriptor, saved.state.bookmark):
            self.projector = Projector()
            return Texts()
        self.projector = Projector(saved.state, saved.texts.rate)
        return saved.texts

    def _read_on(self) -> list[TextLine]:
        offset = self.state.bookmark.offset
        out: list[TextLine] = []
        while True:
            part = journal.read_lines(self.journal.descriptor, offset)
            if part.end == offset:
                break
            out += self.projector.apply(decode_lines(part.lines), part.offsets)
            offset = part.end
        self._mark(offset)
        return out

    def _mark(self, offset: int) -> None:
        if self.journal_id is None:
            self.journal_id = journal.first_writer(self.journal.descriptor)
        self.state.bookmark = journal.bookmark(self.journal.descriptor, offset, self.journal_id)

    def mark(self) -> None:
        """Notes in the state how far the journal is, for a snapshot."""
        self._mark(self.journal.end)

    def _open_texts(self) -> None:
        opened = self.state.opened
        name = self.options.app_name or (opened.app_name if opened is not None else "gradio_app")
        self.texts = TextLogs(
            self.folder,
            name,
            max_log_bytes=self.options.max_log_bytes,
            backup_count=self.options.backup_count,
        )

    def _drain(self) -> list[TextLine]:
        """Moves what spools hold to the journal; the text of it is for the recovery of the text logs."""
        out: list[TextLine] = []
        for drained in self.collector.segments.values():
            while True:
                lines, end = drained.file.peek(BATCH)
                if end == drained.file.offset:
                    break
                out += self.store([line for line in lines if not self._has(line)])
                drained.file.offset = end
        return out

    def _has(self, line: bytes) -> bool:
        """Whether a line of a spool stands in the journal already."""
        item = decode_lines([line])[0]
        writer = self.state.writers.get(item.writer)
        if writer is None or item.seq >= writer.next_seq or item.seq < 0:
            return False
        return not any(first <= item.seq <= last for first, last in writer.missing)

    def store(self, lines: list[bytes]) -> list[TextLine]:
        """Appends lines to the journal, folds them, and gives the text that they add to the text logs.

        What is not JSON is dropped: it is the torn half of a line that a short write made, and stands whole behind it.

        Raises:
            OSError: The storage failed: call again with the same lines.
        """
        items = decode_lines(lines)
        whole = [
            (item, line)
            for item, line in zip(items, lines, strict=True)
            if not (isinstance(item, Unread) and item.why == "damaged")
        ]
        if not whole:
            return []
        data = b"\n".join(line for _, line in whole) + b"\n"
        position = self.journal.append(data)
        offsets: list[int] = []
        for _, line in whole:
            offsets.append(position)
            position += len(line) + 1
        starts = [(item.writer, line) for item, line in whole if isinstance(item, Started)]
        self._started = starts[-1] if starts else self._started
        with self.state_lock:
            return self.projector.apply([item for item, _ in whole], offsets)

    def copy_state(self) -> RunState:
        """The state as it is now, for other threads."""
        with self.state_lock:
            return copy_state(self.state)

    def begin_again(self, opened: Opened | None) -> bool:
        """Opens the journal by its name again, after it was renamed, deleted, truncated, replaced, or closed under us.

        Args:
            opened: Our header, which comes first in a new journal.

        Returns:
            Whether it is a new one.

        Raises:
            OSError: The storage failed, or another process took the folder meanwhile.
        """
        make_folder(self.folder)
        self.keep_lock()
        if self.journal.open():
            return False
        self.collector.journal_replaced(self.journal.end)
        runs.forget_offsets(self.state)
        self.journal_id = journal.first_writer(self.journal.descriptor)
        if opened is not None and opened.writer != self.journal_id:
            # Once, with its own start, so that what reads the new journal alone finds a run in it.
            writer, line = self._started
            goes_on = writer == opened.writer and self.state.end is None
            with self.state_lock:
                self.state.totals.unjournaled = self.state.run_step if goes_on else 0
            self.store([encode_line(opened).rstrip(b"\n"), *([line] if goes_on else [])])
            self.journal_id = self.journal_id or opened.writer
        return True

    def spool_header(self, header: SpoolHeader) -> SpoolHeader:
        """The header of a spool whose lines belong here."""
        try:
            device = os.stat(self.folder).st_dev
        except OSError:
            device = None  # Then what a kill leaves is never taken for that of a folder that is gone.
        return structs.replace(
            header, journal=recorded(self.journal.path), journal_id=self.journal_id, device=device
        )

    def keep_lock(self) -> None:
        """Takes the lock of the folder's new lock file, where the old one was deleted or closed under us.

        Raises:
            OSError: Another process has it, and moves our lines as long; or the storage failed.
        """
        if journal.holds_lock(self.folder, self.lock):
            return
        try:
            lock = journal.take_lock(self.folder, self.holder)
        except Busy as busy:
            if not busy.locks:
                return  # The folder is ours alone by its random name.
            raise OSError(errno.EBUSY, str(busy)) from busy
        close_own(self.lock, self._lock_identity)
        self.lock, self._lock_identity = lock, identity(lock)

    def write_snapshot(self, now: float) -> int:
        """Writes the snapshot of the state; its size in bytes."""
        self.mark()
        data = snapshot.encode(self.state, Texts(self.texts.positions(), self.projector.rate), now)
        snapshot.write(self.folder, data)
        return len(data)

    def touch_snapshot(self) -> bool:
        """Says that we live where nothing changed; False if there is no snapshot."""
        try:
            os.utime(self.folder / SNAPSHOT, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return True

    def close(self) -> None:
        """Closes everything and gives the lock back, but in a forked child; the state can still be read."""
        self.closed = True
        self.collector.close()
        self.texts.close()
        self.journal.close()
        if self._lock_identity is None:
            close(self.lock)  # It could not be looked at; kept, it would keep ourselves out.
            self.lock = -1
        else:
            close_own(self.lock, self._lock_identity)
