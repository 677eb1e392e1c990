"""Untrusted text made fit for a terminal, and for one that knows only ASCII; the screen has its own (`render/safe`).

Whatever came out of a file passes `visible` before a command prints it: the result is one line, and nothing in it is
obeyed, hidden or reordered by a terminal.
"""

CUT = "…"
"""What stands at the end of a text that was cut."""

_LOOKALIKES = str.maketrans(
    {"●": "*", "○": "o", "◌": "o", "◆": "*", "▼": "*", "▲": "!", "■": "#", "✔": "=", "✖": "x", "✓": "ok", "✗": "no",
     "…": "...", "–": "-", "—": "-", "×": "x", "∞": "inf", "·": ".", "│": "|"}
)  # fmt: skip


def visible(text: str, limit: int = 400) -> str:
    r"""One line of printable text: controls, line breaks, bidi and zero-width marks and surrogates become escapes.

    Args:
        text: Anything.
        limit: Characters of it that are shown; a longer text is cut and ends with `CUT`.
    """
    shown = text if len(text) <= limit else text[: max(0, limit - 1)] + CUT
    if shown.isprintable():
        return shown
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in shown)


def in_encoding(text: str, encoding: str | None) -> str:
    """The text as an encoding can write it: unchanged, or in ASCII with lookalikes and escapes.

    Args:
        text: Of a whole output, so that it does not mix the two.
        encoding: Of the stream; None counts as ASCII.
    """
    try:
        text.encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return text.translate(_LOOKALIKES).encode("ascii", "backslashreplace").decode("ascii")
    return text


def valid(text: str) -> str:
    r"""The text with lone surrogates as `\udXXX`, so that it is Unicode."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")
