"""Describes an exception for good, at the moment it is logged: frames and objects are not kept.

The traceback is walked and written by hand. `traceback.format_exception` raises for an exception whose own
attributes raise, costs time without bound on deep recursion, and from Python 3.12 on reads locals and calls
`__dir__` of foreign objects to suggest names. No local variable is read here.
"""

import linecache
import os
import traceback
import zlib
from collections import deque
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from types import TracebackType

import msgspec

from trainmon.words.secrets import mask_text
from trainmon.words.visible import valid

MAX_MESSAGE = 65_536
"""UTF-8 bytes of a message: the journal's cap."""

MAX_TRACEBACK = 262_144
"""UTF-8 bytes of a traceback: the journal's cap."""

MAX_EXCEPTIONS = 50
"""Exceptions written in all, over causes and groups; those nearest to the error are counted first."""

_MAX_CHAIN = 20
"""Links followed from an exception to its causes: longer chains come from retry loops, and repeat."""

_MAX_GROUP = 15
"""Members written of one group, as Python does."""

_OUTER_FRAMES = 50
_INNER_FRAMES = 150
"""Frames written from either end: a runaway recursion has a thousand or a million that are alike."""

_MAX_PART = 8_192
"""UTF-8 bytes of a note, or of the message of an exception other than the one described."""

_MASK_MARGIN = 1_024
"""Characters that are masked beyond a cut, so that a secret which crosses it is recognised."""


class ErrorDescription(msgspec.Struct, frozen=True):
    """An exception as text, masked and bounded."""

    error_type: str
    """The class, with its module unless that is `builtins` or `__main__`, as tracebacks have it."""

    message: str
    """`str(error)`; what a broken `__str__` raises is named instead. At most `MAX_MESSAGE` bytes."""

    traceback: str
    """With causes, contexts, groups and notes, never locals; cut in its middle to `MAX_TRACEBACK` bytes."""

    fingerprint: str
    """Eight hexadecimal digits, equal for the same class raised from the same function of the same file."""

    location: str | None
    """`train.py:123 in train_step`: where in the user's own code; None where there is no traceback."""


def describe(error: BaseException) -> ErrorDescription:
    """The exception as it is now; never raises, whatever the exception's own methods do."""
    try:
        return _describe(error)
    except Exception as failure:  # noqa: BLE001 - the record of an error must survive a hostile error
        name: str = vars(type)["__name__"].__get__(type(error))  # past what a metaclass makes of it
        why = f"<describing it raised {type(failure).__name__}>"
        return ErrorDescription(name, why, f"{name}: {why}\n", f"{zlib.crc32(why.encode()):08x}", None)


def _describe(error: BaseException) -> ErrorDescription:
    error_type = _type_name(error)
    frame = _own_frame(_attribute(error, "__traceback__"))
    place, location = error_type, None
    if frame is not None:
        code = frame.tb_frame.f_code
        base = os.path.basename(code.co_filename)
        place = f"{error_type}|{base}|{code.co_name}"
        location = valid(f"{base}:{frame.tb_lineno} in {code.co_name}")
    return ErrorDescription(
        error_type=error_type,
        message=_message(error, MAX_MESSAGE),
        traceback=_cut_middle(_Writer().chain(error, MAX_MESSAGE)),
        fingerprint=f"{zlib.crc32(place.encode('utf-8', 'backslashreplace')):08x}",
        location=location,
    )


def _attribute(error: BaseException, name: str) -> object:
    """An attribute as `BaseException` stores it, past any property of a subclass."""
    value: object = vars(BaseException)[name].__get__(error)
    return value


def _type_name(error: object) -> str:
    kind = type(error)
    try:
        home = "" if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}."
        return valid(f"{home}{kind.__qualname__}"[:500])
    except Exception:  # noqa: BLE001 - a metaclass may define __qualname__
        return "object"


