"""Lines to events and back: the only place that knows JSON.

A journal may hold anything: what a newer version wrote, a torn line, a bomb. Decoding never raises; what is no event
becomes an `Unread` that says why, so that it can be counted and shown.
"""

from contextlib import suppress
from typing import Any, Literal, get_args

import msgspec

from trainmon.facts.events import AnyEvent, Seq, WriterName

LINE_LIMIT = 1 << 20
"""Bytes; a longer line is skipped unread, so that it cannot cost memory or time."""

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)


class _Head(msgspec.Struct, gc=False):
    """What every line of every version says."""

    kind: str
    writer: WriterName = ""
    seq: Seq | None = None


_head_decoder = msgspec.json.Decoder(_Head)

_KINDS = frozenset(str(kind.__struct_config__.tag) for kind in get_args(AnyEvent))


class Unread(msgspec.Struct, frozen=True):
    """A line that is no event."""

    why: Literal["unknown", "malformed", "damaged", "long"]
    """`unknown`: a kind of a newer version; `malformed`: a known kind with values of the wrong type; `damaged`: not
    JSON; `long`: over `LINE_LIMIT`."""
    writer: str = ""
    """Empty where it is not known."""
    seq: int = -1
    """-1 where it is not known; such a line is never taken for a repetition."""
    kind: str = ""


def encode_line(event: AnyEvent) -> bytes:
    r"""The event as one line, `\n` included.

    Raises:
        TypeError, OverflowError, UnicodeEncodeError, ValueError: a value is not safe JSON; see `trainmon.facts.values`.
    """
    return _encoder.encode(event) + b"\n"


encode_lines = _encoder.encode_lines
r"""The events as lines, each with its `\n`; raises as `encode_line`. One call for the hot path."""


def encode_json(value: Any) -> bytes:
    """Any value of the state as JSON."""
    return _encoder.encode(value)


def decode_line(line: bytes) -> AnyEvent | Unread:
    """One line, without its line break, as an event or as the reason why it is none."""
    return _decode_one(line)


def _explain(line: bytes) -> Unread:
    try:
        head = _head_decoder.decode(line)
    except msgspec.ValidationError:
        return Unread("malformed")
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return Unread("damaged")
    why: Literal["unknown", "malformed"] = "malformed" if head.kind in _KINDS else "unknown"
    seq = head.seq if head.seq is not None else -1
    return Unread(why, head.writer, seq, head.kind[:80])


def decode_lines(lines: list[bytes]) -> list[AnyEvent | Unread]:
    """Many lines, each without its line break, in order; an entry a line."""
    if max(map(len, lines), default=0) <= LINE_LIMIT:
        # Nearly always all are events; else each is looked at by itself.
        with suppress(msgspec.MsgspecError, ValueError, RecursionError):
            return list(map(_decoder.decode, lines))
    return list(map(_decode_one, lines))


def _decode_one(line: bytes) -> AnyEvent | Unread:
    if len(line) > LINE_LIMIT:
        return Unread("long")
    try:
        return _decoder.decode(line)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return _explain(line)
