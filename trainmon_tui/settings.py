"""What the user wants of the monitor: a file that the user writes, and what a view was set to, kept for each folder.

Neither is needed: a home that cannot be read or written costs the settings and nothing else, and is never an error.
"""

import math
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec.structs import replace

from trainmon import kept
from trainmon.configuration import read_whole
from trainmon_tui.chart_view import ChartView

VIEWS = "views"
"""The kind under which views are kept."""


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


class Kept(msgspec.Struct, frozen=True):
    """What the charts of a folder were set to."""

    smoothing: Annotated[float, msgspec.Meta(ge=0.0, lt=1.0)] = 0.9
    log_y: bool = False


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


def restored(run: Path, folder: Path | None = None) -> ChartView:
    """The view of a run folder's charts as it was left; the usual one where nothing is known of it.

    Args:
        run: The run folder.
        folder: Where the views are kept; None: where platformdirs says.
    """
    try:
        found = msgspec.json.decode(kept.read_kept(kept.kept_path(run, VIEWS, folder)) or b"", type=Kept)
    except (msgspec.MsgspecError, ValueError):  # not there, or damaged
        return ChartView()
    return ChartView(smoothing=found.smoothing, log_y=found.log_y)


def keep(run: Path, view: ChartView, folder: Path | None = None) -> bool:
    """Keeps the view of a run folder's charts; False where that cannot be done.

    Args:
        run: The run folder; nothing is written there.
        view: Of its charts; a window and a cursor are not kept, since the run goes on.
        folder: Where the views are kept; None: where platformdirs says.
    """
    if replace(view, window=None, cursor=None) == restored(run, folder):
        return True
    data = msgspec.json.encode(Kept(view.smoothing, view.log_y))
    return kept.keep(kept.kept_path(run, VIEWS, folder), data)
