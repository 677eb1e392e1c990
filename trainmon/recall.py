"""One error as the journal has it, with its texts uncut; the state keeps the beginning of the newest ones only."""

import os
from pathlib import Path

from trainmon import journal
from trainmon.codec import decode_line
from trainmon.events import Error
from trainmon.paths import JOURNAL
from trainmon.state import Bookmark


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
    try:
        descriptor = journal.open_shared(folder / JOURNAL)
    except OSError:
        return None
    try:
        if not journal.fits(descriptor, bookmark):
            return None
        lines = journal.read_lines(descriptor, offset).lines
    except OSError:
        return None
    finally:
        os.close(descriptor)
    event = decode_line(lines[0]) if lines else None
    return event if isinstance(event, Error) else None
