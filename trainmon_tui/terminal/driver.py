"""Textual's driver for our terminal: input is Textual's, output goes through the painter."""

import os
import signal
from collections.abc import Callable
from types import FrameType

from textual import events
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from trainmon_tui.terminal.painter import Painter
from trainmon_tui.terminal.terminal import restore_by_force

PATIENCE = 0.3
"""Seconds that leaving waits for a terminal to take the rest; the promise is to be gone half a second after `q`."""

Handler = Callable[[int, FrameType | None], None]
"""Of a signal."""


def driver_onto(painter: Painter, leaving: Callable[[], None]) -> type[Driver]:
    """The class of a driver that writes with this painter.

    Args:
        painter: Writes to the terminal.
        leaving: Called when the screen is left, also when the process goes to the background.
    """

    class PainterDriver(LinuxDriver):
        """Hands the painter all that Textual writes; Textual's own writer has nothing to do."""

        def start_application_mode(self) -> None:
            """Begins to paint, also after the process was in the background."""
            painter.start()
            super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual's is not annotated
            told = signal.getsignal(signal.SIGWINCH)

            def tell(number: int, frame: FrameType | None) -> None:
                painter.resized(*terminal_size())
                if callable(told):
                    told(number, frame)

            signal.signal(signal.SIGWINCH, one_after_another(tell))

        def write(self, data: str) -> None:
            """Hands on a frame or a sequence."""
            painter.write(data)

        def process_message(self, message: Message) -> None:
            """Takes note of sizes, which some terminals send in place of a signal."""
            if isinstance(message, events.Resize):
                painter.resized(*message.size)
            super().process_message(message)

        def stop_application_mode(self) -> None:
            """Leaves the screen: nothing is painted over what was there before it."""
            painter.end_drawing()
            leaving()
            super().stop_application_mode()

        def close(self) -> None:
            """Waits for the terminal to take what leaving says, but not for long."""
            if not painter.stop(PATIENCE):
                restore_by_force(None)
            super().close()

    return PainterDriver


def one_after_another(handler: Handler) -> Handler:
    """The handler, but never in the midst of itself: a signal that comes then is handled once it is done.

    A handler that looks at something and hands it on would otherwise be interrupted in between by a newer one, and hand
    on what is outdated last: of many sizes in a row, the screen would keep one that the terminal has no longer.
    """
    came = handled = 0
    busy = False

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal came, handled, busy
        came += 1
        while not busy and handled != came:
            busy, handled = True, came
            try:
                handler(number, frame)
            finally:
                busy = False

    return handle


def terminal_size() -> tuple[int, int]:
    """Columns and rows of the terminal; 0 where it does not say."""
    try:
        return os.get_terminal_size(2)
    except OSError:
        return 0, 0
