"""The views that keep their place: each has a name and a screen that is made when it is first shown."""

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from msgspec import structs

from trainmon_tui.screens.base import PanelScreen, Report
from trainmon_tui.sight.chart_view import ChartView
from trainmon_tui.visit.memory import Kept, KeptList, Memory

if TYPE_CHECKING:
    from trainmon_tui.screens.runs import RunsScreen


class Make(Protocol):
    """Makes the screen of a view."""

    def __call__(self, report: Report, *, ascii_only: bool) -> PanelScreen:
        """The screen, without anything to show yet; arguments as for `OverviewScreen`."""


def _alerts(report: Report, *, ascii_only: bool) -> PanelScreen:
    from trainmon_tui.screens.alerts import AlertsScreen

    return AlertsScreen(report, ascii_only=ascii_only)


def _configuration(report: Report, *, ascii_only: bool) -> PanelScreen:
    from trainmon_tui.screens.configuration import ConfigurationScreen

    return ConfigurationScreen(report, ascii_only=ascii_only)


def _logs(report: Report, *, ascii_only: bool) -> PanelScreen:
    from trainmon_tui.screens.logs import LogsScreen

    return LogsScreen(report, ascii_only=ascii_only)


def _machine(report: Report, *, ascii_only: bool) -> PanelScreen:
    from trainmon_tui.screens.machine import MachineScreen

    return MachineScreen(report, ascii_only=ascii_only)


def _metrics(report: Report, *, ascii_only: bool) -> PanelScreen:
    from trainmon_tui.screens.metrics import MetricsScreen

    return MetricsScreen(report, ascii_only=ascii_only)


def _operations(report: Report, *, ascii_only: bool) -> PanelScreen:
    from trainmon_tui.screens.operations import OperationsScreen

    return OperationsScreen(report, ascii_only=ascii_only)


def _runs(report: Report, *, ascii_only: bool) -> PanelScreen:
    from trainmon_tui.screens.runs import RunsScreen

    return RunsScreen(report, ascii_only=ascii_only)


def _xray(report: Report, *, ascii_only: bool) -> PanelScreen:
    from trainmon_tui.screens.xray import XRayScreen

    return XRayScreen(report, ascii_only=ascii_only)


VIEWS: Mapping[str, Make] = {
    "alerts": _alerts,
    "metrics": _metrics,
    "machine": _machine,
    "logs": _logs,
    "operations": _operations,
    "runs": _runs,
    "xray": _xray,
    "configuration": _configuration,
}
"""The views by name; `WatchApp.BINDINGS` says which key shows which.

Each is imported when it is first shown: all of them are 30 ms, for which the first paint would wait.
"""


WRITING = 0.15
"""Seconds that are waited for what is kept to be written; it may go on after that, while the program lives."""


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
            if name == "runs" and (runs := self._runs()) is not None:
                runs.restore_list(self._memory.root, self._memory.of_list())
        return screen

    def _runs(self) -> "RunsScreen | None":
        """The list of runs, if it was shown."""
        if "runs" not in self.made:
            return None
        from trainmon_tui.screens.runs import RunsScreen

        screen = self.made["runs"]
        return screen if isinstance(screen, RunsScreen) else None

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
        for screen in self.made.values():
            kept = screen.keep(kept)
        runs = self._runs()
        listed = runs.keep_list(KeptList()) if runs is not None else None
        # A home on dead storage must hold up neither the screen nor its end.
        writing = threading.Thread(
            target=self._write, args=(run, kept, listed), name="trainmon-kept", daemon=True
        )
        writing.start()
        writing.join(WRITING)

    def _write(self, run: Path, kept: Kept, listed: KeptList | None) -> None:
        """In a thread of its own; `listed` is None where the list was not shown, and so not changed."""
        self._memory.keep_run(run, kept)
        listed = listed if listed is not None else self._memory.of_list()
        self._memory.keep_list(structs.replace(listed, run=self._memory.name_of(run)))
