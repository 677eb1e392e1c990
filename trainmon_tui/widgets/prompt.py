"""The line in which something is typed: a search, a filter, a place to go to."""

import msgspec
from textual import events

from trainmon_tui.render.cells import Row, fit_row, row, row_width
from trainmon_tui.render.safe import cell_width, safe, to_ascii
from trainmon_tui.sight.sight import Sight
from trainmon_tui.widgets.lines import clip_end, spread
from trainmon_tui.widgets.rows import RowsPanel

_CLICKS = (("enter go", "enter"), ("escape back", "escape"))
"""What can be clicked, and the key that it presses."""

LIMIT = 200
"""Characters that can be typed."""


class Typed(msgspec.Struct, frozen=True):
    """What was typed so far."""

    label: str = ""
    """What it is for; safe text."""
    hint: str = ""
    """What may be typed; safe text."""
    text: str = ""
    """Untrusted: it may have been pasted."""


def after_key(typed: Typed, key: str, character: str | None) -> Typed:
    """The same after a key; one that means nothing here changes nothing.

    Args:
        typed: What was typed so far.
        key: As Textual names it.
        character: What it prints; None: nothing.
    """
    if key in ("backspace", "ctrl+h"):
        return msgspec.structs.replace(typed, text=typed.text[:-1])
    if key == "ctrl+u":
        return msgspec.structs.replace(typed, text="")
    if key == "ctrl+w":
        kept = typed.text.rstrip().rpartition(" ")
        return msgspec.structs.replace(typed, text=kept[0] + kept[1])
    return after_text(typed, character) if character is not None and character.isprintable() else typed


def after_text(typed: Typed, text: str) -> Typed:
    """The same with more behind it; of a pasted text the first line."""
    lines = text.splitlines()
    return msgspec.structs.replace(typed, text=(typed.text + (lines[0] if lines else ""))[:LIMIT])


def rows(typed: Typed, width: int, height: int, ascii_only: bool) -> list[Row]:
    """The label, the end of what was typed, a cursor, and what may be typed."""
    label = row((f"{typed.label} ", "key"))
    text = safe(typed.text)
    shown = clip_end(
        to_ascii(text) if ascii_only else text, max(1, width - row_width(label) - 1), ascii_only=ascii_only
    )
    left = row(*label, (shown, "value"), (" ", "match"))
    keys = row(("  enter", "key"), (" go  ", "label"), ("escape", "key"), (" back", "label"))
    hint = row((f"  {typed.hint}", "dim"))
    return [fit_row(spread(left, [row(*hint, *keys), hint, keys], width), width)][:height]


class PromptPanel(RowsPanel[Typed]):
    """The line in which something is typed; the screen hands it over."""

    typed = Typed()
    """What was typed so far; set by `take`."""

    def take(self, typed: Typed) -> None:
        """Draws what was typed."""
        self.typed = self._slice = typed
        self.redraw()

    def on_click(self, event: events.Click) -> None:
        """Presses the key under the mouse."""
        event.stop()
        line = self.text()
        for words, key in _CLICKS:
            at = cell_width(line[: line.rfind(words)]) if words in line else self.size.width
            if at <= event.x < at + len(words):
                self.app.simulate_key(key)

    def pick(self, _sight: Sight) -> Typed:
        """What was typed; the sight does not matter."""
        return self.typed

    def draw(self, piece: Typed, width: int, height: int) -> list[Row]:
        """See `rows`."""
        return rows(piece, width, height, self._ascii)
