"""What the app shows: frames become sights, sights go to the screens, and screens lie on one another.

It repaints when a frame comes, at most four times a second, and once a second for the clock. What is drawn is
decided by the panels; what they did not change is not sent. The keys are in `trainmon_tui.app`.
"""

import asyncio
import gc
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from msgspec.structs import replace
from rich.text import Text

from trainmon.fold.state import RunState
from trainmon.meaning.blame import named
from trainmon.meaning.run_exit import started_as
from trainmon.meaning.statuses import Status, Verdict
from trainmon.meaning.verdict import verdict
from trainmon_tui.deliveries import Arrived
from trainmon_tui.feeds.feed import Frame
from trainmon_tui.keys import KeysApp
from trainmon_tui.render.safe import safe_lines
from trainmon_tui.screens.base import PanelScreen
from trainmon_tui.screens.charting import ChartingScreen, OpenScreen, ViewChanged, WantsRaw
from trainmon_tui.screens.errors import ErrorsScreen
from trainmon_tui.screens.overview import OverviewScreen
from trainmon_tui.screens.views import VIEWS, Views
from trainmon_tui.sight.beside import Beside, BesideDesk, Compared
from trainmon_tui.sight.live import Live, LiveDesk, Want
from trainmon_tui.sight.raw import Raw, RawDesk, Request
from trainmon_tui.sight.sight import Options, Sight, clock_difference
from trainmon_tui.terminal.terminal import Mouse
from trainmon_tui.theme import DAY, NIGHT, palette
from trainmon_tui.visit.attention import Attention
from trainmon_tui.visit.memory import Memory
from trainmon_tui.visit.witness import Witness
from trainmon_tui.widgets.rows import SHORT_OF_A_TICK, where
from trainmon_tui.widgets.status import title


class Child(Protocol):
    """A training that was started together with the monitor; `subprocess.Popen` is one."""

    pid: int

    def poll(self) -> int | None:
        """Its exit code; None while it runs."""


