"""The files that the logs view shows: the five text logs, and what the program printed under `trainmon run`."""

from enum import StrEnum

from trainmon.storage.output import plain_line
from trainmon.words.exits import LAUNCHER_APP
from trainmon.words.paths import OUTPUT, LogFile


class ViewedFile(StrEnum):
    """A file by what it holds; the five have the names of `LogFile`."""

    GENERAL = LogFile.GENERAL.value
    PROGRESS = LogFile.PROGRESS.value
    ERRORS = LogFile.ERRORS.value
    PERFORMANCE = LogFile.PERFORMANCE.value
    OPERATIONS = LogFile.OPERATIONS.value
    OUTPUT = "output"

    def name_in(self, app_name: str) -> str:
        """The file's name in a run folder, where `app_name` names the general log."""
        return OUTPUT if self is ViewedFile.OUTPUT else LogFile(self.value).name_in(app_name)

    def shown(self, line: str) -> str:
        """A line of the file as it is shown: output has its date and its colours left out."""
        return plain_line(line) if self is ViewedFile.OUTPUT else line


class FileChoice:
    """Which file is shown: what somebody chose, or else what says most of a run."""

    def __init__(self, chosen: ViewedFile = ViewedFile.PROGRESS) -> None:
        """What was chosen last."""
        self.chosen = chosen
        self.file = chosen

    def begin(self, app_name: str) -> None:
        """Another run is shown; where `trainmon run` records it, the program has printed and logged nothing."""
        foreign = app_name == LAUNCHER_APP and self.chosen is ViewedFile.PROGRESS
        self.file = ViewedFile.OUTPUT if foreign else self.chosen
