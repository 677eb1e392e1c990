"""The GPUs in the view of the machine: some lines each where they are few, else a table with a row for each."""

from collections.abc import Sequence

from trainmon.facts.readings import AllocatorReading, GpuReading
from trainmon.words.units import gib, percent
from trainmon_tui.render.cells import Role, Row, fit_row, row
from trainmon_tui.render.safe import fit
from trainmon_tui.widgets.courses import LEAST, Courses, spark
from trainmon_tui.widgets.lines import GAP, first_that_fits, join, words
from trainmon_tui.widgets.machine_cards import of_memory, throttle_words
from trainmon_tui.widgets.machine_host import GAUGE, NAME, VALUE

DETAILS = 6
"""Lines of one GPU where they are few: its name, four quantities, what else is known."""

HOT = 85
"""Degrees Celsius from which a temperature is a warning: data-centre cards slow themselves down from about 87."""

COLDEST = 20.0
"""Degrees Celsius at the bottom of a temperature's course: a room."""

HOTTEST = 100.0
"""Degrees Celsius at its top: beyond what any card survives without throttling."""

_FULL = 0.98
"""Of a GPU's memory: what is fuller may end the run with the next larger batch."""

_LONGEST_COURSE = 24
"""Cells of a course in the table, at most; the history has no more to tell."""

_HEAD = (("GPU", 6), ("util", 6), ("memory GiB", 13), ("temp", 7), ("watts", 9))
"""The columns of numbers and their cells; they are there at every width."""

_STATE, _WIDE_STATE, _PROCESSES, _CLOCK = 14, 24, 5, 7

_WITH_STATE, _WITH_CLOCK = 55, 100
"""Columns of the screen from which there is room for the state, and for the clock."""

_SHORT = {
    "clocks set by the user": "clocks set",
    "hardware slowdown": "hw slowdown",
    "thermal (software)": "thermal sw",
    "thermal (hardware)": "thermal hw",
    "display clocks": "display",
}
"""Reasons for throttling where there is little room; others are short already."""


def details(
    gpu: GpuReading, allocator: AllocatorReading | None, courses: Courses, width: int, ascii_only: bool
) -> list[Row]:
    """One GPU in at most `DETAILS` lines, each number with its course."""
    lines = [_name_row(gpu, width, ascii_only)]
    if gpu.state is not None:
        return lines
    column = f"gpu{gpu.index}."
    memory = f"{of_memory(gpu.memory_used, gpu.memory_total)} GiB"
    total = float(gpu.memory_total) if gpu.memory_total else None
    quantities: tuple[tuple[str, str, Role, str, float, float | None], ...] = (
        ("util", percent(gpu.utilisation), "value", "utilisation", 0.0, 100.0),
        ("memory", memory, _memory_role(gpu), "memory", 0.0, total),
        ("temp", _degrees(gpu, ascii_only), _heat_role(gpu), "temperature", COLDEST, HOTTEST),
        ("power", f"{_watts(gpu)} W", "value", "power", 0.0, gpu.power_limit),
    )
    for name, value, role, key, low, high in quantities:
        text = row((f"  {name:<{NAME - 2}}", "label"), (fit(value, VALUE), role))
        room = width - NAME - VALUE - GAUGE - 1
        course = spark(courses.of(column + key), room, low=low, high=high, ascii_only=ascii_only)
        lines.append(row(*text, (" " * (GAUGE + 1) if course else "", "plain"), *course))
    facts = _facts_row(gpu, allocator)
    return [*lines, facts] if facts else lines


def _degrees(gpu: GpuReading, ascii_only: bool) -> str:
    return f"{gpu.temperature} {'' if ascii_only else '°'}C" if gpu.temperature is not None else "?"


def _heat_role(gpu: GpuReading) -> Role:
    return "warn" if gpu.temperature is not None and gpu.temperature >= HOT else "value"


def _memory_role(gpu: GpuReading) -> Role:
    full = gpu.memory_used is not None and gpu.memory_total and gpu.memory_used >= _FULL * gpu.memory_total
    return "warn" if full else "value"


