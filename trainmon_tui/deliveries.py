"""What the app is told: by other threads that something came, which it then takes in its own, and by screens."""

from textual.message import Message

from trainmon_tui.sight.beside import Compared


class Arrived(Message):
    """A frame came, or what belongs to it: raw points, a reading, compared runs; posted from the thread that has it."""


class CompareToggled(Message):
    """The user compares with a run, or no longer does."""

    def __init__(self, run: Compared) -> None:
        """Says which."""
        super().__init__()
        self.run = run


class RunChosen(Message):
    """The user opened a run."""

    def __init__(self, folder: str) -> None:
        """Says which run folder."""
        super().__init__()
        self.folder = folder
        """The run folder, as the listed folder was named."""
