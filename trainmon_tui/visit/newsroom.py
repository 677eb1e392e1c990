"""What a viewer does about news: it rings the bell, and has messages sent where nobody else is on duty.

What was there when the viewer came is no news to whoever opened it.
"""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from trainmon.meaning.alerts import USUAL, Thresholds, alerts
from trainmon.notify import duty, ledger, record
from trainmon.notify.ledger import Entry
from trainmon.notify.news import Desk, Moment, News, end_key
from trainmon.notify.rules import Rules
from trainmon.system.kept import kept_path
from trainmon_tui.sight.sight import Sight

if TYPE_CHECKING:
    from trainmon.notify.sender import Sender

EVERY = 2.0
"""Seconds between two looks: the trends behind alerts take a millisecond."""

MakeSender = Callable[[Path], "Sender"]
"""Makes what sends the messages about a run folder."""


class Newsroom:
    """The news of the run that is shown; for one thread."""

    def __init__(
        self,
        folder: Path,
        rules: Rules,
        *,
        bell: bool = True,
        make_sender: MakeSender | None = None,
        thresholds: Thresholds = USUAL,
    ) -> None:
        """Has seen nothing yet.

        Args:
            folder: The run folder.
            rules: What is told.
            bell: Whether the bell rings.
            make_sender: Makes what sends messages about a run folder; None: no service is configured.
            thresholds: From where on something is an alert.
        """
        self._rules = rules
        self._bell = bell
        self._make_sender = make_sender
        self._thresholds = thresholds
        self.change(folder)

    def change(self, folder: Path) -> None:
        """Looks at another run folder from now on; what was to be sent of the other still is."""
        self._folder = folder.absolute()
        self._desk = Desk(self._rules)
        self._sender: Sender | None = None
        self._looked = float("-inf")
        self._inquiry = Inquiry(self._folder)

    def told(self, sight: Sight, mono: float) -> Entry | None:
        """Whom a message about the end of the run has reached; None: nobody as far as is known by now."""
        return self._inquiry.told(sight, mono)

    def look(self, sight: Sight, mono: float) -> bool:
        """Has told what is news at monotonic second `mono`; True where the bell is to be rung."""
        if not sight.whole or 0 <= mono - self._looked < EVERY:
            return False
        self._looked = mono
        moment = Moment(
            sight.state, sight.verdict, alerts(sight.state, sight.now, self._thresholds, sight.deadline)
        )
        found = self._desk.look(moment, mono)
        if found and self._make_sender is not None and duty.on_duty(self._folder) is None:
            self._send(found, sight, self._make_sender)
        return bool(found) and self._bell

    def _send(self, found: list[tuple[News, Moment]], sight: Sight, make_sender: MakeSender) -> None:
        # Deferred: 10 ms that most viewers never need.
        from trainmon.notify.deliver import Order
        from trainmon.notify.message import message

        if self._sender is None:
            self._sender = make_sender(self._folder)
        folder = str(self._folder)
        for news, about in found:
            told = message(news, about, folder, sight.now, sight.files)
            self._sender.put(Order(folder, news.key, news.kind, told))


class Inquiry:
    """Asks the ledger whom a message has reached: in a thread, since a home may not answer, and ever more seldom."""

    def __init__(self, folder: Path) -> None:
        """Has not asked yet.

        Args:
            folder: The run folder, absolute.
        """
        self._path = kept_path(folder, record.KIND)
        self._found: Entry | None = None
        self._asking: threading.Thread | None = None
        self._gap = EVERY
        self._due = float("-inf")

    def told(self, sight: Sight, mono: float) -> Entry | None:
        """What is known at monotonic second `mono`; asks again where that is nothing and it is time."""
        if not sight.verdict.status.over:
            self._found, self._gap, self._due = None, EVERY, float("-inf")
            return None
        key = end_key(sight.state)
        found = self._found if self._found is not None and self._found.key == key else None
        if found is None and mono >= self._due and (self._asking is None or not self._asking.is_alive()):
            self._due, self._gap = mono + self._gap, min(60.0, 2 * self._gap)
            self._asking = threading.Thread(target=self._ask, args=(key,), name="trainmon-told", daemon=True)
            self._asking.start()
        return found

    def _ask(self, key: str) -> None:
        self._found = ledger.told_of(record.read(self._path), key)

    def wait(self, seconds: float) -> None:
        """Waits for the answer that was asked for."""
        if self._asking is not None:
            self._asking.join(seconds)