def _name_row(gpu: GpuReading, width: int, ascii_only: bool) -> Row:
    name = words(gpu.name or "", ascii_only=ascii_only, limit=60)
    head = row((f"GPU{gpu.index:<{NAME - 3}}", "label"), (name, "value"))
    if gpu.state is not None:
        return fit_row(join(head, row((words(gpu.state, ascii_only=ascii_only, limit=80), "bad"))), width)
    hidden = row(("not visible to the trainer", "dim")) if gpu.visible is False else ()
    clock: Row = ()
    if gpu.sm_clock is not None:
        of = f"/{gpu.sm_clock_max:,}" if gpu.sm_clock_max is not None else ""
        clock = row((f"{gpu.sm_clock:,}{of} MHz", "label"))
    throttle = throttle_words(gpu, ascii_only)
    alternatives = [
        join(head, hidden, clock, throttle, gap="   "),
        join(head, hidden, throttle, gap="   "),
        join(head, throttle),
    ]
    return fit_row(first_that_fits(alternatives, width) or head, width)


def _facts_row(gpu: GpuReading, allocator: AllocatorReading | None) -> Row:
    """Memory errors, PyTorch's own view, and that nobody is on the card; processes have a table of their own."""
    parts: list[Row] = []
    if gpu.ecc_uncorrected:
        parts.append(row((f"{gpu.ecc_uncorrected:,} uncorrected memory errors", "bad")))
    if allocator is not None:
        parts.append(row((f"{'torch':<{NAME - 2}}", "label"), (_amounts(allocator), "plain")))
    if not parts and gpu.processes is None:
        parts.append(row(("processes: the driver does not tell", "dim")))
    elif not parts and not gpu.processes:
        parts.append(row(("no processes", "dim")))
    return row(("  ", "plain"), *join(*parts, gap="   ")) if parts else ()


def _amounts(allocator: AllocatorReading) -> str:
    amounts = map(gib, (allocator.allocated, allocator.reserved, allocator.peak))
    return "allocated {}  reserved {}  peak {} GiB".format(*amounts)


def allocator_row(allocator: AllocatorReading) -> Row:
    """What PyTorch holds of one device, as its own trainer numbers it; for below the table."""
    return row((f"{f'torch cuda:{allocator.device}':<{NAME}}", "label"), (_amounts(allocator), "plain"))


