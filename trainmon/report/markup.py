"""HTML and SVG as values: what is a `str` is text and gets escaped; only what these functions made is markup."""

from collections.abc import Iterable
from html import escape

import msgspec

_VOID = frozenset({"br", "meta", "col"})


class Html(msgspec.Struct, frozen=True):
    """Markup, complete in itself."""

    text: str


Child = Html | str | None
"""Inside an element; None is left out."""


def printable(text: str) -> str:
    """The text with what is not printable as escapes, but for line breaks: controls, bidi marks."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() or each == "\n" else repr(each)[1:-1] for each in text)


def element(tag: str, /, *children: Child, **attributes: str | float | None) -> Html:
    """An element.

    Args:
        tag: Its name.
        children: What stands in it, in order.
        **attributes: Those that are None are left out; `class_` is `class`, and `_` within a name is `-`.
    """
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_attribute(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if tag in _VOID:
        return Html(f"<{tag}{said}>")
    return Html(f"<{tag}{said}>{''.join(map(_inside, children))}</{tag}>")


def joined(parts: Iterable[Child]) -> Html:
    """Parts one after another."""
    return Html("".join(map(_inside, parts)))


def _inside(child: Child) -> str:
    if child is None:
        return ""
    return child.text if isinstance(child, Html) else escape(printable(child))


def _attribute(value: str | float) -> str:
    if isinstance(value, str):
        return escape(printable(value))
    return f"{value:.2f}".rstrip("0").rstrip(".")
