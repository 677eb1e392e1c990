"""The overview: all of a run on one screen, in the order of what decides."""

import shlex
from typing import ClassVar

from textual.binding import Binding, BindingType

from trainmon.reading.range_rows import Key
from trainmon_tui.copying import Copied, Copier
from trainmon_tui.render.plot import LABEL_CELLS
from trainmon_tui.render.safe import safe
from trainmon_tui.screens.base import FAR, Report
from trainmon_tui.screens.charting import CHART_KEYS, ChartingScreen
from trainmon_tui.screens.plan import MACHINE, SEVERAL, SIDE, WIDE, Look, Plan, plan
from trainmon_tui.sight.sight import Sight
from trainmon_tui.theme import Palette
from trainmon_tui.widgets import verdict
from trainmon_tui.widgets.alert import AlertPanel
from trainmon_tui.widgets.bars import BarsPanel
from trainmon_tui.widgets.best import BestPanel
from trainmon_tui.widgets.checkpoints import CheckpointsPanel
from trainmon_tui.widgets.config import ConfigPanel
from trainmon_tui.widgets.errors import ErrorsPanel
from trainmon_tui.widgets.footer import FooterPanel, Keys
from trainmon_tui.widgets.loss import LOSS, LossPanel
from trainmon_tui.widgets.machine import MachinePanel
from trainmon_tui.widgets.metrics import MetricsPanel
from trainmon_tui.widgets.output import OutputPanel
from trainmon_tui.widgets.rows import Panel
from trainmon_tui.widgets.since import SincePanel
from trainmon_tui.widgets.status import StatusPanel
from trainmon_tui.widgets.verdict import VerdictPanel, wanted_height

KEYS = (
    ("?", "keys"), ("q", "quit"), ("A", "alerts"), ("c", "cursor"), ("s", "smoothing"), ("l", "log y"),
    ("x", "axis"), ("i", "configuration"), ("space", "pause"), ("n p", "errors"), ("X", "X-ray"),
    ("ctrl+p", "commands"), ("t", "theme"), ("m", "mouse off"),
)  # fmt: skip
"""What the bottom line says, the most important first."""

DEAD_KEYS = (*KEYS[:2], ("y", "copy command"), *KEYS[2:])
"""The same where the run is dead."""

PAGE = 10
"""Lines of the errors that a page key scrolls."""

NEVER_DIMMED = frozenset({"status", "alert", "verdict", "errors", "output", "since", "footer"})
"""Panels that matter most once a run is dead."""

_PANELS: dict[str, type[Panel]] = {
    "status": StatusPanel, "bars": BarsPanel, "alert": AlertPanel, "loss": LossPanel,
    "machine": MachinePanel, "config": ConfigPanel, "best": BestPanel, "checkpoints": CheckpointsPanel,
    "metrics": MetricsPanel, "output": OutputPanel, "since": SincePanel,
}  # fmt: skip


class OverviewScreen(ChartingScreen):
    """All panels, placed by `plan`."""

    OWN_KEYS: ClassVar[Keys] = (
        ("n p", "next, previous error"),
        ("up down pgup pgdn home end", "scroll the errors (wheel)"),
        ("a", "acknowledge the alert in the alert row"),
        ("d", "dismiss what happened since you left"),
        ("y", "copy the command of a dead run, to a file, too"),
        *CHART_KEYS,
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "jump(1)", "next error", show=False),
        Binding("p", "jump(-1)", "previous error", show=False),
        Binding("down", "scroll(1)", "down", show=False),
        Binding("up", "scroll(-1)", "up", show=False),
        Binding("pagedown", f"scroll({PAGE})", "page down", show=False),
        Binding("pageup", f"scroll({-PAGE})", "page up", show=False),
        Binding("home", f"scroll({-FAR})", "top", show=False),
        Binding("end", f"scroll({FAR})", "bottom", show=False),
        Binding("d", "app.dismiss", "dismiss what happened since you left"),
        Binding("y", "copy", "copy the command of a dead run to the clipboard and a file"),
    ]

    def __init__(self, report: Report, *, ascii_only: bool) -> None:
        """A screen without anything to show yet.

        Args:
            report: Is told of a bug in a panel.
            ascii_only: Whether nothing above 0x7f may be drawn.
        """
        self._errors = ErrorsPanel(report, ascii_only=ascii_only, id="errors")
        self._footer = footer = FooterPanel(report, ascii_only=ascii_only, id="footer")
        footer.keys, footer.tab, footer.least = KEYS, "1", 2
        others = {name: kind(report, ascii_only=ascii_only, id=name) for name, kind in _PANELS.items()}
        self._verdict = VerdictPanel(report, ascii_only=ascii_only, id="verdict")
        others["verdict"] = self._verdict
        self._copier = Copier(self)
        super().__init__("overview", {**others, "errors": self._errors, "footer": footer})

    def action_scroll(self, lines: int) -> None:
        """Scrolls the errors."""
        self._errors.scroll_lines(lines)

    def action_jump(self, groups: int) -> None:
        """Goes to the next or the previous error."""
        self._errors.jump(groups)

    def show(self, sight: Sight) -> None:
        """Shows all of it; the keys are others for a dead run."""
        self._footer.keys = DEAD_KEYS if sight.dead else KEYS
        super().show(sight)

    def action_copy(self) -> None:
        """Copies the command of a dead run, to start it again."""
        sight = self._sight
        if sight is not None and sight.dead and sight.command:
            self._copier.copy(safe(shlex.join(sight.command)))

    def on_copied(self, message: Copied) -> None:
        """Says where the copy lies."""
        self._verdict.say_copied(message.place)

    def on_unmount(self) -> None:
        """Ends the thread that copies."""
        self._copier.stop()

    def columns(self) -> tuple[Key, ...]:
        """Those of the loss chart."""
        return (LOSS, Key("validation", "val_loss"))

    def cells(self) -> int:
        """The width of the loss chart without the labels."""
        box = self._placed.get("loss")
        return max(1, (box.width if box is not None else self.size.width) - LABEL_CELLS - 1)

    def boxes(self, width: int, height: int) -> Plan:
        """As planned for this size and for what there is to show."""
        return plan(width, height, _look(self._sight, width))

    def paint(self, palette: Palette, receding: Palette) -> None:
        """Takes other colours."""
        for name, panel in self._panels.items():
            panel.paint(palette if name in NEVER_DIMMED else receding)


def _look(sight: Sight | None, width: int) -> Look:
    """What the places of the panels depend on."""
    if sight is None:
        return Look()
    state = sight.state
    reading = state.reading if sight.dead else sight.reading
    gpus = len(reading.gpus) if reading is not None else 0
    return Look(
        dead=sight.dead,
        errors=bool(state.errors or state.warnings or (sight.first and sight.first.state.errors)),
        output=len(sight.output),
        machine=3 if gpus else 2,
        side=(MACHINE if gpus < 2 else SEVERAL + gpus) if reading is not None else 3,
        verdict=wanted_height(verdict.pick(sight), SIDE if width >= WIDE else width) if sight.dead else 0,
        curves=state.progress is not None or bool(state.validations),
        since=sight.digest is not None,
    )
