"""Raw points: which of them the charts want, and the thread that reads them from the journal.

The event loop never waits for a file: a chart shows the buckets of the state until its raw points are there.
"""

import math
from collections.abc import Callable
from pathlib import Path

import msgspec

from trainmon.fold.state import RunState
from trainmon.reading.range_rows import Key
from trainmon.reading.ranges import Range, read_range
from trainmon_tui.sight.chart_view import ChartView, Ruler
from trainmon_tui.sight.latest import Latest

MOST_VALUES = 400_000
"""Values that one window may have to read, over all its columns: some 0.5 s, and 30 MB while it lasts."""

MOST_POINTS = 16_384
"""Points that all columns together get, at least `FEWEST_POINTS` each: what is drawn at once costs time."""

FEWEST_POINTS = 1_024
"""Points of each column, where there are many: two for each dot of a chart that is 256 cells wide."""

MARGIN = 0.5
"""Share of the window that is read on either side, for panning and so that smoothing has settled."""

NEAR = 64
"""Steps around the cursor in which its nearest row is looked for."""

GROWTH = 64
"""Into how many parts a window is divided: a run that grows in it is read again after as many steps as one has."""


class Request(msgspec.Struct, frozen=True):
    """What the charts want to have read."""

    folder: str
    """The run folder as the user named it."""
    run: tuple[str | None, int, int]
    """Journal, number of the run in it, and how often it was continued: what was read of another run is not shown."""
    keys: tuple[Key, ...]
    window: tuple[int, int] | None = None
    """First and last run step, margins included; None: the whole run is shown, or too much of it."""
    cursor: int | None = None
    """The run step whose row is wanted; None: there is no cursor, or the window holds it."""


class Raw(msgspec.Struct, frozen=True):
    """What was read."""

    request: Request | None = None
    """None: nothing was read."""
    run_step: int = 0
    """Where the run was."""
    window: Range | None = None
    """None: not wanted, or cannot be reached."""
    cursor: Range | None = None
    """The rows around the cursor; None as above."""

    def fits(self, state: RunState) -> bool:
        """Whether it still belongs to the curves of the state: to the same run, which has not gone back since."""
        return (
            self.request is not None and self.request.run == run_of(state) and self.run_step <= state.run_step
        )


NOTHING = Raw()
"""Nothing was read."""


def run_of(state: RunState) -> tuple[str | None, int, int]:
    """What tells one run from another; see `Request.run`."""
    return state.bookmark.journal, state.run_number, state.resumed


def request(
    folder: str, state: RunState, keys: tuple[Key, ...], view: ChartView, ruler: Ruler
) -> Request | None:
    """What is to be read so that the charts of these columns show every point in view; None: nothing."""
    if not keys or not ruler.steps:
        return None
    window = _window(view, ruler, len(keys), state.run_step)
    cursor = round(ruler.step(view.kind, view.cursor)) if view.cursor is not None else None
    if window is not None and window[1] - window[0] < _most(len(keys)) and cursor is not None:
        cursor = cursor if not window[0] <= cursor <= window[1] else None
    if window is None and cursor is None:
        return None
    return Request(folder, run_of(state), keys, window, cursor)


def _window(view: ChartView, ruler: Ruler, columns: int, run_step: int) -> tuple[int, int] | None:
    if view.window is None:
        return None
    low, high = (ruler.step(view.kind, x) for x in view.window)
    margin = MARGIN * (high - low)
    first, last = math.floor(max(0.0, low - margin)), math.ceil(high + margin)
    if last >= run_step:
        part = max(1, (last - first) // GROWTH)
        last = max(first, run_step - run_step % part)
    return (first, last) if (last - first) * (columns + 1) <= MOST_VALUES else None


def _most(columns: int) -> int:
    """Points of each of so many columns."""
    return max(FEWEST_POINTS, MOST_POINTS // max(1, columns))


def read(wanted: Request, state: RunState, cancelled: Callable[[], bool]) -> Raw:
    """Reads what was asked for, from the journal of the state."""
    folder = Path(wanted.folder)
    window = cursor = None
    if wanted.window is not None:
        most = _most(len(wanted.keys))
        window = read_range(folder, state, wanted.keys, *wanted.window, most=most, cancelled=cancelled)
    if wanted.cursor is not None:
        around = max(0, wanted.cursor - NEAR), wanted.cursor + NEAR
        cursor = read_range(folder, state, wanted.keys, *around, cancelled=cancelled)
    return Raw(wanted, state.run_step, window, cursor)


class RawDesk:
    """What was asked for and what came of it; for the thread of the app, but `take`."""

    def __init__(self, ask: Callable[[Request, RunState], None] | None) -> None:
        """Nothing was asked for yet.

        Args:
            ask: Has something read, which then comes by `take`; None: nothing can be read.
        """
        self._ask = ask
        self._asked: Request | None = None
        self._raw = NOTHING

    def take(self, raw: Raw) -> None:
        """Takes what was read, from any thread."""
        self._raw = raw

    def points(self, state: RunState) -> Raw:
        """What belongs to the state; what does not is forgotten, to be asked for again."""
        if self._raw is not NOTHING and not self._raw.fits(state):
            self._raw, self._asked = NOTHING, None
        return self._raw

    def want(self, wanted: Request | None, state: RunState) -> None:
        """Has this read, unless it was asked for before; None: nothing is wanted any more."""
        if wanted is None:
            self._raw = NOTHING
        elif wanted != self._asked and self._ask is not None:
            self._ask(wanted, state)
        self._asked = wanted


class RawFeed:
    """Reads what is asked for in a thread of its own; a newer request ends the reading of an older one."""

    def __init__(self, show: Callable[[Raw], None]) -> None:
        """A feed whose thread begins with the first request.

        Args:
            show: Takes what was read, in the feed's thread; must return at once.
        """
        self._show = show
        self._worker: Latest[tuple[Request, RunState]] = Latest("trainmon-raw", self._read)

    def ask(self, wanted: Request, state: RunState) -> None:
        """Wants this read, and nothing that was asked for before; from any thread."""
        self._worker.ask((wanted, state))

    def stop(self) -> None:
        """Ends the thread, at the next chunk that it has read; does not wait for it."""
        self._worker.stop()

    def _read(self, asked: tuple[Request, RunState], outdated: Callable[[], bool]) -> None:
        wanted, state = asked
        try:
            found = read(wanted, state, outdated)
        except Exception:  # noqa: BLE001 - a bug in reading costs the raw points; the buckets are still shown
            found = Raw(wanted, state.run_step)
        if not outdated():
            self._show(found)
