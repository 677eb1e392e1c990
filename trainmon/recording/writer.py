"""The writer thread: spool to journal, journal to state, text logs and snapshot, ten times a second at most.

Nobody waits for it but an end and `close`, at most 2 s. Whatever the storage does, lines stay in the spool until they
are in the journal, and a failure is tried again a second later.
"""

import errno
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

import msgspec

from trainmon.facts.events import Opened
from trainmon.fold.state import RunState
from trainmon.recording.console import Console
from trainmon.recording.disk import Disk
from trainmon.recording.late import LateWork
from trainmon.recording.mover import Mover
from trainmon.recording.refusals import Loss, Refusals
from trainmon.recording.wakeup import Wakeup
from trainmon.spool.spool import Spool
from trainmon.storage.claim import acquire, acquire_only
from trainmon.storage.journal import Busy, Holder, take_lock
from trainmon.storage.opening import RunFiles, TextOptions
from trainmon.words.complaints import Complaints, reason

TICK = 0.1
"""Seconds between two looks at the spool."""
FLOW_TICK = 0.25
"""The same while lines flow: a look costs by what it touches, and hardly by how many lines it moves."""
FLOW = 8
"""Lines a look that are a flow: nobody follows that many one by one."""
DENSE_TICK = 0.5
"""The same where the flow is dense: a training of such short steps feels each look the most."""
DENSE = 32
"""Lines a look that are a dense flow: more than 64 to 128 a second."""
RETRY = 1.0
"""Seconds until failed storage is tried again."""
CLOSE_LIMIT = 2.0
"""Seconds that a program's end waits for the writer at most."""
LAST_SYNC = 1.5
"""Seconds of them that the last sync may take; the thread's other last work needs the rest."""
LATE_ENDS = 8
"""Drains at exit that wait for the disk and leave no spool; after more, the next opener of the folder removes it."""
LOOK = 0.002
"""Seconds between two looks of whoever waits for a tick: an event's lock would deadlock in a signal handler."""
LOST_HANDLES = frozenset({errno.EIO, errno.ESTALE, errno.ENOTCONN})
"""After which a file is opened by its name again: the mount may have come back as another one."""


class WriterOptions(msgspec.Struct, frozen=True):
    """What the writer thread is told once."""

    folder: Path
    texts: TextOptions
    holder: Holder
    writer_id: str
    """Names the journal where ours is its first line."""
    inside: bool = True
    """Where another process has the folder, record into one inside it; False: wait until it is free."""