def _message(error: object, limit: int) -> str:
    r"""`str(error)`, masked, of at most `limit` UTF-8 bytes with its mark."""
    try:
        text = str(error)
        length = str.__len__(text)
        seen = str.__getitem__(text, slice(limit + _MASK_MARGIN))
    except Exception as failure:  # noqa: BLE001 - a broken __str__ must not hide the traceback
        return f"<str raised {type(failure).__name__}>"
    masked = mask_text(valid(seen))
    data = masked.encode()
    if len(data) <= limit and length <= len(seen):
        return masked
    # What follows the margin was not seen by the mask, so that the margin is never shown.
    kept = data[: min(limit - 64, max(len(data) - _MASK_MARGIN, 0))].decode("utf-8", "ignore")
    return f"{kept} … [truncated {length - len(seen) + len(masked) - len(kept):,} characters]"


def _cut_middle(text: str) -> str:
    data = text.encode()
    if len(data) <= MAX_TRACEBACK:
        return text
    half = (MAX_TRACEBACK - 64) // 2
    head, tail = (part.decode("utf-8", "ignore") for part in (data[:half], data[-half:]))
    return f"{head}\n[{len(data) - 2 * half:,} bytes left out]\n{tail}"


class _Writer:
    """Writes one exception with all that hangs on it; each exception once, `MAX_EXCEPTIONS` at most."""

    def __init__(self) -> None:
        self._left = MAX_EXCEPTIONS
        self._seen: set[int] = set()

    def chain(self, error: BaseException, limit: int) -> str:
        """The exception after its causes and contexts, oldest first.

        Args:
            error: The last exception of the chain.
            limit: UTF-8 bytes of its message; those of the others are cut to `_MAX_PART`.
        """
        blocks: list[str] = []
        link: BaseException | None = error
        leads_on = ""
        while link is not None and id(link) not in self._seen:
            if self._left == 0 or len(blocks) == _MAX_CHAIN:
                blocks.append("[earlier exceptions are left out]\n\n")
                break
            self._left -= 1
            self._seen.add(id(link))
            blocks.append(self._one(link, limit if link is error else _MAX_PART) + leads_on)
            link, leads_on = _behind(link)
        return "".join(reversed(blocks)) or _last_line(error, _MAX_PART)

    def _one(self, error: BaseException, limit: int) -> str:
        first_traceback = _attribute(error, "__traceback__")
        # By the real class: `isinstance` also asks `__class__`, which may raise.
        is_group = issubclass(type(error), BaseExceptionGroup)
        text = _last_line(error, limit)
        if isinstance(first_traceback, TracebackType):
            head = "Exception Group Traceback" if is_group else "Traceback"
            text = f"{head} (most recent call last):\n{_frames_text(first_traceback)}{text}"
        return text + self._members(error) if is_group else text

    def _members(self, group: BaseException) -> str:
        members: tuple[BaseException, ...] = vars(BaseExceptionGroup)["exceptions"].__get__(group)
        pieces: list[str] = []
        written = 0
        for member in members[:_MAX_GROUP]:
            if self._left == 0:
                break
            written += 1
            pieces.append(f"  +---------------- {written} ----------------\n")
            pieces += (f"  | {line}" for line in self.chain(member, _MAX_PART).splitlines(keepends=True))
        more = len(members) - written
        pieces.append(f"  +--- {more:,} more are left out ---\n" if more else f"  +{'-' * 36}\n")
        return "".join(pieces)


def _behind(error: BaseException) -> tuple[BaseException | None, str]:
    """What led to this exception, and the sentence that Python puts between the two."""
    cause = _attribute(error, "__cause__")
    if isinstance(cause, BaseException):
        return cause, "\nThe above exception was the direct cause of the following exception:\n\n"
    context = _attribute(error, "__context__")
    if isinstance(context, BaseException) and not _attribute(error, "__suppress_context__"):
        return context, "\nDuring handling of the above exception, another exception occurred:\n\n"
    return None, ""


