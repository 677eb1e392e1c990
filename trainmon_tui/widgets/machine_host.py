"""The host and the trainer in the view of the machine: a line a quantity, with its value, its share and its course."""

from trainmon.facts.readings import FileSystemReading, HostReading, MachineReading, ProcessReading
from trainmon.words.units import count, percent, size, size_gib, throughput
from trainmon_tui.render.bars import gauge
from trainmon_tui.render.cells import Row, fit_row, row
from trainmon_tui.render.safe import fit
from trainmon_tui.render.sparkline import sparkline
from trainmon_tui.widgets.courses import LEAST, Course, Courses, peak, spark
from trainmon_tui.widgets.lines import GAP, clip, words
from trainmon_tui.widgets.machine_cards import of_memory

NAME = 13
"""Cells of the name of a quantity."""

VALUE = 22
"""Cells of its value."""

GAUGE = 16
"""Cells of a gauge, where the line has room for it beside its course."""

_NEVER_FULL = 2.0
"""A fraction that no gauge reaches: of what may well be full, as a busy CPU."""

_NEARLY_FULL = 0.95
"""Of a memory or a disk: what is fuller may end the run."""

_RATES = {"disks read": "read", "disks write": "written", "net in": "received", "net out": "sent"}
"""The column of the history for each rate of the whole host."""

Ranked = tuple[int, Row]
"""A line and its rank, 0 the most important."""


def host_lines(
    reading: MachineReading, courses: Courses, width: int, most: int, ascii_only: bool, *,
    no_trainer: str = "no reading: it is gone, or not ours",
) -> list[Row]:  # fmt: skip
    """The host and the trainer, in at most `most` lines: what decides stays where not all fit, in one order.

    Args:
        reading: What was read.
        courses: The histories of its numbers.
        width: Cells.
        most: Lines.
        ascii_only: Whether nothing above 0x7f may be drawn.
        no_trainer: What is said where no trainer was read.
    """
    host, process = reading.host, reading.process
    ranked: list[Ranked] = []
    if host is not None:
        ranked += _host(host, courses, width, ascii_only)
        ranked += _disks(reading.file_systems, host, width, ascii_only)
        ranked += _rates(host, courses, width, ascii_only)
    else:
        ranked.append((0, row((f"{'host':<{NAME}}", "label"), ("no reading", "dim"))))
    if process is not None:
        ranked += _process(process, courses, width, ascii_only)
    else:
        text = clip(words(no_trainer, ascii_only=ascii_only), width - NAME, ascii_only=ascii_only)
        ranked.append((3, row((f"{'trainer':<{NAME}}", "label"), (text, "dim"))))
    kept = sorted(rank for rank, _ in ranked)[: max(most, 0)]
    lines: list[Row] = []
    for rank, line in ranked:
        if rank in kept:
            kept.remove(rank)
            lines.append(fit_row(line, width))
    return lines


def _host(host: HostReading, courses: Courses, width: int, ascii_only: bool) -> list[Ranked]:
    """CPU, memory, swap and load, in the order on the screen."""
    cpu = None if host.cpu_percent is None else host.cpu_percent / 100
    value = f"{percent(host.cpu_percent)}{of_cpus(host)}"
    course = courses.of("cpu")
    found = [(0, _line("CPU", value, cpu, course, width, ascii_only, high=100.0, bad_at=_NEVER_FULL))]
    found += [(6, line) for line in _cores(host.cpu_per_core, width, ascii_only)]
    memory = _share(host.memory_used, host.memory_total)
    limit = float(host.memory_total) if host.memory_total else None
    value = f"{of_memory(host.memory_used, host.memory_total)} GiB{' limit' if host.memory_limited else ''}"
    found.append((1, _line("RAM", value, memory, courses.of("memory"), width, ascii_only, high=limit)))
    if host.swap_total:
        value = f"{of_memory(host.swap_used, host.swap_total)} GiB"
        swap = _share(host.swap_used, host.swap_total)
        found.append((9, _line("swap", value, swap, (), width, ascii_only)))
    elif host.swap_total == 0:
        found.append((14, row((f"{'swap':<{NAME}}", "label"), ("none on this host", "dim"))))
    if host.load_1m is not None:
        value = f"{throughput(host.load_1m)} over 1 min"
        found.append((12, _line("load", value, None, (), width, ascii_only)))
    return found


def of_cpus(host: HostReading) -> str:
    """Of how many CPUs, " of 16 (of 64)"; a quota is no whole number of them."""
    if host.cpu_count is None:
        return ""
    if host.cpu_limited:
        return f" of {host.cpu_count:g} quota"
    of_host = host.cpus_of_host
    return f" of {host.cpu_count:g}" + (f" (of {of_host})" if of_host and of_host > host.cpu_count else "")


