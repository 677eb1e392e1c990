"""Which rank failed first, for the screen of rank 0: looked for in a thread once the run has ended badly or stalled.

Nothing is read while the run goes well: of 255 folders that would cost more than it tells.
"""

import time
from collections.abc import Callable
from pathlib import Path

from trainmon.meaning.blame import RankVerdict, earliest_failure, instead, is_bad
from trainmon.meaning.verdict import verdict
from trainmon.reading.look import look
from trainmon.reading.reader import View
from trainmon.system.slurm import Accounts
from trainmon.words.paths import RANKS
from trainmon_tui.sight.latest import Seldom
from trainmon_tui.sight.sight import FailedRank

EVERY = 5.0
"""Seconds between two looks: ranks die after each other, and what is read of them may be late."""

SHARE = 0.05
"""Of a core that looking may take: the folders of hundreds of ranks take half a second."""


class RanksLook:
    """Looks at the other ranks of a run folder; `look` is for the feed's thread, and returns at once."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        """Looks at nothing yet.

        Args:
            folder: Of rank 0.
            clock: Unix seconds.
        """
        self._folder = folder
        self._clock = clock
        self._found: FailedRank | None = None
        self._accounts = Accounts()
        self._worker = Seldom("trainmon-ranks", self._look, every=EVERY, share=SHARE)

    def look(self, view: View, now: float) -> FailedRank | None:
        """The rank that failed first, as far as is known at monotonic time `now`; None: none of the others."""
        own = verdict(view.state, view.evidence, self._clock())
        if not is_bad(own):
            self._found = None
            return None
        if (self._folder / RANKS).is_dir():
            self._worker.ask(self._folder, now)
        rank = view.state.opened.rank or 0 if view.state.opened is not None else 0
        found = self._found
        return found if instead(RankVerdict(rank, own), found) is not None else None

    def _look(self, folder: Path) -> None:
        """In the worker's thread."""
        try:
            ranks = look(folder, accounts=self._accounts).ranks
            now = self._clock()
            self._found = earliest_failure(
                FailedRank(
                    each.view.state.opened.rank or 0,
                    verdict(each.view.state, each.view.evidence, now),
                    str(each.folder),
                    each.view.state,
                )
                for each in ranks
                if each.view.state.opened is not None
            )
        except Exception:  # noqa: BLE001 - a bug there costs the name of the rank; what rank 0 says is still shown
            self._found = None

    def close(self) -> None:
        """Ends the thread."""
        self._worker.stop()
