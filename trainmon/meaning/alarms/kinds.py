"""An alert as a value, and the thresholds from which on something is one, each with its reason."""

from typing import Annotated

import msgspec

from trainmon.facts.events import Severity

Share = Annotated[float, msgspec.Meta(gt=0.0, lt=1.0)]
Positive = Annotated[float, msgspec.Meta(gt=0.0)]
Factor = Annotated[float, msgspec.Meta(gt=1.0)]
Few = Annotated[int, msgspec.Meta(ge=2)]


class Thresholds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From where on something is an alert; `[alerts]` in the user's `config.toml` replaces each."""

    plateau_share: Share = 0.25
    """Newest part of the run in which the loss must have come down by `plateau_gain`: shorter parts are noise."""
    plateau_gain: Annotated[float, msgspec.Meta(ge=0.0, lt=1.0)] = 0.02
    """Part of all progress: surely less than this in a quarter of the run is standing still."""
    overfitting_validations: Few = 3
    """Validations in a row above the best, while the training loss falls: one or two are noise."""
    overfitting_rise: Positive = 5.0
    """How far they must stand above the best stretch, in units of their own noise: less is luck."""
    slower: Factor = 1.5
    """Times the run's own usual step time: slow-downs below half are within what shared machines do."""
    data_share: Share = 0.2
    """Part of the last minutes spent waiting for data: above a fifth, more loader workers pay."""
    gpu_idle: Annotated[float, msgspec.Meta(ge=0.0, le=100.0)] = 20.0
    """Percent of utilisation, the mean of some minutes, below which a GPU that trains is idle."""
    gpu_hot: Positive = 87.0
    """Degrees Celsius; data-centre GPUs begin to slow down at 83 to 90 (vendors' data sheets)."""
    memory_hours: Positive = 24.0
    """Hours: a limit of host or GPU memory that is further away is no news."""
    overdue: Factor = 2.5
    """Times the usual distance between checkpoints: one that was left out is a coincidence."""
    repeated_warnings: Few = 20
    """Times that a warning came: from here on it hides others."""
    off: tuple[str, ...] = ()
    """Kinds of alerts that are not wanted: `plateau`, `GPU idle` of all GPUs, `GPU` for all of theirs."""


class Alert(msgspec.Struct, frozen=True):
    """One thing that deserves attention."""

    kind: str
    """Stable name, such as `nan` or `divergence`: for scripts and acknowledgements."""
    severity: Severity
    text: str
    """What and why, in one sentence."""
    since: float | None
    """Unix seconds; None where it is not known."""
