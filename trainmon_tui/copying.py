"""Copying with a key: to the terminal's clipboard, and always to a file by a thread, which says where it is."""

from collections.abc import Callable
from pathlib import Path

from textual.message import Message
from textual.screen import Screen

from trainmon_tui.copies import CLIPBOARD_LIMIT, save
from trainmon_tui.render.safe import safe
from trainmon_tui.sight.latest import Latest


class Copied(Message):
    """Something was copied; posted from the thread that wrote the file."""

    def __init__(self, path: Path | None, *, sent: bool) -> None:
        """Into this file, None into none; and whether it was sent to the terminal."""
        super().__init__()
        self.place = safe(path) if path is not None else ""
        """Where the copy surely lies, "" for nowhere; safe text."""
        clipboard = "the clipboard, where the terminal lets it"
        if not sent:
            clipboard = "no clipboard, since it is too long for one"
        file = self.place or "no file, since none can be written"
        self.said = f"copied to {file}, and to {clipboard}"
        """What came of it, in full; safe text."""


class Copier:
    """Copies for a screen, which gets a `Copied` each time."""

    def __init__(self, screen: Screen[bool | None], folder: Path | None = None) -> None:
        """A copier that has not copied yet; `folder` as for `trainmon_tui.copies.save`."""
        self._screen = screen
        self._folder = folder
        self._writer: Latest[str] = Latest("trainmon-copy", self._save)

    def copy(self, text: str) -> None:
        """Copies a safe text."""
        if _fits(text):
            self._screen.app.copy_to_clipboard(text)
        self._writer.ask(text)

    def stop(self) -> None:
        """Ends the thread."""
        self._writer.stop()

    def _save(self, text: str, _outdated: Callable[[], bool]) -> None:
        """In the writer's thread."""
        try:
            path = save(text, self._folder)
        except Exception:  # noqa: BLE001 - whatever fails there, the clipboard may have it
            path = None
        self._screen.post_message(Copied(path, sent=_fits(text)))


def _fits(text: str) -> bool:
    """Whether a clipboard takes it."""
    return len(text.encode()) <= CLIPBOARD_LIMIT
