"""The hang X-ray on a whole screen: asks the program for the stacks of its threads, and shows them.

The event loop never waits for the answer: a thread asks, and a program that hangs hard may take some seconds.
"""

from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from trainmon.facts.events import Opened
from trainmon.stacks.stacks import XRay
from trainmon.stacks.xray import xray
from trainmon_tui.screens.base import SCROLLING, PanelScreen, Report, edges, framed
from trainmon_tui.screens.plan import Plan
from trainmon_tui.sight.latest import Latest
from trainmon_tui.sight.sight import Sight
from trainmon_tui.widgets.stacks import StacksPanel, StacksSlice

KEYS = (
    ("?", "keys"), ("X", "ask again"), ("escape", "back"), ("up down pgup pgdn", "scroll"), ("q", "quit"),
)  # fmt: skip
"""What the bottom line says."""


class Told(Message):
    """The program answered, or did not; posted from the thread that asked."""

    def __init__(self, opened: Opened | None, found: XRay) -> None:
        """What the program with that header said."""
        super().__init__()
        self.opened = opened
        self.found = found


class XRayScreen(PanelScreen):
    """Status line, stacks, keys. Asks when it is opened, and on request."""

    OWN_KEYS = (("X", "ask again"), ("up down pgup pgdn home end", "scroll (wheel)"))
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,1", "app.overview", "back", show=False),
        Binding("X", "ask", "ask again"),
        *SCROLLING,
    ]

    def __init__(
        self, report: Report, *, ascii_only: bool, ask: Callable[[Opened | None], XRay] = xray
    ) -> None:
        """A screen without anything to show yet; arguments as for `OverviewScreen`.

        Args:
            report: As there.
            ascii_only: As there.
            ask: Asks the program with that header; called in a thread.
        """
        self._stacks = StacksPanel(report, ascii_only=ascii_only, id="stacks")
        self._ask = ask
        self._asker: Latest[Opened | None] = Latest("trainmon-xray", self._do_ask)
        self._asked: tuple[Opened | None] | None = None
        self._is_left = True
        """Whether the screen was left since it was shown: then opening it asks anew."""
        super().__init__(
            "xray-screen", edges(report, KEYS, "1", ascii_only=ascii_only) | {"stacks": self._stacks}
        )

    def boxes(self, width: int, height: int) -> Plan:
        """One below the other."""
        return framed("stacks", width, height)

    def show(self, sight: Sight) -> None:
        """Shows what is known; asks where the screen has just been opened, or another run is shown."""
        super().show(sight)
        opened = sight.state.opened
        if self._is_left or (self._asked is not None and self._asked != (opened,)):
            self._is_left = False
            self.action_ask()

    def action_ask(self) -> None:
        """Asks once more."""
        if self._sight is None:
            return
        opened = self._sight.state.opened
        same = self._asked == (opened,)
        self._asked = (opened,)
        before = self._stacks.piece.found if same else None
        self._stacks.take(StacksSlice(before, asking=True, utc_offset=self._sight.utc_offset))
        self._asker.ask(opened)

    def _do_ask(self, opened: Opened | None, outdated: Callable[[], bool]) -> None:
        """In the asker's thread."""
        try:
            found = self._ask(opened)
        except Exception as error:  # noqa: BLE001 - a bug there must not leave a screen that waits for ever
            found = XRay(
                0.0, opened.pid if opened is not None else 0, why_not=f"{type(error).__name__}: {error}"
            )
        if not outdated():
            self.post_message(Told(opened, found))

    def on_told(self, message: Told) -> None:
        """Shows the answer."""
        if self._asked == (message.opened,) and self._sight is not None:
            self._stacks.take(StacksSlice(message.found, utc_offset=self._sight.utc_offset))

    def on_screen_suspend(self) -> None:
        """Opening it again asks again; a help that lay over it does not count."""
        self._is_left = self not in self.app.screen_stack

    def action_lines(self, lines: int) -> None:
        """Scrolls."""
        self._stacks.scroll_lines(lines)

    def action_pages(self, pages: int) -> None:
        """Scrolls by pages."""
        self._stacks.scroll_pages(pages)

    def on_mouse_scroll_down(self, _event: events.MouseScrollDown) -> None:
        """Three lines down."""
        self.action_lines(3)

    def on_mouse_scroll_up(self, _event: events.MouseScrollUp) -> None:
        """Three lines up."""
        self.action_lines(-3)

    def on_unmount(self) -> None:
        """Ends the thread where the app ends."""
        self._asker.stop()
