"""The view of the machine: host, trainer and every GPU, each with its course; scrolls where GPUs do not fit."""

from collections.abc import Callable

import msgspec

from trainmon.facts.readings import GpuReading, MachineReading
from trainmon.words.units import duration, moment_clock
from trainmon_tui.render.cells import Role, Row, fit_row, row
from trainmon_tui.sight.live import FRESH
from trainmon_tui.sight.sight import Sight
from trainmon_tui.widgets.courses import CourseMemo, Courses
from trainmon_tui.widgets.lines import ago, clip, title_row, words, wrap
from trainmon_tui.widgets.machine_charts import charts
from trainmon_tui.widgets.machine_gpus import DETAILS, allocator_row, details, table, total
from trainmon_tui.widgets.machine_host import host_lines
from trainmon_tui.widgets.machine_processes import processes
from trainmon_tui.widgets.scrolled import WheelScrolling

EMPTY = "no reading of the machine yet: TrainLogger and `trainmon run` make one every 2 s, unless machine_every is None"
"""What makes a reading appear."""

SILENT = "no answer"
"""How the note of a driver begins that hangs."""

_FEWEST_HOST = 4
"""Lines of the host that stay where there are many GPUs: CPU, memory, trainer and its children."""

_HOST_FIRST = 10
"""Lines of the host that come before the details of a GPU: those and the rates."""

_BEFORE_PROCESSES = 8
"""Lines of the host that come before the processes on GPUs."""

_FEW_PROCESSES = 6
"""Lines of the table of processes that come before the last lines of the host."""

_MOST_PROCESSES = 14
"""Lines that it has at most; then charts tell more."""


class PageSlice(msgspec.Struct, frozen=True):
    """The newest reading, how old it is, and the course of its numbers."""

    reading: MachineReading | None
    age: float | None
    """Seconds; None without a reading."""
    courses: Courses
    live: bool = False
    """Whether this host was read by the screen itself, and not by the trainer."""
    no_trainer: str = ""
    """What is said of the trainer where it was not read."""
    utc_offset: int = 0


def pick(sight: Sight, memo: CourseMemo | None = None) -> PageSlice:
    """The machine's part of a sight; the memo saves work."""
    reading = sight.reading
    return PageSlice(
        reading=reading,
        age=sight.now - reading.time if reading is not None else None,
        courses=(memo or CourseMemo()).of(sight.machine),
        live=sight.live is not None,
        no_trainer=_no_trainer(sight),
        utc_offset=sight.utc_offset,
    )


def _no_trainer(sight: Sight) -> str:
    if sight.state.opened is None:
        return "none yet"
    if not sight.verdict.status.over:
        return "no reading: it is gone, or not ours"
    if not sight.orphans:
        return "it is gone"
    shown = ", ".join(str(orphan.pid) for orphan in sight.orphans[:4])
    more = " and more" if len(sight.orphans) > 4 else ""
    return f"gone; {len(sight.orphans)} of its processes live on: {shown}{more}"


def rows(piece: PageSlice, width: int, height: int, ascii_only: bool, top: int = 0) -> list[Row]:
    """A titled page; GPUs as many as fit, from number `top` on."""
    return [title(piece, width, height, ascii_only, top), *body(piece, width, height, ascii_only, top)][
        :height
    ]


def title(piece: PageSlice, width: int, height: int, ascii_only: bool, top: int = 0) -> Row:
    """The first line of the page, and the only one with an age."""
    notes = _notes(piece, top, gpus_shown(piece, height)) if piece.reading is not None else []
    return title_row("machine", notes, width, ascii_only=ascii_only)


def body(piece: PageSlice, width: int, height: int, ascii_only: bool, top: int = 0) -> list[Row]:
    """All lines but the first."""
    reading, room = piece.reading, height - 1
    if reading is None:
        text = words(EMPTY, ascii_only=ascii_only)
        lines = [row((line, "dim")) for line in wrap(text, width, 4, ascii_only=ascii_only)]
        return lines[: max(0, room)]
    shown = gpus_shown(piece, height)
    top = max(0, min(top, len(reading.gpus) - shown))
    gpus = _gpu_rows(piece, reading, reading.gpus[top : top + shown], width, room, ascii_only)
    found = processes(reading.gpus, width, _MOST_PROCESSES, ascii_only)
    few = min(len(found), _FEW_PROCESSES)
    most = max(_BEFORE_PROCESSES, room - len(gpus) - few - 1) if few else room
    host = host_lines(
        reading, piece.courses, width, max(0, min(most, room - len(gpus))), ascii_only,
        no_trainer=piece.no_trainer,
    )  # fmt: skip
    blocks = [host, gpus, *_below(piece, reading, width, room - len(host) - len(gpus), ascii_only)]
    return [fit_row(line, width) for line in _apart(blocks, room)[: max(0, room)]]


