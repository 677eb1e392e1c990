"""When what was written is brought onto the disk, and when the snapshot is written; for the writer thread alone.

A sync that failed is never believed the second time: the kernel may have dropped the pages, so all that it should have
made safe is moved from the spool once more.
"""

import errno
import time
from pathlib import Path

from trainmon.storage.opening import RunFiles
from trainmon.storage.sync import Synced, Syncer
from trainmon.system.private_files import REFUSALS
from trainmon.words.complaints import Complaints, reason

SYNC_EVERY = 5.0
"""Seconds after which news are on the disk at the latest, as long as the disk answers."""
HEARTBEAT = 5.0
"""Seconds after which the snapshot is touched where nothing changed."""
SNAPSHOT_EVERY = 2.0
"""Seconds between two snapshots at least: a viewer reads the journal from the snapshot on, and needs no newer one."""
SNAPSHOT_SHARE = 0.0025
"""Of a core: what snapshots may cost at most, a quarter of what all of trainmon may take from a training."""


class Disk:
    """Syncs and snapshots of one run folder."""

    def __init__(self, complaints: Complaints) -> None:
        self.synced_end = -1
        """The journal's length when it last was on the disk; -1: never yet."""
        self._complaints = complaints
        self._syncer = Syncer()
        self._sync_offsets: dict[Path, int] = {}
        self._sync_at = 0.0
        self._in_doubt = False
        """The sync that is under way was asked for a journal that is not the present one."""
        self._snapshot_at = 0.0
        self._snapshot_events = -1
        self._heartbeat_at = 0.0

    def journal_replaced(self) -> None:
        """What is on the disk was another journal."""
        self.synced_end = -1
        self._in_doubt = self._syncer.busy

    def take_answer(self, files: RunFiles) -> None:
        """Takes the answer of the last sync, if there is one; to be called before more is moved."""
        done = self._syncer.answer()
        if done is not None:
            self._take(files, done)

    def sync(self, files: RunFiles, now: float, *, wanted: bool) -> None:
        """Asks for a sync where there are news and it is time.

        Args:
            files: The run folder.
            now: Monotonic seconds.
            wanted: It is time now, whatever the clock says.
        """
        news = files.journal.end != self.synced_end
        if news and not self._syncer.busy and (wanted or now >= self._sync_at):
            self._sync_at = now + SYNC_EVERY
            self._sync_offsets = files.collector.offsets()
            self._syncer.ask(files.journal.descriptor, files.journal.end)

    def _take(self, files: RunFiles, done: Synced) -> None:
        if self._in_doubt:
            self._in_doubt = False
        elif done.error is None:
            self.synced_end = done.end
            files.collector.synced(self._sync_offsets, done.end)
            self._complaints.healed("sync", "the journal reaches the disk again")
        elif done.error.errno != errno.EBADF:
            # With that one the program closed the descriptor, and nothing was tried.
            reason = done.error.strerror or done.error
            self._complaints.say("sync", f"the journal did not reach the disk: {reason}; writing it again")
            if files.collector.distrust(self._sync_offsets):
                files.journal.open()

    def last_sync(self, files: RunFiles, deadline: float) -> None:
        """Waits until the journal is on the disk, so that the spool can go; where it is slow, the spool stays."""
        while self.synced_end != files.journal.end or self._syncer.busy:
            if not self._syncer.busy:
                self.sync(files, time.monotonic(), wanted=True)
            done = self._syncer.answer(max(0.0, deadline - time.monotonic()))
            if done is None or done.error is not None:
                return
            self._take(files, done)

    def stop(self) -> None:
        """Lets the sync thread end; a sync that is asked for later is done in the calling thread."""
        self._syncer.stop()

    def snapshot(self, files: RunFiles, now: float, *, wanted: bool) -> None:
        """Writes the snapshot where it is time and the text logs are complete; touches it where nothing changed.

        Args:
            files: The run folder.
            now: Monotonic seconds.
            wanted: It is time now, whatever the clock says.
        """
        if files.texts.waiting or not (wanted or now >= self._snapshot_at):
            return
        events = files.state.totals.events
        if events == self._snapshot_events:
            if now < self._heartbeat_at:
                return
            self._heartbeat_at = now + HEARTBEAT
            if files.touch_snapshot():
                return
        begin = time.thread_time()
        try:
            files.write_snapshot(time.time())
        except OSError as error:
            if error.errno not in REFUSALS:
                raise
            self._complaints.say("snapshot", f"cannot write the snapshot in {files.folder}: {reason(error)}")
            self._snapshot_at = now + HEARTBEAT
            return
        cost = time.thread_time() - begin
        self._snapshot_events = events
        self._snapshot_at = now + max(SNAPSHOT_EVERY, cost / SNAPSHOT_SHARE)
        self._heartbeat_at = now + HEARTBEAT
