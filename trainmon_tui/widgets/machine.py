"""The machine: GPUs, host, trainer; two lines where there is little room, a panel where there is more."""

from collections.abc import Callable

import msgspec

from trainmon.facts.readings import HostReading, MachineReading, ProcessReading
from trainmon.words.units import gib, percent, size, size_gib, throughput
from trainmon_tui.render.cells import Row, fit_row, row
from trainmon_tui.sight.sight import Sight
from trainmon_tui.widgets.courses import CourseMemo, Courses
from trainmon_tui.widgets.lines import ago, clip, first_that_fits, join, title_row, words
from trainmon_tui.widgets.machine_cards import (
    NAME,
    fraction,
    gauge_line,
    gpu_line,
    gpu_lines,
    gpu_rows,
    of_memory,
)
from trainmon_tui.widgets.rows import RowsPanel
from trainmon_tui.widgets.split import Split, split, split_words

EMPTY = "no reading yet: the trainer makes one every few seconds"
"""What makes a reading appear."""

_HOST_LINES = 9
"""Lines below the GPUs: a blank one, the host, the trainer."""


class MachineSlice(msgspec.Struct, frozen=True):
    """The newest reading, and how old it is."""

    reading: MachineReading | None
    age: float | None
    """Seconds; None without a reading."""
    split: Split | None
    """Where the time went; None before the first step."""
    courses: Courses = Courses()
    """The histories of what is measured."""
    live: bool = False
    """Whether this host was read by the screen itself, and not by the trainer."""


def pick(sight: Sight, memo: CourseMemo | None = None) -> MachineSlice:
    """The machine's part of a sight; of a dead run what it saw last, since all but the verdict stands still then."""
    live = None if sight.dead else sight.live
    reading = sight.state.reading if live is None else live.reading
    return MachineSlice(
        reading=reading,
        age=sight.now - reading.time if reading is not None else None,
        split=split(sight.state, sight.now),
        courses=(memo or CourseMemo()).of(sight.state.machine if live is None else live.machine),
        live=live is not None,
    )


def rows(piece: MachineSlice, width: int, height: int, ascii_only: bool) -> list[Row]:
    """A compact form up to four lines, else a panel with gauges."""
    age = row((ago(piece.age), "dim")) if piece.age is not None else ()
    origin = join(row(("live" if piece.live else "recorded", "dim")), age, gap=" ") if age else ()
    parts = split_words(piece.split) if piece.split is not None else ()
    whole = join(parts, origin, gap="   ")
    notes = [whole, join(parts, age, gap="   "), parts, age] if height <= 4 else [origin, age]
    title = title_row("machine", notes, width, ascii_only=ascii_only)
    if piece.reading is None:
        return [title, row((clip(EMPTY, width, ascii_only=ascii_only), "dim"))][:height]
    if height <= 4:
        return [title, *_compact(piece.reading, width, ascii_only)][:height]
    return [title, *_panel(piece.reading, piece.courses, width, height - 1, ascii_only)][:height]


def _compact(reading: MachineReading, width: int, ascii_only: bool) -> list[Row]:
    lines = [gpu_line(reading.gpus, width, ascii_only)] if reading.gpus else []
    host = reading.host
    if host is None:
        return [*lines, row(("host  no reading", "dim"))]
    unit = " GiB limit" if host.memory_limited else " GiB"
    cpu = row(("CPU ", "label"), (f"{percent(host.cpu_percent):>5}", "value"), (_of_cpus(host), "unit"))
    ram = row(("RAM ", "label"), (of_memory(host.memory_used, host.memory_total), "value"), (unit, "unit"))
    disk = row(("disk free ", "label"), (size(host.disk_free), "value")) if host.disk_free is not None else ()
    note = row((words(reading.gpu_note, ascii_only=ascii_only, limit=40), "dim")) if reading.gpu_note else ()
    label = row(("host  ", "label"))
    alternatives = [
        join(cpu, ram, disk, note, gap="   "),
        join(cpu, ram, disk, gap="   "),
        join(cpu, ram),
        cpu,
    ]
    return [*lines, fit_row(row(*label, *first_that_fits(alternatives, width - 6)), width)]


def _of_cpus(host: HostReading) -> str:
    return f" of {host.cpu_count:g}" if host.cpu_count is not None else ""


