"""What the app is told: by other threads that something came, which it then takes in its own, and by screens."""

from textual.message import Message


class Arrived(Message):
    """A frame came; posted from the feed's thread."""


class RawArrived(Message):
    """Raw points were read; posted from the thread that did."""


class RunChosen(Message):
    """The user opened a run."""

    def __init__(self, folder: str) -> None:
        """Says which run folder."""
        super().__init__()
        self.folder = folder
        """The run folder, as the listed folder was named."""
