"""The host and the trainer in the view of the machine: a line a quantity, with its value, its share and its course."""

from trainmon.readings import HostReading, MachineReading, ProcessReading
from trainmon.units import count, gib, percent, size, throughput
from trainmon_tui.render.bars import gauge
from trainmon_tui.render.cells import Row, fit_row, row
from trainmon_tui.render.safe import fit
from trainmon_tui.render.sparkline import sparkline
from trainmon_tui.widgets.courses import LEAST, Course, Courses, spark

NAME = 13
"""Cells of the name of a quantity."""

VALUE = 21
"""Cells of its value."""

_GAUGE = 16
"""Cells of a gauge, where the line has room for it beside its course."""

_NEVER_FULL = 2.0
"""A fraction that no gauge reaches: of what may well be full, as a busy CPU."""

_NEARLY_FULL = 0.95
"""Of a memory or a disk: what is fuller may end the run."""


def host_lines(
    reading: MachineReading, courses: Courses, width: int, most: int, ascii_only: bool
) -> list[Row]:
    """The host and the trainer, in at most `most` lines: what decides stays where not all fit, in one order."""
    host, process = reading.host, reading.process
    ranked: list[tuple[int, Row]] = []
    if host is not None:
        ranked += _host(host, courses, width, ascii_only)
    else:
        ranked.append((0, row((f"{'host':<{NAME}}", "label"), ("no reading", "dim"))))
    if process is not None:
        ranked += _process(process, courses, width, ascii_only)
    else:
        ranked.append(
            (3, row((f"{'trainer':<{NAME}}", "label"), ("no reading: it is gone, or not ours", "dim")))
        )
    kept = sorted(rank for rank, _ in ranked)[: max(most, 0)]
    lines: list[Row] = []
    for rank, line in ranked:
        if rank in kept:
            kept.remove(rank)
            lines.append(fit_row(line, width))
    return lines


def _host(host: HostReading, courses: Courses, width: int, ascii_only: bool) -> list[tuple[int, Row]]:
    """Lines with their rank, 0 the most important, in the order on the screen."""
    of = f" of {host.cpu_count:g}" if host.cpu_count is not None else ""
    cpu = None if host.cpu_percent is None else host.cpu_percent / 100
    value = f"{percent(host.cpu_percent)}{of}"
    found = [
        (0, _line("CPU", value, cpu, courses.of("cpu"), width, ascii_only, high=100.0, bad_at=_NEVER_FULL))
    ]
    found += [(10, line) for line in _cores(host.cpu_per_core, width, ascii_only)]
    memory = _share(host.memory_used, host.memory_total)
    limit = float(host.memory_total) if host.memory_total else None
    value = f"{_of(host.memory_used, host.memory_total)} GiB"
    found.append((1, _line("RAM", value, memory, courses.of("memory"), width, ascii_only, high=limit)))
    if host.swap_total:
        value = f"{_of(host.swap_used, host.swap_total)} GiB"
        swap = _share(host.swap_used, host.swap_total)
        found.append((7, _line("swap", value, swap, (), width, ascii_only)))
    elif host.swap_total == 0:
        found.append((12, row((f"{'swap':<{NAME}}", "label"), ("none on this host", "dim"))))
    if host.disk_free is not None:
        free = 1 - host.disk_free / host.disk_total if host.disk_total else None
        value = f"{size(host.disk_free)} free"
        found.append((4, _line("disk", value, free, (), width, ascii_only)))
    for rank, name, rate in (
        (5, "read", host.disk_read), (8, "written", host.disk_written),
        (6, "received", host.network_received), (9, "sent", host.network_sent),
    ):  # fmt: skip
        if rate is not None:
            found.append((rank, _line(name, f"{size(rate)}/s", None, courses.of(name), width, ascii_only)))
    if host.load_1m is not None:
        value = f"{throughput(host.load_1m)} over 1 min"
        found.append((11, _line("load", value, None, (), width, ascii_only)))
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


def _process(
    process: ProcessReading, courses: Courses, width: int, ascii_only: bool
) -> list[tuple[int, Row]]:
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
    found.append((13, row((" " * NAME, "plain"), ("   ".join(facts), "dim"))))
    return found


def _memory_and_cpu(rss: int | None, cpu: float | None) -> str:
    used = f"{gib(rss)} GiB"
    return used if cpu is None else f"{used}  CPU {percent(cpu)}"


def _of(used: int | None, total: int | None) -> str:
    return f"{gib(used)}/{gib(total)}" if total is not None else gib(used)


def _share(used: int | None, total: int | None) -> float | None:
    return used / total if used is not None and total else None


def _line(
    name: str, value: str, share: float | None, course: Course, width: int, ascii_only: bool, *,
    high: float | None = None, bad_at: float = _NEARLY_FULL,
) -> Row:  # fmt: skip
    """Name, value, how much of the limit, and the course in what is left of the line."""
    mark = "~" if ascii_only else "…"
    text = row((fit(name, NAME - 1, ellipsis=mark), "label"), (" ", "plain"), (fit(value, VALUE), "value"))
    room = width - NAME - VALUE
    if share is not None and room >= _GAUGE + 1 + LEAST:
        text = row(*text, *gauge(share, _GAUGE, bad_at=bad_at, ascii=ascii_only), (" ", "plain"))
        room -= _GAUGE + 1
    elif share is None and room >= _GAUGE + 1 + LEAST:
        text = row(*text, (" " * (_GAUGE + 1), "plain"))
        room -= _GAUGE + 1
    return row(*text, *spark(course, room, high=high, ascii_only=ascii_only))
