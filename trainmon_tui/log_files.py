"""The files that the logs view shows: the five text logs, and what the program printed under `trainmon run`."""

from enum import StrEnum

from trainmon.output import plain_line
from trainmon.paths import OUTPUT, LogFile


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
