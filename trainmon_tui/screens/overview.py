"""The overview: all of a run on one screen, in the order of what decides."""

from collections.abc import Callable

from textual import events
from textual.app import ComposeResult
from textual.screen import Screen

from trainmon_tui.screens.base import RunView
from trainmon_tui.screens.plan import MACHINE, SIDE, WIDE, Look, plan
from trainmon_tui.sight import Sight
from trainmon_tui.theme import Palette
from trainmon_tui.widgets import verdict
from trainmon_tui.widgets.alert import AlertPanel
from trainmon_tui.widgets.bars import BarsPanel
from trainmon_tui.widgets.best import BestPanel
from trainmon_tui.widgets.checkpoints import CheckpointsPanel
from trainmon_tui.widgets.config import ConfigPanel
from trainmon_tui.widgets.errors import ErrorsPanel
from trainmon_tui.widgets.footer import FooterPanel
from trainmon_tui.widgets.loss import LossPanel
from trainmon_tui.widgets.machine import MachinePanel
from trainmon_tui.widgets.metrics import MetricsPanel
from trainmon_tui.widgets.rows import Panel
from trainmon_tui.widgets.status import StatusPanel
from trainmon_tui.widgets.verdict import VerdictPanel, wanted_height

KEYS = (
    ("?", "keys"), ("q", "quit"), ("4", "errors"), ("s", "smoothing"), ("l", "log y"), ("space", "pause"),
    ("t", "theme"), ("n p up down", "scroll errors"),
)  # fmt: skip
"""What the bottom line says, the most important first."""

ALWAYS_DRAWN = frozenset({"status", "footer"})
"""Panels that are drawn while the screen is paused."""

NEVER_DIMMED = frozenset({"status", "alert", "verdict", "errors", "footer"})
"""Panels that matter most once a run is dead."""


class OverviewScreen(RunView, Screen[None]):
    """All panels, placed by `plan`."""

    AUTO_FOCUS = None

    def __init__(self, report: Callable[[str, str], None], *, ascii_only: bool) -> None:
        """A screen without anything to show yet.

        Args:
            report: Is told of a bug in a panel: the panel's name and where it was raised.
            ascii_only: Whether nothing above 0x7f may be drawn.
        """
        super().__init__(id="overview")
        kinds: dict[str, type[Panel]] = {
            "status": StatusPanel, "bars": BarsPanel, "alert": AlertPanel, "verdict": VerdictPanel,
            "loss": LossPanel, "machine": MachinePanel, "best": BestPanel, "checkpoints": CheckpointsPanel,
            "metrics": MetricsPanel,
            "config": ConfigPanel,
        }  # fmt: skip
        self._panels: dict[str, Panel] = {
            name: kind(report, ascii_only=ascii_only, id=name) for name, kind in kinds.items()
        }
        self._errors = ErrorsPanel(report, ascii_only=ascii_only, id="errors")
        footer = FooterPanel(report, ascii_only=ascii_only, id="footer")
        footer.keys = KEYS
        self._panels |= {"errors": self._errors, "footer": footer}
        self._sight: Sight | None = None
        self._planned: tuple[int, int, Look] | None = None

    def compose(self) -> ComposeResult:
        """All panels; those without a box are hidden."""
        yield from self._panels.values()

    @property
    def scrolling(self) -> ErrorsPanel:
        """The errors."""
        return self._errors

    def show(self, sight: Sight) -> None:
        """Hands the sight to all panels that are shown."""
        self._sight = sight
        self._arrange()
        for name, panel in self._panels.items():
            if panel.display and (not sight.options.paused or name in ALWAYS_DRAWN):
                panel.show(sight)

    def paint(self, palette: Palette, receding: Palette) -> None:
        """Takes other colours."""
        for name, panel in self._panels.items():
            panel.paint(palette if name in NEVER_DIMMED else receding)

    def on_resize(self, event: events.Resize) -> None:
        """Places the panels anew."""
        self._arrange()
        if self._sight is not None:
            self.show(self._sight)

    def _arrange(self) -> None:
        width, height = self.size
        if not width or not height:
            return
        wanted = (width, height, _look(self._sight, width))
        if wanted == self._planned:
            return
        self._planned = wanted
        boxes = plan(*wanted)
        for name, panel in self._panels.items():
            box = boxes.get(name)
            panel.display = box is not None
            if box is not None:
                panel.styles.offset = (box.x, box.y)
                panel.styles.width = box.width
                panel.styles.height = box.height


def _look(sight: Sight | None, width: int) -> Look:
    """What the places of the panels depend on."""
    if sight is None:
        return Look()
    state = sight.state
    return Look(
        dead=sight.dead,
        errors=bool(state.errors or state.warnings),
        machine=3 if state.reading is not None and state.reading.gpus else 2,
        side=MACHINE + 5 * max(0, len(state.reading.gpus) - 1) if state.reading is not None else 3,
        verdict=wanted_height(verdict.pick(sight), SIDE if width >= WIDE else width) if sight.dead else 0,
    )
