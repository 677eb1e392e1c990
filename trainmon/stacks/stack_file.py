"""The file in shared memory through which a trainer is asked for its stacks, and the signal that asks.

The one thing to know: `faulthandler` may write the stack of the thread that gets the signal, and no other. Walking the
stacks of threads that run meanwhile crashed a busy trainer at the first signal (docs/adr/0013); so whoever asks sends
the signal to each thread, and the file says which threads there are. Beside its header it has lines that begin with
`#` and what `faulthandler` wrote.
"""

import faulthandler
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

import msgspec

from trainmon.spool import shared_memory
from trainmon.system.identity import ProcessIdentity, alive, own_identity
from trainmon.system.private_files import (
    Identity,
    close_own,
    high_descriptor,
    identity,
    make_unwritable,
    open_new,
    open_private,
)
from trainmon.system.proc import Signals, read_signals

SUFFIX = ".stacks"

MOST = 1 << 20
"""Bytes after which the file begins anew, once nobody asks: it counts against the memory of the job."""

READ_LIMIT = 4 << 20
"""Bytes of the file that are read, and after which it begins anew even while somebody asks."""

HELP = b"#help\n"
"""What somebody writes who can reach the main thread only: the trainer then writes down the others itself."""

HELPED = b"#helped\n"
"""Stands behind what it wrote."""

_THREADS = b"#threads "

CANDIDATES = range(47, 57)
"""Signals of which the first that is free is taken: real-time ones, because each classic one has a meaning, USR1 and
USR2 that of batch systems and launchers; from the middle, because 32 and 33 are glibc's own and programs that want one
take the first or the last. 47 is SIGRTMIN+13 of glibc."""

_ours: set[int] = set()
"""Signals that a file of this process has or had: a handler of ours stays, since an unhandled signal would kill."""
_taken: set[int] = set()
"""Those of them that a file has now."""
_parked: dict[int, tuple[int, Identity | None]] = {}
"""By signal, the descriptor of a file that was removed: its handler stays until another one takes the signal."""


class StackHeader(msgspec.Struct, frozen=True, tag_field="kind", tag="stacks"):
    """The first line: who answers, and to which signal."""

    identity: ProcessIdentity
    signal: int


def free_signal() -> int | None:
    """A signal that nobody in this process uses; None where there is none. For one `StackFile`."""
    masks = read_signals(os.getpid())
    if masks is None:
        return None
    for number in CANDIDATES:
        if number in _taken or not _is_free(number, masks):
            continue
        _taken.add(number)
        if number in _ours and masks.has(masks.caught, number):
            return number  # It has our handler still.
        _ours.add(number)
        faulthandler.unregister(number)
        if threading.current_thread() is threading.main_thread():
            # What faulthandler restores when the interpreter ends: a signal that comes then is ignored.
            signal.signal(number, signal.SIG_IGN)
        return number
    return None


def _is_free(number: int, masks: Signals) -> bool:
    """Whether nobody uses the signal, or we did and nobody has since."""
    there = signal.getsignal(number)
    if number in _ours:
        return there in (signal.SIG_IGN, signal.SIG_DFL)
    return there is signal.SIG_DFL and not masks.has(masks.blocked | masks.ignored | masks.caught, number)


