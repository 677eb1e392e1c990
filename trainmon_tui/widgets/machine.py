"""The machine: GPUs, host, trainer; two lines where there is little room, a panel where there is more."""

import msgspec

from trainmon.readings import GpuReading, HostReading, MachineReading, ProcessReading
from trainmon.units import gib, percent, size, size_gib, throughput
from trainmon_tui.render.bars import gauge
from trainmon_tui.render.cells import Row, fit_row, row, row_width
from trainmon_tui.sight import Sight
from trainmon_tui.widgets.courses import LEAST, Course, Courses, courses, spark
from trainmon_tui.widgets.lines import ago, clip, first_that_fits, join, title_row, words
from trainmon_tui.widgets.rows import RowsPanel
from trainmon_tui.widgets.split import Split, split, split_words

EMPTY = "no reading yet: the trainer makes one every few seconds"
"""What makes a reading appear."""

_NAME = 9
"""Cells of the name of a quantity in the panel."""

_VALUE = 18
"""Cells of its value, before the gauge."""


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


def pick(sight: Sight) -> MachineSlice:
    """The machine's part of a sight; of a dead run what it saw last, since all but the verdict stands still then."""
    live = None if sight.dead else sight.live
    reading = sight.state.reading if live is None else live.reading
    return MachineSlice(
        reading=reading,
        age=sight.now - reading.time if reading is not None else None,
        split=split(sight.state, sight.now),
        courses=courses(sight.state.machine if live is None else live.machine),
        live=live is not None,
    )


def compact_height(piece: MachineSlice) -> int:
    """Lines of the compact form: a title, the busiest GPU if there is one, the host."""
    return 3 if piece.reading is not None and piece.reading.gpus else 2


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
    lines = [_gpu_line(reading.gpus, width, ascii_only)] if reading.gpus else []
    host = reading.host
    if host is None:
        return [*lines, row(("host  no reading", "dim"))]
    cpu = row(("CPU ", "label"), (f"{percent(host.cpu_percent):>5}", "value"), (_of_cpus(host), "unit"))
    ram = row(("RAM ", "label"), (_of_memory(host.memory_used, host.memory_total), "value"), (" GiB", "unit"))
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


def _of_memory(used: int | None, total: int | None) -> str:
    return f"{gib(used)}/{gib(total)}" if total is not None else gib(used)


def _gpu_line(gpus: tuple[GpuReading, ...], width: int, ascii_only: bool) -> Row:
    """One line: the only GPU, or the busiest of several with the range of all."""
    ours = [gpu for gpu in gpus if gpu.visible is not False] or list(gpus)
    gpu = max(ours, key=lambda one: one.utilisation or 0)
    model = words(gpu.name or "", ascii_only=ascii_only).removeprefix("NVIDIA ")
    name = clip(model, 12, ascii_only=ascii_only)
    label = row(
        (f"GPU{gpu.index} ", "label"),
        (name, "plain"),
        (f" (1 of {len(ours)})" if len(ours) > 1 else "", "dim"),
    )
    if gpu.state is not None:
        return fit_row(join(label, row((words(gpu.state, ascii_only=ascii_only, limit=40), "bad"))), width)
    busy = row((f"{percent(gpu.utilisation):>5}", "value"))
    memory = row((_of_memory(gpu.memory_used, gpu.memory_total), "value"), (" GiB", "unit"))
    heat = (
        row((f"{gpu.temperature} °C" if not ascii_only else f"{gpu.temperature} C", "value"))
        if gpu.temperature is not None
        else ()
    )
    power = row((_watts(gpu), "value"), (" W", "unit")) if gpu.power is not None else ()
    throttle = _throttle(gpu, ascii_only)
    alternatives = [
        join(label, busy, memory, heat, power, throttle, gap="   "),
        join(label, busy, memory, heat, power),
        join(label, busy, memory, heat),
        join(label, busy, memory),
        join(label, busy),
    ]
    return fit_row(first_that_fits(alternatives, width), width)


def _watts(gpu: GpuReading) -> str:
    limit = f"/{gpu.power_limit:.0f}" if gpu.power_limit is not None else ""
    return f"{gpu.power:.0f}{limit}" if gpu.power is not None else ""


def _throttle(gpu: GpuReading, ascii_only: bool) -> Row:
    if gpu.throttle is None:
        return ()
    if not gpu.throttle:
        return row(("no throttle", "dim"))
    return row(("throttled: " + words(", ".join(gpu.throttle), ascii_only=ascii_only, limit=60), "warn"))


def _panel(reading: MachineReading, courses: Courses, width: int, height: int, ascii_only: bool) -> list[Row]:
    lines: list[Row] = []
    several = len(reading.gpus) * 5 + 8 > height
    for gpu in reading.gpus:
        lines += _gpu_lines(gpu, courses, width, ascii_only)[: 2 if several else None]
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
            row((f"{f'cuda:{allocator.device}':<{_NAME}}", "label"), (clip(text, width - _NAME), "value"))
        )
    if lines and reading.host is not None and len(lines) + 6 < height:
        lines.append(())
    if reading.host is not None:
        lines += _host_lines(reading.host, courses, width, ascii_only)
    if reading.process is not None:
        lines.append(_trainer_line(reading.process, width))
    return lines


