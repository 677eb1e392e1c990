"""The GPUs in the view of the machine: some lines each where they are few, else a table with a row for each."""

from trainmon.readings import AllocatorReading, GpuReading
from trainmon.units import gib, percent
from trainmon_tui.render.cells import Row, fit_row, row
from trainmon_tui.render.safe import fit
from trainmon_tui.widgets.courses import LEAST, Courses, spark
from trainmon_tui.widgets.lines import GAP, clip, first_that_fits, join, words

DETAILS = 6
"""Lines of one GPU where they are few: its name, four quantities, its processes."""

_NAME, _VALUE = 13, 21  # as those of the host, so that the courses stand below one another

_UNDER = 17
"""Cells before a course, in which the host has its gauges."""

_COLDEST = 20.0
"""Degrees Celsius at the bottom of a temperature's course: a room."""

_HOTTEST = 100.0
"""Degrees Celsius at its top: beyond what any card survives without throttling."""

_LONGEST_COURSE = 30
"""Cells of a course in the table, at most; the history has no more to tell."""

_HEAD = (("GPU", 6), ("util", 6), ("memory GiB", 13), ("temp", 7), ("watts", 9))
"""The columns of numbers and their cells."""

_THROTTLE, _PROCESSES = 14, 5


def details(
    gpu: GpuReading, allocator: AllocatorReading | None, courses: Courses, width: int, ascii_only: bool
) -> list[Row]:
    """One GPU in at most `DETAILS` lines, each number with its course."""
    lines = [_name_row(gpu, width, ascii_only)]
    if gpu.state is not None:
        return lines
    column = f"gpu{gpu.index}."
    degrees = f"{gpu.temperature} {'' if ascii_only else '°'}C" if gpu.temperature is not None else "?"
    memory = f"{_of(gpu.memory_used, gpu.memory_total)} GiB"
    total = float(gpu.memory_total) if gpu.memory_total else None
    for name, value, key, low, high in (
        ("util", percent(gpu.utilisation), "utilisation", 0.0, 100.0),
        ("memory", memory, "memory", 0.0, total),
        ("temp", degrees, "temperature", _COLDEST, _HOTTEST),
        ("power", f"{_watts(gpu)} W", "power", 0.0, gpu.power_limit),
    ):
        text = row((f"  {name:<{_NAME - 2}}", "label"), (fit(value, _VALUE), "value"))
        course = spark(
            courses.of(column + key),
            width - _NAME - _VALUE - _UNDER,
            low=low,
            high=high,
            ascii_only=ascii_only,
        )
        lines.append(row(*text, (" " * _UNDER if course else "", "plain"), *course))
    lines.append(_facts_row(gpu, allocator, width, ascii_only))
    return lines


def _name_row(gpu: GpuReading, width: int, ascii_only: bool) -> Row:
    name = words(gpu.name or "", ascii_only=ascii_only, limit=60)
    head = row((f"GPU{gpu.index:<{_NAME - 3}}", "label"), (name, "value"))
    if gpu.state is not None:
        return fit_row(join(head, row((words(gpu.state, ascii_only=ascii_only, limit=80), "bad"))), width)
    hidden = row(("not visible to the trainer", "dim")) if gpu.visible is False else ()
    clock: Row = ()
    if gpu.sm_clock is not None:
        of = f"/{gpu.sm_clock_max:,}" if gpu.sm_clock_max is not None else ""
        clock = row((f"{gpu.sm_clock:,}{of} MHz", "label"))
    throttle = _throttle_words(gpu, ascii_only)
    alternatives = [
        join(head, hidden, clock, throttle, gap="   "),
        join(head, hidden, throttle, gap="   "),
        join(head, throttle),
    ]
    return fit_row(first_that_fits(alternatives, width) or head, width)


def _throttle_words(gpu: GpuReading, ascii_only: bool) -> Row:
    if gpu.throttle is None:
        return ()
    if not gpu.throttle:
        return row(("no throttle", "dim"))
    return row(("throttled: " + words(", ".join(gpu.throttle), ascii_only=ascii_only, limit=60), "warn"))