def _last_line(error: BaseException, limit: int) -> str:
    """`ValueError: message` and the notes; of a syntax error also the place it is about."""
    if issubclass(type(error), SyntaxError):
        try:
            lines = traceback.format_exception_only(type(error), error)
            return _message("".join(lines).rstrip("\n"), limit) + "\n"
        except Exception:  # noqa: BLE001 - hostile attributes: it is written like any other instead
            return f"{_type_name(error)}: {_message(error, limit)}\n"
    message = _message(error, limit)
    return f"{_type_name(error)}{': ' if message else ''}{message}\n{_notes(error)}"


def _notes(error: BaseException) -> str:
    try:
        notes = getattr(error, "__notes__", None)
    except Exception as failure:  # noqa: BLE001 - a subclass may define __getattr__
        return f"<reading the notes raised {type(failure).__name__}>\n"
    if not isinstance(notes, list | tuple):
        return ""
    text = "".join(f"{_message(note, _MAX_PART)}\n" for note in islice(notes, _MAX_GROUP))
    return text + (f"[{len(notes) - _MAX_GROUP:,} more notes]\n" if len(notes) > _MAX_GROUP else "")


def _walk(first: object) -> Iterator[TracebackType]:
    """The frames of a traceback, from the outermost to where the exception was raised."""
    while isinstance(first, TracebackType):
        yield first
        first = first.tb_next


def _frames_text(first: TracebackType) -> str:
    outer: list[TracebackType] = []
    inner: deque[TracebackType] = deque(maxlen=_INNER_FRAMES)
    count = 0
    for frame in _walk(first):
        count += 1
        (outer if len(outer) < _OUTER_FRAMES else inner).append(frame)
    left_out = count - len(outer) - len(inner)
    gap = f"  [{left_out:,} frames left out]\n" if left_out else ""
    return mask_text(valid(_lines(outer) + gap + _lines(list(inner))))


def _lines(frames: list[TracebackType]) -> str:
    try:
        for name in {frame.tb_frame.f_code.co_filename for frame in frames}:
            linecache.checkcache(name)
        return "".join(traceback.StackSummary.from_list([_summary(frame) for frame in frames]).format())
    except Exception:  # noqa: BLE001 - a foreign loader may raise when asked for its source
        codes = ((frame.tb_frame.f_code, frame.tb_lineno) for frame in frames)
        return "".join(f'  File "{code.co_filename}", line {at}, in {code.co_name}\n' for code, at in codes)


def _summary(frame: TracebackType) -> traceback.FrameSummary:
    code = frame.tb_frame.f_code
    linecache.lazycache(code.co_filename, frame.tb_frame.f_globals)
    # Two bytes an instruction; see `code.co_positions` in the reference of the data model.
    place = next(islice(code.co_positions(), frame.tb_lasti // 2, None), (None, None, None, None))
    return traceback.FrameSummary(
        *(code.co_filename, frame.tb_lineno, code.co_name),
        lookup_line=False,
        end_lineno=place[1],
        colno=place[2],
        end_colno=place[3],
    )


def _own_frame(first: object) -> TracebackType | None:
    """The innermost frame of the user's own code, else the innermost of all; None without a traceback."""
    own = last = None
    for frame in _walk(first):
        last = frame
        if _is_own(frame.tb_frame.f_code.co_filename):
            own = frame
    return own or last


_FOREIGN_FOLDERS = tuple(
    f"{os.path.dirname(resolve(file))}{os.sep}"
    for file in (os.__file__, os.path.dirname(__file__))
    for resolve in (os.path.abspath, os.path.realpath)
)
"""The standard library, and trainmon itself."""


@lru_cache(maxsize=1024)
def _is_own(filename: str) -> bool:
    """Whether code of this file is neither Python's, nor an installed package's, nor ours."""
    return not (
        filename.startswith(("<frozen ", *_FOREIGN_FOLDERS))
        or "site-packages" in filename
        or "dist-packages" in filename
    )