def table(gpus: Sequence[GpuReading], courses: Courses, width: int, ascii_only: bool) -> list[Row]:
    """A title line and a row for each GPU: numbers in columns, then as many courses as fit."""
    processes = _PROCESSES if width >= _WITH_STATE + _PROCESSES else 0
    clock = _CLOCK if width >= _WITH_CLOCK else 0
    rest = width - sum(cells for _, cells in _HEAD) - _state_cells(width) - processes - clock
    several = rest >= 4 * (LEAST + len(GAP))
    course = max(0, min(_LONGEST_COURSE, rest // 4 if several else rest) - len(GAP))
    lines = [fit_row(row((_head(width, course, several=several), "dim")), width)]
    for gpu in gpus:
        numbers = _numbers(gpu, width, ascii_only)
        if gpu.state is None and course >= LEAST:
            numbers = row(*numbers, *_row_of_courses(gpu, courses, course, ascii_only, several=several))
        lines.append(fit_row(numbers, width))
    return lines


def _state_cells(width: int) -> int:
    """Cells of the column of states, the gap before it included."""
    return _WIDE_STATE if width >= _WITH_CLOCK else _STATE if width >= _WITH_STATE else 0


def _head(width: int, course: int, *, several: bool) -> str:
    head = "".join(f"{name:>{cells}}" if at else f"{name:<{cells}}" for at, (name, cells) in enumerate(_HEAD))
    if width >= _WITH_CLOCK:
        head += f"{'MHz':>{_CLOCK}}"
    if room := _state_cells(width):
        head += f"{GAP}{'state':<{room - 2}}"
    if width >= _WITH_STATE + _PROCESSES:
        head += f"{'proc':>{_PROCESSES}}"
    if course >= LEAST:
        names = ("util", "memory", "temp", "power") if several else ("util",)
        head += "".join(f"{GAP}{name:<{course}}" for name in names)
    return head


def _numbers(gpu: GpuReading, width: int, ascii_only: bool) -> Row:
    name = row((f"{f'GPU{gpu.index}':<{_HEAD[0][1]}}", "label"))
    if gpu.state is not None:
        card = words(gpu.name or "", ascii_only=ascii_only, limit=40)
        return row(
            *name, (f" {words(gpu.state, ascii_only=ascii_only, limit=60)}", "bad"), (f"{GAP}{card}", "dim")
        )
    values: tuple[tuple[str, Role], ...] = (
        (percent(gpu.utilisation), "value"), (of_memory(gpu.memory_used, gpu.memory_total), _memory_role(gpu)),
        (_degrees(gpu, ascii_only), _heat_role(gpu)), (_watts(gpu), "value"),
    )  # fmt: skip
    faint = gpu.visible is False
    cells = [
        (f"{text:>{room}}", "dim" if faint and role == "value" else role)
        for (text, role), (_, room) in zip(values, _HEAD[1:], strict=True)
    ]
    if width >= _WITH_CLOCK:
        cells.append((f"{'?' if gpu.sm_clock is None else f'{gpu.sm_clock:,}':>{_CLOCK}}", "plain"))
    if room := _state_cells(width):
        state, role = _state(gpu)
        text = fit(words(state, ascii_only=ascii_only), room - 2, ellipsis="~" if ascii_only else "…")
        cells.append((f"{GAP}{text}", role))
    if width >= _WITH_STATE + _PROCESSES:
        processes = "?" if gpu.processes is None else f"{len(gpu.processes)}"
        cells.append((f"{processes:>{_PROCESSES}}", "plain"))
    return row(*name, *cells)


def _state(gpu: GpuReading) -> tuple[str, Role]:
    """What is out of the ordinary, in a few words, the worst first."""
    throttle = [_SHORT.get(reason, reason) for reason in gpu.throttle or ()]
    if gpu.ecc_uncorrected:
        return ", ".join([f"ECC {gpu.ecc_uncorrected:,}", *throttle]), "bad"
    if throttle:
        return ", ".join(throttle), "warn"
    if gpu.visible is False:
        return "not ours", "dim"
    return ("?" if gpu.throttle is None else "ok"), "dim"


def _row_of_courses(gpu: GpuReading, courses: Courses, cells: int, ascii_only: bool, *, several: bool) -> Row:
    total = float(gpu.memory_total) if gpu.memory_total else None
    scales = (
        ("utilisation", 0.0, 100.0), ("memory", 0.0, total), ("temperature", COLDEST, HOTTEST),
        ("power", 0.0, gpu.power_limit),
    )  # fmt: skip
    found: Row = ()
    for name, low, high in scales if several else scales[:1]:
        drawn = spark(courses.of(f"gpu{gpu.index}.{name}"), cells, low=low, high=high, ascii_only=ascii_only)
        found = row(*found, (GAP, "plain"), *fit_row(drawn, cells))
    return found


def total(gpus: Sequence[GpuReading]) -> Row:
    """All cards together: the mean utilisation, the sums of memory and power, the highest temperature."""
    living = [gpu for gpu in gpus if gpu.state is None]
    busy = [gpu.utilisation for gpu in living if gpu.utilisation is not None]
    heat = [gpu.temperature for gpu in living if gpu.temperature is not None]
    used = _sum([gpu.memory_used for gpu in living])
    of = _sum([gpu.memory_total for gpu in living])
    drawn = _sum([gpu.power for gpu in living])
    values = (
        percent(sum(busy) / len(busy)) if busy else "?",
        of_memory(None if used is None else int(used), None if of is None else int(of)),
        f"to {max(heat)}" if heat else "?",
        f"{drawn:,.0f}" if drawn is not None else "?",
    )
    text = "".join(f"{value:>{cells}}" for value, (_, cells) in zip(values, _HEAD[1:], strict=True))
    return row((f"{'all':<{_HEAD[0][1]}}", "label"), (text, "plain"))


def _sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _watts(gpu: GpuReading) -> str:
    limit = f"/{gpu.power_limit:.0f}" if gpu.power_limit is not None else ""
    return f"{gpu.power:.0f}{limit}" if gpu.power is not None else "?"