class Writer:
    """The one writer of a journal."""

    def __init__(
        self,
        options: WriterOptions,
        spool: Spool,
        refusals: Refusals,
        console: Console | None,
        report_loss: Callable[[Loss], None],
    ) -> None:
        self.options = options
        self.spool = spool
        self.console = console
        self.complaints = Complaints()
        self.ready = threading.Event()
        """Set once the folder is open, or could not be opened at the first try."""
        self.files: RunFiles | None = None
        self.ticks = 0
        """How often the thread has looked."""
        self._disk = Disk(self.complaints)
        self._mover = Mover(spool, refusals, self.complaints, self._disk, report_loss)
        self._wakeup = Wakeup()
        self._live = False
        """The spool is open; before that there is nothing to keep."""
        self._stopping = False
        self._release = False
        self._tasks: deque[Callable[[], None]] = deque()
        self._late = LateWork(self._drain_late)
        self._late_ends = 0
        self._retry_at = 0.0
        self._thread = threading.Thread(target=self._run, name="trainmon-writer", daemon=True)

    # For other threads.

    def start(self) -> bool:
        """Starts the thread; False where the system has no room for one: then the end moves what is recorded."""
        try:
            self._thread.start()
        except RuntimeError:
            return False
        return True

    def go_live(self, opened: Opened) -> None:
        """Tells the thread that the spool is open: from now on it is looked after, and looked for at once.

        Args:
            opened: Our header line, to be written again where the journal is replaced.
        """
        self._mover.opened = opened
        self._live = True
        self._mover.scan_soon()
        self.wake()

    def call_each_second(self, callback: Callable[[], None]) -> None:
        """Has the thread call something once a second."""
        self._mover.each_second = callback

    def do(self, task: Callable[[], None], timeout: float) -> None:
        """Has the thread do something that may wait for the storage, and waits for it `timeout` seconds at most.

        Where the storage has not answered yet at all, nobody waits a second time.
        """
        self._tasks.append(task)
        self.wake()
        if timeout and self.ready.is_set():
            self.wait_for_tick(timeout)

    def wake(self) -> None:
        """Has the thread look now: for errors and ends. Safe in a signal handler."""
        self._wakeup.wake()

    def close(self, *, release: bool) -> bool:
        """Drains, writes the last snapshot and ends the thread; False if that took too long.

        Args:
            release: Give the folder to whoever wants it next. Otherwise it stays ours until the process ends, and what
                is recorded yet costs less.
        """
        self._release = release
        self._stopping = True
        self.wake()
        if self._thread.is_alive():
            self._thread.join(CLOSE_LIMIT)
            if self._thread.is_alive():
                return False
        self._wakeup.close()
        return True

    def wait_for_tick(self, timeout: float) -> bool:
        """Waits until a whole tick that began after this call is done; False after `timeout` seconds.

        Not in the thread itself, where a `__del__` may come here: it would wait for itself.
        """
        if threading.current_thread() is self._thread:
            return False
        wanted = self.ticks + 2  # One may be under way, and it may have looked before the call.
        deadline = time.monotonic() + timeout
        while self.ticks < wanted and self._thread.is_alive():
            if time.monotonic() > deadline:
                return False
            if not self._wakeup.pending:
                self.wake()
            time.sleep(LOOK)
        return True

    def let_go(self) -> None:
        """In a forked child: closes our descriptors, so that the child does not keep the parent's lock."""
        self._wakeup.let_go()
        if self.files is not None:
            self.files.close()

    def drain_here(self) -> None:
        """Moves lines in the calling thread, once the writer thread has ended: for what is logged at exit."""
        if not self._thread.is_alive():
            self._late.ask()

    def copy_state(self) -> RunState | None:
        """The state of what is in the journal; None before the folder is open."""
        files = self.files
        return files.copy_state() if files is not None else None

    # The thread.

    def _run(self) -> None:
        while not self._stopping:
            self._guarded_tick()
            self.ticks += 1
            self.ready.set()
            self._wakeup.wait(self._pause())
        self._finish()
        self.ready.set()

    def _pause(self) -> float:
        """Seconds until the next look."""
        if self._mover.more:
            return 0.0
        moved = self._mover.moved
        if moved < FLOW or self.spool.kind == "none":  # In memory of the process a kill takes what waits.
            return TICK
        return FLOW_TICK if moved < DENSE else DENSE_TICK

    def _guarded_tick(self) -> None:
        try:
            while self._tasks:
                self._tasks.popleft()()
            self._tick()
        except Exception as error:  # noqa: BLE001 - a bug here must not end the recording; it is said and tried again
            sentence = f"internal error, trying again: {type(error).__name__}: {error}"
            self.complaints.say("internal", sentence)
            self._retry_at = time.monotonic() + RETRY

    def _tick(self) -> None:
        now = time.monotonic()
        urgent = self._wakeup.hear()
        if self._live and not self._stopping:
            self._mover.keep_spool()
        if now < self._retry_at:
            self._mover.more = False
            return
        try:
            if self.files is None:
                self._open(self._acquire())
            if self.files is not None:
                self._work(self.files, now, urgent=urgent)
        except OSError as error:
            self._retry_at = now + RETRY
            if error.errno in LOST_HANDLES:
                self._mover.reopen_soon()
            sentence = f"cannot write to {self.options.folder}: {reason(error)}; records wait in the spool"
            self.complaints.say("storage", sentence)
        else:
            self.complaints.healed("storage", f"recording to {self.options.folder} again")

    def _work(self, files: RunFiles, now: float, *, urgent: bool) -> None:
        self._disk.take_answer(files)
        self._mover.move(files, now, stopping=self._stopping)
        self._mover.flush_texts(files)
        self._disk.sync(files, now, wanted=urgent or self._mover.is_half_full(files))
        self._disk.snapshot(files, now, wanted=urgent)

    def _acquire(self) -> RunFiles:
        options = self.options
        if not options.inside:
            return acquire_only(options.folder, options.holder, options.texts)
        return acquire(
            options.folder, options.holder, options.texts, lambda said: self.complaints.say("busy", said)
        )

    def _open(self, files: RunFiles) -> None:
        files.own_writer = self.options.writer_id
        try:
            files.open()
        except BaseException:
            files.close()
            raise
        if self.console is not None:
            files.projector.watch = self.console.show
        if files.journal_id is None:
            files.journal_id = self.options.writer_id
        self.spool.header = files.spool_header(self.spool.header)
        self.files = files

    def _finish(self) -> None:
        """The last ticks: everything to the journal, to the disk if it answers in time, and the last snapshot."""
        deadline = time.monotonic() + LAST_SYNC
        self._retry_at = 0.0
        self.wake()
        self._guarded_tick()
        files = self.files
        if files is None:
            return
        self.spool.leave()
        self._mover.scan_soon()
        self._retry_at = 0.0
        self.wake()
        self._guarded_tick()
        try:
            self._disk.last_sync(files, deadline)
        except OSError as error:
            self.complaints.say("sync", f"the journal did not reach the disk: {error.strerror or error}")
        self._disk.stop()
        if self._release:
            files.close()

    def _drain_late(self) -> None:
        files = self.files
        if files is not None and files.closed:
            try:
                lock = take_lock(files.folder, files.holder)
                self._open(RunFiles(files.folder, lock, files.holder, files.options))
            except (Busy, OSError):
                # Whoever holds the folder, or opens it next, finds the lines in the spool.
                self.spool.leave()
                return
        self._late_ends += 1
        if self._release or self._late_ends <= LATE_ENDS:
            self._finish()
        else:
            self._mover.scan_soon()
            self._guarded_tick()
