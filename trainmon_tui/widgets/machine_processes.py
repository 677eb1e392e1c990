"""The processes on the GPUs: a row each, the trainer's own first; names and commands are untrusted text."""

from collections.abc import Iterable

import msgspec

from trainmon.facts.readings import GpuReading
from trainmon.words.units import gib, percent
from trainmon_tui.render.cells import Row, fit_row, row
from trainmon_tui.render.safe import fit
from trainmon_tui.widgets.lines import GAP, clip, words

LEAST = 2
"""Lines of the table at least: its title and a process."""

_PID, _GPUS, _MEMORY, _USER, _WHOSE, _CPU, _RAM = 9, 8, 12, 10, 7, 9, 9

_WITH_HOST = 110
"""Columns of the screen from which there is room for what a process uses of the host."""


class _Entry(msgspec.Struct):
    """One process on one or several GPUs."""

    pid: int
    own: bool | None
    user: str | None
    command: str | None
    gpus: list[int]
    memory: int | None = None
    """Bytes on all of them; None where no driver tells."""
    cpu: float | None = None
    rss: int | None = None


def processes(cards: Iterable[GpuReading], width: int, most: int, ascii_only: bool) -> list[Row]:
    """A title and a row for each process, in at most `most` lines; () where there are none, or no room."""
    entries = _entries(cards)
    if not entries or most < LEAST:
        return []
    named = any(entry.user is not None or entry.command is not None for entry in entries)
    marked = any(entry.own for entry in entries)
    head = f"{'process':>{_PID}}{GAP}{'GPU':<{_GPUS}}{'memory GiB':>{_MEMORY}}"
    head += f"{GAP}{'':<{_WHOSE}}" if marked else ""
    head += f"{GAP}{'user':<{_USER}}" if named else ""
    head += f"{'CPU':>{_CPU}}{'RAM GiB':>{_RAM}}" if named and width >= _WITH_HOST else ""
    head += f"{GAP}command" if named else ""
    shown = entries[: most - 1]
    if len(entries) > len(shown):
        left_out = len(entries) - len(shown)
        head += f"{GAP}({left_out} more)"
    lines = [
        row((head, "dim")),
        *(_row(entry, width, ascii_only, marked=marked, named=named) for entry in shown),
    ]
    return [fit_row(line, width) for line in lines]


def _entries(cards: Iterable[GpuReading]) -> list[_Entry]:
    """The trainer's first, then those that hold most."""
    by_pid: dict[int, _Entry] = {}
    for card in cards:
        for process in card.processes or ():
            new = _Entry(
                process.pid,
                process.own,
                process.user,
                process.command,
                [],
                cpu=process.cpu_percent,
                rss=process.rss,
            )
            new = _Entry(process.pid, process.own, process.user, process.command, [])
            new.cpu, new.rss = process.cpu_percent, process.rss
            entry = by_pid.setdefault(process.pid, new)
            entry.gpus.append(card.index)
            if process.memory_used is not None:
                entry.memory = (entry.memory or 0) + process.memory_used
    return sorted(by_pid.values(), key=lambda entry: (entry.own is not True, -(entry.memory or 0), entry.pid))


def _ranges(numbers: list[int]) -> str:
    """Rising numbers, neighbours together: "0-5,7"."""
    parts: list[tuple[int, int]] = []
    for number in numbers:
        if parts and parts[-1][1] == number - 1:
            parts[-1] = (parts[-1][0], number)
        else:
            parts.append((number, number))
    return ",".join(f"{first}" if first == last else f"{first}-{last}" for first, last in parts)


def _row(entry: _Entry, width: int, ascii_only: bool, *, marked: bool, named: bool) -> Row:
    mark = "~" if ascii_only else "…"
    gpus = _ranges(entry.gpus)
    memory = gib(entry.memory) if entry.memory is not None else "?"
    text = f"{entry.pid:>{_PID}}{GAP}{fit(gpus, _GPUS, ellipsis=mark)}{memory:>{_MEMORY}}"
    whose = f"{GAP}{'trainer' if entry.own else '':<{_WHOSE}}" if marked else ""
    found = row((text, "value" if entry.own else "plain"), (whose, "good"))
    if not named:
        return found
    user = fit(words(entry.user or "?", ascii_only=ascii_only, limit=64), _USER, ellipsis=mark)
    command = words(entry.command or "?", ascii_only=ascii_only, limit=400)
    host = f"{percent(entry.cpu):>{_CPU}}{gib(entry.rss):>{_RAM}}" if width >= _WITH_HOST else ""
    room = width - len(text) - len(whose) - 2 * len(GAP) - _USER - len(host)
    shown = clip(command, max(room, 0), ascii_only=ascii_only)
    return row(*found, (f"{GAP}{user}{host}{GAP}", "plain"), (shown, "dim"))
