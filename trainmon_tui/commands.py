"""The command palette: every view, every action of the view that is shown, and what Textual offers beside.

An entry presses its key, so that it does what the key does, whatever that is.
"""

from collections.abc import Iterable, Iterator
from functools import partial

from textual.app import App, SystemCommand
from textual.screen import Screen

_THEIRS = frozenset({"Theme", "Screenshot"})
"""Commands of Textual that are offered; quitting and help are ours."""


def commands(
    app: App[int], screen: Screen[object], theirs: Iterable[SystemCommand]
) -> Iterator[SystemCommand]:
    """What the palette offers, views first.

    Args:
        app: Is told the key that is pressed.
        screen: On which the palette was opened.
        theirs: What Textual would offer.
    """
    named: dict[str, str] = {}
    for active in screen.active_bindings.values():
        binding = active.binding
        if binding.show and binding.description and not binding.system:
            named.setdefault(binding.description, binding.key)
    for words, key in named.items():
        title = f"{words[:1].upper()}{words[1:]}"
        # Entries stand in the order of the alphabet: views first, in the order of their keys.
        title = f"{key} {title}" if key.isdecimal() and key != "0" else title
        yield SystemCommand(title, f"key {_shown(key)}", partial(app.simulate_key, key))
    for command in theirs:
        if command.title in _THEIRS:
            yield command


def _shown(key: str) -> str:
    """A key as it is written in the bottom line and the help."""
    return _SHOWN.get(key, key)


_SHOWN = {
    "question_mark": "?", "slash": "/", "colon": ":", "plus": "+", "minus": "-", "pageup": "pgup", "pagedown": "pgdn",
}  # fmt: skip
