"""The exceptions of trainmon.

    TrainmonError
    ├── ArgumentError (ValueError)   a wrong argument at setup: says what was expected
    ├── FolderError                  a run folder that cannot be read
    └── SnapshotError                a snapshot that does not decode; readers go back to the journal

None of them is ever raised by a log call: what fails there is caught in `trainmon.calls.error_calls.never_raises`, said
once for each cause, and counted.
"""


class TrainmonError(Exception):
    """The root: whatever trainmon raises on purpose."""


class ArgumentError(TrainmonError, ValueError):
    """A wrong argument at setup; the message says what was expected and what came."""


class FolderError(TrainmonError):
    """A run folder that cannot be read at all; the message names it."""


class SnapshotError(TrainmonError):
    """A snapshot that does not decode, or belongs to another journal."""
