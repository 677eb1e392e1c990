"""The types of the values in a journal's lines: what JSON can hold, within bounds that every reader can count with."""

from typing import Annotated, Literal

import msgspec

NonFinite = Literal["NaN", "Infinity", "-Infinity"]
"""How a number that JSON lacks is written."""

Whole = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
"""A whole number that every reader of JSON can hold; a line with a larger one is malformed."""

Count = Annotated[int, msgspec.Meta(ge=0, le=2**40)]
"""How often something came: sums of it over a journal stay whole numbers of 64 bits."""

Seq = Annotated[int, msgspec.Meta(ge=0, le=2**48)]
"""The number of a line; a million of them a second for nine years."""

Time = Annotated[float, msgspec.Meta(ge=-1e15, le=1e15)]
"""Seconds of a clock: thirty million years, so that what is computed with them stays finite."""

Seconds = Annotated[float, msgspec.Meta(ge=0, le=1e12)]
"""A duration that was measured; sums of it over a journal stay finite."""

WriterName = Annotated[str, msgspec.Meta(max_length=64)]
"""Who wrote a line; the limit keeps strangers from filling the memory of readers."""

Number = float | Whole | NonFinite
"""A number as a journal holds it."""

Metrics = dict[str, Number]
"""Values by the metric's name."""

JsonObject = dict[str, object]
"""Free data; the values are JSON, as `trainmon.facts.values.freeze` makes them. msgspec takes no recursive type."""

Severity = Literal["critical", "warning", "info"]
"""Of an alert. `critical`: the run is lost or about to be; `warning`: time or memory is lost; `info`: worth knowing."""
