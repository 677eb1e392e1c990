"""The page of a text log: which of its lines, or of those that match a filter, are in sight.

A page is known by the byte where its first line begins, never by a line's number, which nobody has counted. While the
file is followed there is no such byte: the page is the last one, wherever that is.
"""

from trainmon_tui.logs.log_files import ViewedFile
from trainmon_tui.logs.log_page import Paper
from trainmon_tui.logs.text_scan import Matches
from trainmon_tui.logs.textfile import Line, TextFile

_ABOVE = 3
"""A line that was jumped to stands at a third of the page: what led to it matters more than what followed."""


class LogWindow:
    """The page, its size, and whether it follows the file; begins with the last page, followed."""

    def __init__(self, text: TextFile, file: ViewedFile) -> None:
        """Reads nothing yet.

        Args:
            text: The file.
            file: How its lines are shown, which decides how many rows they take.
        """
        self._text = text
        self._file = file
        self.paper = Paper()
        self.matches: Matches | None = None
        """The lines that may be in sight; None: all."""
        self.top = 0
        """Byte where the page begins, while the file is not followed; it may lie in a line that is filtered away."""
        self.following = True

    def start_over(self) -> None:
        """The file is another one."""
        self.top, self.following = 0, True

    def scroll(self, lines: int) -> None:
        """Moves down by so many lines, up where negative; below the last page the file is followed again."""
        if self.following and lines >= 0:
            return
        top = self._moved(self._bottom() if self.following else self.top, lines)
        self.following = lines > 0 and top >= self._bottom()
        self.top = top

    def stand(self) -> None:
        """Stops at the last page."""
        self.top, self.following = self._bottom(), False

    def to_start(self) -> None:
        """The oldest line."""
        matches = self.matches
        self.following = False
        self.top = (matches[0] if len(matches) else 0) if matches is not None else 0

    def show(self, offset: int) -> None:
        """Stops where the line that begins at a byte is in sight, and moves only if it is not."""
        lines = self.lines()
        if self.following:
            self.stand()
        if not (lines and lines[0].offset <= offset <= lines[-1].offset):
            self.top = min(self._moved(offset, -(self.paper.rows // _ABOVE)), self._bottom())

    def lines(self) -> list[Line]:
        """The lines in sight, in their order."""
        top = self._bottom() if self.following else min(self.top, self._bottom())
        matches, rows = self.matches, self.paper.rows
        if matches is None:
            return self._text.lines_from(top, rows)
        first = matches.search(top)
        last = min(first + rows, len(matches))
        return [self._text.line_at(matches[index]) for index in range(first, last)]

    def _moved(self, offset: int, lines: int) -> int:
        """Where the line begins that is so many lines further down; the ends of the file are the limits."""
        matches = self.matches
        if matches is not None:
            at = max(0, min(matches.search(offset) + lines, len(matches) - 1))
            return matches[at] if len(matches) else 0
        if lines <= 0:
            starts = self._text.starts_before(offset, -lines)
            return starts[0] if starts else offset
        further = self._text.lines_from(offset, lines + 1)
        return min(further[-1].offset if further else offset, self._bottom())

    def _bottom(self) -> int:
        """Where the last page begins."""
        starts = self._last_starts()
        room = self.paper.rows
        top = starts[-1] if starts else 0
        for start in reversed(starts):
            room -= self.paper.rows_of(self._file.shown(self._text.line_at(start).text))
            if room < 0:
                break
            top = start
        return top

    def _last_starts(self) -> list[int]:
        matches, rows = self.matches, self.paper.rows
        if matches is None:
            return self._text.starts_before(self._text.size, rows)
        return [matches[index] for index in range(max(0, len(matches) - rows), len(matches))]
