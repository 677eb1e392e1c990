"""How a segment of a spool is named, and what it says of itself in its first line."""

import msgspec

SUFFIX = ".spool"
"""End of the name of a segment's file."""


class SpoolHeader(msgspec.Struct, frozen=True, tag_field="kind", tag="spool"):
    """The first line of a segment: whose lines follow."""

    journal: str
    """Path of the journal that the lines belong to, absolute; as `trainmon.words.paths.recorded` has it."""
    journal_id: str | None
    """The writer of that journal's first line; None where the journal could not be opened yet."""
    writer: str
    pid: int
    device: int | None = None
    """Number of the device that the journal's folder is on, `st_dev`; None where it could not be opened yet."""
    number: int = 0
    """Of this segment among those of its writer: older ones are drained first."""
