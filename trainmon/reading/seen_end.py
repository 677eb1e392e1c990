"""How a trainer ended, as a screen of this user saw it: kept in the state folder, so that a later look knows it, too.

Where `trainmon run` or a sentinel saw it, `exit.json` says it to everybody; a screen writes into no run folder.
"""

from pathlib import Path

import msgspec

from trainmon.facts.events import Opened
from trainmon.system.kept import kept_path, read_struct
from trainmon.words.exits import EXIT_SCHEMA, ExitRecord

KIND = "ends"
"""Folder of the state folder for these files."""


def end_file(run: Path, record: ExitRecord, folder: Path | None = None) -> tuple[Path, bytes]:
    """Where the end of a run folder's newest trainer is kept, and what is to be written there.

    Args:
        run: The run folder.
        record: What was seen.
        folder: Where all is kept; None: where platformdirs says.
    """
    return kept_path(run, KIND, folder), msgspec.json.encode(record)


def kept_end(run: Path, opened: Opened) -> ExitRecord | None:
    """What was seen of the end of that very process; None: nothing, or it was another's."""
    found = read_struct(kept_path(run, KIND), ExitRecord)
    return found if found is not None and found.schema == EXIT_SCHEMA and is_of(found, opened) else None


def is_of(record: ExitRecord, opened: Opened) -> bool:
    """Whether the record is of that very process: numbers are used again, and folders are."""
    if opened.process_start is None:
        return False
    place = (record.host, record.boot_id, record.pid, record.start_ticks)
    return place == (opened.host, opened.boot_id, opened.pid, opened.process_start)
