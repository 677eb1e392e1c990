"""All GPUs of this host, whoever made them, asked aside: a driver that hangs is said, and never waited for.

The one thing to know: while a driver gives no answer its cards keep their places and say for how long, so that a screen
shows which they are and no number that is old.
"""

import os
import time
from collections.abc import Callable, Mapping

from msgspec.structs import replace

from trainmon.facts.readings import GpuReading
from trainmon.system.amd_gpu import AmdReader
from trainmon.system.aside import Aside
from trainmon.system.gpu import GpuReader
from trainmon.system.gpu_source import GpuSource

PATIENCE = 0.5
"""Seconds that a reading waits for the drivers; eight cards answer within some hundredths."""

SAID_AFTER = 5.0
"""Seconds of silence from which they are said: loading a driver without persistence mode takes some."""

SILENT = "not answering"
"""What is said of each card then; the same all the while, so that it is one alert."""

RETRY = 60.0
"""Seconds between two tries to load a driver that was not there, or whose cards are all gone."""

Answer = tuple[tuple[GpuReading, ...], str | None]
"""The cards by rising index, and what keeps their drivers from telling, in words."""


class AnyMaker:
    """The first maker whose driver shows a card, a `GpuSource`; NVIDIA is asked first, and says why there is none."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Loads nothing yet.

        Args:
            environment: The trainer's, for what hides cards from it.
        """
        self._makers: tuple[GpuSource, ...] = (GpuReader(environment), AmdReader(environment))
        self._open: GpuSource | None = None

    def open(self) -> str | None:
        """See `GpuSource.open`."""
        self.close()
        notes = []
        for maker in self._makers:
            note = maker.open()
            if note is None:
                self._open = maker
                return None
            notes.append(note)
        return notes[0]

    def sample(self) -> tuple[GpuReading, ...]:
        """See `GpuSource.sample`."""
        return self._open.sample() if self._open is not None else ()

    def close(self) -> None:
        """See `GpuSource.close`."""
        if self._open is not None:
            self._open.close()
            self._open = None


class Gpus:
    """The GPUs of this host, and the thread that asks for them; for one thread."""

    def __init__(self, source: GpuSource | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        """Loads nothing yet.

        Args:
            source: Who is asked; None: whoever made the cards, for the environment of this process.
            clock: Monotonic seconds.
        """
        self._source: GpuSource = source if source is not None else AnyMaker(os.environ)
        self._clock = clock
        self._aside: Aside[Answer] = Aside("trainmon-gpus", self._ask, clock)
        self._opened_at = float("-inf")
        self._note: str | None = "not looked yet"
        self._known: Answer = ((), None)

    def sample(self, patience: float = PATIENCE) -> Answer:
        """The cards now; of a silent driver those that it named before, without a number."""
        answer = self._aside.ask(patience)
        if answer is not None:
            self._known = answer
            return answer
        cards, _ = self._known
        waited = self._aside.waited
        if waited is None:
            return (), "the driver's answer could not be read"
        if waited < SAID_AFTER:
            return self._known if cards else ((), "the driver has not answered yet")
        silent = tuple(
            GpuReading(index=card.index, uuid=card.uuid, name=card.name, visible=card.visible, state=SILENT)
            for card in cards
        )
        return silent, f"no answer from the driver for {waited:.0f} s"

    @property
    def cost(self) -> float:
        """Seconds of CPU time that the newest answer took."""
        return self._aside.cost

    def close(self) -> None:
        """Asks nothing any more; the driver is given back with the process, since it might hang in that."""
        self._aside.close()

    def _ask(self) -> Answer:
        """In the thread that may hang."""
        now = self._clock()
        if self._note is not None and now - self._opened_at >= RETRY:
            self._open(now)
        cards = self._source.sample() if self._note is None else ()
        if cards and all(card.state is not None for card in cards) and now - self._opened_at >= RETRY:
            # Handles of before a driver was loaded anew stay dead for ever.
            self._open(now)
            cards = self._source.sample() if self._note is None else ()
        return cards, self._note

    def _open(self, now: float) -> None:
        self._opened_at = now
        self._note = self._source.open()


def marked(
    cards: tuple[GpuReading, ...],
    own: frozenset[int] | None,
    visible: Mapping[str, bool | None] | None = None,
) -> tuple[GpuReading, ...]:
    """The cards with the trainer's own processes marked.

    Args:
        cards: As `Gpus.sample` gave them.
        own: Process ids of the trainer and its descendants as the driver numbers them; None: cannot be known.
        visible: By the UUID of a card, whether the trainer sees it, where that is known better than the cards say.
    """
    found = []
    for card in cards:
        if visible is not None and card.uuid is not None and card.uuid in visible:
            card = replace(card, visible=visible[card.uuid])
        if card.processes and own is not None:
            card = replace(
                card, processes=tuple(replace(each, own=each.pid in own) for each in card.processes)
            )
        found.append(card)
    return tuple(found)
