"""The writer thread: spool to journal, journal to state, text logs and snapshot, ten times a second.

Nobody waits for it but an end and `close`, at most 2 s. Whatever the storage does, lines stay in the spool until they
are in the journal, and a failure is tried again a second later.
"""

import os
import select
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec import structs

from trainmon.collector import BATCH
from trainmon.complaints import Complaints
from trainmon.console import Console
from trainmon.events import Opened
from trainmon.journal import Holder
from trainmon.opening import RunFiles, TextOptions, acquire
from trainmon.private_files import high_descriptor
from trainmon.refusals import Refusals
from trainmon.spool import SEGMENT, Spool
from trainmon.spool_files import SpoolFile
from trainmon.state import RunState
from trainmon.sync import Syncer

TICK = 0.1
"""Seconds between two looks at the spool."""
RETRY = 1.0
"""Seconds until failed storage is tried again, and between two looks for new spools."""
SYNC_EVERY = 5.0
"""Seconds after which news are on the disk at the latest, as long as the disk answers."""
HEARTBEAT = 5.0
"""Seconds after which the snapshot is touched where nothing changed."""
SNAPSHOT_EVERY = 0.5
"""Seconds between two snapshots at least."""
SNAPSHOT_SHARE = 0.005
"""Of a core: what snapshots may cost at most."""
SEGMENT_CHECK = 64
"""Batches after which the spool is looked after in the middle of a tick."""
CLOSE_LIMIT = 2.0
"""Seconds that a program's end waits for the writer at most."""


class WriterOptions(msgspec.Struct, frozen=True):
    """What the writer thread is told once."""

    folder: Path
    texts: TextOptions
    holder: Holder
    writer_id: str
    """Names the journal where ours is its first line."""


