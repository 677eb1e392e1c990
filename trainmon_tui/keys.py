"""Keys, one after another: each is handled in full before the next is looked at.

Textual hands a key at once to the screen that is on top then, and looks for what it does later, when that screen has
come to it. So of `2/loss`, typed fast, the slash was meant for the metrics and went to the overview, and the letters
changed the chart instead of being typed.
"""

from collections import deque

from textual import events
from textual.app import App
from textual.message import Message
from textual.screen import Screen

MOST_WAITING = 1_000
"""Keys that wait for one another at most; what is typed beyond is dropped."""

PATIENCE = 1.0
"""Seconds after which a key whose screen went away without a word no longer keeps the others waiting."""


class KeyTaken(Message):
    """A screen is done with a key or a pasted text; posted after whatever it made of it."""


class KeysScreen(Screen[bool | None]):
    """A screen that says when it is done with a key."""

    async def on_event(self, event: events.Event) -> None:
        """Handles the event; after a key, the next one may go to the screen that is on top then."""
        try:
            await super().on_event(event)
        finally:
            if isinstance(event, events.Key | events.Paste):
                self.app.post_message(KeyTaken())


class KeysApp(App[int]):
    """An app that gives a `KeysScreen` one key at a time."""

    def __init__(self) -> None:
        """No key was typed yet."""
        super().__init__()
        self._waiting: deque[events.Key | events.Paste] = deque()
        self._in_hand: events.Key | events.Paste | None = None

    async def on_event(self, event: events.Event) -> None:
        """Lets keys and pasted texts wait for the ones before."""
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            await super().on_event(event)
            return
        if len(self._waiting) < MOST_WAITING:
            self._waiting.append(event)
        if self._in_hand is None or event.time - self._in_hand.time > PATIENCE:
            await self._hand_out()

    async def on_key_taken(self, _message: KeyTaken) -> None:
        """Goes on with the next key."""
        await self._hand_out()

    async def _hand_out(self) -> None:
        self._in_hand = None
        while self._waiting and self._in_hand is None:
            event = self._waiting.popleft()
            tells = self.focused is None and isinstance(self.screen, KeysScreen)
            await super().on_event(event)
            # A key that the app took for itself was not forwarded, and nobody will tell of it.
            self._in_hand = event if tells and event.is_forwarded else None
