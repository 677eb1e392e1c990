"""The five text logs as files: appending, rotation, and completing them after a crash.

They are projections of the journal: a line is never written twice and, once the disk takes it, never missing.
What could not be written stays pending and is written first next time. Used by the writer thread alone.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from trainmon.errors import ArgumentError
from trainmon.storage.log_appender import LogAppender, Position
from trainmon.storage.missing_text import missing_text
from trainmon.system.private_files import REFUSALS
from trainmon.words.paths import LogFile


def as_bytes(lines: Iterable[tuple[LogFile, str]]) -> dict[LogFile, bytes]:
    """The text of each file that the records make, each with its line break."""
    gathered: dict[LogFile, list[str]] = {}
    for file, record in lines:
        gathered.setdefault(file, []).append(record + "\n")
    return {file: "".join(texts).encode("utf-8", "backslashreplace") for file, texts in gathered.items()}


def are_in(folder: Path) -> bool:
    """Whether the folder has one of the four whose names are the spec's: also those of a program that is not ours."""
    named = (file.name_in("") for file in LogFile if file is not LogFile.GENERAL)
    # Unlike `Path.is_file`, False where a folder may not be entered.
    return any(os.path.isfile(folder / name) for name in named)


class TextLogs:
    """The text logs of one run folder."""

    def __init__(
        self, folder: Path, app_name: str, *, max_log_bytes: int | None = None, backup_count: int = 5
    ) -> None:
        """No file is opened before there is text for it.

        Args:
            folder: The run folder; it exists.
            app_name: Names the general log; part of a file name.
            max_log_bytes: A file that would grow longer becomes `NAME.1` first; None or 0: never.
            backup_count: How many old files are kept, `NAME.1` the newest; 0: files are never rotated.

        Raises:
            ArgumentError: `app_name` is no part of a file name, or a number is negative.
        """
        if not app_name or "/" in app_name or "\0" in app_name:
            raise ArgumentError(f"app_name: expected a name without '/', got {app_name!r}")
        if (max_log_bytes or 0) < 0 or backup_count < 0:
            raise ArgumentError(f"expected no negative number, got {max_log_bytes=}, {backup_count=}")
        self._files = {
            file: LogAppender(
                folder / file.name_in(app_name), max_log_bytes if backup_count else None, backup_count
            )
            for file in LogFile
        }

    @property
    def pending(self) -> int:
        """Bytes that wait for the disk; positions that are to be recorded are complete only when it is 0."""
        return sum(len(file.pending) for file in self._files.values())

    @property
    def waiting(self) -> int:
        """The same without the files whose name somebody else has: those may wait for ever."""
        return sum(len(file.pending) for file in self._files.values() if not file.refused)

    @property
    def dropped(self) -> int:
        """Records that were given up because too much was pending; the files say so too, once they can."""
        return sum(file.dropped for file in self._files.values())

    def append(self, lines: Iterable[tuple[LogFile, str]]) -> None:
        """Writes the records behind what is pending, with one write a file.

        Raises:
            OSError: Of the first file that did not take its text; the others were written, and `flush` goes
                on where this one stopped.
        """
        for file, text in as_bytes(lines).items():
            self._files[file].add(text)
        self.flush()

    def flush(self) -> None:
        """Writes what is pending; raises as `append` does, a fault of the storage before a refusal."""
        failures: list[OSError] = []
        for file in self._files.values():
            try:
                file.flush()
            except OSError as error:
                failures.append(error)
        if failures:
            raise min(failures, key=lambda error: error.errno in REFUSALS)

    def positions(self) -> dict[str, Position]:
        """Where each file ends, by its `LogFile`, for the snapshot; without those that do not exist or lack text."""
        complete = {file: appender for file, appender in self._files.items() if not appender.pending}
        found = {file.value: appender.position() for file, appender in complete.items()}
        return {name: position for name, position in found.items() if position is not None}

    def recover(self, positions: Mapping[str, Position], expected: Mapping[LogFile, bytes]) -> int:
        """Completes the files after a crash; to be called before the first `append`.

        Args:
            positions: As they were recorded; a file without one is looked at as a whole.
            expected: What the projection of the journal behind that record gives, as `as_bytes` makes it.

        Returns:
            How many bytes were missing and were added.

        A file whose name somebody else has is left alone, and keeps nobody from the others.

        Raises:
            OSError: As `append` does; `flush` goes on with it.
        """
        added = 0
        for file, text in expected.items():
            appender = self._files[file]
            try:
                there = appender.text_behind(positions.get(file.value), limit=len(text))
            except OSError as error:
                if error.errno not in REFUSALS:
                    raise
                continue
            missing, continues = missing_text(there, text)
            appender.restore(missing, continues=continues)
            added += len(missing)
        try:
            self.flush()
        except OSError as error:
            if error.errno not in REFUSALS:
                raise
        return added

    def close(self) -> None:
        """Closes the files; what is still pending is given up."""
        for file in self._files.values():
            file.close()
