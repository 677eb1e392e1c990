"""The terminal: whether a screen can be drawn on it, with which characters, and its title.

Textual draws on standard error and reads from standard input, so those two count and standard output does not.
"""

import os
import sys
from collections.abc import Callable, Mapping
from typing import TextIO

from trainmon_tui.render.safe import safe, to_ascii

_NO_SCREEN = frozenset({"", "dumb", "unknown"})
"""Values of TERM that cannot move a cursor; Textual would paint anyway."""

_NO_BRAILLE = frozenset({"linux"})
"""Values of TERM whose font has neither braille nor eighths of blocks: the kernel's own console."""

_SAMPLE = "⣿█▏┤✖"
"""What an encoding must hold for anything but ASCII to be drawn."""


def why_no_screen(environment: Mapping[str, str]) -> str | None:
    """Why no screen can be drawn here, in words; None: it can."""
    for name, stream in (("input", sys.__stdin__), ("error", sys.__stderr__)):
        if not _is_terminal(stream):
            return f"standard {name} is not a terminal"
    term = environment.get("TERM", "")
    if term in _NO_SCREEN:
        return f"TERM={term or '(not set)'} cannot draw a screen"
    return None


def _is_terminal(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # a closed stream
        return False


def own_descriptor() -> int:
    """A descriptor of the terminal behind standard error that does not block; standard error where there is none.

    It is opened anew: to switch standard error over would switch it for the shell too.
    """
    try:
        return os.open(os.ttyname(2), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:  # the terminal belongs to another user, as after `su`
        return 2


def needs_ascii(environment: Mapping[str, str]) -> bool:
    """Whether the encoding of standard error, or the font, lacks what the charts are made of."""
    encoding = getattr(sys.__stderr__, "encoding", None) or "ascii"
    try:
        _SAMPLE.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return True
    return environment.get("TERM") in _NO_BRAILLE


class Title:
    """The terminal's title; what it was before comes back at the end, where the terminal keeps a stack of titles."""

    def __init__(
        self, environment: Mapping[str, str], say: Callable[[str], None], *, ascii_only: bool
    ) -> None:
        """A title that has not been touched; on the kernel's console there is none.

        Args:
            environment: Says what kind of terminal it is.
            say: Sends a sequence to the terminal.
            ascii_only: Whether nothing above 0x7f may be sent.
        """
        self._say = say
        self._possible = environment.get("TERM") not in _NO_SCREEN | _NO_BRAILLE
        self._ascii = ascii_only
        self._shown: str | None = None

    def show(self, text: str) -> None:
        """Says the text, made safe, unless it stands there already."""
        line = safe(text, 80)
        line = to_ascii(line) if self._ascii else line
        if not self._possible or line == self._shown:
            return
        save = "\x1b[22;2t" if self._shown is None else ""
        self._shown = line
        self._say(f"{save}\x1b]2;{line}\x1b\\")

    def restore(self) -> None:
        """Brings back what was there."""
        if self._shown is not None:
            self._shown = None
            self._say("\x1b[23;2t")


_MOUSE_MODES = (1000, 1003, 1015, 1006)
"""What Textual switches on for the mouse; while they are on, the terminal and tmux select no text."""


class Mouse:
    """Whether the mouse is the monitor's or the terminal's, which then selects text."""

    def __init__(self, say: Callable[[str], None]) -> None:
        """The monitor's, as Textual has it at the start.

        Args:
            say: Sends a sequence to the terminal.
        """
        self._say = say
        self._ours = True

    def flip(self) -> bool:
        """Hands it to the other; whether it is the monitor's now."""
        self._ours = not self._ours
        self.tell()
        return self._ours

    def tell(self) -> None:
        """Says it again, after Textual has switched the mouse on anew."""
        self._say("".join(f"\x1b[?{mode}{'h' if self._ours else 'l'}" for mode in _MOUSE_MODES))


RESTORE = (
    b"\x18\x1b[0m\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?2004l\x1b[?7h"
    b"\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?1004l\x1b[23;2t"
)
"""What undoes all that Textual and we switch on: colours, mouse, paste, wrapping, keyboard, other screen, cursor,
focus, title; before it CAN, which ends a sequence that was cut in two."""


def restore_by_force(attributes: list[object] | None) -> None:
    """Restores a terminal whose reader may be stuck: in place of what it has not read yet, and never waits.

    Args:
        attributes: Of the terminal, as `termios.tcgetattr` had them; None: unknown.
    """
    import termios  # deferred: needed at most once, at the very end

    try:
        if attributes is not None:
            termios.tcsetattr(0, termios.TCSANOW, attributes)  # type: ignore[arg-type]  # what tcgetattr returned
        termios.tcflush(2, termios.TCOFLUSH)
        os.set_blocking(2, False)
        try:
            os.write(2, RESTORE)
        finally:
            # The shell has the same terminal, and would find it refusing what it cannot take at once.
            os.set_blocking(2, True)
    except (OSError, termios.error):  # the terminal is gone, or does not read: nothing is left to restore
        return
