"""Builders for the app: frames without files, and a clock that tests set."""

from collections.abc import Mapping
from pathlib import Path

from tests.builders import Journal
from trainmon.meaning.statuses import Evidence
from trainmon.reading.reader import View
from trainmon_tui.app import WatchApp
from trainmon_tui.feeds.feed import Frame
from trainmon_tui.showing import Child
from trainmon_tui.widgets.rows import Panel


class Clock:
    """A clock that stands until it is set."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def a_frame(
    journal: Journal, *, alive: bool | None = True, note: str | None = None, exists: bool = True,
    files: Mapping[str, bool | None] | None = None,
) -> Frame:  # fmt: skip
    """What the feed would hand on."""
    evidence = Evidence(alive=alive, heartbeat=journal.now)
    view = View(state=journal.state(), evidence=evidence, exists=exists, note=note, version=1, bytes_read=0)
    return Frame(view, files if files is not None else {})


def an_app(
    journal: Journal, *, frame: Frame | None = None, ascii_only: bool = False, child: Child | None = None
) -> WatchApp:
    """An app that has the journal's frame, one second after its last event."""
    app = WatchApp(Path("logs"), ascii_only=ascii_only, clock=Clock(journal.now + 1.0), child=child)
    app.deliver(frame if frame is not None else a_frame(journal))
    return app


def panel_text(app: WatchApp, name: str) -> str:
    """The characters of one panel of the screen that is on top."""
    return next(panel.text() for panel in panels(app) if panel.id == name)


def screen_text(app: WatchApp) -> str:
    """The characters of all panels that are shown, one panel after the other."""
    return "\n".join(panel.text() for panel in panels(app) if panel.display)


def panels(app: WatchApp) -> list[Panel]:
    """The panels of the screen that is on top."""
    return [widget for widget in app.screen.query("*") if isinstance(widget, Panel)]
