"""How values are written in the lines of the text logs: numbers, spans, objects, texts from outside.

Numbers are written as Python prints them, unless the spec gives a format. Texts may hold anything:
`safe_text` keeps a value from looking like a record.
"""

import math
import os
import re
from collections.abc import Iterable, Mapping

from trainmon.words.paths import JOURNAL, LogFile
from trainmon.words.scalars import Number

TAGS = {
    LogFile.GENERAL: "APP",
    LogFile.PROGRESS: "TRAINING",
    LogFile.ERRORS: "ERROR",
    LogFile.PERFORMANCE: "PERFORMANCE",
    LogFile.OPERATIONS: "MODEL",
}
"""What the lines of a file begin with, behind the time."""

LOGGERS = {
    "training_progress": LogFile.PROGRESS,
    "error_logger": LogFile.ERRORS,
    "performance": LogFile.PERFORMANCE,
    "model_operations": LogFile.OPERATIONS,
}
"""The loggers of the spec that have a file of their own; every other one goes to the general log."""

NESTED_LIMIT = 80
"""Characters of a nested object that a line of details shows; a longer one is `{...}`, as in the spec."""

_UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
r"""C0 but for `\n`, DEL, C1, marks that reorder text (UAX #9), line separators, lone surrogates."""

_FURTHER = re.compile(r"\n(?=[^\n])")
"""Before a further line that is not empty."""

_LEVELS = {"NOTSET": 0, "DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40, "CRITICAL": 50}
"""Of the `logging` module; a level with a name that is not here counts as INFO."""

_PLACE = re.compile(r"(.+):(?:line )?(\d+)(?: in .*)?", re.DOTALL)
_FRAME = re.compile(r'File "([^"\n]+)", line (\d+)')


def safe_text(text: str) -> str:
    """The text with its further lines indented by four spaces and its control characters escaped."""
    if text.isprintable():
        return text
    unified = text.replace("\r\n", "\n").replace("\r", "\n")
    return _FURTHER.sub("\n    ", _UNSAFE.sub(lambda found: repr(found[0])[1:-1], unified))


def eta_text(seconds: float | None) -> str:
    """`0.2h 15m`: a span as hours to one decimal and, again, as whole minutes; `unknown` for None."""
    if seconds is None or not math.isfinite(seconds):
        return "unknown"
    left = max(0.0, seconds)
    # A span computed as 899.999… seconds is 15 minutes.
    return f"{left / 3600:.1f}h {int(left / 60 + 1e-6)}m"


def severity(level: str) -> int:
    """The number of a level in `logging`, by its name in any case."""
    return _LEVELS.get(level.upper(), _LEVELS["INFO"])


def loss_level(loss: Number | None) -> str:
    """The level of a line with this loss: a NaN or infinite one is worth a warning."""
    return "INFO" if loss is None or math.isfinite(float(loss)) else "WARNING"


def fixed(value: Number, decimals: int) -> str:
    """A fixed number of decimals; from 1e16 on, where they would be noise, in scientific form."""
    number = float(value)
    return f"{number:.{decimals}{'e' if abs(number) >= 1e16 else 'f'}}"


def loss_text(loss: Number | None) -> str | None:
    """A loss with six decimals, `nan` or `inf`; None for None."""
    return None if loss is None else fixed(loss, 6)


def plain(value: Number) -> str:
    """A number as Python prints it: `94.32`, `75.0`, `943`, `nan`."""
    return str(float(value)) if isinstance(value, str) else str(value)


def plain_all(values: Mapping[str, Number]) -> dict[str, str]:
    """Metrics as Python prints them, by name."""
    return {name: plain(value) for name, value in values.items()}


def memory_text(name: str, value: Number) -> str:
    """A value of `memory_usage`: GPU memory is in gigabytes and says so, as in the spec's sample."""
    lower = name.lower()
    return plain(value) + ("GB" if "gpu" in lower and "mem" in lower else "")


def json_texts(values: Mapping[str, object], limit: int | None = NESTED_LIMIT) -> dict[str, str]:
    """Values as Python prints them, by name; longer nested ones are `{...}` or `[...]`; None: no limit."""
    return {name: _json_text(value, limit) for name, value in values.items()}


def _json_text(value: object, limit: int | None) -> str:
    text = value if isinstance(value, str) else str(value)
    if limit is None or len(text) <= limit or not isinstance(value, dict | list):
        return text
    return "{...}" if isinstance(value, dict) else "[...]"


def join(values: Mapping[str, str]) -> str:
    """`name: text, name: text`."""
    return ", ".join(f"{name}: {text}" for name, text in values.items())


def further(parts: Iterable[tuple[str, object]]) -> str:
    """`, Name: value, Name: value`, to be put behind others; parts that are None are left out."""
    return "".join(f", {name}: {value}" for name, value in parts if value is not None)


def sentence(title: str, parts: Iterable[tuple[str, object]]) -> str:
    """`title - Name: value, Name: value`; parts that are None are left out."""
    named = further(parts)
    return f"{title} - {named[2:]}" if named else title


def times(count: int) -> str:
    """` (×5)` behind what came five times; empty for once."""
    return f" (×{count:,})" if count > 1 else ""


def left_out_text(count: int) -> str:
    """What stands in the place of progress lines that were left out; `count` is at least 1."""
    lines, are = ("line", "it is") if count == 1 else ("lines", "they are")
    return f"… {count:,} progress {lines} left out, {are} in {JOURNAL}"


def place(location: str | None, traceback: str) -> str:
    """`/path/to/FILE:line N`, as the spec has it: the frame of a traceback that a location means, else its last one.

    Args:
        location: `FILE:N in FUNCTION`, the place in the program's own code; None: not known.
        traceback: Where the file's whole path is looked for.

    Returns:
        What of it is known; empty where neither says anything.
    """
    frames: list[tuple[str, str]] = _FRAME.findall(traceback)
    if location is None:
        return "{}:line {}".format(*frames[-1]) if frames else ""
    found = _PLACE.fullmatch(location)
    if found is None:
        return location
    name, line = found[1], found[2]
    whole = (path for path, number in reversed(frames) if number == line and os.path.basename(path) == name)
    return f"{next(whole, name)}:line {line}"
