"""Untrusted text made fit for a terminal: nothing invisible, nothing that a terminal obeys.

Whatever came out of a log, a run name, a path or a metric key passes `safe` (one line) or `safe_lines`
before a widget sees it. Widgets alone do not protect: `Content`, `Text` and `markup=False` let ESC and the
C1 controls through. The result holds printable characters only, but it may still look like markup: give it
to `Content` or `Text`, never to a parser of markup.
"""

import re
from unicodedata import category

from rich.cells import cell_len, get_character_cell_size

MOST_MARKS = 4
"""Combining marks kept for each base character; living scripts need three, "zalgo" has hundreds."""

TAB_CELLS = 4
"""Distance of tab stops; less than a terminal's 8, because panels are narrow."""

CUT = "…"
"""What stands at the end of a text that was cut."""

_DROPPED = re.compile("[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]")
"""Text and emoji style and skin tones: they change no meaning, and terminals disagree about their width."""

_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0"  # letters and marks that draw nothing
    "\u180b-\u180f\ufe00-\ufe0d\U000e0000-\U000e0fff]"  # variation selectors, tags
)
"""Characters that Python may call printable, but that draw nothing and can smuggle text."""

_SINGLE = re.compile("[\x20-\u02ff\u2010-\u2027\u2190-\u28ff]*")
"""Characters of which none combines with another; with as many cells as characters, none is wide either."""

_ASCII_LOOKALIKES = str.maketrans(
    {"…": "...", "–": "-", "—": "-", "×": "x", "✗": "x", "✖": "x", "●": "*", "★": "*", "·": ".", "°": " ",
     "→": "->", "│": "|", "┤": "|", "─": "-", "∞": "inf", "‘": "'", "’": "'", "“": '"', "”": '"'}
)  # fmt: skip


def safe(text: object, limit: int = 4096) -> str:
    r"""One line of visible text: what a terminal would obey, hide or reorder is spelled out.

    C0 controls and DEL become their pictures (ESC "␛", line break "␊"); C1, bidi and zero-width controls,
    tags, surrogates and line separators become escapes like "\u202e"; a tab becomes spaces up to the next
    stop; exotic spaces become one space; at most `MOST_MARKS` marks stay on a character. Wide characters
    stay. What is already safe comes back unchanged.

    Args:
        text: Anything; what its `__str__` raises becomes part of the text.
        limit: Characters that are looked at, at least 1; a longer text is cut and ends with `CUT`.
    """
    line = _guarded_str(text)
    if len(line) > max(limit, 1):
        line = line[: max(limit, 1) - 1] + CUT
    if line.isascii() and line.isprintable():
        return line
    line = _DROPPED.sub("", line.expandtabs(TAB_CELLS))
    if not line.isprintable() or _INVISIBLE.search(line):
        line = "".join(map(_visible, line))
    return _visible_marks(line)


def safe_lines(text: object, limit: int = 65_536, most_lines: int = 1_000) -> list[str]:
    r"""The lines of a text, each made visible as by `safe`; split at "\n" and "\r\n" alone.

    Args:
        text: Anything; what its `__str__` raises becomes part of the text.
        limit: Characters that are looked at; a longer text is cut and ends with `CUT`.
        most_lines: Lines returned, at least 1; when some are left out, the last line says how many.
    """
    whole = _guarded_str(text)
    if len(whole) > limit:
        whole = whole[: max(limit, 1) - 1] + CUT
    lines = whole.replace("\r\n", "\n").split("\n")
    if lines and not lines[-1] and len(lines) > 1:
        lines.pop()
    left_out = len(lines) - max(most_lines, 1)
    if left_out > 0:
        lines = [*lines[: max(most_lines, 1) - 1], f"{CUT} {left_out + 1:,} more lines"]
    return [safe(line) for line in lines]


def to_ascii(text: str) -> str:
    r"""The text with no character above 0x7f: our own glyphs become lookalikes, others escapes ("\xe9").

    May change the width, so it comes before `fit`.
    """
    if text.isascii():
        return text
    return text.translate(_ASCII_LOOKALIKES).encode("ascii", "backslashreplace").decode("ascii")


def is_single(text: str) -> bool:
    """Whether each character of a safe text surely takes one cell, whatever the terminal."""
    return text.isascii() or (_SINGLE.fullmatch(text) is not None and cell_len(text) == len(text))


def character_width(character: str) -> int:
    """Terminal cells that one character takes by itself."""
    return get_character_cell_size(character)


def cell_width(text: str) -> int:
    """Terminal cells that a safe text takes: 2 for a wide character, 0 for a combining mark."""
    return len(text) if text.isascii() else cell_len(text)


def fit(text: str, width: int, *, right: bool = False, ellipsis: str = CUT) -> str:
    """The safe text in exactly `width` cells: cut with an ellipsis, or padded with spaces.

    A wide character that would be cut in half becomes a space.

    Args:
        text: What `safe` returned.
        width: Cells; below 1 the result is empty.
        right: Whether the text stands at the right end, as numbers do.
        ellipsis: What stands at the end of a cut text; `"~"` where only ASCII may be drawn.
    """
    cells = cell_width(text)
    if cells > width:
        mark = ellipsis if cell_width(ellipsis) <= width else ""
        text = cut(text, width - cell_width(mark)) + mark
        cells = cell_width(text)
    padding = " " * (width - cells)
    return padding + text if right else text + padding


def cut(text: str, width: int) -> str:
    """The beginning of the safe text, at most `width` cells wide, with the marks of its last character."""
    if cell_width(text) <= width:
        return text
    if text.isascii():
        return text[: max(width, 0)]
    cells = 0
    for index, character in enumerate(text):
        cells += get_character_cell_size(character)
        if cells > width:
            return text[:index]
    return text


def _guarded_str(text: object) -> str:
    """`str(text)`; what a hostile `__str__` raises becomes the text."""
    if type(text) is str:
        return text
    try:
        return str(text)
    except Exception as error:  # noqa: BLE001 - a broken __str__ must not take the screen with it
        return f"<{type(text).__name__}: str raised {type(error).__name__}>"


def _visible(character: str) -> str:
    """The character itself when it draws something, else a text that names it."""
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if character.isprintable() and not _INVISIBLE.match(character):
        return character
    if category(character) == "Zs":
        return " "
    return character.encode("ascii", "backslashreplace").decode("ascii")


def _visible_marks(text: str) -> str:
    """The text with at most `MOST_MARKS` marks a character, and a dotted circle under a leading mark."""
    if not any(map(_is_mark, text)):
        return text
    kept: list[str] = []
    marks = 0
    for character in text:
        if not _is_mark(character):
            marks = 0
        elif not kept:
            # Without a base of its own it would sit on the border of the panel.
            kept.append("\u25cc")
            marks = 1
        else:
            marks += 1
        if marks <= MOST_MARKS:
            kept.append(character)
    return "".join(kept)


def _is_mark(character: str) -> bool:
    """Whether the character takes no cell of its own and sits on the one before."""
    return character > "\u02ff" and get_character_cell_size(character) == 0