def _facts_row(gpu: GpuReading, allocator: AllocatorReading | None, width: int, ascii_only: bool) -> Row:
    """Processes on the card, memory errors, PyTorch's own view."""
    parts: list[Row] = []
    if gpu.processes is not None:
        shown = [
            f"{process.pid} {gib(process.memory_used)} GiB"
            if process.memory_used is not None
            else f"{process.pid}"
            for process in gpu.processes[:4]
        ]
        more = f" +{len(gpu.processes) - 4}" if len(gpu.processes) > 4 else ""
        parts.append(row(("processes ", "label"), ((", ".join(shown) or "none") + more, "plain")))
    if gpu.ecc_uncorrected:
        parts.append(row((f"{gpu.ecc_uncorrected:,} uncorrected memory errors", "bad")))
    if allocator is not None:
        amounts = tuple(map(gib, (allocator.allocated, allocator.reserved, allocator.peak)))
        parts.append(row(("torch ", "label"), ("{} of {} reserved, peak {} GiB".format(*amounts), "plain")))
    if not parts:
        return row(("  processes ", "label"), ("the driver does not tell", "dim"))
    room = width - 2
    best = first_that_fits([join(*parts[:most], gap="   ") for most in range(len(parts), 0, -1)], room)
    return row(("  ", "plain"), *(best or ((clip(parts[0][0][0], room, ascii_only=ascii_only), "label"),)))


def table(gpus: tuple[GpuReading, ...], courses: Courses, width: int, ascii_only: bool) -> list[Row]:
    """A title line and a row for each GPU: numbers in columns, then as many courses as fit."""
    with_throttle = width >= 60
    rest = width - sum(cells for _, cells in _HEAD) - (_THROTTLE + _PROCESSES if with_throttle else 0)
    several = rest >= 4 * (LEAST + len(GAP))
    course = max(0, min(_LONGEST_COURSE, rest // 4 if several else rest) - len(GAP))
    names = ("util", "memory", "temp", "power") if several else ("util",)
    head = "".join(f"{name:>{cells}}" if at else f"{name:<{cells}}" for at, (name, cells) in enumerate(_HEAD))
    if with_throttle:
        head += f"{GAP}{'throttle':<{_THROTTLE - 2}}{'proc':>{_PROCESSES}}"
    if course >= LEAST:
        head += "".join(f"{GAP}{name:<{course}}" for name in names)
    lines = [fit_row(row((head, "dim")), width)]
    for gpu in gpus:
        numbers = _numbers(gpu, ascii_only, with_throttle=with_throttle)
        if gpu.state is None and course >= LEAST:
            numbers = row(*numbers, *_row_of_courses(gpu, courses, course, ascii_only, several=several))
        lines.append(fit_row(numbers, width))
    return lines


def _numbers(gpu: GpuReading, ascii_only: bool, *, with_throttle: bool) -> Row:
    ours = "" if gpu.visible is not False else "-"
    name = row((f"{f'GPU{gpu.index}{ours}':<{_HEAD[0][1]}}", "label"))
    if gpu.state is not None:
        return row(*name, (f" {words(gpu.state, ascii_only=ascii_only, limit=60)}", "bad"))
    degrees = f"{gpu.temperature} {'' if ascii_only else '°'}C" if gpu.temperature is not None else "?"
    values = (
        percent(gpu.utilisation), _of(gpu.memory_used, gpu.memory_total), degrees, _watts(gpu)
    )  # fmt: skip
    text = "".join(f"{value:>{cells}}" for value, (_, cells) in zip(values, _HEAD[1:], strict=True))
    if not with_throttle:
        return row(*name, (text, "value"))
    held = "?" if gpu.throttle is None else ", ".join(gpu.throttle) or "none"
    held = words(held, ascii_only=ascii_only, limit=60)
    throttle = fit(held, _THROTTLE - 2, ellipsis="~" if ascii_only else "…")
    processes = "?" if gpu.processes is None else f"{len(gpu.processes)}"
    return row(
        *name, (text + GAP, "value"), (throttle, "warn" if gpu.throttle else "dim"),
        (f"{processes:>{_PROCESSES}}", "value"),
    )  # fmt: skip


def _row_of_courses(gpu: GpuReading, courses: Courses, cells: int, ascii_only: bool, *, several: bool) -> Row:
    total = float(gpu.memory_total) if gpu.memory_total else None
    scales = (
        ("utilisation", 0.0, 100.0), ("memory", 0.0, total), ("temperature", _COLDEST, _HOTTEST),
        ("power", 0.0, gpu.power_limit),
    )  # fmt: skip
    found: Row = ()
    for name, low, high in scales if several else scales[:1]:
        drawn = spark(courses.of(f"gpu{gpu.index}.{name}"), cells, low=low, high=high, ascii_only=ascii_only)
        found = row(*found, (GAP, "plain"), *fit_row(drawn, cells))
    return found


def _of(used: int | None, total: int | None) -> str:
    return f"{gib(used)}/{gib(total)}" if total is not None else gib(used)


def _watts(gpu: GpuReading) -> str:
    limit = f"/{gpu.power_limit:.0f}" if gpu.power_limit is not None else ""
    return f"{gpu.power:.0f}{limit}" if gpu.power is not None else "?"
