"""Lines of a journal as rows of the columns that somebody asked for, and of nothing else.

Decoding is most of what reading a range costs, so the decoder is made for the columns: msgspec passes over every other
value without making an object of it (a run with 200 metrics costs little more than one with two).
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import msgspec

from trainmon.facts.codec import LINE_LIMIT
from trainmon.facts.events import Number

SeriesName = Literal["loss", "metrics", "validation"]
"""Which series of a `RunState` a column belongs to."""


class Key(NamedTuple):
    """One column of a run; the same name may stand in several series."""

    series: SeriesName
    name: str
    """Untrusted, as it was logged."""


class Row(msgspec.Struct, gc=False):
    """What is needed of any line; subclasses made by `RowDecoder` hold values, too."""

    kind: str = ""
    writer: str = ""
    seq: int = -1
    time: float = 0.0
    """Unix seconds."""
    epoch: int = 0
    step: int = 0
    """As the caller counts."""
    total_steps: int | None = None
    phase: str = "training"
    initial_step: int | None = None
    """Of a start: steps done before it; None where it was not said."""
    steps_count: str = "unknown"
    """Of a start: `run` where steps are known to count over the whole run."""


class RowDecoder:
    """Decodes lines for a choice of columns.

    A value that `trainmon.facts.events` would refuse makes a line malformed here, too, but only in columns asked for.
    """

    def __init__(self, keys: Sequence[Key]) -> None:
        """A decoder for these columns.

        Args:
            keys: Names that no decoder can be made for (with quotes or control characters in them) have no values.
        """
        self._places: dict[Key, tuple[str, ...]] = {}
        """Attributes that lead to the value of a column; the first that has one counts."""
        wanted: dict[str, list[str]] = {"metrics": [], "val_metrics": []}
        fields: list[tuple[str, type, object]] = []
        optional: type = Number | None  # type: ignore[assignment]  # msgspec takes unions, its stubs say `type`
        for key in keys:
            top = _top_level(key)
            if top is not None:
                fields.append((top, optional, msgspec.field(default=None)))
            group = "val_metrics" if key.series == "validation" else "metrics"
            nested = ""
            if key.series != "loss" and _can_be_named(key.name):
                nested = f"{group}.{_field(len(wanted[group]))}"
                wanted[group].append(key.name)
            # A metric that is called like one of ours takes its place, as in the fold.
            self._places[key] = tuple(place for place in (nested, top) if place)
        for group, names in wanted.items():
            if names:
                kind: type = _struct_of(names) | None  # type: ignore[assignment]  # as above
                fields.append((group, kind, msgspec.field(default=None)))
        made = msgspec.defstruct("RowOfColumns", fields, bases=(Row,), gc=False)
        assert issubclass(made, Row)
        self._decoder = msgspec.json.Decoder(made)

    def decode(self, data: bytes) -> list[Row]:
        """The rows of whole lines; lines that are none are left out."""
        try:
            return list(self._decoder.decode_lines(data))
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return [row for line in data.split(b"\n") if (row := self._one(line)) is not None]

    def _one(self, line: bytes) -> Row | None:
        if not line or len(line) > LINE_LIMIT:
            return None
        try:
            return self._decoder.decode(line)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return None

    def values(self, key: Key, rows: Sequence[Row]) -> list[Number | None]:
        """The values of one column, as the journal holds them; None where a row has none."""
        columns = [_values(place, rows) for place in self._places[key]]
        if len(columns) == 1:
            return columns[0]
        both = zip(*columns, strict=True) if columns else ((None,) for _ in rows)
        return [next((value for value in values if value is not None), None) for values in both]


def _top_level(key: Key) -> str | None:
    """The field of the line itself that holds the column; None: it is one of the caller's metrics."""
    match key:
        case ("loss", "loss"):
            return "loss"
        case ("metrics", "learning_rate" | "waited"):
            return key.name
        case ("validation", "val_loss"):
            return "val_loss"
    return None


def _can_be_named(name: str) -> bool:
    """Whether msgspec can look for the name: without quotes, backslashes, control characters and lone surrogates."""
    return not any(
        character in '"\\' or character < " " or "\ud800" <= character <= "\udfff" for character in name
    )


def _field(index: int) -> str:
    return f"value_{index}"


def _struct_of(names: Sequence[str]) -> type[msgspec.Struct]:
    """A struct with a field for each name."""
    optional: type = Number | None  # type: ignore[assignment]  # as in `RowDecoder`
    fields = [
        (_field(index), optional, msgspec.field(default=None, name=name)) for index, name in enumerate(names)
    ]
    return msgspec.defstruct("MetricsOfColumns", fields, frozen=True, gc=False)


def _values(place: str, rows: Sequence[Row]) -> list[Number | None]:
    group, _, field = place.rpartition(".")
    if not group:
        return [getattr(row, field) for row in rows]
    return [getattr(values, field, None) for values in [getattr(row, group) for row in rows]]
