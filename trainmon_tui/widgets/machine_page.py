"""The view of the machine: host, trainer and every GPU, each with its course; scrolls where GPUs do not fit."""

import msgspec

from trainmon.readings import MachineReading
from trainmon.units import duration
from trainmon_tui.render.cells import Row, fit_row, row
from trainmon_tui.sight import Sight
from trainmon_tui.widgets.courses import Courses, courses
from trainmon_tui.widgets.lines import ago, clip, title_row, words, wrap
from trainmon_tui.widgets.machine_gpus import DETAILS, details, table
from trainmon_tui.widgets.machine_host import host_lines
from trainmon_tui.widgets.rows import RowsPanel

EMPTY = "no reading of the machine yet: TrainLogger and `trainmon run` make one every 2 s, unless machine_every is None"
"""What makes a reading appear."""

_FEWEST_HOST = 4
"""Lines of the host that stay where there are many GPUs: CPU, memory, trainer and its children."""

_HOST_FIRST = 10
"""Lines of the host that come before the details of a GPU: those and the rates."""


class PageSlice(msgspec.Struct, frozen=True):
    """The newest reading, how old it is, and the course of its numbers."""

    reading: MachineReading | None
    age: float | None
    """Seconds; None without a reading."""
    courses: Courses
    live: bool = False
    """Whether this host was read by the screen itself, and not by the trainer."""


def pick(sight: Sight) -> PageSlice:
    """The machine's part of a sight."""
    reading = sight.reading
    age = sight.now - reading.time if reading is not None else None
    return PageSlice(reading, age, courses(sight.machine), sight.live is not None)


def rows(piece: PageSlice, width: int, height: int, ascii_only: bool, top: int = 0) -> list[Row]:
    """A titled page; GPUs as many as fit, from number `top` on."""
    if piece.reading is None or piece.age is None:
        text = words(EMPTY, ascii_only=ascii_only)
        lines = [row((line, "dim")) for line in wrap(text, width, 4, ascii_only=ascii_only)]
        return [title_row("machine", [], width, ascii_only=ascii_only), *lines][:height]
    reading, room = piece.reading, height - 1
    shown = gpus_shown(piece, height)
    top = max(0, min(top, len(reading.gpus) - shown))
    gpus = reading.gpus[top : top + shown]
    if _detailed(reading, room):
        below: list[Row] = []
        allocators = {allocator.device: allocator for allocator in reading.allocators}
        for at, gpu in enumerate(gpus):
            below += details(gpu, allocators.get(at), piece.courses, width, ascii_only)
    elif gpus:
        below = table(gpus, piece.courses, width, ascii_only)
    else:
        note = words(reading.gpu_note or "none was read", ascii_only=ascii_only)
        below = [row((f"{'GPU':<13}", "label"), (clip(note, width - 13, ascii_only=ascii_only), "dim"))]
    host = host_lines(reading, piece.courses, width, max(0, room - len(below)), ascii_only)
    if len(host) + len(below) < room:
        below.insert(0, ())
    notes = _notes(piece, top, len(gpus))
    lines = [title_row("machine", notes, width, ascii_only=ascii_only), *host, *below]
    return [fit_row(line, width) for line in lines[:height]]


def gpus_shown(piece: PageSlice, height: int) -> int:
    """How many GPUs a page of this height has room for; at least 1 where there is one."""
    if piece.reading is None:
        return 0
    total, room = len(piece.reading.gpus), height - 1
    if _detailed(piece.reading, room):
        return total
    return min(total, max(1, room - _FEWEST_HOST - 1))


def _detailed(reading: MachineReading, room: int) -> bool:
    return bool(reading.gpus) and len(reading.gpus) * DETAILS + _HOST_FIRST <= room


def _notes(piece: PageSlice, top: int, shown: int) -> list[Row]:
    total = len(piece.reading.gpus) if piece.reading is not None else 0
    age = f"{'live' if piece.live else 'recorded'} {ago(piece.age or 0.0)}"
    span = f"the last {duration(piece.courses.seconds)}   " if piece.courses.seconds >= 1 else ""
    part = f"GPUs {top}-{top + shown - 1} of {total}   " if shown < total else ""
    return [row((text, "dim")) for text in (f"{part}{span}{age}", f"{part}{age}", age)]


class MachinePage(RowsPanel[PageSlice]):
    """The view of the machine."""

    TICKS = True

    _top = 0

    def pick(self, sight: Sight) -> PageSlice:
        """See `pick`."""
        return pick(sight)

    def draw(self, piece: PageSlice, width: int, height: int) -> list[Row]:
        """See `rows`."""
        return rows(piece, width, height, self._ascii, self._top)

    def same(self, before: Sight, after: Sight) -> bool:
        """See `RowsPanel.same`."""
        return before.state.reading == after.state.reading and before.live is after.live

    def scroll_lines(self, lines: int) -> None:
        """Moves down by so many GPUs; up where negative."""
        piece = self._slice
        total = len(piece.reading.gpus) if piece is not None and piece.reading is not None else 0
        shown = gpus_shown(piece, self._box.height) if piece is not None else 0
        self._top = max(0, min(self._top + lines, total - shown))
        self.redraw()

    def on_mouse_scroll_down(self) -> None:
        """Moves down by three GPUs."""
        self.scroll_lines(3)

    def on_mouse_scroll_up(self) -> None:
        """Moves up by three GPUs."""
        self.scroll_lines(-3)