class Writer:
    """The one writer of a journal."""

    def __init__(
        self,
        options: WriterOptions,
        spool: Spool,
        refusals: Refusals,
        console: Console | None,
        report_loss: Callable[[int, int, int, str], None],
    ) -> None:
        self.options = options
        self.spool = spool
        self.refusals = refusals
        self.console = console
        self.complaints = Complaints()
        self.ready = threading.Event()
        """Set once the folder is open, or could not be opened at the first try."""
        self.files: RunFiles | None = None
        self.opened: Opened | None = None
        """Our header line; written again where the journal is replaced."""
        self.each_second: Callable[[], None] | None = None
        """Called in the thread once a second."""
        self.live = False
        """The spool is open; before that there is nothing to keep."""
        self._report_loss = report_loss
        self._syncer = Syncer()
        self._sync_offsets: dict[Path, int] = {}
        self._wake = high_descriptor(os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC))
        self._stopping = False
        self._urgent = False
        self._batches = 0
        self.ticks = 0
        """How often the thread has looked."""
        self._ticked = threading.Event()
        self._retry_at = 0.0
        self._scan_at = 0.0
        self._snapshot_at = 0.0
        self._heartbeat_at = 0.0
        self._sync_at = 0.0
        self._snapshot_events = -1
        self._synced_end = -1
        self._thread = threading.Thread(target=self._run, name="trainmon-writer", daemon=True)

    # For other threads.

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def go_live(self) -> None:
        """Tells the thread that the spool is open: from now on it is looked after, and looked for at once."""
        self.live = True
        self._scan_at = 0.0
        self.wake()

    def wake(self) -> None:
        """Has the thread look now: for errors and ends. Safe in a signal handler."""
        self._urgent = True
        try:
            os.eventfd_write(self._wake, 1)
        except OSError:
            self._urgent = True  # Closed at exit, or taken from us; the next tick comes anyway.

    def close(self) -> bool:
        """Drains, writes the last snapshot and ends the thread; False if that took too long."""
        self._stopping = True
        self.wake()
        self._thread.join(CLOSE_LIMIT)
        return not self._thread.is_alive()

    def wait_for_tick(self, timeout: float) -> bool:
        """Waits until a whole tick that began after this call is done; False after `timeout` seconds."""
        wanted = self.ticks + 2  # One may be under way, and it may have looked before the call.
        deadline = time.monotonic() + timeout
        while self.ticks < wanted and self._thread.is_alive():
            self.wake()
            if time.monotonic() > deadline:
                return False
            self._ticked.wait(TICK)
            self._ticked.clear()
        return True

    def let_go(self) -> None:
        """In a forked child: closes our descriptors, so that the child does not keep the parent's lock."""
        os.close(self._wake)
        if self.files is not None:
            self.files.let_go()

    def drain_here(self) -> None:
        """Moves lines in the calling thread, once the writer thread has ended: for what is logged at exit."""
        if not self._thread.is_alive():
            self._finish()

    def copy_state(self) -> RunState | None:
        """The state of what is in the journal; None before the folder is open."""
        files = self.files
        return files.copy_state() if files is not None else None

    # The thread.

    def _run(self) -> None:
        poll = select.poll()
        poll.register(self._wake, select.POLLIN)
        while not self._stopping:
            self._guarded_tick()
            self.ticks += 1
            self.ready.set()
            self._ticked.set()
            if poll.poll(0 if self._urgent else TICK * 1_000):
                self._forget_wakes()
        self._finish()
        self.ready.set()

    def _forget_wakes(self) -> None:
        try:
            os.eventfd_read(self._wake)
        except OSError:
            time.sleep(TICK)  # Somebody closed our descriptor: then only the timer is left.

    def _guarded_tick(self) -> None:
        try:
            self._tick()
        except Exception as error:  # noqa: BLE001 - a bug here must not end the recording; it is said and tried again
            self._complain("internal", f"internal error, trying again: {type(error).__name__}: {error}")
            self._retry_at = time.monotonic() + RETRY

    def _tick(self) -> None:
        now = time.monotonic()
        urgent, self._urgent = self._urgent, False
        if self.live and not self._stopping:
            self._keep_spool()
        if now < self._retry_at:
            return
        try:
            if self.files is None:
                self._open()
            files = self.files
            if files is None:
                return
            self._move(files, now)
            self._flush_texts(files)
            self._sync(files, now, urgent)
            self._snapshot(files, now, urgent)
        except OSError as error:
            self._retry_at = now + RETRY
            reason = error.strerror or error
            self._complain(
                "storage", f"cannot write to {self.options.folder}: {reason}; records wait in the spool"
            )
        else:
            self.complaints.healed("storage", f"recording to {self.options.folder} again")

    def _complain(self, cause: str, sentence: str) -> None:
        self.complaints.say(cause, sentence)

    def _open(self) -> None:
        files = acquire(
            self.options.folder,
            self.options.holder,
            self.options.texts,
            lambda sentence: self._complain("busy", sentence),
        )
        try:
            files.open()
        except OSError:
            files.close()
            raise
        if self.console is not None:
            files.projector.watch = self.console.show
        if files.journal_id is None:
            files.journal_id = self.options.writer_id
        files.own_writer = self.options.writer_id
        path = str(files.journal.path)
        self.spool.header = structs.replace(self.spool.header, journal=path, journal_id=files.journal_id)
        self.files = files

    # The spool.

    def _keep_spool(self) -> None:
        """Begins a new segment where ours is full, lost its name, or was closed by the program."""
        spool = self.spool
        try:
            if spool.kind == "none" or not spool.is_ours() or spool.vanished() or spool.size() > SEGMENT:
                spool.next_segment()
                self._scan_at = 0.0
        except OSError as error:
            self._complain("spool", f"no new spool segment: {error.strerror or error}")

    def _move(self, files: RunFiles, now: float) -> None:
        """Moves whole lines to the journal, 64 at a time."""
        if now >= self._scan_at:
            files.collector.scan(files.name())
            self._scan_at = now + RETRY
            if self.each_second is not None:
                self.each_second()
        if files.journal.changed():
            self._journal_again(files)
        self._store_all(files, self.spool.take_overflow())
        for drained in list(files.collector.segments.values()):
            self._drain(files, drained.file)
        self._give_room(files)
        lost = self.refusals.take()
        if lost is not None:
            self._report_loss(*lost)

    def _give_room(self, files: RunFiles) -> None:
        """Tells the callers how much room the spool has now."""
        files.collector.finish(files.journal.end)
        files.collector.remove_safe(self._synced_end)
        files.collector.free(self.spool.limit * 3 // 4)
        self.spool.set_used(files.collector.used())

    def _drain(self, files: RunFiles, file: SpoolFile) -> None:
        while True:
            try:
                lines, end = file.peek(BATCH)
            except OSError:
                # The program closed our descriptor; the next look finds the segment again.
                files.collector.forget(file)
                self._scan_at = 0.0
                return
            if end == file.offset:
                return
            self._store(files, [line for line in lines if line])
            file.offset = end
            self.spool.moved_at = time.monotonic()
            self._batches += 1
            if self._batches % SEGMENT_CHECK == 0 and not self._stopping:
                # Under a flood one tick may never end: keep the segments small meanwhile.
                self._keep_spool()
                files.collector.scan(files.name())
                self._give_room(files)

    def _store_all(self, files: RunFiles, lines: list[bytes]) -> None:
        for begin in range(0, len(lines), BATCH):
            batch = [line.rstrip(b"\n") for line in lines[begin : begin + BATCH]]
            try:
                self._store(files, batch)
            except OSError:
                self.spool.overflow.extendleft(line + b"\n" for line in reversed(lines[begin:]))
                raise

    def _store(self, files: RunFiles, lines: list[bytes]) -> None:
        if not lines:
            return
        texts = files.store(lines)
        try:
            files.texts.append(texts)
        except OSError as error:
            self._complain(
                "text logs", f"cannot write the text logs in {files.folder}: {error.strerror or error}"
            )

    def _flush_texts(self, files: RunFiles) -> None:
        if files.texts.pending:
            files.texts.flush()
            self.complaints.healed("text logs", "text logs are written again")

    def _journal_again(self, files: RunFiles) -> None:
        """The journal was renamed, deleted, truncated or replaced: goes on in a new one that begins with our header."""
        self._complain(
            "replaced", f"{files.journal.path} was renamed, truncated or replaced; going on in a new one"
        )
        files.begin_again(self.opened)
        self._synced_end = -1

    # The disk.

    def _sync(self, files: RunFiles, now: float, urgent: bool) -> None:
        done = self._syncer.answer()
        if done is not None:
            self._take_sync(files, done.end, done.error)
        news = files.journal.end != self._synced_end
        full = files.collector.used() > self.spool.limit // 2
        if news and not self._syncer.busy and (urgent or full or now >= self._sync_at):
            self._sync_at = now + SYNC_EVERY
            self._sync_offsets = files.collector.offsets()
            self._syncer.ask(files.journal.descriptor, files.journal.end)

    def _take_sync(self, files: RunFiles, end: int, error: OSError | None) -> None:
        if error is None:
            self._synced_end = end
            files.collector.synced(self._sync_offsets, end)
            self.complaints.healed("sync", "the journal reaches the disk again")
            return
        # The kernel may have dropped the pages; what was written since the last good sync is written again.
        self._complain(
            "sync", f"the journal did not reach the disk: {error.strerror or error}; writing it again"
        )
        files.collector.distrust()
        files.journal.open()

    def _snapshot(self, files: RunFiles, now: float, urgent: bool) -> None:
        changed = files.state.totals.events != self._snapshot_events
        if files.texts.pending or not (now >= self._snapshot_at or urgent):
            return
        if not changed:
            if now >= self._heartbeat_at:
                files.touch_snapshot()
                self._heartbeat_at = now + HEARTBEAT
            return
        begin = time.thread_time()
        files.write_snapshot(time.time())
        self._snapshot_events = files.state.totals.events
        cost = time.thread_time() - begin
        self._snapshot_at = now + max(SNAPSHOT_EVERY, cost / SNAPSHOT_SHARE)
        self._heartbeat_at = now + HEARTBEAT

    def _finish(self) -> None:
        """The last tick: everything to the journal, to the disk if it answers in time, and the last snapshot."""
        self._retry_at = 0.0
        self._urgent = True
        self._guarded_tick()
        files = self.files
        if files is None:
            return
        self.spool.leave()
        self._scan_at = 0.0
        self._guarded_tick()
        self._last_sync(files, time.monotonic() + CLOSE_LIMIT * 0.75)
        self._syncer.stop()

    def _last_sync(self, files: RunFiles, deadline: float) -> None:
        """Waits until the journal is on the disk, so that the spool can go; where it is slow, the spool stays."""
        while self._synced_end != files.journal.end or self._syncer.busy:
            if not self._syncer.busy:
                self._sync(files, time.monotonic(), True)
            done = self._syncer.answer(max(0.0, deadline - time.monotonic()))
            if done is None or done.error is not None:
                return
            self._take_sync(files, done.end, done.error)