def _below(
    piece: PageSlice, reading: MachineReading, width: int, room: int, ascii_only: bool
) -> list[list[Row]]:
    """Processes and charts, as far as there is room, a blank line before each included."""
    found = processes(reading.gpus, width, min(_MOST_PROCESSES, room), ascii_only)
    rest = room - (len(found) + 1 if found else 0)
    return [
        found,
        charts(reading, piece.courses, width, rest - 2, ascii_only, piece.utc_offset),
    ]


def _apart(blocks: list[list[Row]], room: int) -> list[Row]:
    """The blocks below one another, with a blank line between two as long as there is room."""
    spare = room - sum(map(len, blocks))
    lines: list[Row] = []
    for block in blocks:
        if lines and block and spare > 0:
            lines.append(())
            spare -= 1
        lines += block
    return lines


def _gpu_rows(
    piece: PageSlice,
    reading: MachineReading,
    gpus: tuple[GpuReading, ...],
    width: int,
    room: int,
    ascii_only: bool,
) -> list[Row]:
    """The GPUs that are shown, or why there are none."""
    note = words(reading.gpu_note or "none was read", ascii_only=ascii_only)
    role: Role = "warn" if note.startswith(SILENT) else "dim"
    said = row((f"{'GPU':<13}", "label"), (clip(note, width - 13, ascii_only=ascii_only), role))
    if not gpus:
        return [said]
    found: list[Row] = [said] if reading.gpu_note else []
    if _detailed(reading, room):
        allocators = {allocator.device: allocator for allocator in reading.allocators}
        ours = [gpu.index for gpu in gpus if gpu.visible is not False]
        for gpu in gpus:
            device = ours.index(gpu.index) if gpu.index in ours else -1
            found += details(gpu, allocators.get(device), piece.courses, width, ascii_only)
        return found
    found += table(gpus, piece.courses, width, ascii_only)
    torch = [allocator_row(allocator) for allocator in reading.allocators]
    everything = 1 < len(gpus) == len(reading.gpus) and len(found) + _HOST_FIRST < room
    living = any(gpu.state is None for gpu in gpus)
    found += [total(gpus)] if everything and living else []
    return found + torch[: max(0, room - len(found) - _HOST_FIRST)]


def gpus_shown(piece: PageSlice, height: int) -> int:
    """How many GPUs a page of this height has room for; at least 1 where there is one."""
    if piece.reading is None:
        return 0
    count, room = len(piece.reading.gpus), height - 1
    if _detailed(piece.reading, room):
        return count
    return min(count, max(1, room - _FEWEST_HOST - 1))


def _detailed(reading: MachineReading, room: int) -> bool:
    return bool(reading.gpus) and len(reading.gpus) * DETAILS + _HOST_FIRST <= room


def _notes(piece: PageSlice, top: int, shown: int) -> list[Row]:
    count = len(piece.reading.gpus) if piece.reading is not None else 0
    top = max(0, min(top, count - shown))
    age = f"{'live' if piece.live else 'recorded'} {ago(piece.age or 0.0)}"
    span = f"{_span(piece)}   " if piece.courses.seconds >= 1 else ""
    part = f"GPUs {top}-{top + shown - 1} of {count}   " if shown < count else ""
    return [row((text, "dim")) for text in (f"{part}{span}{age}", f"{part}{age}", age)]


def _span(piece: PageSlice) -> str:
    """Which time the courses show; that of a run which ended long before the machine was read ends with it."""
    length, until = duration(piece.courses.seconds), piece.courses.until
    if piece.reading is None or piece.reading.time - until < FRESH:
        return f"the last {length}"
    now = piece.reading.time + (piece.age or 0.0)
    return f"history: {length} until {moment_clock(until, now, piece.utc_offset)}"


def _is_same(before: PageSlice, after: PageSlice) -> bool:
    """Whether two slices differ in nothing but age and origin."""
    return (
        before.reading is after.reading
        and before.courses is after.courses
        and before.no_trainer == after.no_trainer
    )


class MachinePage(WheelScrolling[PageSlice]):
    """The view of the machine."""

    TICKS = True

    def __init__(
        self, report: Callable[[str, str], None], *, ascii_only: bool = False, id: str | None = None
    ) -> None:
        """As for `Panel`."""
        super().__init__(report, ascii_only=ascii_only, id=id)
        self._memo = CourseMemo()
        self._drawn: tuple[PageSlice, tuple[int, int, int], list[Row]] | None = None

    def pick(self, sight: Sight) -> PageSlice:
        """See `pick`."""
        return pick(sight, self._memo)

    def draw(self, piece: PageSlice, width: int, height: int) -> list[Row]:
        """See `rows`; what is below the title is drawn anew only for another reading, at another place or size."""
        where = (width, height, self._top)
        if self._drawn is None or self._drawn[1] != where or not _is_same(self._drawn[0], piece):
            self._drawn = piece, where, body(piece, width, height, self._ascii, self._top)
        return [title(piece, width, height, self._ascii, self._top), *self._drawn[2]][:height]

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
