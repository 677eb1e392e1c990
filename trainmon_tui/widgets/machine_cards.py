"""The GPUs in the overview: one line, a line for each of several, or some lines; and what its lines are made of."""

from trainmon.facts.readings import GpuReading
from trainmon.words.units import gib, percent
from trainmon_tui.render.bars import gauge
from trainmon_tui.render.cells import Row, fit_row, row, row_width
from trainmon_tui.widgets.courses import LEAST, Course, Courses, spark
from trainmon_tui.widgets.lines import clip, first_that_fits, join, words

NAME = 9
"""Cells of the name of a quantity in the panel."""

VALUE = 18
"""Cells of its value, before the gauge."""


def of_memory(used: int | None, total: int | None) -> str:
    """Bytes in use of bytes there are, "45.6/64.0", in GiB."""
    return f"{gib(used)}/{gib(total)}" if total is not None else gib(used)


def gauge_line(
    name: str, value: str, fraction: float | None, width: int, ascii_only: bool,
    course: Course = (), limit_of_course: float | None = None,
) -> Row:  # fmt: skip
    """Name, value, and in what is left of the line a bar and the course; neither where nothing limits the value."""
    text = row((f"{name:<{NAME}}", "label"), (f"{value:<{VALUE}}", "value"))
    room = width - row_width(text) - 1
    if fraction is None or room < 6:
        return text
    # A busy CPU or GPU is what one wants; a memory or a disk that is nearly full ends a run.
    limit = 0.95 if name in ("RAM", "memory", "disk") else 1.01
    half = (room - 1) // 2 if room >= 2 * LEAST + 1 else 0
    drawn = spark(course, half, high=limit_of_course, ascii_only=ascii_only)
    bar = gauge(fraction, room - half - 1 if drawn else room, bad_at=limit, ascii=ascii_only)
    return row(*text, (" ", "plain"), *bar, (" " if drawn else "", "plain"), *drawn)


def gpu_line(gpus: tuple[GpuReading, ...], width: int, ascii_only: bool) -> Row:
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
    memory = row((of_memory(gpu.memory_used, gpu.memory_total), "value"), (" GiB", "unit"))
    heat = (
        row((f"{gpu.temperature} °C" if not ascii_only else f"{gpu.temperature} C", "value"))
        if gpu.temperature is not None
        else ()
    )
    power = row((_watts(gpu), "value"), (" W", "unit")) if gpu.power is not None else ()
    throttle = throttle_words(gpu, ascii_only)
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


def throttle_words(gpu: GpuReading, ascii_only: bool) -> Row:
    """Why its clocks are held down, or that they are not; nothing where it is not known."""
    if gpu.throttle is None:
        return ()
    if not gpu.throttle:
        return row(("no throttle", "dim"))
    return row(("throttled: " + words(", ".join(gpu.throttle), ascii_only=ascii_only, limit=60), "warn"))


def gpu_rows(
    gpus: tuple[GpuReading, ...], courses: Courses, width: int, most: int, ascii_only: bool
) -> list[Row]:
    """A line for each of several GPUs; those that do not fit are told together in the last."""
    shown = gpus if len(gpus) <= most else gpus[: most - 1]
    lines = []
    for gpu in shown:
        label = row((f"{f'GPU{gpu.index}':<6}", "label"))
        if gpu.state is not None:
            lines.append(row(*label, (words(gpu.state, ascii_only=ascii_only, limit=width), "bad")))
            continue
        degrees = f"{'?' if gpu.temperature is None else gpu.temperature} {'' if ascii_only else '°'}C"
        memory = of_memory(gpu.memory_used, gpu.memory_total)
        text = f"{percent(gpu.utilisation):>5}{memory:>13} GiB{degrees:>8}"
        line = row(*label, (text, "dim" if gpu.visible is False else "value"))
        room = width - row_width(line) - 2
        held = words(", ".join(gpu.throttle or ()), ascii_only=ascii_only, limit=60)
        if held:
            line = row(*line, ("  ", "plain"), (clip(held, room, ascii_only=ascii_only), "warn"))
        else:
            course = courses.of(f"gpu{gpu.index}.utilisation")
            line = row(*line, ("  ", "plain"), *spark(course, room, high=100.0, ascii_only=ascii_only))
        lines.append(line)
    left_out = gpus[len(shown) :]
    if left_out:
        busy = [gpu.utilisation for gpu in left_out if gpu.utilisation is not None]
        ill = sum(gpu.state is not None for gpu in left_out)
        text = f"{len(left_out)} more: {percent(sum(busy) / len(busy)) if busy else '?'} util on average"
        lines.append(row((text, "dim"), (f", {ill} not answering" if ill else "", "bad")))
    return lines


def gpu_lines(gpu: GpuReading, courses: Courses, width: int, ascii_only: bool) -> list[Row]:
    """The only GPU: its name, and a line for each quantity with its course."""
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
    value = f"{of_memory(gpu.memory_used, total)} GiB"
    lines = [
        head,
        gauge_line(
            "util", percent(gpu.utilisation), fraction(gpu.utilisation), width, ascii_only, busy, 100.0
        ),
        gauge_line("memory", value, memory, width, ascii_only, held, total),
    ]
    if gpu.power is not None:
        share = gpu.power / gpu.power_limit if gpu.power_limit else None
        drawn = courses.of(column + "power")
        lines.append(
            gauge_line("power", f"{_watts(gpu)} W", share, width, ascii_only, drawn, gpu.power_limit)
        )
    degrees = f"{gpu.temperature} {'' if ascii_only else '°'}C" if gpu.temperature is not None else "?"
    lines.append(
        join(
            row((f"{'temp':<{NAME}}", "label"), (degrees, "value")),
            throttle_words(gpu, ascii_only),
            gap="   ",
        )
    )
    return lines


def fraction(value: float | None) -> float | None:
    """A percentage as a fraction."""
    return None if value is None else value / 100
