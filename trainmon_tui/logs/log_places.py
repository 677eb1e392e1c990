"""Places in a text log: the record at a time, the record of a step."""

import re
from collections.abc import Iterator

from trainmon.words.paths import OUTPUT
from trainmon_tui.logs.hunt import Hit, Scan
from trainmon_tui.logs.text_scan import heads
from trainmon_tui.logs.textfile import CHUNK, TextFile

_STAMP = slice(1, 20)
"""Where the stamp stands in a record."""

_STEP = re.compile(rb" Step (\d{1,18})\b")

_CLOCK = re.compile(r"(?:(\d{4}-\d\d-\d\d)[ T])?(\d\d?):(\d\d)(?::(\d\d))?")

_PRINTED = re.compile(rb"^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)", re.MULTILINE)
"""How a line of the output begins."""

_STEP_WITHIN = 160
"""Bytes of a record in which the step stands."""


def step_of(typed: str) -> int | None:
    """The step that was typed, `1200` or `1,200`; None where it is none."""
    digits = typed.strip().replace(",", "").replace("_", "")
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= 18 else None


def stamp_of(typed: str, file: TextFile) -> str | None:
    """The stamp of a time that was typed, on the day of the newest record where no date was; None where it is none."""
    clock = _CLOCK.fullmatch(typed.strip())
    if clock is None:
        return None
    date = clock[1] or (newest_stamp(file) or "")[:10]
    return f"{date} {int(clock[2]):02}:{clock[3]}:{clock[4] or '00'}"


def find_time(file: TextFile, stamp: str) -> int | None:
    """Where the first record begins that is not older than the stamp; None where all are older.

    A binary search, since stamps rise; where a clock was set back it comes to one of the places.

    Args:
        file: Looked at as far as it was at its last poll.
        stamp: `2026-11-22 23:41:07`; its beginning will do.
    """
    wanted = stamp.encode()
    low, high = 0, file.size
    while high - low > CHUNK:
        middle = file.start_of((low + high) // 2)
        found = _next_stamp(file, middle)
        if middle <= low or found is None or found[0] >= high:
            break
        if found[1] < wanted:
            low = found[0]
        else:
            high = middle
    while low < file.size:
        data, end = file.chunk_from(low)
        for at, found_stamp in _stamps(file, data):
            if found_stamp >= wanted:
                return low + at
        low = max(end, low + 1)
    return None


def _next_stamp(file: TextFile, start: int) -> tuple[int, bytes] | None:
    """(where, stamp) of the first record in the quarter of a megabyte from `start` on; None where there is none."""
    data, _ = file.chunk_from(start)
    found = next(_stamps(file, data), None)
    return (start + found[0], found[1]) if found is not None else None


def newest_stamp(file: TextFile) -> str | None:
    """The stamp of the last record; None where there is none near the end."""
    _, data = file.chunk_before(file.size)
    last = max(_stamps(file, data), default=None)
    return last[1].decode() if last is not None else None


def _stamps(file: TextFile, data: bytes) -> Iterator[tuple[int, bytes]]:
    """(where, stamp) of the records in some lines; in the output each line is one, with a stamp of its own form."""
    if file.path.name == OUTPUT:
        for found in _PRINTED.finditer(data):
            yield found.start(), b"%b %b" % (found[1], found[2])
        return
    for at in heads(data):
        yield at, data[at + _STAMP.start : at + _STAMP.stop]


def find_step(file: TextFile, step: int, at: str | None = None) -> Scan:
    """Looks for the newest record in which a step is reached.

    Not every step has a line, and steps may start again with an epoch: what is found is the first line with at least
    this step in the newest rise that has one. Where no line names it, the first record that is not older than `at`.
    """
    reached: tuple[int, int] | None = None
    end = file.size
    while end > 0:
        begin, data = file.chunk_before(end)
        offset = end
        for raw in reversed(data.removesuffix(b"\n").split(b"\n")):
            offset = offset - len(raw) - 1 if offset < end or data.endswith(b"\n") else offset - len(raw)
            found = _step_of(raw)
            if found is None:
                continue
            if reached is not None and (found < step or found > reached[1]):
                yield Hit(reached[0])
                return
            if found >= step:
                reached = (offset, found)
        end = begin
        yield file.size - end
    if reached is not None:
        yield Hit(reached[0])
    elif at is not None and (found_at := find_time(file, at)) is not None:
        yield Hit(found_at)


def _step_of(raw: bytes) -> int | None:
    at = raw.find(b" Step ", 0, _STEP_WITHIN) if raw.startswith(b"[") else -1
    found = _STEP.match(raw, at) if at >= 0 else None
    return int(found[1]) if found is not None else None
