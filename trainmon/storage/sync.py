"""Getting the journal onto the disk, in a thread of its own: `fdatasync` may take seconds."""

import errno
import os
import threading

import msgspec

from trainmon.system.private_files import duplicate


class Synced(msgspec.Struct, frozen=True):
    """How a sync went."""

    end: int
    """The journal's length when it was asked for."""
    error: OSError | None
    """Why it failed; the lines since the last good one are in doubt for ever after, whatever a later sync says."""


class Syncer:
    """One sync at a time; asked and answered in the writer thread."""

    def __init__(self) -> None:
        self._wanted = threading.Event()
        self._done = threading.Event()
        self._job: tuple[int, int] | None = None
        self._result: Synced | None = None
        self._thread: threading.Thread | None = None
        self._stopping = False

    @property
    def busy(self) -> bool:
        """Whether a sync is under way or its answer was not taken."""
        return self._job is not None or self._result is not None

    def ask(self, descriptor: int, end: int) -> None:
        """Begins to sync a journal that is `end` bytes long; only while not `busy`."""
        self._done.clear()
        # A descriptor of its own, out of the program's way: the writer may close its own while the disk is slow.
        self._job = (duplicate(descriptor), end)
        if self._stopping or not self._has_thread():
            self._work()  # The program ends, or has no room for a thread: nobody but our caller is held up.
            return
        self._wanted.set()

    def _has_thread(self) -> bool:
        if self._thread is None:
            thread = threading.Thread(target=self._run, name="trainmon-sync", daemon=True)
            try:
                thread.start()
            except RuntimeError:
                return False
            self._thread = thread
        return True

    def answer(self, timeout: float = 0.0) -> Synced | None:
        """The result of the last sync, once; None while there is none within `timeout` seconds."""
        if timeout and self.busy:
            self._done.wait(timeout)
        result, self._result = self._result, None
        return result

    def stop(self) -> None:
        """Lets the thread end; a sync that is under way is not waited for."""
        self._stopping = True
        self._wanted.set()

    def _run(self) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()
            self._work()
            if self._stopping:
                return

    def _work(self) -> None:
        job = self._job
        if job is None:
            return
        descriptor, end = job
        error = _sync_and_close(descriptor)
        self._result = Synced(end, error)
        self._job = None
        self._done.set()


def _sync_and_close(descriptor: int) -> OSError | None:
    """Why the file may not be on the disk; None: it is."""
    error: OSError | None = None
    try:
        os.fdatasync(descriptor)
    except OSError as failure:
        if failure.errno == errno.EBADF:
            return failure  # The program closed it: the number may be another's already.
        error = failure
    try:
        os.close(descriptor)
    except OSError as failure:
        # NFS says only here that the disk was full; the number is free all the same.
        error = error or failure
    return error
