"""Writing down how a program ended, by whoever saw it: its parent, or a sentinel."""

import os
from pathlib import Path

import msgspec

from trainmon.exits import ExitRecord
from trainmon.paths import EXIT
from trainmon.private_files import open_new


def write_exit(folder: Path, record: ExitRecord) -> None:
    """Puts the record into a run folder at once: a reader sees all of it or none.

    Raises:
        OSError: It could not be written; an older one stands.
    """
    temporary = folder / f".{EXIT}.{os.getpid()}.tmp"
    descriptor = open_new(temporary)
    try:
        os.write(descriptor, msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    temporary.replace(folder / EXIT)
