"""The spool: where a log call leaves its line, in shared memory, with one write and no lock.

The descriptor never changes under the callers: a new segment is put under it with `dup2`, which loses no concurrent
append. What is written here outlives `kill -9` for as long as the host's shared memory lives. See docs/adr/0001.
"""

import errno
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import structs

from trainmon.spool import overflow, shared_memory
from trainmon.spool.handler_lock import HandlerLock
from trainmon.spool.overflow import Overflow
from trainmon.spool.shared_memory import Pages, Write, releasing_write
from trainmon.spool.spool_header import SUFFIX, SpoolHeader
from trainmon.system.private_files import (
    Identity,
    close_own,
    high_descriptor,
    identity,
    make_unwritable,
    new_locked_file,
)

MOST = 16 << 20
"""Bytes that the spool of a process may have at most; it counts against the job's memory."""
SEGMENT = 1 << 20
"""Bytes after which the next segment is begun; fewer where the limit is small, because a flood fills two of them."""
SHARE = 4
"""Segments that the limit has at least."""
LEAST = 128 << 10
"""Bytes below which shared memory is too small to be of use."""
RESERVE = 256 << 10
"""Bytes beyond the limit that errors and ends may use when progress is refused already."""
PATIENCE = 0.008
"""Seconds that a call waits at most for room in a spool that is full."""
MOST_PATIENCE = 0.015
"""The same where lines were moved meanwhile: room is about to come."""
STANDSTILL = 0.25
"""Seconds without a line moved after which the storage counts as stalled, and nobody waits for room."""
REOPEN_EVERY = 0.1
"""Seconds between two tries to open a spool where none can be."""

Kind = Literal["shared memory", "temporary folder", "none"]


