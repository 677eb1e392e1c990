"""What a viewer remembers of its looks at a run folder, and says when somebody comes back: "since you left".

How a trainer ended is kept likewise, where this viewer alone saw it (`trainmon.reading.seen_end`).

The newest look of any viewer counts: it is noted every minute and at the end, in the user's state folder. What is said
is decided once, at the first whole view, and stands until it is dismissed, so that it never flickers.
"""

from pathlib import Path

import msgspec

from trainmon.meaning import since
from trainmon.meaning.alerts import Alert
from trainmon.meaning.since import Digest, Noted
from trainmon.reading.seen_end import end_file, is_of
from trainmon.system.kept import kept_path, read_struct
from trainmon.words.exits import ExitRecord
from trainmon_tui.sight.sight import Sight
from trainmon_tui.visit.keeping import Keeper

EVERY = 60.0
"""Seconds between two notes: less than `since.LEAST`, so that whoever opens a second viewer is told nothing."""

PATIENCE = 1.0
"""Seconds that leaving waits for a state folder that does not answer."""

KIND = "looked"
"""Folder of the state folder for these files."""


class Absence:
    """The looks at one run folder, which may be exchanged; for one thread."""

    def __init__(self, run: Path, folder: Path | None = None) -> None:
        """Reads what was noted last.

        Args:
            run: The run folder.
            folder: Where looks are noted; None: where platformdirs says.
        """
        self._folder = folder
        self._keeper = Keeper("trainmon-looked")
        self._last: Sight | None = None
        self.change(run)

    def change(self, run: Path) -> None:
        """Looks at another run folder from now on; what was seen last of the one before is noted."""
        if self._last is not None:
            self._note(self._last)
        self._last = None
        self._run = run
        self._end: ExitRecord | None = None
        self._path = kept_path(run, KIND, self._folder)
        self._before = read_struct(self._path, Noted)
        self._digest: Digest | None = None
        self._decided = False
        self._noted_at = float("-inf")

    def look(self, sight: Sight) -> Digest | None:
        """What to say with this sight; takes note of it now and then, and of an end that no parent wrote down."""
        seen, opened = sight.exit, sight.state.opened
        if seen is not None and seen.launcher == 0 and opened is not None and is_of(seen, opened):
            if seen != self._end:
                self._keeper.put(*end_file(self._run, seen, self._folder))
            self._end = seen
        if not sight.whole or sight.state.run_id is None:
            return None
        self._last = sight
        if not self._decided:
            self._decided = True
            found = _standing(sight)
            self._digest = since.digest(self._before, sight.state, sight.verdict, found, sight.now)
        if abs(sight.now - self._noted_at) >= EVERY:
            self._noted_at = sight.now
            self._note(sight)
        return self._digest

    def dismiss(self) -> None:
        """Says it no more."""
        self._digest = None

    def leave(self, sight: Sight) -> None:
        """Takes note of the last look."""
        if self._decided and sight.state.run_id is not None:
            self._note(sight)
        self._keeper.wait(PATIENCE)

    def _note(self, sight: Sight) -> None:
        noted = since.note(sight.state, sight.verdict, _standing(sight), sight.now)
        self._keeper.put(self._path, msgspec.json.encode(noted))


def _standing(sight: Sight) -> tuple[Alert, ...]:
    """The alerts of the screen, acknowledged ones included."""
    return tuple(shown.alert for shown in sight.alerts)
