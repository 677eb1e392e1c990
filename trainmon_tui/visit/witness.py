"""What a viewer does with what it sees, beside drawing it: it remembers, says what was missed, and passes news on."""

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from trainmon.fold.state import RunState
from trainmon_tui.sight.sight import Sight
from trainmon_tui.visit.absence import Absence

if TYPE_CHECKING:
    from trainmon_tui.visit.newsroom import Newsroom


class Witness:
    """Sees every sight of the run that is shown; for the thread of the app."""

    def __init__(self, absence: Absence | None = None, newsroom: "Newsroom | None" = None) -> None:
        """Has seen nothing yet.

        Args:
            absence: Remembers the looks at a run folder; None: nobody does.
            newsroom: Passes news on; None: nobody does.
        """
        self._absence = absence
        self._newsroom = newsroom

    def change(self, folder: Path) -> None:
        """Sees another run folder from now on."""
        if self._absence is not None:
            self._absence.change(folder)
        if self._newsroom is not None:
            self._newsroom.change(folder)

    def look(self, sight: Sight, newest: RunState, mono: float) -> tuple[Sight, bool]:
        """The sight with what was missed, and whether to ring the bell.

        Args:
            sight: What is shown.
            newest: What is known by now: more than that where the screen stands still.
            mono: Monotonic seconds.
        """
        if self._absence is not None:
            digest = self._absence.look(sight)
            sight = replace(sight, digest=digest) if digest is not None else sight
        if self._newsroom is None:
            return sight, False
        told = self._newsroom.told(sight, mono)
        sight = replace(sight, told=told) if told is not None else sight
        heard = sight if newest is sight.state else replace(sight, state=newest)
        return sight, self._newsroom.look(heard, mono)

    def dismiss(self) -> None:
        """Says no more what was missed."""
        if self._absence is not None:
            self._absence.dismiss()

    def leave(self, sight: Sight) -> None:
        """Remembers the last look."""
        if self._absence is not None:
            self._absence.leave(sight)