def _panel(reading: MachineReading, courses: Courses, width: int, height: int, ascii_only: bool) -> list[Row]:
    lines: list[Row] = []
    if len(reading.gpus) == 1:
        lines += gpu_lines(reading.gpus[0], courses, width, ascii_only)
    elif reading.gpus:
        lines += gpu_rows(reading.gpus, courses, width, max(2, height - _HOST_LINES), ascii_only)
    if not reading.gpus and reading.gpu_note:
        lines.append(
            row(
                ("GPU      ", "label"),
                (
                    clip(words(reading.gpu_note, ascii_only=ascii_only), width - 9, ascii_only=ascii_only),
                    "dim",
                ),
            )
        )
    for allocator in reading.allocators[: max(0, height - len(lines) - 8)]:
        amounts = (allocator.allocated, allocator.reserved, allocator.peak)
        text = "allocated {}  reserved {}  peak {} GiB".format(*map(gib, amounts))
        lines.append(
            row((f"{f'cuda:{allocator.device}':<{NAME}}", "label"), (clip(text, width - NAME), "value"))
        )
    if lines and reading.host is not None and len(lines) + 6 < height:
        lines.append(())
    if reading.host is not None:
        lines += _host_lines(reading.host, courses, width, ascii_only)
    if reading.process is not None:
        lines.append(_trainer_line(reading.process, width))
    return lines


def _host_lines(host: HostReading, courses: Courses, width: int, ascii_only: bool) -> list[Row]:
    memory = (
        host.memory_used / host.memory_total if host.memory_used is not None and host.memory_total else None
    )
    cpu, busy = f"{percent(host.cpu_percent)}{_of_cpus(host)}", fraction(host.cpu_percent)
    ram = f"{of_memory(host.memory_used, host.memory_total)} GiB"
    lines = [
        gauge_line("CPU", cpu, busy, width, ascii_only, courses.of("cpu"), 100.0),
        gauge_line("RAM", ram, memory, width, ascii_only, courses.of("memory"), host.memory_total),
    ]
    if host.disk_free is not None:
        used = 1 - host.disk_free / host.disk_total if host.disk_total else None
        lines.append(gauge_line("disk", f"{size(host.disk_free)} free", used, width, ascii_only))
    for name, received, sent in (
        ("network", host.network_received, host.network_sent),
        ("disks", host.disk_read, host.disk_written),
    ):
        if received is not None and sent is not None:
            verbs = ("in", "out") if name == "network" else ("read", "written")
            text = f"{size(received)}/s {verbs[0]}  {size(sent)}/s {verbs[1]}"
            lines.append(row((f"{name:<{NAME}}", "label"), (clip(text, width - NAME), "value")))
    if host.load_1m is not None:
        lines.append(
            row((f"{'load':<{NAME}}", "label"), (throughput(host.load_1m), "value"), ("  over 1 min", "dim"))
        )
    return lines


def _trainer_line(process: ProcessReading, width: int) -> Row:
    label = row((f"{'trainer':<{NAME}}", "label"))
    memory = row((size_gib(process.rss), "value"))
    cpu = (
        row(("CPU ", "label"), (percent(process.cpu_percent), "value"))
        if process.cpu_percent is not None
        else ()
    )
    children: Row = ()
    if process.children:
        word = "child" if process.children == 1 else "children"
        children = row((f"{process.children} {word} ", "label"), (size_gib(process.children_rss), "value"))
    return row(
        *label, *first_that_fits([join(memory, cpu, children), join(memory, cpu), memory], width - NAME)
    )


class MachinePanel(RowsPanel[MachineSlice]):
    """The machine."""

    TICKS = True

    def __init__(
        self, report: Callable[[str, str], None], *, ascii_only: bool = False, id: str | None = None
    ) -> None:
        """As for `Panel`."""
        super().__init__(report, ascii_only=ascii_only, id=id)
        self._memo = CourseMemo()

    def pick(self, sight: Sight) -> MachineSlice:
        """See `pick`."""
        return pick(sight, self._memo)

    def draw(self, piece: MachineSlice, width: int, height: int) -> list[Row]:
        """See `rows`."""
        return rows(piece, width, height, self._ascii)

    def same(self, before: Sight, after: Sight) -> bool:
        """See `RowsPanel.same`."""
        return before.state.reading == after.state.reading and before.live is after.live
