"""What the user set in the views, kept for each folder and restored when it is watched again.

None of it is needed: what cannot be read, is damaged, or was written by another version is as if it were not there.
"""

from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from trainmon.reading.range_rows import Key
from trainmon.system import kept
from trainmon_tui.logs.log_files import ViewedFile
from trainmon_tui.sight.chart_view import ChartView, Kind

VIEWS = "views"
"""The kind under which views of a run folder are kept."""

LISTS = "lists"
"""The kind under which lists of runs are kept."""

Typed = Annotated[str, Meta(max_length=200)]
"""What was typed in a line."""


class Kept(msgspec.Struct, frozen=True):
    """What the views of a run folder were set to. A window and a cursor are not kept, since the run goes on."""

    smoothing: Annotated[float, Meta(ge=0.0, lt=1.0)] = 0.9
    log_y: bool = False
    kind: Kind = "step"
    """The x-axis."""
    filter: Typed = ""
    """Of the metrics, as typed."""
    metric: Key | None = None
    """The chart that was chosen among them; None: the first."""
    log: ViewedFile = ViewedFile.PROGRESS
    """The text log that was shown."""
    wrap: bool = False
    """Whether its long lines were wrapped."""

    @property
    def chart(self) -> ChartView:
        """How charts are looked at to begin with."""
        return ChartView(kind=self.kind, log_y=self.log_y, smoothing=self.smoothing)


class KeptList(msgspec.Struct, frozen=True):
    """What the list of runs under a folder was set to."""

    run: Annotated[str, Meta(max_length=4_096)] = ""
    """The run that was open, by its path below the folder; "": none, or the folder itself."""
    order: Annotated[str, Meta(max_length=20)] = ""
    """What the runs were sorted by; "": as usual."""
    backwards: bool = False
    filter: Typed = ""
    """As typed."""


USUAL = Kept()
"""Before anything was set."""

AnyKept = TypeVar("AnyKept", Kept, KeptList)


class Memory:
    """Reads and writes what is kept; nothing is ever written into a run folder."""

    def __init__(self, root: Path, folder: Path | None = None) -> None:
        """Knows nothing yet, and touches no file.

        Args:
            root: The folder as the user named it: a run's, or one with runs in it.
            folder: Where it is kept; None: where platformdirs says.
        """
        self.root = root
        self._folder = folder

    def of_run(self, run: Path, otherwise: Kept = USUAL) -> Kept:
        """What was set for a run folder; `otherwise` where nothing is known of it."""
        return self._read(run, VIEWS, otherwise)

    def keep_run(self, run: Path, settings: Kept) -> bool:
        """Keeps what is set for a run folder; False where that cannot be done."""
        return self._keep(run, VIEWS, settings, self.of_run(run))

    def of_list(self) -> KeptList:
        """What was set for the list of runs."""
        return self._read(self.root, LISTS, KeptList())

    def keep_list(self, settings: KeptList) -> bool:
        """Keeps what is set for the list of runs; False where that cannot be done."""
        return self._keep(self.root, LISTS, settings, self.of_list())

    def open_run(self) -> Path | None:
        """The run that was open last and is still there; None: none was."""
        name = Path(self.of_list().run)
        if name == Path() or name.is_absolute() or ".." in name.parts:
            return None
        try:
            return self.root / name if (self.root / name).is_dir() else None
        except (OSError, ValueError):  # a name that no file can have
            return None

    def name_of(self, run: Path) -> str:
        """The path of a run below the folder; "" for the folder itself, and for what is not below it."""
        if not run.is_relative_to(self.root) or run == self.root:
            return ""
        return str(run.relative_to(self.root))

    def _read(self, folder: Path, kind: str, otherwise: AnyKept) -> AnyKept:
        return kept.read_struct(kept.kept_path(folder, kind, self._folder), type(otherwise)) or otherwise

    def _keep(self, folder: Path, kind: str, new: AnyKept, old: AnyKept) -> bool:
        if new == old:
            return True
        try:
            data = msgspec.json.encode(new)
        except (msgspec.MsgspecError, ValueError):  # a lone surrogate in a name
            return False
        return kept.keep(kept.kept_path(folder, kind, self._folder), data)
