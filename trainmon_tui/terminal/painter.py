"""The one writer to the terminal: a thread that keeps it up with what is wanted, as fast as it reads.

Nobody else waits for the terminal. Frames are drawn into a canvas, and the thread sends what differs; while a terminal
does not read (XOFF, a stalled ssh, 9,600 baud) frames replace one another and are never queued, so memory stays flat
and the newest is there at once when it reads again.
"""

import os
import select
import threading

from trainmon_tui.terminal.canvas import Canvas

PIECE = 4_096
"""Bytes that are sent at once, about; what changed in the rest meanwhile is sent as it is then."""

MOST_WORDS = 65_536
"""Characters of modes, titles and the like that wait; a terminal that does not read gets no more of them."""

_NO_PEN = "\x1b[0m"
"""Colours and attributes off: not every terminal gives back those that it had before the screen."""

_TITLE = "\x1b]2;"
"""How a title begins."""

_LOOK_EVERY_MS = 100
"""Milliseconds between two looks at whether a terminal that does not read is still worth waiting for."""

_SYNC, _SYNC_END = "\x1b[?2026h", "\x1b[?2026l"
"""What Textual puts around each frame where the terminal can show it all at once."""


class Painter:
    """Writes to a terminal from `start` to `stop`, any number of times; all methods may be called in any thread."""

    def __init__(self, descriptor: int, encoding: str) -> None:
        """A painter that does not write yet.

        Args:
            descriptor: Of the terminal; best one that does not block, because a write that is stuck keeps all others
                out.
            encoding: Of what it is sent; what that cannot say becomes "?".
        """
        self._descriptor = descriptor
        self._encoding = encoding
        # Signal handlers stop and start it in the midst of anything: the condition's lock may be taken again.
        self._ready = threading.Condition(threading.RLock())
        self._canvas = Canvas()
        self._words: list[str] = []
        self._frames_whole = False
        self._drawing = True
        self._given_up = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begins to write, to a screen that shows nothing known."""
        with self._ready:
            self._canvas.forget()
            self._drawing = True
            self._given_up.clear()
            self._thread = threading.Thread(target=self._run, name="trainmon-painter", daemon=True)
            self._thread.start()

    def write(self, data: str) -> None:
        """Takes a frame, or anything else that a terminal is told; never waits."""
        with self._ready:
            if data in (_SYNC, _SYNC_END):
                self._frames_whole = True
            elif self._canvas.draw(data):
                self._ready.notify()
            else:
                self._say(data)
                self._ready.notify()

    def _say(self, words: str) -> None:
        """Adds to what waits; a title replaces the one before."""
        if words.startswith(_TITLE):
            self._words = [waiting for waiting in self._words if not waiting.startswith(_TITLE)]
        if sum(map(len, self._words)) < MOST_WORDS:
            self._words.append(words)

    def resized(self, width: int, height: int) -> None:
        """The terminal has another size, and may have garbled what it shows."""
        with self._ready:
            self._canvas.resize(width, height)
            self._ready.notify()

    def end_drawing(self) -> None:
        """Sends no more cells, because the screen is being left, and puts the pen down; words still go."""
        with self._ready:
            self._drawing = False
            self._words.append(_NO_PEN)

    def stop(self, patience: float) -> bool:
        """Ends the thread once all is written; False if the terminal did not take it within `patience` seconds."""
        with self._ready:
            thread, self._thread = self._thread, None
            self._ready.notify()
        if thread is None:
            return True
        thread.join(patience)
        in_time = not thread.is_alive()
        self._given_up.set()
        thread.join(2e-3 * _LOOK_EVERY_MS)
        return in_time

    def _run(self) -> None:
        thread = threading.current_thread()
        try:
            while True:
                with self._ready:
                    while self._thread is thread and not self._words and not self._rows():
                        self._ready.wait()
                    words, rows = "".join(self._words), self._rows()
                    self._words.clear()
                    ended = self._thread is not thread
                if words:
                    self._send(words)
                self._send_rows(rows)
                if ended:
                    return
        except OSError:  # the terminal is gone; whoever watches it leaves
            return

    def _rows(self) -> list[int]:
        return self._canvas.rows() if self._drawing else []

    def _send_rows(self, rows: list[int]) -> None:
        """Brings rows up to date, in pieces; between two of them others may draw."""
        whole = self._frames_whole and len(rows) > 1
        before = _SYNC if whole else ""
        left = iter(rows)
        unfinished = bool(rows)
        while unfinished:
            parts: list[str] = []
            size = 0
            with self._ready:
                while size < PIECE and unfinished and self._drawing:
                    y = next(left, None)
                    part = self._canvas.cursor() if y is None else self._canvas.update(y)
                    unfinished = y is not None
                    size += len(part)
                    parts.append(part)
                unfinished = unfinished and self._drawing
            if size:
                self._send(before + "".join(parts))
                before = ""
        if whole and not before:
            self._send(_SYNC_END)

    def _send(self, text: str) -> None:
        """Writes it all, or what the terminal takes before it is given up."""
        data = text.encode(self._encoding, "replace")
        while data and not self._given_up.is_set():
            try:
                data = data[os.write(self._descriptor, data) :]
            except BlockingIOError:
                poll = select.poll()
                poll.register(self._descriptor, select.POLLOUT)
                poll.poll(_LOOK_EVERY_MS)
