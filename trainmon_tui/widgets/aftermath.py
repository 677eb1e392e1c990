"""What a dead run still holds now: GPU memory, processes that it left behind, its batch job. Pure."""

from collections.abc import Sequence

import msgspec

from trainmon.facts.readings import GpuReading
from trainmon.meaning.statuses import Orphan
from trainmon.words.units import clock, gib
from trainmon_tui.render.cells import Row, row
from trainmon_tui.sight.sight import Sight
from trainmon_tui.widgets.lines import clip, first_that_fits, join, words

MOST_GPUS = 3
"""GPUs up to which all are told one by one where one is not free; of more only those that are not."""


class Aftermath(msgspec.Struct, frozen=True):
    """What there is to know of the moment; texts are untrusted."""

    gpus: tuple[GpuReading, ...] = ()
    """Those of the trainer, read after its death; () where that is not known."""
    orphans: tuple[Orphan, ...] | None = None
    """None: not known."""
    job: str | None = None
    """The batch job, while it goes on."""


def pick(sight: Sight) -> Aftermath:
    """The moment's part of a sight."""
    opened, live = sight.state.opened, sight.live
    after = live is not None and live.reading.time > (sight.verdict.since or 0.0)
    job = None
    if opened is not None and opened.job and (opened.allocation_end or 0.0) > sight.now:
        until = clock(opened.allocation_end or 0.0, sight.utc_offset)[:5]
        job = f"{opened.job} holds {opened.host} until {until}"
    gpus = tuple(gpu for gpu in live.reading.gpus if gpu.visible is not False) if live and after else ()
    return Aftermath(gpus, sight.orphans, job)


def rows(piece: Aftermath, width: int, ascii_only: bool) -> list[Row]:
    """`now      GPU0 0 %, 0.0/79.6 GiB: freed   orphan processes: none`, and a line for each that lives on."""
    lines: list[Row] = []
    parts = [*_gpus(piece.gpus)]
    if piece.job is not None:
        parts.append(row((words(piece.job, ascii_only=ascii_only, limit=80), "warn")))
    if piece.orphans is not None and not piece.orphans:
        parts.append(row(("orphan processes: none", "plain")))
    head = row(("  now      ", "label"))
    if parts:
        fuller = [join(*parts[:most], gap="   ") for most in range(len(parts), 0, -1)]
        lines.append(row(*head, *first_that_fits(fuller, width - 11)))
    if piece.orphans:
        pids = " ".join(str(orphan.pid) for orphan in piece.orphans)
        first = words(piece.orphans[0].command or "", ascii_only=ascii_only, limit=200)
        count = f"{len(piece.orphans)} live{'s' if len(piece.orphans) == 1 else ''} on: kill {pids}"
        text = clip(f"{count}   {first}", width - 11, ascii_only=ascii_only)
        lines.append(row(("  orphans  ", "label"), (text, "bad")))
    return lines


def _gpus(gpus: Sequence[GpuReading]) -> list[Row]:
    held = [gpu for gpu in gpus if _held(gpu) or gpu.state is not None]
    if len(gpus) > 1 and not held:
        free = all(gpu.processes is not None for gpu in gpus)
        used = sum(gpu.memory_used or 0 for gpu in gpus)
        text = f"{len(gpus)} GPUs, {gib(used)} GiB used{': freed' if free else ''}"
        return [row((text, "plain"))]
    return [_gpu(gpu) for gpu in (held if len(gpus) > MOST_GPUS else gpus)]


def _held(gpu: GpuReading) -> bool:
    return bool(gpu.processes)


def _gpu(gpu: GpuReading) -> Row:
    if gpu.state is not None:
        return row((f"GPU{gpu.index} {gpu.state}", "bad"))
    used = f"{gib(gpu.memory_used)}/{gib(gpu.memory_total)} GiB" if gpu.memory_total else ""
    share = f"{gpu.utilisation} %, " if gpu.utilisation is not None else ""
    text = f"GPU{gpu.index} {share}{used}"
    if gpu.processes is None:
        return row((text, "plain"))
    if not gpu.processes:
        return row((f"{text}: freed", "plain"))
    pids = ", ".join(str(process.pid) for process in gpu.processes[:3])
    return row((f"{text}: held by pid {pids}", "warn"))
