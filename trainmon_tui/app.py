"""The monitor: what the keys do. What is shown, and when, is in `trainmon_tui.showing`."""

from collections.abc import Iterable
from functools import reduce
from pathlib import Path
from typing import ClassVar

from msgspec.structs import replace
from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.command import CommandPalette
from textual.screen import Screen
from textual.theme import ThemeProvider

from trainmon.fold.state import RunState
from trainmon.meaning.statuses import Status, Verdict
from trainmon_tui.commands import commands
from trainmon_tui.deliveries import CompareToggled, RunChosen
from trainmon_tui.screens.base import PanelScreen
from trainmon_tui.showing import ShowingApp
from trainmon_tui.sight.beside import Compared, toggled
from trainmon_tui.sight.chart_view import flip_log_y, next_smoothing
from trainmon_tui.sight.sight import Sight
from trainmon_tui.theme import DAY, NIGHT


class WatchApp(ShowingApp):
    """The monitor of one run."""

    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1,escape", "overview", "overview: status, ETA, loss, alerts, last error"),
        Binding("2", "view('metrics')", "metrics: charts of all of them, curves, filter by name"),
        Binding("3", "view('machine')", "machine: GPU, CPU, memory, disk, network"),
        Binding("4", "errors", "errors: exceptions, tracebacks, warnings"),
        Binding("5", "view('logs')", "logs: text files, search, filter"),
        Binding("6", "view('operations')", "operations: performance, throughput, model loading"),
        Binding("7", "view('runs')", "runs: experiments side by side in a list, open another run"),
        Binding("i", "view('configuration')", "configuration: settings, hyperparameters, command, versions"),
        Binding("A", "view('alerts')", "alerts: what deserves attention, since when and why"),
        Binding("X", "view('xray')", "X-ray: stacks of all threads, where it hangs"),
        Binding("space", "pause", "pause the screen; the run goes on"),
        Binding("a", "acknowledge", "acknowledge the alert"),
        Binding("t", "theme", "dark or light colours"),
        Binding("m", "mouse", "mouse for the terminal (select text) or the monitor"),
        Binding("question_mark", "help", "help: keys of this view"),
        Binding("ctrl+z", "suspend_process", "suspend to the background"),
        Binding("q,ctrl+c", "quit", "quit; the training goes on"),
    ]

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The command palette: every view, every action of the one that is shown, and all themes."""
        return commands(self, screen, super().get_system_commands(screen))

    def action_command_palette(self) -> None:
        """Shows the command palette."""
        if not isinstance(self.screen, CommandPalette):
            self.push_screen(CommandPalette(id="--command-palette", placeholder="Search views and actions"))

    def search_themes(self) -> None:
        """Shows the themes, to choose one."""
        self.push_screen(CommandPalette(providers=[ThemeProvider], placeholder="Search themes"))

    def action_help(self) -> None:
        """Shows the keys."""
        # Deferred, as all that the first paint can do without.
        from trainmon_tui.screens.help import HelpScreen

        own = self.screen.OWN_KEYS if isinstance(self.screen, PanelScreen) else ()
        self._open(HelpScreen(self.note_bug, ascii_only=self._ascii, own=own))

    def action_view(self, name: str) -> None:
        """Shows one of `VIEWS`."""
        self._open(self._views.get(name))

    def on_run_chosen(self, message: RunChosen) -> None:
        """Shows another run from now on."""
        if self._follow is not None and message.folder != self._sight.folder:
            self._keep_views()
            self._newest = self._shown = None
            chart = self._views.restore(Path(message.folder), self._options.chart)
            self._options = replace(self._options, chart=chart, paused=False)
            waiting = Verdict(Status.WAITING)
            self._sight = Sight(
                RunState(), waiting, self._clock(), folder=message.folder, exists=False, options=self._options
            )
            self._attention.change(Path(message.folder))
            self._witness.change(Path(message.folder))
            self._follow(Path(message.folder))
        self.action_overview()

    def compare(self, runs: Iterable[Compared]) -> None:
        """Draws the curves of these runs, too, from the beginning; before the app runs."""
        self._options = replace(self._options, compared=reduce(toggled, runs, self._options.compared))
        self._beside.want(self._options.compared)

    def on_compare_toggled(self, message: CompareToggled) -> None:
        """Draws the curves of a run beside those of the one that is shown, or no longer."""
        compared = toggled(self._options.compared, message.run)
        self._beside.want(compared)
        self._set(replace(self._options, compared=compared))

    def action_errors(self) -> None:
        """Shows the errors on the whole screen."""
        self._open(self._errors)

    def action_overview(self) -> None:
        """Goes back to the overview."""
        while self.screen is not self._overview and len(self.screen_stack) > 1:
            self.pop_screen()
        self._show()

    def action_smoothing(self) -> None:
        """Goes on to the next smoothing."""
        self._set(replace(self._options, chart=next_smoothing(self._options.chart)))

    def action_log_y(self) -> None:
        """Switches the y-axis of all charts."""
        self._set(replace(self._options, chart=flip_log_y(self._options.chart)))

    def action_pause(self) -> None:
        """Lets the screen stand still, or go on."""
        self._set(replace(self._options, paused=not self._options.paused))

    def action_acknowledge(self) -> None:
        """Takes note of the alert that stands in the alert row."""
        self._attention.acknowledge(self._sight)
        self._draw_newest()

    def action_dismiss(self) -> None:
        """Takes away what happened since the last look."""
        self._witness.dismiss()
        self._draw_newest()

    def action_mouse(self) -> None:
        """Hands the mouse to the terminal, which then selects text, or takes it back."""
        if self._mouse_switch is not None:
            self._set(replace(self._options, mouse=self._mouse_switch.flip()))

    def action_theme(self) -> None:
        """Dark or light."""
        self.theme = DAY.name if self.current_theme.dark else NIGHT.name

    async def action_quit(self) -> None:
        """Quits; asks first where a training was started together with the monitor."""
        child = self._child
        if child is None or child.poll() is not None:
            self.exit(0)
            return
        from trainmon_tui.screens.quit import QuitScreen  # deferred likewise

        question = QuitScreen(self.note_bug, ascii_only=self._ascii)
        await self.push_screen(question, callback=self._answered)
        self._show_in_colour()

    def _answered(self, end_child: bool | None) -> None:
        if end_child is not None:
            self.end_child = end_child
            self.exit(0)
