"""What was copied, in a file, too: tmux and many terminals drop what is sent to the clipboard, and nobody can tell.

Never in a run folder: the monitor writes nothing there.
"""

import os
import tempfile
from pathlib import Path

from platformdirs import user_state_path

COPIED = "copied.txt"
"""The file; what was copied before is replaced."""

CLIPBOARD_LIMIT = 74_994
"""Bytes that are sent to a terminal's clipboard at most: xterm and hterm take 100,000 in base64, and drop all of a
longer text."""


def save(text: str, folder: Path | None = None) -> Path | None:
    """Writes the text where it can be found; None where that cannot be done anywhere.

    Args:
        text: Safe text.
        folder: Where to write; None: where platformdirs says. The folder for temporary files where that fails.
    """
    data = text.encode("utf-8", "backslashreplace")
    path = (folder or user_state_path("trainmon")) / COPIED
    try:
        if not path.is_absolute():  # "~" stays where nobody has a home
            raise FileNotFoundError(path)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        beside = path.with_name(f"{COPIED}.{os.getpid()}")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        beside.replace(path)
    except OSError:
        return _save_elsewhere(data)
    return path


def _save_elsewhere(data: bytes) -> Path | None:
    try:
        descriptor, name = tempfile.mkstemp(prefix="trainmon-copied-", suffix=".txt")
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
    except OSError:
        return None
    return Path(name)
