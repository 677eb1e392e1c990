"""The other side of the spool: finding the segments of a journal and reading their lines.

A segment is retired when its lock can be taken, whatever a pid says: its owner is dead, or has gone on to the next.
"""

import errno
import fcntl
import os
from collections.abc import Collection
from pathlib import Path

import msgspec

from trainmon.facts.codec import LINE_LIMIT
from trainmon.spool import shared_memory
from trainmon.spool.spool_header import SUFFIX, SpoolHeader
from trainmon.system.private_files import close_own, high_descriptor, identity
from trainmon.words.paths import recorded

CHUNK = 32 << 10
"""Bytes read at once: some more than the lines that are moved together."""

_HEAD = 4_096
"""Bytes that are looked at first for a header: all but those with very long paths."""

_header_decoder = msgspec.json.Decoder(SpoolHeader)


class JournalName(msgspec.Struct, frozen=True):
    """What a segment is compared with to find out whether it belongs to a journal."""

    path: str
    """Absolute."""
    journal_id: str | None
    """The writer of its first line; None: the journal is empty or is not there."""
    writers: frozenset[str] = frozenset()
    """Who else wrote in it."""
    made: bool = False
    """The journal was not there before: what was recorded for one that was deleted is not its."""

    def owns(self, header: SpoolHeader) -> bool:
        """Whether a segment's lines belong to this journal; a journal made anew at an old path is another one."""
        if header.writer in self.writers or header.journal_id in self.writers:
            # The second: a journal that was replaced under us had that name.
            return True
        if header.journal_id is None or (self.journal_id is None and not self.made):
            return header.journal == recorded(self.path)
        return header.journal_id == self.journal_id


class SpoolFile:
    """One segment, open for reading; `offset` is how far it was read."""

    def __init__(self, path: Path) -> None:
        """Opens a segment and reads its header.

        Raises:
            OSError: it cannot be opened, or is no segment.
        """
        self.path = path
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        self.descriptor = high_descriptor(descriptor)
        self._identity = identity(self.descriptor)
        head = os.pread(self.descriptor, _HEAD, 0)
        if b"\n" not in head:
            head = os.pread(self.descriptor, 65_536, 0)
        line, found, _ = head.partition(b"\n")
        try:
            self.header = _header_decoder.decode(line)
        except (msgspec.MsgspecError, ValueError) as error:
            self.close()
            raise OSError(errno.EINVAL, "not a spool", str(path)) from error
        self.offset = len(line) + len(found)

    def size(self) -> int:
        """Bytes in the segment now.

        Raises:
            OSError: The program closed our descriptor, and may use its number for something else.
        """
        status = os.fstat(self.descriptor)
        if (status.st_dev, status.st_ino) != self._identity:
            raise OSError(errno.EBADF, "the descriptor is not ours any more", str(self.path))
        return status.st_size

    def is_ours(self) -> bool:
        """Whether the descriptor still is this segment."""
        return identity(self.descriptor) == self._identity

    def peek(self, most: int) -> tuple[list[bytes], int]:
        r"""The next whole lines, `\n` excluded, at most `most` of them, and the offset behind them.

        A last line without its `\n` stays: its call has not returned, or never did. One that is longer than a line may
        be is passed over: its number stays missing, and nothing waits for it.
        """
        data = os.pread(self.descriptor, CHUNK, self.offset)
        if len(data) == CHUNK and b"\n" not in data:
            data = os.pread(self.descriptor, LINE_LIMIT + 1, self.offset)
            if len(data) > LINE_LIMIT and b"\n" not in data:
                return [], self.offset + len(data)
        lines = data.split(b"\n", most)
        del lines[-1]  # torn, or the rest
        return lines, self.offset + sum(map(len, lines)) + len(lines)

    def is_drained(self) -> bool:
        """Whether no whole line is left; a torn one may be, whose call never returned."""
        if self.size() <= self.offset:
            return True
        if b"\n" in os.pread(self.descriptor, 4_096, self.offset):
            return False
        return b"\n" not in os.pread(self.descriptor, LINE_LIMIT + 65_536, self.offset)

    def retired(self) -> bool:
        """Whether nobody appends here any more."""
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        fcntl.flock(self.descriptor, fcntl.LOCK_UN)
        return True

    def remove(self) -> None:
        """Unlinks the segment; for the owner of the journal, once its lines are safe."""
        self.path.unlink(missing_ok=True)
        self.close()

    def close(self) -> None:
        """Closes the descriptor, if it still is ours."""
        close_own(self.descriptor, self._identity)
        self.descriptor = -1


_headers: dict[str, SpoolHeader] = {}
"""By name, of segments that this process opened and that are still there: names are random, and no header changes.

A machine may hold the spools of many trainings, and each looks for its own every second; so does whoever reads the
folders of hundreds of ranks.
"""


def find(journal: JournalName, known: Collection[Path] = ()) -> list[SpoolFile]:
    """The segments of a journal, dead and living; those of a writer in their order. What cannot be opened is left out.

    Args:
        journal: Whose they are.
        known: Segments that are left out.
    """
    found: list[SpoolFile] = []
    passed_over = {path.name for path in known}
    there: set[str] = set()
    for folder in shared_memory.folders():
        try:
            names = {name for name in os.listdir(folder) if name.endswith(SUFFIX)}
        except OSError:
            continue
        there |= names
        for name in sorted(names - passed_over):
            header = _headers.get(name)
            if header is not None and not journal.owns(header):
                continue
            try:
                file = SpoolFile(folder / name)
            except OSError:
                continue
            _headers[name] = file.header
            if journal.owns(file.header):
                found.append(file)
            else:
                file.close()
    for gone in set(_headers) - there:
        _headers.pop(gone, None)  # Another thread may have done it.
    found.sort(key=lambda file: (file.header.writer, file.header.number))
    return found
