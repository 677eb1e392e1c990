"""Moving lines from the spool to the journal and the text logs, and looking after the spool; in the writer thread.

A line leaves the spool only when it is in the journal: wherever storage fails, the same lines are moved again later.
"""

import time
from collections.abc import Callable

from trainmon.facts.events import Opened
from trainmon.recording.disk import Disk
from trainmon.recording.refusals import Loss, Refusals
from trainmon.spool.spool import Spool
from trainmon.spool.spool_files import CHUNK, SpoolFile
from trainmon.storage.collector import BATCH
from trainmon.storage.opening import RunFiles
from trainmon.words.complaints import Complaints, reason

SCAN_EVERY = 1.0
"""Seconds between two looks for the spools of new workers, and for a lock file that was removed."""
SPOOL_CHECK = 4
"""Batches after which the spool is looked after in the middle of a tick: under a flood one tick may never end, and
the callers wait for room."""


class Mover:
    """From the segments of one journal into it."""

    def __init__(
        self,
        spool: Spool,
        refusals: Refusals,
        complaints: Complaints,
        disk: Disk,
        report_loss: Callable[[Loss], None],
    ) -> None:
        self.opened: Opened | None = None
        """Our header line; written again where the journal is replaced. None: nothing is recorded yet."""
        self.each_second: Callable[[], None] | None = None
        """Called in the thread once a second."""
        self._spool = spool
        self._refusals = refusals
        self._complaints = complaints
        self._disk = disk
        self._report_loss = report_loss
        self.more = False
        """So much came meanwhile that the next look should not wait: the callers of a flood do."""
        self.moved = 0
        """Lines that the last `move` moved."""
        self._scan_at = 0.0
        self._batches = 0
        self._reopen = False

    def scan_soon(self) -> None:
        """Has the next `move` look for new segments."""
        self._scan_at = 0.0

    def reopen_soon(self) -> None:
        """Has the next `move` open the journal by its name again: the descriptor may be that of a mount that died."""
        self._reopen = True

    def keep_spool(self) -> bool:
        """Begins a new segment where ours is full, lost its name, or was closed by the program; True if it did."""
        if self._spool.kind != "none" and not self._spool.is_spent():
            self._spool.prepare_pages()
            return False
        try:
            self._spool.next_segment()
        except OSError as error:
            self._complaints.say("spool", f"no new spool segment: {error.strerror or error}")
        self._scan_at = 0.0
        return True

    def move(self, files: RunFiles, now: float, *, stopping: bool) -> None:
        """Moves whole lines to the journal, 64 at a time.

        Args:
            files: The run folder.
            now: Monotonic seconds.
            stopping: The spool was left; nothing is to be looked after.

        Raises:
            OSError: The storage failed; what was not moved still is in the spool.
        """
        self.moved = 0
        if not stopping and now < self._scan_at and not self._reopen and self._nothing_came(files):
            self.more = False
            return
        if not files.collector.check():
            self._scan_at = 0.0
        # First, because it makes the folder again where that is gone.
        if self._reopen or files.journal.changed():
            self._open_again(files)
        files.journal.end_foreign_bytes()
        if now >= self._scan_at:
            files.collector.scan(files.name())
            files.keep_lock()
            self._scan_at = now + SCAN_EVERY
            if self.each_second is not None:
                self.each_second()
        self._store_overflow(files)
        for drained in files.collector.open():
            self._drain(files, drained.file, stopping=stopping)
        self._give_room(files)
        self.more = files.collector.waiting() > CHUNK
        # Where there is no room, what says how much was lost would be lost, too.
        loss = self._refusals.take() if self._spool.has_reserve() else None
        if loss is not None:
            self._report_loss(loss)

    def _nothing_came(self, files: RunFiles) -> bool:
        """Whether there is nothing to move: then the files are looked after once a second, and not ten times."""
        try:
            return not files.collector.waiting() and not self._spool.overflow
        except OSError:
            return False  # The program closed a descriptor of ours.

    def _open_again(self, files: RunFiles) -> None:
        if files.begin_again(self.opened):
            self._disk.journal_replaced()
            # What is forked or begun from now on belongs to the new one.
            self._spool.header = files.spool_header(self._spool.header)
            self._complaints.say(
                "replaced", f"{files.journal.path} was renamed, truncated or replaced; going on in a new one"
            )
        self._reopen = False

    def _give_room(self, files: RunFiles) -> None:
        """Tells the callers how much room the spool has now."""
        files.collector.finish(files.journal.end, self._spool.path)
        files.collector.remove_safe(self._disk.synced_end)
        self._spool.set_used(files.collector.free(self._spool.limit * 3 // 4))

    def is_half_full(self, files: RunFiles) -> bool:
        """Whether the spool needs a sync, so that what is drained can go."""
        return files.collector.used() > self._spool.limit // 2

    def _drain(self, files: RunFiles, file: SpoolFile, *, stopping: bool) -> None:
        while True:
            try:
                lines, end = file.peek(BATCH)
            except OSError:
                return  # The program closed our descriptor: the next `move` notices.
            if end == file.offset:
                return
            self._store(files, [line for line in lines if line])
            if files.journal.is_elsewhere():
                return  # They may stand in a file without a name: the next `move` puts them into the new one.
            self.moved += len(lines)
            self._spool.add_room(end - file.offset)
            file.offset = end
            self._spool.moved_at = time.monotonic()
            self._batches += 1
            if self._batches % SPOOL_CHECK == 0 and not stopping:
                if self.keep_spool():
                    files.collector.scan(files.name())
                self._give_room(files)

    def _store_overflow(self, files: RunFiles) -> None:
        """Moves the lines that no spool could take."""
        lines = self._spool.overflow.take()
        for begin in range(0, len(lines), BATCH):
            try:
                self._store(files, [line.rstrip(b"\n") for line in lines[begin : begin + BATCH]])
            except OSError:
                self._spool.overflow.put_back(lines[begin:])
                raise

    def _store(self, files: RunFiles, lines: list[bytes]) -> None:
        texts = files.store(lines) if lines else []
        if texts:
            self._write_texts(files, lambda: files.texts.append(texts))

    def flush_texts(self, files: RunFiles) -> None:
        """Writes what the text logs could not take before."""
        if files.texts.pending:
            self._write_texts(files, files.texts.flush)

    def _write_texts(self, files: RunFiles, write: Callable[[], None]) -> None:
        try:
            write()
        except OSError as error:
            sentence = f"cannot write the text logs in {files.folder}: {reason(error)}"
            self._complaints.say("text logs", sentence)
        else:
            self._complaints.healed("text logs", "text logs are written again")