class Spool:
    """The spool of this process. `append` is for every thread and signal handler; the rest for the writer thread."""

    def __init__(self, header: SpoolHeader, *, most: int = MOST) -> None:
        """Opens nothing yet; the first `append` does where `open` was not called.

        Args:
            header: Of the segments to come.
            most: Bytes that all segments together may have at most.
        """
        self.header = header
        """Of the segments to come; replace it when the journal is known or the process was forked."""
        self.most = most
        self.kind: Kind = "none"
        self.why: str | None = None
        """Why there is no shared memory, in words; None where there is."""
        self.folder: Path | None = None
        self.descriptor = -1
        self.path: Path | None = None
        self.limit = 0
        """Bytes that all segments together may have."""
        self.segment = SEGMENT
        """Bytes after which the next one is due."""
        self.preamble = b""
        """Lines that the next segment begins with, once: how a forked child says who it is."""
        self.moved_at = float("-inf")
        """Monotonic seconds when the writer thread last moved lines: a spool that moves is worth a moment's wait."""
        self.overflow = Overflow()
        """Lines that could be written nowhere; the writer thread takes them."""
        self._number = 0
        self.on_full: Callable[[], None] = lambda: None
        """Called when a line finds no room: whoever can make some is to look at once."""
        self._room = overflow.MOST
        self._identity: Identity | None = None
        self._seen = 0
        """Bytes of the current segment when it was last looked at, its header at first."""
        self._fresh = -1
        """The next segment while it is being made."""
        self._reopen_at = 0.0
        self._write: Write = releasing_write
        self._pages = Pages()
        self._opening = HandlerLock()

    # The hot path.

    def append(self, line: bytes, urgent: bool = False) -> bool:
        r"""Leaves a line, `\n` included; False if it was refused because the spool is full.

        Args:
            line: One whole line.
            urgent: May use the reserve: errors, ends, all that is not progress.
        """
        length = len(line)
        room = self._room - length
        if room < 0 and (not urgent or room < -RESERVE):
            if not self._make_room():
                return False
            room = self._room - length
        self._room = room
        if self._write(self.descriptor, line, length) == length:
            return True
        return self._append_again(line)

    def _make_room(self) -> bool:
        """Wakes the writer thread and waits some ms for it; where the storage takes nothing, neither helps."""
        begin = now = time.monotonic()
        if now - self.moved_at <= STANDSTILL:
            self.on_full()
        while now - self.moved_at <= STANDSTILL:
            if now - begin >= (MOST_PATIENCE if self.moved_at > begin else PATIENCE):
                break
            time.sleep(0.001)
            if self._room > 0:
                return True
            now = time.monotonic()
        return False

    def _append_again(self, line: bytes) -> bool:
        """After a short or failed write: ends what is torn, writes the whole line again, or keeps it in memory."""
        whole = b"\n" + line
        if self.descriptor >= 0 and self._write(self.descriptor, whole, len(whole)) == len(whole):
            return True
        if self._opening.acquire():
            try:
                if self._append_anew(line):
                    return True
            except OSError as error:
                self.why = str(error)
            finally:
                self._opening.release()
        return self.overflow.add(line)

    def _append_anew(self, line: bytes) -> bool:
        """Writes into a segment that another thread opened meanwhile, or into one that is opened now."""
        whole = b"\n" + line
        if self.descriptor >= 0 and self._write(self.descriptor, whole, len(whole)) == len(whole):
            return True
        now = time.monotonic()
        if now < self._reopen_at:
            return False
        self._reopen()
        if self.kind == "none":
            self._reopen_at = now + REOPEN_EVERY
            return False
        line = self._with_older(line)
        return self._write(self.descriptor, line, len(line)) == len(line)

    def _with_older(self, line: bytes) -> bytes:
        """What is first written into a segment opened for `line`; older lines are taken by the writer thread."""
        return line

    # Opening and changing segments.

    def open(self) -> None:
        """Opens the first segment, in shared memory or else in the temporary folder; without either, memory serves."""
        if self._opening.acquire():
            try:
                self._reopen()
            finally:
                self._opening.release()

    def _reopen(self) -> None:
        """A fresh segment, after ours was closed, filled up or lost; a foreign descriptor is left alone."""
        if self.descriptor >= 0 and not self.is_ours():
            self.descriptor = -1
        reasons: list[str] = []
        for base in shared_memory.bases():
            try:
                folder = shared_memory.make_folder(base)
                free = shared_memory.free_bytes(folder)
                if free < LEAST:
                    raise OSError(errno.ENOSPC, f"only {free:,} bytes are free", str(folder))
                self._next_segment(folder)
            except OSError as error:
                reasons.append(f"{base}: {error.strerror or error}")
                continue
            self.folder = folder
            memory = shared_memory.is_memory(folder)
            self.kind = "shared memory" if memory else "temporary folder"
            self._write = shared_memory.keeping_write() if memory else releasing_write
            self.why = "; ".join(reasons) or None
            self.limit = max(LEAST, min(self.most, free // 10))
            self.segment = min(SEGMENT, self.limit // SHARE)
            self._room = self._first_room()
            return
        self._give_up()
        self.kind, self.folder, self.path = "none", None, None
        self.why = "; ".join(reasons)
        self.limit = self._room = overflow.MOST

    def _first_room(self) -> int:
        """Bytes that the callers may use before somebody counts again."""
        return self.limit

    def _next_segment(self, folder: Path) -> None:
        self._number += 1
        header = structs.replace(self.header, number=self._number)
        head = msgspec.json.encode(header) + b"\n" + self.preamble
        try:
            path = new_locked_file(folder, SUFFIX, head, self._hold)
        except OSError:
            if self._fresh >= 0:
                os.close(self._fresh)
                self._fresh = -1
            raise
        self.preamble = b""
        self._put_under_the_number()
        self.path, self._seen = path, len(head)

    def _hold(self, fresh: int) -> None:
        self._fresh = fresh

    def _put_under_the_number(self) -> None:
        """Has the descriptor be the fresh segment, from one append to the next."""
        before, self._identity = self._identity, identity(self._fresh)
        if self.descriptor < 0:
            self.descriptor = high_descriptor(self._fresh)
        else:
            try:
                os.dup2(self._fresh, self.descriptor, inheritable=False)
                os.close(self._fresh)
            except OSError:
                # The program lowered its limit of descriptors below the number; appends under way are made again.
                old, self.descriptor = self.descriptor, self._fresh
                close_own(old, before)
        self._fresh = -1

    def next_segment(self) -> None:
        """Puts a new segment under the descriptor; the old one is found by the collector and drained to its end."""
        if not self._opening.acquire():
            return  # Another thread is at it; it is tried again soon.
        try:
            if self.folder is None or not self.is_ours():
                self._reopen()
            else:
                self._next_segment(self.folder)
        except OSError as error:
            # The present one serves for a while; then another folder may have room, or be that of the user we are now.
            if not isinstance(error, FileNotFoundError) and self._seen <= self.limit // 2:
                raise
            self._reopen()  # Or the folder was removed.
        finally:
            self._opening.release()

    def is_ours(self) -> bool:
        """Whether the descriptor still is our segment: a program may close it and get its number for something else."""
        return self._identity is not None and identity(self.descriptor) == self._identity

    def is_spent(self) -> bool:
        """Whether the next segment is due: this one is full, or lost its name, its beginning or its descriptor."""
        try:
            status = os.fstat(self.descriptor)
        except OSError:
            return True
        lost = (status.st_dev, status.st_ino) != self._identity or status.st_nlink == 0
        shrunk, self._seen = status.st_size < self._seen, status.st_size
        return lost or shrunk or status.st_size > self.segment

    def has_reserve(self) -> bool:
        """Whether there is room for what is not progress."""
        return self._room > -RESERVE // 2

    def prepare_pages(self) -> None:
        """Has pages ready for the next lines: a call that has to find one takes tens of microseconds, caches cold."""
        if self.kind == "shared memory":
            self._pages.keep(self.descriptor, self._identity, self._seen, self.limit // 4)

    def add_room(self, moved: int) -> None:
        """Lets callers that wait use at once what was just moved; `set_used` counts anew, soon."""
        self._room += moved

    def set_used(self, used: int) -> None:
        """Tells how many bytes all segments have now; the rest of the limit is room for lines."""
        self._room = self.limit - used

    def leave(self) -> None:
        """Gives up the segment; the file stays for whoever drains it, and the next append opens another."""
        if not self._opening.acquire():
            return  # Another thread opens it anew just now.
        try:
            self._give_up()
            self.path = None
        except OSError as error:
            self.why = str(error)
        finally:
            self._opening.release()

    def _give_up(self) -> None:
        """Puts what cannot be written under the number: an append of another thread that is under way fails then.

        A closed number could be that of the program's next file, and the line of that append would stand in it.
        """
        if self.is_ours():
            self._identity = make_unwritable(self.descriptor)

    def let_go(self) -> None:
        """Closes all descriptors: in a forked child, where the parent's lock would live on, and when nobody appends."""
        descriptor, self.descriptor = self.descriptor, -1
        close_own(descriptor, self._identity)
        fresh, self._fresh = self._fresh, -1
        if fresh >= 0:
            os.close(fresh)

    def __del__(self, finalizing: Callable[[], bool] = sys.is_finalizing) -> None:
        if not finalizing():  # Otherwise the system closes them, and half of the modules may be gone.
            self.let_go()
