"""Long names side by side, shortened so that what tells them apart stays."""

from collections.abc import Sequence
from typing import NamedTuple

from trainmon_tui.render.safe import CUT, cell_width
from trainmon_tui.widgets.lines import clip, clip_end, words

_SEPARATORS = "/._ "


class Common(NamedTuple):
    """What some names have in common."""

    head: str = ""
    """What all of them begin with."""
    tail: str = ""
    """What all of them end with; no name is so short that both overlap."""


def common_parts(names: Sequence[str]) -> Common:
    """What all names begin and end with, up to a separator, so that numbers stay whole; nothing for a single one."""
    if len(names) < 2:
        return Common()
    head = _shared(names)
    head = max(names[0].rfind(separator, 0, head) for separator in _SEPARATORS) + 1
    turned = [name[head:][::-1] for name in names]
    tail = _shared(turned)
    tail = max(turned[0].rfind(separator, 0, tail) for separator in _SEPARATORS) + 1
    return Common(names[0][:head], names[0][len(names[0]) - tail :])


def _shared(names: Sequence[str]) -> int:
    """Characters that all names begin with."""
    # What the first and the last by order have in common, all between them have.
    first, last = min(names), max(names)
    pairs = enumerate(zip(first, last, strict=False))
    return next((index for index, (a, b) in pairs if a != b), min(len(first), len(last)))


def short_name(name: str, common: Common, width: int, *, ascii_only: bool) -> str:
    """The safe name in at most `width` cells: what all names begin with goes first, then their end, then the middle.

    Args:
        name: As it was logged.
        common: What all long names on the page have in common; this one need not be among them.
        width: Cells.
        ascii_only: Whether nothing above 0x7f may be drawn.
    """
    mark = "~" if ascii_only else CUT
    whole = words(name, ascii_only=ascii_only) or '""'
    if cell_width(whole) <= width:
        return whole
    rest = name.removeprefix(common.head)
    begin = mark if len(rest) < len(name) else ""
    own = begin + words(rest, ascii_only=ascii_only)
    if cell_width(own) <= width:
        return own
    kept = rest.removesuffix(common.tail)
    if len(kept) < len(rest):
        own = begin + words(kept, ascii_only=ascii_only) + mark
        if cell_width(own) <= width:
            return own
    head = clip(own, max(1, width // 3), ascii_only=ascii_only)
    return head + clip_end(own, width - cell_width(head), ascii_only=ascii_only)[1:]
