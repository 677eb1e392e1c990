"""The views that keep their place: each has a name and a screen that is made when it is first shown."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from msgspec import structs

from trainmon_tui.chart_view import ChartView
from trainmon_tui.memory import Kept, Memory
from trainmon_tui.screens.alerts import AlertsScreen
from trainmon_tui.screens.base import PanelScreen, Report
from trainmon_tui.screens.configuration import ConfigurationScreen
from trainmon_tui.screens.logs import LogsScreen
from trainmon_tui.screens.machine import MachineScreen
from trainmon_tui.screens.metrics import MetricsScreen
from trainmon_tui.screens.operations import OperationsScreen
from trainmon_tui.screens.runs import RunsScreen
from trainmon_tui.screens.xray import XRayScreen


class Make(Protocol):
    """Makes the screen of a view; the class of the screen is one."""

    def __call__(self, report: Report, *, ascii_only: bool) -> PanelScreen:
        """The screen, without anything to show yet; arguments as for `OverviewScreen`."""


VIEWS: Mapping[str, Make] = {
    "alerts": AlertsScreen,
    "metrics": MetricsScreen,
    "machine": MachineScreen,
    "logs": LogsScreen,
    "operations": OperationsScreen,
    "runs": RunsScreen,
    "xray": XRayScreen,
    "configuration": ConfigurationScreen,
}
"""The views by name; `WatchApp.BINDINGS` says which key shows which."""


class Views:
    """The screens of the views that were shown so far."""

    def __init__(self, report: Report, *, ascii_only: bool, memory: Memory) -> None:
        """None was shown yet.

        Args:
            report: As for `OverviewScreen`.
            ascii_only: As there.
            memory: What was set in the views before.
        """
        self._report = report
        self._ascii = ascii_only
        self._memory = memory
        self.made: dict[str, PanelScreen] = {}
        """By name."""
        self._kept = Kept()

    def get(self, name: str) -> PanelScreen:
        """The screen of a view, the same each time."""
        screen = self.made.get(name)
        if screen is None:
            screen = self.made[name] = VIEWS[name](self._report, ascii_only=self._ascii)
            screen.restore(self._kept)
            if isinstance(screen, RunsScreen):
                screen.restore_list(self._memory.root, self._memory.of_list())
        return screen

    def restore(self, run: Path, chart: ChartView | None = None) -> ChartView:
        """Sets all views as they were when a run folder was watched last.

        Args:
            run: From now on it is the one that is watched.
            chart: How charts are looked at where nothing is known of it; None: as usual.
        """
        chart = chart or ChartView()
        usual = Kept(smoothing=chart.smoothing, log_y=chart.log_y, kind=chart.kind)
        self._kept = self._memory.of_run(run, usual)
        for screen in self.made.values():
            screen.restore(self._kept)
        return self._kept.chart

    def keep(self, run: Path, chart: ChartView) -> None:
        """Keeps what is set for a run folder, and for the list of runs, in which it is the open one."""
        kept = structs.replace(self._kept, smoothing=chart.smoothing, log_y=chart.log_y, kind=chart.kind)
        listed = self._memory.of_list()
        for screen in self.made.values():
            kept = screen.keep(kept)
            if isinstance(screen, RunsScreen):
                listed = screen.keep_list(listed)
        self._memory.keep_run(run, kept)
        self._memory.keep_list(structs.replace(listed, run=self._memory.name_of(run)))
