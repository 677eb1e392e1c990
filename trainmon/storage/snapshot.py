"""The snapshot: a state as `monitoring_data` of the spec, with ours beside it, and back without loss.

The spec's keys come first and exactly as the spec shows them, so that a dashboard written against it can read the
file; the rest of the state stands in `run`, `history`, `system`, `totals` and `journal`. What depends on the time of
writing (ETA, percentage, heartbeat) is added when it is written and ignored when it is read.
"""

import os
from pathlib import Path

import msgspec

from trainmon.errors import SnapshotError
from trainmon.fold.packing import SeriesDocument
from trainmon.fold.series import Series
from trainmon.fold.state import RunState
from trainmon.fold.state_entries import FULL_ENTRIES
from trainmon.meaning.diagnosis import explanation
from trainmon.meaning.monitoring import SPEC, progress_data
from trainmon.storage.journal import open_shared
from trainmon.storage.log_appender import Position
from trainmon.storage.progress_rate import ProgressRate
from trainmon.system.private_files import open_new
from trainmon.words.paths import SNAPSHOT, SNAPSHOT_TEMPORARY

SNAPSHOT_SCHEMA = 2
"""Version of the snapshot; a reader that does not know it reads the journal instead."""

LIMIT = 8 << 20
"""Bytes; a larger file is no snapshot of ours and is not read."""

_HISTORY = ("loss", "metrics", "validation", "machine", "redone")
_OWN = {"system": "reading", "totals": "totals", "journal": "bookmark"}


class Texts(msgspec.Struct, frozen=True):
    """How far the text logs were written when the snapshot was."""

    positions: dict[str, Position] = {}
    rate: ProgressRate = msgspec.field(default_factory=ProgressRate)


class Snapshot(msgspec.Struct, frozen=True):
    """What a snapshot file says."""

    state: RunState
    texts: Texts
    written: float
    """Unix seconds, by the writer's clock."""


def _encode(value: object) -> object:
    if isinstance(value, Series):
        return value.document()
    raise NotImplementedError(f"a state holds no {type(value).__name__}")


def _decode(kind: type, value: object) -> object:
    if kind is Series:
        return Series.from_document(msgspec.convert(value, SeriesDocument))
    if kind is object:
        return value  # Free data: JSON as it is.
    raise NotImplementedError(f"a state holds no {kind.__name__}")


def canonical(state: RunState) -> bytes:
    """A state as JSON in which equal states are equal bytes, NaN included."""
    return msgspec.json.encode(state, enc_hook=_encode, order="sorted")


def encode(state: RunState, texts: Texts, now: float) -> bytes:
    """The snapshot of a state, as the bytes of the file."""
    document: dict[str, object] = {key: getattr(state, field) for key, field in SPEC.items()}
    document["training_progress"] = progress_data(state, now)
    document["training_config"] = state.configuration or {}
    newest = [
        msgspec.to_builtins(entry) | explanation(entry.error_type, entry.error_message)
        for entry in state.errors[-FULL_ENTRIES:]
    ]
    document["errors"] = [*state.errors[:-FULL_ENTRIES], *newest]
    document["schema"] = SNAPSHOT_SCHEMA
    document["written"] = now
    document["run"] = _Rest.of(state)
    document["history"] = {name: getattr(state, name) for name in _HISTORY}
    document |= {key: getattr(state, field) for key, field in _OWN.items()}
    document["texts"] = texts
    return msgspec.json.encode(document, enc_hook=_encode) + b"\n"


class _Rest:
    """The fields of a state that have no place of their own in the snapshot."""

    names = tuple(
        name for name in RunState.__struct_fields__ if name not in {*SPEC.values(), *_HISTORY, *_OWN.values()}
    )

    @classmethod
    def of(cls, state: RunState) -> dict[str, object]:
        return {name: getattr(state, name) for name in cls.names}


def decode(data: bytes) -> Snapshot:
    """The snapshot in the bytes of a file.

    Raises:
        SnapshotError: It is torn, of another schema, or not ours.
    """
    try:
        document = msgspec.json.decode(data)
        if document["schema"] != SNAPSHOT_SCHEMA:
            raise SnapshotError(f"snapshot.json: schema {document['schema']!r} is not known here")
        fields = dict(document["run"])
        fields |= {field: document[key] or None for key, field in SPEC.items() if key.startswith("training")}
        fields |= {field: document[key] for key, field in SPEC.items() if not key.startswith("training")}
        fields |= {name: document["history"][name] for name in _HISTORY}
        fields |= {field: document[key] for key, field in _OWN.items()}
        state = msgspec.convert(fields, RunState, dec_hook=_decode)
        return Snapshot(state, msgspec.convert(document["texts"], Texts), float(document["written"]))
    except (
        msgspec.MsgspecError,
        LookupError,
        ArithmeticError,
        ValueError,
        TypeError,
        RecursionError,
    ) as error:
        raise SnapshotError(f"snapshot.json: {error}") from error


def read(folder: Path) -> Snapshot:
    """The snapshot of a run folder.

    Raises:
        SnapshotError: There is none, or it cannot be used.
    """
    try:
        descriptor = open_shared(folder / SNAPSHOT)
    except OSError as error:
        raise SnapshotError(f"snapshot.json: {error.strerror}") from error
    try:
        size = os.fstat(descriptor).st_size
        if size > LIMIT:
            raise SnapshotError(f"snapshot.json: {size:,} bytes is larger than any snapshot")
        return decode(os.pread(descriptor, size, 0))
    except OSError as error:
        raise SnapshotError(f"snapshot.json: {error.strerror}") from error
    finally:
        os.close(descriptor)


def write(folder: Path, data: bytes) -> None:
    """Replaces the snapshot of a run folder at once; a reader sees the old one or the new one, whole.

    Raises:
        OSError: It could not be written; the old one stands.
    """
    temporary = folder / SNAPSHOT_TEMPORARY
    temporary.unlink(missing_ok=True)
    descriptor = open_new(temporary)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    finally:
        os.close(descriptor)
    temporary.replace(folder / SNAPSHOT)
