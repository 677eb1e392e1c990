"""What the user wants of the monitor: a file that the user writes.

It is not needed: a home that cannot be read costs the settings and nothing else, and is never an error.
"""

import math
from pathlib import Path

import msgspec

from trainmon.system.configuration import read_whole


class Settings(msgspec.Struct, frozen=True):
    """The user's file; what is not in it, or makes no sense there, is None."""

    theme: str | None = None
    """Name of a theme."""
    refresh: float | None = None
    """Repaints a second, 0.1 to 4."""
    view: str | None = None
    """Name of the view to begin with: overview, metrics, machine, errors, logs, operations or runs."""

    @property
    def gap(self) -> float | None:
        """Seconds between two repaints, at least; None: as the monitor likes."""
        return None if self.refresh is None else 1.0 / self.refresh


def read_settings(folder: Path | None = None) -> Settings:
    """What the user wrote.

    Args:
        folder: Where the file is; None: where platformdirs says.
    """
    whole, _problems = read_whole(folder)
    theme, view, refresh = whole.get("theme"), whole.get("view"), whole.get("refresh")
    return Settings(
        theme if isinstance(theme, str) else None,
        _repaints(refresh),
        view if isinstance(view, str) else None,
    )


def _repaints(value: object) -> float | None:
    """A rate in its range; None where the value is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
        return None
    return float(min(4.0, max(0.1, value)))