def _gpu_lines(gpu: GpuReading, courses: Courses, width: int, ascii_only: bool) -> list[Row]:
    name = clip(words(gpu.name or "", ascii_only=ascii_only), width - 12, ascii_only=ascii_only)
    head = row(
        (f"GPU{gpu.index}  ", "label"),
        (name, "value"),
        ("  not visible to the trainer" if gpu.visible is False else "", "dim"),
    )
    if gpu.state is not None:
        return [head, row((words(gpu.state, ascii_only=ascii_only, limit=width), "bad"))]
    memory = gpu.memory_used / gpu.memory_total if gpu.memory_used is not None and gpu.memory_total else None
    column, total = f"gpu{gpu.index}.", gpu.memory_total
    busy, held = courses.of(column + "utilisation"), courses.of(column + "memory")
    value = f"{_of_memory(gpu.memory_used, total)} GiB"
    lines = [
        head,
        _gauge("util", percent(gpu.utilisation), _fraction(gpu.utilisation), width, ascii_only, busy, 100.0),
        _gauge("memory", value, memory, width, ascii_only, held, total),
    ]
    if gpu.power is not None:
        share = gpu.power / gpu.power_limit if gpu.power_limit else None
        drawn = courses.of(column + "power")
        lines.append(_gauge("power", f"{_watts(gpu)} W", share, width, ascii_only, drawn, gpu.power_limit))
    degrees = f"{gpu.temperature} {'' if ascii_only else '°'}C" if gpu.temperature is not None else "?"
    lines.append(
        join(row((f"{'temp':<{_NAME}}", "label"), (degrees, "value")), _throttle(gpu, ascii_only), gap="   ")
    )
    return lines


def _fraction(value: float | None) -> float | None:
    return None if value is None else value / 100


def _host_lines(host: HostReading, courses: Courses, width: int, ascii_only: bool) -> list[Row]:
    memory = (
        host.memory_used / host.memory_total if host.memory_used is not None and host.memory_total else None
    )
    cpu, busy = f"{percent(host.cpu_percent)}{_of_cpus(host)}", _fraction(host.cpu_percent)
    ram = f"{_of_memory(host.memory_used, host.memory_total)} GiB"
    lines = [
        _gauge("CPU", cpu, busy, width, ascii_only, courses.of("cpu"), 100.0),
        _gauge("RAM", ram, memory, width, ascii_only, courses.of("memory"), host.memory_total),
    ]
    if host.disk_free is not None:
        used = 1 - host.disk_free / host.disk_total if host.disk_total else None
        lines.append(_gauge("disk", f"{size(host.disk_free)} free", used, width, ascii_only))
    for name, received, sent in (
        ("network", host.network_received, host.network_sent),
        ("storage", host.disk_read, host.disk_written),
    ):
        if received is not None and sent is not None:
            verbs = ("in", "out") if name == "network" else ("read", "written")
            text = f"{size(received)}/s {verbs[0]}  {size(sent)}/s {verbs[1]}"
            lines.append(row((f"{name:<{_NAME}}", "label"), (clip(text, width - _NAME), "value")))
    if host.load_1m is not None:
        lines.append(
            row((f"{'load':<{_NAME}}", "label"), (throughput(host.load_1m), "value"), ("  over 1 min", "dim"))
        )
    return lines


def _trainer_line(process: ProcessReading, width: int) -> Row:
    label = row((f"{'trainer':<{_NAME}}", "label"))
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
        *label, *first_that_fits([join(memory, cpu, children), join(memory, cpu), memory], width - _NAME)
    )


def _gauge(
    name: str, value: str, fraction: float | None, width: int, ascii_only: bool,
    course: Course = (), limit_of_course: float | None = None,
) -> Row:  # fmt: skip
    """Name, value, and in what is left of the line a bar and the course; neither where nothing limits the value."""
    text = row((f"{name:<{_NAME}}", "label"), (f"{value:<{_VALUE}}", "value"))
    room = width - row_width(text) - 1
    if fraction is None or room < 6:
        return text
    # A busy CPU or GPU is what one wants; a memory or a disk that is nearly full ends a run.
    limit = 0.95 if name in ("RAM", "memory", "disk") else 1.01
    half = (room - 1) // 2 if room >= 2 * LEAST + 1 else 0
    drawn = spark(course, half, high=limit_of_course, ascii_only=ascii_only)
    bar = gauge(fraction, room - half - 1 if drawn else room, bad_at=limit, ascii=ascii_only)
    return row(*text, (" ", "plain"), *bar, (" " if drawn else "", "plain"), *drawn)


class MachinePanel(RowsPanel[MachineSlice]):
    """The machine."""

    TICKS = True

    def pick(self, sight: Sight) -> MachineSlice:
        """See `pick`."""
        return pick(sight)

    def draw(self, piece: MachineSlice, width: int, height: int) -> list[Row]:
        """See `rows`."""
        return rows(piece, width, height, self._ascii)

    def same(self, before: Sight, after: Sight) -> bool:
        """See `RowsPanel.same`."""
        return before.state.reading == after.state.reading and before.live is after.live
