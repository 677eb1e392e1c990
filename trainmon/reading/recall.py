"""One error as the journal has it, with its texts uncut; the state keeps the beginning of the newest ones only."""

from pathlib import Path

from trainmon.facts.codec import decode_line
from trainmon.facts.events import Error
from trainmon.fold.state import Bookmark
from trainmon.reading.walk import in_journal
from trainmon.storage.journal import read_lines


def recall_error(folder: Path, bookmark: Bookmark, offset: int) -> Error | None:
    """The error whose line begins at an offset, in any thread.

    Args:
        folder: The run folder.
        bookmark: Of the state that the offset is from.
        offset: Of a line of its journal.

    Returns:
        None where the journal was replaced or cannot be read, and where no error stands there.
    """
    if not 0 <= offset < bookmark.offset:
        return None
    lines = in_journal(folder, bookmark, lambda descriptor: read_lines(descriptor, offset).lines)
    event = decode_line(lines[0]) if lines else None
    return event if isinstance(event, Error) else None
