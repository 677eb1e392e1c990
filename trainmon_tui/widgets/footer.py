"""The bottom line: the views as tabs, and the keys that matter here. Whatever stands in it can be clicked."""

from collections.abc import Iterable
from itertools import accumulate
from typing import NamedTuple

from textual import events

from trainmon_tui.render.cells import Role, Row, fit_row, row
from trainmon_tui.render.safe import cell_width
from trainmon_tui.sight.sight import Sight
from trainmon_tui.widgets.rows import RowsPanel

Keys = tuple[tuple[str, str], ...]
"""Key and what it does, the most important first; several keys of one kind are separated by a space."""

TABS: tuple[tuple[str, str, str], ...] = (
    ("1", "overview", "over"), ("2", "metrics", "metrics"), ("3", "machine", "machine"), ("4", "errors", "errors"),
    ("5", "logs", "logs"), ("6", "operations", "ops"), ("7", "runs", "runs"),
)  # fmt: skip
"""Key of each view, its name, and a short name."""

_NAMES = {
    "?": "question_mark", "/": "slash", ":": "colon", "+": "plus", "-": "minus", "[": "left_square_bracket",
    "]": "right_square_bracket", "<": "less_than_sign", ">": "greater_than_sign", "pgup": "pageup", "pgdn": "pagedown",
}  # fmt: skip
"""How Textual names the keys that we name in another way."""


class Piece(NamedTuple):
    """A stretch of the line."""

    text: str
    role: Role
    key: str | None = None
    """What a click on it presses, as Textual names it; None: nothing."""


class FooterSlice(NamedTuple):
    """What the bottom line offers."""

    keys: Keys = ()
    tab: str = ""
    """Key of the view that is shown; "": there are no tabs."""
    least: int = 4
    """Keys that are shown rather than longer names of the tabs."""


def pieces(piece: FooterSlice, width: int) -> list[Piece]:
    """Tabs, as long as there is room for, and the keys that fit, the most important first."""
    offered = [_offer(key, words) for key, words in piece.keys]
    line = _tabs(piece.tab, 0)
    for form in range(3) if piece.tab else ():
        line = _tabs(piece.tab, form)
        if _width([*line, *_joined(offered[: piece.least])]) <= width:
            break
    for offer in offered:
        longer = [*line, *_gap(line), *offer]
        line = longer if _width(longer) <= width else line
    return line


def key_at(line: Iterable[Piece], x: int) -> str | None:
    """What a click in that column presses; None: nothing."""
    line = list(line)
    ends = accumulate(cell_width(part.text) for part in line)
    return next((part.key for part, end in zip(line, ends, strict=True) if x < end), None)


def key_name(shown: str) -> str:
    """How Textual names a key that is shown like this."""
    return _NAMES.get(shown, shown)


def _tabs(current: str, form: int) -> list[Piece]:
    """The views by their names (form 0), by short names (1), or by their keys (2)."""
    if not current:
        return []
    line: list[Piece] = []
    for key, name, short in TABS:
        text = f"{key} {(name, short, '')[form]}".rstrip()
        if key == current:
            line.append(Piece(f"[{key} {(name, short, short)[form]}]", "title", key))
        elif form == 2:
            line.append(Piece(f" {text}", "key", key))
        else:
            line += [Piece(f" {key}", "key", key), Piece(f"{text[len(key) :]} ", "label", key)]
    return line


def _offer(keys: str, words: str) -> list[Piece]:
    """`up down scroll`: each key for itself; the words press the first."""
    names = keys.split()
    line: list[Piece] = []
    for at, name in enumerate(names):
        line += [Piece(" " if at else "", "plain"), Piece(name, "key", key_name(name))]
    return [*line, Piece(f" {words}", "label", key_name(names[0]))]


def _gap(line: list[Piece]) -> list[Piece]:
    return [Piece("  ", "plain")] if line else []


def _joined(offers: list[list[Piece]]) -> list[Piece]:
    return [part for offer in offers for part in (Piece("  ", "plain"), *offer)]


def _width(line: list[Piece]) -> int:
    return sum(cell_width(part.text) for part in line)


class FooterPanel(RowsPanel[FooterSlice]):
    """The tabs and keys of a screen."""

    keys: Keys = ()
    """Set by the screen that shows them."""
    tab = ""
    """The same; see `FooterSlice`."""
    least = FooterSlice().least
    """The same."""

    WHILE_PAUSED = True

    def pick(self, _sight: Sight) -> FooterSlice:
        """What the screen has set; the sight does not matter."""
        return FooterSlice(self.keys, self.tab, self.least)

    def draw(self, piece: FooterSlice, width: int, height: int) -> list[Row]:
        """See `pieces`."""
        line = row(*((part.text, part.role) for part in pieces(piece, width)))
        return [fit_row(line, width)][:height]

    def on_click(self, event: events.Click) -> None:
        """Presses the key under the mouse."""
        event.stop()
        offered = FooterSlice(self.keys, self.tab, self.least)
        key = key_at(pieces(offered, self.size.width), event.x)
        if key is not None:
            self.app.simulate_key(key)