class StackFile:
    """The trainer's side; for the writer thread."""

    def __init__(self, number: int, writer: str) -> None:
        """Makes nothing yet.

        Args:
            number: The signal, as `free_signal` gave it.
            writer: Of the journal; names the file.
        """
        self._number = number
        self._name = f"{writer}{SUFFIX}"
        self._path: Path | None = None
        self._descriptor = -1
        self._identity: Identity | None = None
        self._head = b""
        self._seen = 0
        self._growing = 0
        self._threads: dict[int, str] = {}

    def register(self) -> None:
        """Makes the file, and has `faulthandler` answer the signal.

        Raises:
            OSError: No file can be made.
        """
        me = own_identity()
        self._head = msgspec.json.encode(StackHeader(me, self._number)) + b"\n"
        folder, self._path, descriptor = _make(self._name)
        _sweep(folder)
        os.write(descriptor, self._head)
        self._answer_into(descriptor)
        self._write_threads()
        self._seen = self._growing = self._size()

    def _answer_into(self, descriptor: int) -> None:
        self._descriptor = high_descriptor(descriptor)
        self._identity = identity(self._descriptor)
        faulthandler.register(self._number, self._descriptor, all_threads=False, chain=False)
        close_own(
            *_parked.pop(self._number, (-1, None))
        )  # That of an earlier logger; nothing writes there any more.

    def look(self) -> str | None:
        """Once a second: keeps the list of threads true; what was written since, once nothing more comes, if anything.

        Raises:
            OSError: The file or its descriptor is gone.
        """
        if self._descriptor < 0 or self._path is None:
            return None
        if identity(self._descriptor) != self._identity:
            # The program closed all descriptors, and may have a file of its own under the number.
            self._answer_into(open_private(self._path, os.O_WRONLY | os.O_APPEND))
        size = self._size()
        if self._seen < size <= READ_LIMIT and size != self._growing:
            if HELP in self._read(self._seen):
                os.write(self._descriptor, everything() + HELPED)
            self._write_threads()
            self._growing = self._size()
            return None
        asked = self._read(self._seen).decode("utf-8", "replace") if size > self._seen else ""
        if size > MOST:
            os.ftruncate(self._descriptor, len(self._head))
            self._threads = {}
        self._write_threads()
        self._seen = self._growing = self._size()
        return "\n".join(line for line in asked.splitlines() if line[:1] != "#") or None

    def _size(self) -> int:
        return os.fstat(self._descriptor).st_size

    def _read(self, offset: int) -> bytes:
        if self._path is None:
            return b""
        descriptor = open_private(self._path, os.O_RDONLY)
        try:
            return os.pread(descriptor, READ_LIMIT, offset)
        finally:
            os.close(descriptor)

    def _write_threads(self) -> None:
        now = {t.native_id: t.name for t in threading.enumerate() if t.native_id is not None}
        if now != self._threads:
            self._threads = now
            names = {str(number): name for number, name in now.items()}
            os.write(self._descriptor, _THREADS + msgspec.json.encode(names) + b"\n")

    def remove(self) -> None:
        """Unlinks the file. The handler stays, and writes nowhere: a signal that comes late must not kill."""
        _taken.discard(self._number)
        if self._path is None or identity(self._descriptor) != self._identity:
            return
        try:
            self._path.unlink(missing_ok=True)
            _parked[self._number] = (self._descriptor, make_unwritable(self._descriptor))
        except OSError:
            return  # The folder is gone, or there are no descriptors: an empty file stays.


def everything() -> bytes:
    """The stacks of all threads but the calling one, as `faulthandler` writes them and with their names."""
    names = {t.ident: (t.native_id, t.name) for t in threading.enumerate()}
    lines: list[str] = []
    for ident, frame in sys._current_frames().items():
        if ident == threading.get_ident():
            continue
        number, name = names.get(ident, (None, "?"))
        shown = name.replace("\n", " ").replace('"', "'")
        lines.append(f'Thread {number or 0} "{shown}" (most recent call first):')
        at: FrameType | None = frame
        while at is not None and len(lines) < 20_000:
            code = at.f_code
            lines.append(f'  File "{code.co_filename}", line {at.f_lineno} in {code.co_name}')
            at = at.f_back
    return ("\n".join(lines) + "\n").encode("utf-8", "backslashreplace")


def _make(name: str) -> tuple[Path, Path, int]:
    """The file, beside the spools: the folder, the path and a descriptor.

    Raises:
        OSError: It cannot be made in any of the folders.
    """
    failure = OSError("there is no folder for spools")
    for base in shared_memory.bases():
        try:
            folder = shared_memory.make_folder(base)
            return folder, folder / name, open_new(folder / name)
        except OSError as error:
            failure = error
    raise failure


def _sweep(folder: Path) -> None:
    """Takes away what trainers left that were killed."""
    for path in folder.glob(f"*{SUFFIX}"):
        try:
            header = read_header(path)
            if header is not None and alive(header.identity) is False:
                path.unlink()
        except OSError:
            continue  # Another trainer does the same.


# The other side.


def find(writer: str) -> Path | None:
    """The file of a living or dead writer; None where there is none within reach."""
    for folder in shared_memory.folders():
        path = folder / f"{writer}{SUFFIX}"
        if path.exists():
            return path
    return None


def read_header(path: Path) -> StackHeader | None:
    """The first line; None where it is none of ours.

    Raises:
        OSError: The file cannot be read.
    """
    try:
        return msgspec.json.decode(read(path, 0, 65_536).partition(b"\n")[0], type=StackHeader)
    except (msgspec.MsgspecError, ValueError):
        return None


def read(path: Path, offset: int, most: int = READ_LIMIT) -> bytes:
    """What stands in the file from an offset on.

    Raises:
        OSError: It cannot be read.
    """
    descriptor = open_private(path, os.O_RDONLY)
    try:
        return os.pread(descriptor, most, offset)
    finally:
        os.close(descriptor)


def threads_in(data: bytes) -> dict[int, str]:
    """The Python threads of the process, name by the kernel's number, as the file said last."""
    for line in reversed(data.splitlines()):
        if line.startswith(_THREADS):
            try:
                return msgspec.json.decode(line.removeprefix(_THREADS), type=dict[int, str])
            except (msgspec.MsgspecError, ValueError):
                return {}
    return {}


def ask_for_help(path: Path) -> None:
    """Has the trainer write down its threads itself, as soon as it can.

    Raises:
        OSError: The file cannot be written.
    """
    descriptor = open_private(path, os.O_WRONLY | os.O_APPEND)
    try:
        os.write(descriptor, HELP)
    finally:
        os.close(descriptor)
