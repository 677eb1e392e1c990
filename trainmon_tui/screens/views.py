"""The views that keep their place: each has a name and a screen that is made when it is first shown."""

from collections.abc import Mapping
from typing import Protocol

from trainmon_tui.screens.base import PanelScreen, Report
from trainmon_tui.screens.configuration import ConfigurationScreen
from trainmon_tui.screens.logs import LogsScreen
from trainmon_tui.screens.machine import MachineScreen
from trainmon_tui.screens.metrics import MetricsScreen
from trainmon_tui.screens.operations import OperationsScreen
from trainmon_tui.screens.runs import RunsScreen


class Make(Protocol):
    """Makes the screen of a view; the class of the screen is one."""

    def __call__(self, report: Report, *, ascii_only: bool) -> PanelScreen:
        """The screen, without anything to show yet; arguments as for `OverviewScreen`."""


VIEWS: Mapping[str, Make] = {
    "metrics": MetricsScreen,
    "machine": MachineScreen,
    "logs": LogsScreen,
    "operations": OperationsScreen,
    "runs": RunsScreen,
    "configuration": ConfigurationScreen,
}
"""The views by name; `WatchApp.BINDINGS` says which key shows which."""


class Views:
    """The screens of the views that were shown so far."""

    def __init__(self, report: Report, *, ascii_only: bool) -> None:
        """None was shown yet; arguments as for `OverviewScreen`."""
        self._report = report
        self._ascii = ascii_only
        self.made: dict[str, PanelScreen] = {}
        """By name."""

    def get(self, name: str) -> PanelScreen:
        """The screen of a view, the same each time."""
        screen = self.made.get(name)
        if screen is None:
            screen = self.made[name] = VIEWS[name](self._report, ascii_only=self._ascii)
        return screen
