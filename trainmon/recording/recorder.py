"""The end that records: numbers lines, leaves them in the spool, and survives forks.

One process has one writer for a journal: the first opener runs the writer thread; forked children and spawned workers
only have spools, which that thread drains.
"""

import _thread
import itertools
import os
import platform
import sys
import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec import structs

from trainmon.facts.codec import encode_line
from trainmon.facts.events import SCHEMA, AnyEvent, Closed, Lost, Message, Opened
from trainmon.facts.given import as_command
from trainmon.fold.state import RunState
from trainmon.recording import workers
from trainmon.recording.console import Console
from trainmon.recording.long_lines import fitting_line
from trainmon.recording.refusals import Loss, Refusals
from trainmon.recording.succession import Ancestor
from trainmon.recording.workers import Owner
from trainmon.recording.writer import CLOSE_LIMIT, Writer, WriterOptions
from trainmon.spool.spool import Spool
from trainmon.spool.spool_header import SpoolHeader
from trainmon.spool.spool_limit import spool_limit
from trainmon.spool.worker_spool import WorkerSpool
from trainmon.storage import dead_spools
from trainmon.storage.journal import Holder
from trainmon.storage.opening import TextOptions
from trainmon.system.batch_job import batch_job
from trainmon.system.identity import own_identity
from trainmon.version import __version__
from trainmon.words import clock, moments, ranks
from trainmon.words.complaints import Complaints
from trainmon.words.paths import JOURNAL, named, recorded
from trainmon.words.visible import valid

Stamp = tuple[str, int, float, float]
"""Writer, number, Unix seconds and monotonic seconds of a line."""


class Options(msgspec.Struct, frozen=True):
    """What is recorded where; checked by `trainmon.calls.logger`."""

    folder: Path
    app_name: str = "gradio_app"
    level: str = "INFO"
    console: bool = False
    progress_per_second: float = 10.0
    max_log_bytes: int | None = None
    backup_count: int = 5


def _new_writer() -> str:
    return os.urandom(6).hex()


