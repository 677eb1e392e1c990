"""What a journal's writer drains: its own spool and those of forked children and spawned workers, until they are safe.

A segment is unlinked when nobody appends to it, all of it is in the journal, and the journal is on the disk.
"""

from pathlib import Path

import msgspec

from trainmon.spool.spool import SEGMENT
from trainmon.spool.spool_files import JournalName, SpoolFile, find

BATCH = 64
"""Lines moved at once; then other threads get a moment of the interpreter."""

USUAL_MOST = 2 * SEGMENT
"""Bytes to which a segment grows under a flood before the next one is begun. Of a larger one, that grew while the
storage stood still, what was moved counts until it is gone: else it would let in as much again."""

OPEN_MOST = 256
"""Segments that are open at once: a program may have 1,024 descriptors, and a thousand forked workers."""


class Drained(msgspec.Struct):
    """A segment with what is known of its lines' safety."""

    file: SpoolFile
    safe: int
    """Up to here its lines are in a journal that is on the disk."""
    finished_at: int | None = None
    """Where the journal ended when the retired segment was empty, and was closed; None: more may come."""
    size: int = 0
    """Bytes, once it is finished."""

    def weight(self) -> int:
        """Bytes that count against the limit of the spool."""
        if self.finished_at is not None:
            return self.size
        return self.file.size() - min(self.file.offset, USUAL_MOST)


class Collector:
    """The segments of one journal; for the writer thread alone."""

    def __init__(self) -> None:
        self.segments: dict[Path, Drained] = {}
        self._lost: dict[Path, tuple[int, int]] = {}
        """How far segments were read and safe that are to be opened again."""
        self._left: set[Path] = set()
        """Segments that are safe and could not be unlinked."""

    def scan(self, name: JournalName) -> None:
        """Looks for segments that came since the last look."""
        room = OPEN_MOST - sum(drained.finished_at is None for drained in self.segments.values())
        for file in find(name, {*self.segments, *self._left}):
            room -= 1
            if room < 0:
                file.close()
                continue
            file.offset, safe = self._lost.pop(file.path, (file.offset, file.offset))
            self.segments[file.path] = Drained(file, safe)

    def check(self) -> bool:
        """Whether all descriptors still are ours; those that are not are let go, for the next `scan` to find again."""
        gone = [drained for drained in self.open() if not drained.file.is_ours()]
        for drained in gone:
            self._open_again(drained, drained.file.offset)
        return not gone

    def _open_again(self, drained: Drained, offset: int) -> None:
        """Lets go of a segment, for the next `scan` to find it; it will be read from `offset` on."""
        self._lost[drained.file.path] = (offset, drained.safe)
        drained.file.close()
        del self.segments[drained.file.path]

    def open(self) -> list[Drained]:
        """The segments to which lines may come, or which are not read to their end."""
        return [drained for drained in self.segments.values() if drained.finished_at is None]

    def used(self) -> int:
        """Bytes of all segments, less what was moved of those that are not empty yet: it soon will be gone.

        Without the latter, callers that wait under a flood would get room only with every whole segment: too late.
        """
        return sum(drained.weight() for drained in self.segments.values())

    def waiting(self) -> int:
        """Bytes that are not moved yet."""
        return sum(drained.file.size() - drained.file.offset for drained in self.open())

    def finish(self, journal_end: int, current: Path | None = None) -> None:
        """Closes the segments that are retired and empty.

        Args:
            journal_end: Where the journal ends now.
            current: Our own segment, to which lines may come at any moment: it need not be looked at.
        """
        for drained in self.open():
            file = drained.file
            if file.path == current:
                continue
            # Looked at again behind the lock: only when that can be taken, no append is under way.
            if file.is_drained() and file.retired() and file.is_drained():
                drained.finished_at, drained.size = journal_end, file.size()
                file.close()

    def offsets(self) -> dict[Path, int]:
        """How far each segment was read: what a sync that begins now makes safe."""
        return {path: drained.file.offset for path, drained in self.segments.items()}

    def synced(self, offsets: dict[Path, int], journal_end: int) -> None:
        """Takes note that the journal is on the disk up to `journal_end`, and unlinks what is safe."""
        for path, offset in offsets.items():
            drained = self.segments.get(path)
            if drained is not None:
                drained.safe = max(drained.safe, offset)
        self.remove_safe(journal_end)

    def remove_safe(self, journal_end: int) -> None:
        """Unlinks the segments whose lines all stand before `journal_end`, up to where the journal is on the disk."""
        for path, drained in list(self.segments.items()):
            if drained.finished_at is not None and drained.finished_at <= journal_end:
                self._remove(path, drained)

    def free(self, most: int) -> int:
        """Unlinks drained segments that the disk has not confirmed, oldest first, until `most` bytes are left.

        Returns the bytes of all segments then, as `used`.

        For when lines come faster than the disk syncs: they are in the journal, and only a power cut or a failing disk
        could still lose them, where refusing new lines would lose those for certain.
        """
        used = self.used()
        for path, drained in list(self.segments.items()):
            if used <= most:
                break
            if drained.finished_at is not None:
                used -= drained.size
                self._remove(path, drained)
        return used

    def _remove(self, path: Path, drained: Drained) -> None:
        """Unlinks a segment; one that the program has no right to, since it became another user, is left there."""
        try:
            drained.file.remove()
        except PermissionError:
            self._left.add(path)
        del self.segments[path]

    def distrust(self, offsets: dict[Path, int]) -> bool:
        """After a failed sync: what it should have made safe is to be moved again; False if that is nothing.

        Args:
            offsets: As they were when it was asked for. What came behind them is up to the next sync.
        """
        doubted = [
            drained
            for path, drained in self.segments.items()
            if drained.safe < offsets.get(path, drained.safe)
        ]
        for drained in doubted:
            if drained.finished_at is None:
                drained.file.offset = drained.safe
            else:
                self._open_again(drained, drained.safe)
        return bool(doubted)

    def journal_replaced(self, journal_end: int) -> None:
        """The ends that are remembered were those of a journal that is gone; the new one ends at `journal_end`."""
        for drained in self.segments.values():
            if drained.finished_at is not None:
                drained.finished_at = journal_end

    def close(self) -> None:
        """Closes the segments; what was not unlinked stays for the next opener."""
        for drained in self.segments.values():
            drained.file.close()
        self.segments.clear()
