"""The thread behind the logs view: it reads the files, so that a dead disk or a long search never holds up the screen.

Commands go in, pages come out. A scan is done in pieces between commands, so every key is answered within some
milliseconds and a new command takes the place of an old search.
"""

import queue
import threading
from collections.abc import Callable
from pathlib import Path

from trainmon_tui.logs.log_files import ViewedFile
from trainmon_tui.logs.log_page import LogPage, Paper
from trainmon_tui.logs.log_view import LogView

POLL_EVERY = 0.5
"""Seconds between two looks at the file that is shown."""

BURST = 4
"""Pieces of a scan between two pages: ten pages a second show how far it is."""

Command = Callable[[LogView], None]
"""What the user wants of the file that is shown."""

DEFAULT_APP_NAME = "gradio_app"
"""Names the general log where the run did not."""


class LogDesk:
    """The files of a run folder, each as it was left."""

    def __init__(self, folder: Path, app_name: str) -> None:
        """Opens nothing yet.

        Args:
            folder: The run folder.
            app_name: Names the general log; untrusted: one that is no part of a file name is not used.
        """
        usable = bool(app_name) and "/" not in app_name and "\0" not in app_name
        name = app_name if usable else DEFAULT_APP_NAME
        self._views = {file: LogView(folder / file.name_in(name), file) for file in ViewedFile}
        self._file = ViewedFile.PROGRESS

    @property
    def view(self) -> LogView:
        """The file that is shown."""
        return self._views[self._file]

    def show(self, file: ViewedFile, paper: Paper) -> None:
        """Shows another file."""
        self._file = file
        self.view.take_paper(paper)
        self.view.poll()

    def close(self) -> None:
        """Lets go of the files."""
        for view in self._views.values():
            view.close()


class LogFeed:
    """Runs a desk in a thread of its own, from `start` to `stop`."""

    def __init__(self, desk: LogDesk, show: Callable[[LogPage], None]) -> None:
        """A feed that does not run yet.

        Args:
            desk: Used by this feed's thread alone from now on.
            show: Takes the newest page, in that thread; it must return at once.
        """
        self._desk = desk
        self._show = show
        self._commands: queue.SimpleQueue[Callable[[LogDesk], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="trainmon-logs", daemon=True)
        self._shown: LogPage | None = None

    def start(self) -> None:
        """Begins to follow."""
        self._thread.start()

    def stop(self, patience: float = 1.0) -> bool:
        """Ends the thread; False if it is still stuck in a read of dead storage after `patience` seconds."""
        self._commands.put(None)
        if self._thread.ident is not None:
            self._thread.join(patience)
        return not self._thread.is_alive()

    def do(self, command: Command) -> None:
        """Has a command done to the file that is shown; returns at once."""
        self._commands.put(lambda desk: command(desk.view))

    def turn_to(self, file: ViewedFile, paper: Paper) -> None:
        """Shows a file on a page of that size; returns at once."""
        self._commands.put(lambda desk: desk.show(file, paper))

    def _run(self) -> None:
        try:
            while self._go_on():
                pass
        finally:
            self._desk.close()

    def _go_on(self) -> bool:
        """One round; False when it is time to stop."""
        try:
            if not self._obey():
                return False
            for _ in range(BURST):
                if self._desk.view.busy:
                    self._desk.view.work()
            self._deliver()
        except Exception as error:  # noqa: BLE001 - a disk that fails, or a bug: neither may leave a view that looks alive
            self._desk.view.give_up(f"reading failed ({type(error).__name__})")
            self._show(LogPage(name=self._desk.view.name, note=f"reading failed ({type(error).__name__})"))
        return True

    def _obey(self) -> bool:
        """Does what is wanted, or waits for it until it is time to poll; False when it is time to stop."""
        busy = self._desk.view.busy
        try:
            command = self._commands.get(timeout=0.0 if busy else POLL_EVERY)
        except queue.Empty:
            if not busy:
                self._desk.view.poll()
            return True
        while command is not None:
            command(self._desk)
            try:
                command = self._commands.get_nowait()
            except queue.Empty:
                return True
        return False

    def _deliver(self) -> None:
        page = self._desk.view.page()
        if page != self._shown:
            self._shown = page
            self._show(page)