class Recorder:
    """Records events of this process into one journal."""

    def __init__(self, options: Options) -> None:
        """Opens the folder; waits 2 s for it at most, and goes on without it where the storage is dead."""
        self.options = options
        self.writer_id = _new_writer()
        self.next_seq: Callable[[], int] = itertools.count().__next__
        """The next line's number; one C call, so that threads never share one."""
        self.refusals = Refusals()
        self.complaints = Complaints()
        self.identity = own_identity()
        self.parent: str | None = None
        self.closed = False
        self.writer: Writer | None = None
        self.on_succession: Callable[[Writer], object] = lambda writer: None
        """Called in a thread of its own when a forked child has become the owner of the journal."""
        self._ancestor: Ancestor | None = None
        self._closing = threading.Lock()
        self.spool: Spool
        owner = workers.owner_of(options.folder)
        if owner is not None:
            self.parent = owner.writer
            self.folder = named(owner.journal).parent
            header = SpoolHeader(owner.journal, owner.journal_id, self.writer_id, os.getpid(), owner.device)
            self.spool = self._worker_spool(header, spool_limit())
        else:
            self.folder = options.folder
            self._start_writer()
        _living.add(self)

    def _start_writer(self) -> None:
        header = SpoolHeader(recorded(self.options.folder / JOURNAL), None, self.writer_id, os.getpid())
        self.spool = Spool(header, most=spool_limit())
        self.writer = writer = self._make_writer(inside=True)
        if writer.start():
            writer.ready.wait(CLOSE_LIMIT)
        else:
            self.complaints.say("thread", "no thread can be started: records wait in the spool until the end")
        if writer.files is not None:
            self.folder = writer.files.folder
        self.spool.open()
        opened = self._opened()
        self.put(opened)
        if self.spool.kind != "shared memory":
            self.note("WARNING", f"the spool is in {self.spool.kind}, not in shared memory: {self.spool.why}")
        writer.go_live(opened)
        self._announce()
        dead_spools.remove_orphans_aside(lambda removed: self.note("INFO", dead_spools.words(removed)))

    def _worker_spool(self, header: SpoolHeader, most: int) -> Spool:
        spool = WorkerSpool(header, most=most)
        spool.on_look = self._look_around
        spool.preamble = encode_line(self._opened())
        return spool

    def _make_writer(self, *, inside: bool) -> Writer:
        options, identity = self.options, self.identity
        holder = Holder(identity.host, identity.boot_id, identity.pid, identity.start_ticks)
        texts = TextOptions(options.app_name, options.max_log_bytes, options.backup_count)
        writer = Writer(
            WriterOptions(self.folder, texts, holder, self.writer_id, inside),
            self.spool,
            self.refusals,
            Console() if options.console else None,
            self._report_loss,
        )
        self.spool.on_full = writer.wake
        return writer

    def _announce(self) -> None:
        head, folder = self.spool.header, recorded(self.options.folder)
        owner = Owner(self.writer_id, head.journal, head.journal_id, folder, self.identity, head.device)
        workers.announce(owner)

    def _opened(self, *, heir: bool = False) -> Opened:
        identity = self.identity
        job, allocation_end = batch_job(os.environ)
        return Opened(
            *self.stamp(),
            schema=SCHEMA,
            host=identity.host,
            pid=identity.pid,
            version=__version__,
            utc_offset=clock.utc_offset(time.time()),
            boot_id=identity.boot_id,
            pid_namespace=identity.pid_namespace,
            process_start=identity.start_ticks,
            cgroup=identity.cgroup,
            process_group=os.getpgrp(),
            session=os.getsid(0),
            rank=ranks.rank(),
            local_rank=ranks.local_rank(),
            world_size=ranks.world_size(),
            command=as_command([sys.executable, *sys.orig_argv[1:]]),
            python=platform.python_version(),
            folder=valid(str(self.folder)),
            app_name=self.options.app_name,
            level=self.options.level,
            progress_per_second=self.options.progress_per_second,
            parent=self.parent,
            heir=heir,
            job=valid(job[:200]) if job is not None else None,
            allocation_end=allocation_end,
            deadline=moments.recorded(os.environ),
        )

    def stamp(self) -> Stamp:
        """Who, which number and when, for an event that is made now."""
        return (self.writer_id, self.next_seq(), time.time(), time.monotonic())

    def put(self, event: AnyEvent, *, wake: bool = False) -> None:
        """Records an event that is not progress; may use the reserve of a full spool.

        Args:
            event: Made with `stamp()`.
            wake: The writer is to look at once: errors, checkpoints, ends.
        """
        if not self.spool.append(fitting_line(event), urgent=True):
            self.refuse(event.seq)
        if self.closed:
            self.drain_late()
        elif wake and self.writer is not None:
            self.writer.wake()

    def refuse(self, seq: int) -> None:
        """Counts a record that the spool did not take."""
        self.refusals.note(seq, f"the spool of {self.spool.limit:,} bytes is full")
        self.complaints.say(
            "full", "the spool is full, because the storage is too slow for it: some progress is not recorded"
        )

    def note(self, level: str, text: str) -> None:
        """Records what trainmon itself has to say."""
        self.put(Message(*self.stamp(), logger="trainmon", level=level, text=text))

    def warn_once(self, cause: str, text: str) -> None:
        """Says something once a cause, on standard error and in the journal."""
        if self.complaints.say(cause, text):
            self.note("WARNING", text)

    def drain_late(self) -> None:
        """Moves what was recorded after `close`, in the calling thread."""
        if self.writer is not None:
            self.writer.drain_here()

    @staticmethod
    def new_run_id() -> str:
        """A name for a run that nobody named."""
        return os.urandom(6).hex()

    def _report_loss(self, loss: Loss) -> None:
        """Records which records could not be kept; in the writer thread, or at a worker's end."""
        count, first, last, why = loss
        self.put(Lost(*self.stamp(), count=count, first=first, last=last, why=why))

    def state(self) -> RunState | None:
        """A copy of the state of what is in the journal; None before it is open, and in workers."""
        return self.writer.copy_state() if self.writer is not None else None

    def drained(self, timeout: float = CLOSE_LIMIT) -> bool:
        """Waits until the writer has moved what was recorded before this call; False after `timeout` seconds."""
        return self.writer.wait_for_tick(timeout) if self.writer is not None else True

    def close(self, *, release: bool = True) -> None:
        """Drains everything and ends the writer thread, within 2 s; what is recorded later still goes out.

        Args:
            release: Give the folder to whoever wants it next; False where the process ends.
        """
        # A signal handler may come here while its own thread is here: then there is nothing to wait for.
        if not self._closing.acquire(blocking=False):
            return
        writer = self.writer
        if writer is None:
            self._close_worker()
            return
        self.put(Closed(*self.stamp(), refused=self.refusals.total))
        self.closed = True
        if not writer.close(release=release):
            self.complaints.say(
                "slow", f"the storage of {self.folder} is slow; what is left waits in the spool"
            )
        elif self.spool.path is not None or self.spool.overflow:
            writer.drain_here()  # Other threads recorded while the writer ended.
        workers.withdraw(self.writer_id)

    def _close_worker(self) -> None:
        """Says that this writer ends, if it ever said anything."""
        self.closed = True
        loss = self.refusals.take()
        if loss is not None:
            self._report_loss(loss)
        if self.spool.kind != "none":
            self.put(Closed(*self.stamp(), refused=self.refusals.total))
        self.spool.leave()

    # Forks.

    def become_child(self) -> None:
        """In a forked child: a writer of its own, with a spool that is made when something is recorded.

        Locks and descriptors of the parent are let go: a child that lives on must not keep the journal locked.
        """
        writer, self.writer = self.writer, None
        if writer is not None:
            writer.let_go()
            self.parent, self._ancestor = self.writer_id, Ancestor.at_fork(self.identity)
        old = self.spool
        old.let_go()
        self.identity = own_identity()
        self.writer_id = _new_writer()
        self.next_seq = itertools.count().__next__
        self.refusals = Refusals()
        header = structs.replace(old.header, writer=self.writer_id, pid=os.getpid())
        self.spool = self._worker_spool(header, old.most)
        if not self.closed:
            self._closing = threading.Lock()

    def _look_around(self) -> None:
        """Now and then, in a call: nobody else says what a worker lost, or moves the lines of a daemon."""
        loss = self.refusals.take() if self.writer is None and self.spool.has_reserve() else None
        if loss is not None:
            self._report_loss(loss)
        ancestor = self._ancestor
        if ancestor is not None and not self.closed and ancestor.has_left():
            self._ancestor = None
            try:
                # Not `Thread.start`, which would wait for itself where a signal handler logs within it.
                _thread.start_new_thread(self._succeed, ())
            except RuntimeError:
                self._ancestor = ancestor  # No room for a thread now.

    def _succeed(self) -> None:
        """Goes on with the journal of the process that this one was forked from."""
        self.writer = writer = self._make_writer(inside=False)
        self.identity = own_identity()
        writer.start()
        opened = self._opened(heir=True)
        self.put(opened, wake=True)
        writer.go_live(opened)
        self._announce()
        self.on_succession(writer)


_living: "weakref.WeakSet[Recorder]" = weakref.WeakSet()


def _after_fork_in_child() -> None:
    for recorder in list(_living):
        recorder.become_child()


os.register_at_fork(after_in_child=_after_fork_in_child)
