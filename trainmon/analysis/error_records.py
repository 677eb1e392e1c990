"""A record of `errors.log` as an error: type, message, context and place, as far as its lines say them."""

import os
import re
import zlib
from typing import Literal

import msgspec

from trainmon.analysis.line_numbers import repetitions
from trainmon.analysis.records import Record
from trainmon.meaning.diagnosis import diagnose

MESSAGE_LIMIT = 2_000
"""Characters of a message that are kept."""

_TRACEBACK = re.compile(r"( *)(?:Exception Group )?Traceback \(most recent call last\):")
_TYPE = re.compile(r"([A-Za-z_][\w.]*)(?:: (.*))?")
_FRAME = re.compile(r' +File "([^"]+)", line (\d+), in (.+)')
_PLACE = re.compile(r"(.+):line (\d+)(?: in (.+))?")
_ENDS = ("Advice: ", "Additional data: ")


class LoggedError(msgspec.Struct, frozen=True):
    """What a record says of an error."""

    error_type: str | None
    message: str
    context: str | None
    location: str | None
    fingerprint: str
    count: int


class _Below(msgspec.Struct):
    """The further lines of a record, sorted."""

    message: list[str]
    """Of a message of several lines, those behind the first."""
    place: str | None = None
    error_type: str | None = None
    said: str | None = None
    """First line of the message, as the traceback has it."""
    frame: re.Match[str] | None = None
    """The innermost."""
    functions: dict[str, str] = {}
    """Of all frames, by `FILE:line N`."""


def logged_error(record: Record) -> LoggedError:
    """The error that a record of level ERROR or CRITICAL tells of."""
    below = _sort(record.below)
    text = record.text
    if record.tag in ("ERROR", "APP"):
        text = text.partition(" - ")[2] or text  # behind the name of the application
    whole, count = repetitions("\n".join((text, *below.message)))
    context, message = _divide(whole, below) if record.tag == "ERROR" else (None, whole)
    location = _location(below)
    return LoggedError(
        error_type=below.error_type,
        message=message[:MESSAGE_LIMIT],
        context=context,
        location=location,
        fingerprint=_fingerprint(below.error_type, location, message),
        count=count,
    )


def _sort(lines: list[str]) -> _Below:
    """Tells apart what the further lines are.

    The last line of a traceback that is not deeper than its first names type and message; the lines between them are
    frames, which are deeper.
    """
    below = _Below([])
    part: Literal["message", "traceback", "end"] = "message"
    indent, expecting = 4, True
    for line in lines:
        head = _TRACEBACK.fullmatch(line)
        if head is not None:
            part, indent, expecting = "traceback", len(head[1]), False
        elif line.startswith("Traceback:") and part == "message":
            part, below.place = "traceback", line[10:].strip() or None
        elif line.startswith(_ENDS):
            part = "end"
        elif part == "message":
            below.message.append(line.removeprefix("    "))
        elif part == "traceback" and line.strip():
            expecting = _sort_traceback(below, line, indent, expecting)
    return below


def _sort_traceback(below: _Below, line: str, indent: int, expecting: bool) -> bool:
    """Takes in a line of a traceback; returns whether the next one may name the exception."""
    if line[indent : indent + 1] in (" ", "") or line[:indent].strip():
        if (frame := _FRAME.fullmatch(line)) is not None:
            below.frame = frame
            below.functions[f"{frame[1]}:line {frame[2]}"] = frame[3]
        return True
    found = _TYPE.fullmatch(line[indent:]) if expecting else None
    if found is not None:
        below.error_type, below.said = found[1], found[2]
    return False


def _divide(text: str, below: _Below) -> tuple[str | None, str]:
    """(context, message): by what the traceback says the message is, else at the first ` - `."""
    said = below.said or below.error_type
    first, line_break, rest = text.partition("\n")
    if below.error_type is not None and said is not None and first.endswith(said):
        before = first[: len(first) - len(said)]
        headline = diagnose(below.error_type, said).headline
        before = before.removesuffix(f"{headline}: ") if headline is not None else before
        if not before or before.endswith(" - "):
            return before.removesuffix(" - ") or None, said + line_break + rest
    context, dash, message = text.partition(" - ")
    return (context, message) if dash else (None, text)


def _location(below: _Below) -> str | None:
    """`FILE:LINE in FUNCTION`, or what the record says of it."""
    place = _PLACE.fullmatch(below.place) if below.place is not None else None
    if place is not None:
        function = place[3] or below.functions.get(below.place or "")
        if function is None:
            return f"{place[1]}:{place[2]}"
        return f"{os.path.basename(place[1])}:{place[2]} in {function}"
    if below.frame is not None and below.place is None:
        return f"{below.frame[1]}:{below.frame[2]} in {below.frame[3]}"
    return below.place


def _fingerprint(error_type: str | None, location: str | None, message: str) -> str:
    """As `trainmon.facts.tracebacks` makes it, where type and function are known; else of what there is.

    Where a record says neither a type nor a place, its message has to tell errors apart, digits aside.
    """
    if error_type is None and location is None:
        name = re.sub(r"\d+", "#", message.partition("\n")[0])
    elif location is None:
        name = error_type or ""
    else:
        place, _, function = location.partition(" in ")
        path, _, line = place.rpartition(":")
        name = f"{error_type or ''}|{(path or place).rpartition('/')[2]}|{function or line}"
    return f"{zlib.crc32(name.encode('utf-8', 'backslashreplace')):08x}"