class ShowingApp(KeysApp):
    """An app that shows a run, without any key."""

    CSS_PATH = "app.tcss"
    TITLE = "trainmon"

    def __init__(
        self,
        folder: Path,
        *,
        ascii_only: bool = False,
        clock: Callable[[], float] = time.time,
        say_title: Callable[[str], None] | None = None,
        child: Child | None = None,
        theme: str | None = None,
        ask: Callable[[Request, RunState], None] | None = None,
        ask_live: Callable[[Want | None], None] | None = None,
        ask_beside: Callable[[tuple[Compared, ...]], None] | None = None,
        follow: Callable[[Path], None] | None = None,
        first_view: str | None = None,
        memory: Memory | None = None,
        mouse: Mouse | None = None,
        witness: Witness | None = None,
        attention: Attention | None = None,
    ) -> None:
        """A monitor without anything to show yet.

        Args:
            folder: As the user named it.
            ascii_only: Whether nothing above 0x7f may be drawn.
            clock: Unix seconds.
            say_title: Sets the terminal's title; None: it has none.
            child: A training that may end with the monitor.
            theme: Name of a theme; None: ours for dark terminals.
            ask: Has raw points read, which then come by `deliver_raw`; None: charts make do without.
            ask_live: Has this host read, which then comes by `deliver_live`; None: only recorded readings are shown.
            ask_beside: Has compared runs read, which then come by `deliver_beside`; None: nothing is compared.
            follow: Has another run folder followed, whose frames then come by `deliver`; None: only this one is.
            first_view: Name of the view to begin with; None, or no such name: the overview.
            memory: Keeps what is set in the views, and names the folder of the list of runs; None: nothing is kept.
            mouse: Says whose the mouse is; None: it is always ours.
            witness: Sees what is shown, and is told when that is another run; None: nobody does.
            attention: Knows the alerts and keeps which are acknowledged; None: nothing is kept.
        """
        super().__init__()
        self._ascii = ascii_only
        self.set_class(ascii_only, "-ascii-only")
        self._clock = clock
        self._say_title = say_title
        self._child = child
        self._follow = follow
        self._first_view = first_view
        self._mouse_switch = mouse
        self._witness = witness if witness is not None else Witness()
        self._attention = attention if attention is not None else Attention()
        self._raw = RawDesk(ask)
        self._live = LiveDesk(ask_live)
        self._beside = BesideDesk(ask_beside)
        self._newest: Frame | None = None
        self._shown: Frame | None = None
        self._dimmed = False
        self.end_child = False
        """Whether the user wants the training ended that was started together with the monitor."""
        self._loop_of_app: asyncio.AbstractEventLoop | None = None
        self._drawing_asked = False
        self._is_started = False
        self.bugs: dict[str, str] = {}
        """Where each panel that failed did so, by its name."""
        self._looked = clock()
        """Unix seconds of the newest sight, by our clock."""
        self._sight = Sight(
            RunState(), Verdict(Status.WAITING), self._looked, folder=str(folder), exists=False
        )
        self._overview = OverviewScreen(self.note_bug, ascii_only=ascii_only)
        self._errors = ErrorsScreen(self.note_bug, ascii_only=ascii_only)
        self._memory = memory
        self._views = Views(self.note_bug, ascii_only=ascii_only, memory=memory or Memory(folder, Path()))
        self._options = Options(chart=self._views.restore(folder))
        for own in (NIGHT, DAY):
            self.register_theme(own)
        self.theme = theme if theme in self.available_themes else NIGHT.name

    def note_bug(self, panel: str, where: str) -> None:
        """Takes note of a bug in a panel, which says so itself."""
        self.bugs[panel] = where

    def deliver(self, frame: Frame) -> None:
        """Takes the newest frame, from any thread; one that comes before the last was drawn replaces it."""
        self._newest = frame
        if self.is_running and not self._drawing_asked:
            self._drawing_asked = True
            self.post_message(Arrived())

    def deliver_raw(self, raw: Raw) -> None:
        """Takes raw points, from any thread."""
        self._raw.take(raw)
        if self.is_running:
            self.post_message(Arrived())

    def deliver_live(self, live: Live) -> None:
        """Takes a reading of this host, from any thread; the clock's next tick shows it, the first one at once."""
        if self._live.take(live) and self.is_running:
            self.post_message(Arrived())

    def deliver_beside(self, beside: tuple[Beside, ...]) -> None:
        """Takes the curves of compared runs, from any thread."""
        self._beside.take(beside)
        if self.is_running:
            self.post_message(Arrived())

    def get_default_screen(self) -> OverviewScreen:
        """The overview."""
        return self._overview

    async def on_mount(self) -> None:
        """Shows the first screen with whatever is known by now."""
        self._loop_of_app = asyncio.get_running_loop()
        self.theme_changed_signal.subscribe(self, lambda _theme: self._recolour())
        self._recolour()
        self._draw_newest()
        self.set_interval(1.0, self._tick)
        if self._mouse_switch is not None:
            mouse = self._mouse_switch
            self.app_resume_signal.subscribe(self, lambda _app: mouse.tell())
        if self._first_view == "errors":
            self._open(self._errors)
        elif self._first_view is not None and self._first_view in VIEWS:
            self._open(self._views.get(self._first_view))
        self.call_after_refresh(self._started)

    def leave(self, code: int) -> None:
        """Leaves in order with an exit code; from a signal handler or any thread."""
        loop = self._loop_of_app
        if loop is None:
            raise SystemExit(code)
        loop.call_soon_threadsafe(self.exit, code)

    def _started(self) -> None:
        self._is_started = True
        gc.enable()
        gc.freeze()

    def _tick(self) -> None:
        """The clock and the ages move, where no frame has moved them just now."""
        if not 0 <= self._clock() - self._looked < SHORT_OF_A_TICK:
            self._look()
            self._show()

    def on_arrived(self, _message: Arrived) -> None:
        """Shows the newest frame, with all that belongs to it."""
        self._draw_newest()

    def on_view_changed(self, message: ViewChanged) -> None:
        """Looks at all charts in another way."""
        self._set(replace(self._options, chart=message.view))

    def on_open_screen(self, message: OpenScreen) -> None:
        """Shows a screen on top."""
        self._open(message.screen)

    def on_wants_raw(self, _message: WantsRaw) -> None:
        """Has other points read."""
        self._ask_for_raw()

    def _draw_newest(self) -> None:
        self._drawing_asked = False
        if not self._options.paused:
            self._shown = self._newest
        self._look()
        self._show()

    def _look(self) -> None:
        """Makes a sight of the frame that is shown and of this moment."""
        now, frame = self._clock(), self._shown
        self._looked = now
        if frame is None:
            live = self._live.seen(self._sight.state, self._sight.folder, now)
            self._sight = replace(self._sight, now=now, options=self._options, live=live)
            return
        view = frame.view
        # Also on a screen that stands still the verdict and the end are of this moment: an old state looks stalled.
        newest, folder = self._newest or frame, self._sight.folder
        seen = Sight(
            state=view.state, verdict=self._judge(newest, now), now=now - clock_difference(view.evidence),
            folder=folder, exists=view.exists, folder_there=view.folder_there, note=view.note, files=frame.files,
            output=frame.output, options=self._options, raw=self._raw.points(view.state), whole=view.whole,
            orphans=view.evidence.orphans, first=newest.first, ranks=frame.ranks, exit=newest.view.evidence.exit,
            live=self._live.seen(view.state, folder, now), beside=self._beside.seen(self._options.compared, folder),
            started_as=started_as(newest.view.state, newest.view.evidence),
        )  # fmt: skip
        looked = self._attention.look(seen)
        self._sight, ring = self._witness.look(looked, newest.view.state, time.monotonic())
        if ring:
            self.bell()

    def _judge(self, frame: Frame, now: float) -> Verdict:
        try:
            return named(verdict(frame.view.state, frame.view.evidence, now), frame.first)
        except Exception as error:  # noqa: BLE001 - a bug in judging must not take the screen with it
            self.note_bug("verdict", where(error))
            return Verdict(self._sight.verdict.status, f"judging failed: {where(error)}", certainty="unknown")

    def _show(self) -> None:
        if self._sight.dead != self._dimmed:
            self._dimmed = self._sight.dead
            self._recolour()
        for screen in self.screen_stack:
            # Screens below an opaque one are not seen; a modal one lets the one below be seen.
            if isinstance(screen, PanelScreen) and (screen is self.screen or self.screen.is_modal):
                screen.show(self._sight)
        if self._say_title is not None:
            self._say_title(title(self._sight))
        self._ask_for_raw()
        if self._is_started:
            shown = self.screen is self._overview and not self._options.paused
            details = self.screen is self._views.made.get("machine") and not self._options.paused
            sight = self._sight
            self._live.want(sight.state, sight.folder, self._looked, shown=shown, details=details)

    def _ask_for_raw(self) -> None:
        """Has the points read that the screen on top wants."""
        if isinstance(self.screen, ChartingScreen):
            self._raw.want(self.screen.request(), self._sight.state)

    def _recolour(self) -> None:
        bright = palette(self.theme_variables)
        receding = palette(self.theme_variables, dimmed=True) if self._dimmed else bright
        for screen in (*self.screen_stack, self._overview, self._errors, *self._views.made.values()):
            if isinstance(screen, PanelScreen):
                screen.paint(bright, receding)

    def _open(self, screen: PanelScreen) -> None:
        """Puts a screen on top; what lies on one that was there goes."""
        if screen in self.screen_stack:
            while self.screen is not screen:
                self.pop_screen()
            self._show_in_colour()
        elif type(self.screen) is not type(screen):
            keeps_its_place = screen is self._errors or screen in self._views.made.values()
            if keeps_its_place and not self.is_screen_installed(screen):
                # Else Textual removes it when it is popped, and would never draw it again.
                self.install_screen(screen, f"kept-{screen.id}")
            self.push_screen(screen, callback=lambda _nothing: self._show())
            self.call_after_refresh(self._show_in_colour)

    def _show_in_colour(self) -> None:
        self._recolour()
        self._show()

    def _set(self, options: Options) -> None:
        self._options = options
        self._draw_newest()

    def leave_word(self) -> None:
        """Takes note of what was seen last and how the views were set, for whoever comes back."""
        self._keep_views()
        self._attention.leave()
        self._witness.leave(self._sight)

    def _keep_views(self) -> None:
        if self._memory is not None:
            self._views.keep(Path(self._sight.folder), self._options.chart)

    def _fatal_error(self) -> None:
        """Leaves after a bug of ours. Textual would print the values of local variables, which may hold log text."""
        lines = safe_lines("".join(traceback.format_exc()))
        self.panic(Text("\n".join(lines)))
