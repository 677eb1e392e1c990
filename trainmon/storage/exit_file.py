"""`exit.json`, which says how a program ended: written by whoever saw it, its parent or a sentinel, and read by all."""

import os
from pathlib import Path

import msgspec
from msgspec.structs import replace

from trainmon.storage import journal
from trainmon.system.private_files import open_new
from trainmon.words.exits import EXIT_SCHEMA, ExitRecord
from trainmon.words.paths import EXIT

EXIT_LIMIT = 256 << 10
"""Bytes of an exit record that are read; a longer one is not ours."""


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


def read_exit(folder: Path) -> ExitRecord | None:
    """What the parent wrote down in a run folder; None where there is nothing that can be used."""
    data = read_last(folder / EXIT, EXIT_LIMIT)
    if not data:
        return None
    try:
        record = msgspec.json.decode(data, type=ExitRecord)
    except (msgspec.MsgspecError, ValueError):
        return None
    return record if record.schema == EXIT_SCHEMA else None


def own_end(written: ExitRecord, seen: ExitRecord) -> ExitRecord:
    """What a parent wrote of a script, with the end of the trainer below it as we saw it."""
    return replace(
        written, pid=seen.pid, start_ticks=seen.start_ticks, time=seen.time, status=seen.status,
        signal=seen.signal, core=seen.core,
    )  # fmt: skip


def read_last(path: Path, limit: int) -> bytes | None:
    """The last bytes of a regular file; None where it cannot be read."""
    try:
        descriptor = journal.open_shared(path)
    except OSError:
        return None
    try:
        size = os.fstat(descriptor).st_size
        return os.pread(descriptor, limit, max(0, size - limit))
    except OSError:
        return None
    finally:
        os.close(descriptor)