def _disks(
    found: tuple[FileSystemReading, ...], host: HostReading, width: int, ascii_only: bool
) -> list[Ranked]:
    """The file systems of logs and checkpoints: what is free, and how fast they are."""
    lines = []
    for rank, (name, disk) in enumerate(zip(("disk logs", "disk ckpt"), found, strict=False), start=4):
        known = [
            (f"{size(rate)}/s", verb)
            for rate, verb in ((disk.read, "read"), (disk.written, "written"))
            if rate is not None
        ]
        rates = GAP.join(f"{rate} {verb}" for rate, verb in known)
        kind = words(disk.kind or "", ascii_only=ascii_only, limit=12)
        # A rate that is cut would be a wrong one.
        notes = (
            GAP.join(filter(None, (kind, rates))),
            rates,
            GAP.join(f"{verb[0]} {rate}" for rate, verb in known),
            "",
        )
        label = name if len(found) > 1 else "disk"
        lines.append((rank, _free(label, disk.free, disk.total, notes, width, ascii_only)))
    if not found and host.disk_free is not None:
        lines.append((4, _free("disk", host.disk_free, host.disk_total, (), width, ascii_only)))
    return lines


def _free(
    name: str, free: int | None, total: int | None, notes: tuple[str, ...], width: int, ascii_only: bool
) -> Row:
    used = 1 - free / total if free is not None and total else None
    return _line(name, f"{size(free)} free", used, (), width, ascii_only, notes=notes)


def _rates(host: HostReading, courses: Courses, width: int, ascii_only: bool) -> list[Ranked]:
    """Disks and network of the whole host."""
    found = []
    for rank, name, rate in (
        (7, "disks read", host.disk_read), (10, "disks write", host.disk_written),
        (8, "net in", host.network_received), (11, "net out", host.network_sent),
    ):  # fmt: skip
        if rate is not None:
            course = courses.of(_RATES[name])
            most = peak(course)
            scale = f"peak {size(most)}/s" if most else ""
            found.append((rank, _line(name, f"{size(rate)}/s", None, course, width, ascii_only, scale=scale)))
    return found


def _cores(cores: tuple[float, ...] | None, width: int, ascii_only: bool) -> list[Row]:
    """A block for each CPU, as high as it is busy; as many lines as they need."""
    room = max(1, width - NAME)
    lines: list[Row] = []
    for first in range(0, len(cores or ()), room):
        part = (cores or ())[first : first + room]
        name = "cores" if not first else ""
        blocks = sparkline(part, len(part), low=0.0, high=100.0, ascii=ascii_only)
        lines.append(row((f"{name:<{NAME}}", "label"), *blocks))
    return lines


def _process(process: ProcessReading, courses: Courses, width: int, ascii_only: bool) -> list[Ranked]:
    value = _memory_and_cpu(process.rss, process.cpu_percent)
    found = [(2, _line("trainer", value, None, courses.of("trainer"), width, ascii_only))]
    if process.children:
        value = _memory_and_cpu(process.children_rss, process.children_cpu_percent)
        name = f"{count(process.children)} child{'ren' if process.children != 1 else ''}"
        found.append((3, _line(name, value, None, courses.of("workers"), width, ascii_only)))
    facts = [f"pid {process.pid}"]
    if process.threads is not None:
        facts.append(f"{count(process.threads)} threads")
    if process.open_files is not None:
        facts.append(f"{count(process.open_files)} open files")
    if process.children and process.children_threads is not None:
        files = process.children_open_files
        more = f" and {count(files)} open files" if files is not None else ""
        facts.append(f"children: {count(process.children_threads)} threads{more}")
    found.append((13, row((" " * NAME, "plain"), ("   ".join(facts), "dim"))))
    return found


def _memory_and_cpu(rss: int | None, cpu: float | None) -> str:
    used = size_gib(rss)
    return used if cpu is None else f"{used}  CPU {percent(cpu)}"


def _share(used: int | None, total: int | None) -> float | None:
    return used / total if used is not None and total else None


def _line(
    name: str, value: str, share: float | None, course: Course, width: int, ascii_only: bool, *,
    high: float | None = None, bad_at: float = _NEARLY_FULL, scale: str = "", notes: tuple[str, ...] = (),
) -> Row:  # fmt: skip
    """Name, value, how much of the limit or else the scale, and in what is left the course or the longest note."""
    mark = "~" if ascii_only else "…"
    text = row((fit(name, NAME - 1, ellipsis=mark), "label"), (" ", "plain"), (fit(value, VALUE), "value"))
    room = width - NAME - VALUE
    if room >= GAUGE + 1 + LEAST:
        if share is not None:
            text = row(*text, *gauge(share, GAUGE, bad_at=bad_at, ascii=ascii_only), (" ", "plain"))
        else:
            text = row(*text, (fit(scale, GAUGE, ellipsis=mark), "dim"), (" ", "plain"))
        room -= GAUGE + 1
    if notes:
        note = next((note for note in notes if len(note) <= room), notes[-1])
        return row(*text, (clip(note, max(room, 0), ascii_only=ascii_only), "dim"))
    return row(*text, *spark(course, room, high=high, ascii_only=ascii_only))
