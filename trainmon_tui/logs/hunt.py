"""Something that is looked for in a text log, piece by piece, in one direction and then perhaps in the other."""

from collections.abc import Iterator
from typing import NamedTuple


class Hit(NamedTuple):
    """What was looked for is there."""

    offset: int
    """Where its line begins."""


Scan = Iterator[Hit | int]
"""Gives at each step how many bytes were looked at since its beginning, or at last a hit."""


class Hunt:
    """Scans that follow each other until one has a hit; each step takes some milliseconds."""

    def __init__(self, what: str, most: int, *scans: Scan) -> None:
        """Nothing was looked at yet.

        Args:
            what: Is done, `searching nan`; untrusted.
            most: Bytes that are looked at where nothing is found.
            scans: In their order.
        """
        self.what = what
        self._most = most
        self._scans = iter(scans)
        self._scan: Scan | None = next(self._scans, None)
        self._before = 0
        self._looked_at = 0

    @property
    def words(self) -> str:
        """How far it is and what is done, `40% searching nan`: a long expression may be cut behind."""
        part = (self._before + self._looked_at) / self._most if self._most > 0 else 0.0
        return f"{min(part, 1.0):.0%} {self.what}"

    @property
    def over(self) -> bool:
        """Whether there is nothing more to be looked at."""
        return self._scan is None

    def step(self) -> Hit | None:
        """The hit, if this step came to it.

        Raises:
            SlowError: The expression takes too long.
        """
        found = next(self._scan, None) if self._scan is not None else None
        if found is None:
            self._before, self._looked_at = self._before + self._looked_at, 0
            self._scan = next(self._scans, None)
        elif isinstance(found, Hit):
            return found
        else:
            self._looked_at = found
        return None
