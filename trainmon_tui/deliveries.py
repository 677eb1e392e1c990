"""What other threads tell the app: that something came, which the app then takes in its own thread."""

from textual.message import Message


class Arrived(Message):
    """A frame came; posted from the feed's thread."""


class RawArrived(Message):
    """Raw points were read; posted from the thread that did."""
