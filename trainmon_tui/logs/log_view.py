"""One text log as somebody looks at it: through which filter, looking for what; where is in `log_window`.

It is driven from outside and starts nothing: commands change what is looked at, `work` does a piece of a scan, `page`
says what is to be shown. It belongs to one thread, see `trainmon_tui.logs.log_feed`.
"""

from pathlib import Path

from trainmon_tui.expression import SlowError, UnusableError
from trainmon_tui.logs import log_places, text_scan
from trainmon_tui.logs.hunt import Hunt, Scan
from trainmon_tui.logs.log_files import ViewedFile
from trainmon_tui.logs.log_page import LEVELS, LogLine, LogPage, Paper, Search, Wanted, head_of
from trainmon_tui.logs.log_search import Sieve
from trainmon_tui.logs.log_window import LogWindow
from trainmon_tui.logs.text_scan import Matches
from trainmon_tui.logs.textfile import Line, News, TextFile


class LogView:
    """One of the files."""

    def __init__(self, path: Path, file: ViewedFile) -> None:
        """Opens nothing yet; `poll` does."""
        self._text = TextFile(path)
        self._file = file
        self._window = LogWindow(self._text, file)
        self._wanted = Wanted()
        self._search = Search()
        self._found: int | None = None
        self._hunt: Hunt | None = None
        self._note: str | None = None

    def close(self) -> None:
        """Lets go of the file."""
        self._text.close()

    @property
    def name(self) -> str:
        """Of the file; untrusted."""
        return self._text.path.name

    def give_up(self, note: str) -> None:
        """Lets go of the file and of all that is being looked for; the next `poll` tries again."""
        self._text.close()
        self._hunt = self._window.matches = None
        self._wanted, self._note = Wanted(), note

    @property
    def busy(self) -> bool:
        """Whether `work` has something to do."""
        matches = self._window.matches
        return self._hunt is not None or (matches is not None and not matches.done)

    def poll(self) -> None:
        """Looks for what is new in the file."""
        try:
            news = self._text.poll()
        except (OSError, ValueError) as error:  # ValueError: a NUL or a lone surrogate in the name
            why = error.strerror if isinstance(error, OSError) else None
            self.give_up(f"cannot be read: {why or type(error).__name__}")
            return
        if news is News.REPLACED:
            self._start_over()
        elif news is News.GREW and self._window.matches is not None:
            self._grow(self._window.matches)

    def _grow(self, matches: Matches) -> None:
        try:
            while matches.grow():
                pass
        except SlowError:
            self._give_up_filter()

    def _give_up_filter(self) -> None:
        slow, self._wanted = self._wanted.text.text, Wanted(self._wanted.level)
        self._filter_anew()
        self._note = f"{slow} takes too long, so it filters no more"

    def _start_over(self) -> None:
        if self._window.top or self._found is not None:
            self._note = "the file was replaced"
        self._window.start_over()
        self._found = self._hunt = None
        self._filter_anew()

    def _filter_anew(self) -> None:
        self._window.matches = None if self._wanted.everything else Matches(self._text, self._wanted)

    def take_paper(self, paper: Paper) -> None:
        """The size of the page changed."""
        self._window.paper = paper

    def scroll(self, lines: int) -> None:
        """Moves down by so many lines, up where negative; below the last page the view follows the file again."""
        self._note = None
        self._window.scroll(lines)

    def to_end(self) -> None:
        """Follows the file again."""
        self._window.following, self._note, self._hunt = True, None, None

    def stand_or_follow(self) -> None:
        """Stops at the page, or follows the file again."""
        if self._window.following:
            self._window.stand()
        else:
            self.to_end()

    def to_start(self) -> None:
        """The oldest line."""
        self._note, self._hunt = None, None
        self._window.to_start()

    def next_level(self) -> None:
        """Goes on to the next lowest level."""
        level = LEVELS[(LEVELS.index(self._wanted.level) + 1) % len(LEVELS)]
        self._want(Wanted(level, self._wanted.text))

    def filter(self, text: Search) -> None:
        """Shows only records that hold a text; all of them where it is empty."""
        if self._is_expression(text):
            self._want(Wanted(self._wanted.level, text))

    def show_all(self) -> None:
        """Drops the filter; where there is none, what was searched for."""
        if self._wanted.everything:
            self._search, self._found = Search(), None
        self.cancel()
        self._want(Wanted())

    def _want(self, wanted: Wanted) -> None:
        self._wanted, self._note = wanted, None
        self._filter_anew()

    def look_for(self, text: Search) -> None:
        """Searches from the page on: upwards where the file is followed, else downwards and then upwards."""
        self._found = self._hunt = None
        if not self._is_expression(text):
            return
        self._search = text
        sieve = Sieve.of(text)
        if sieve is None:
            return
        size, top = self._text.size, self._window.top
        if self._window.following:
            scans = [self._finder(sieve, size, forward=False)]
        else:
            scans = [self._finder(sieve, top, forward=forward) for forward in (True, False)]
        self._begin(Hunt(f"searching {text.text}", size, *scans))

    def look_further(self, *, forward: bool) -> None:
        """Searches from the last find on, or from the page."""
        sieve = Sieve.of(self._search)
        if sieve is None:
            self._note = "nothing was searched for yet: /"
            return
        lines = self._window.lines()
        if self._found is not None:
            start = self._text.end_of(self._found) if forward else self._found
        else:
            start = (lines[-1].end if forward else lines[0].offset) if lines else 0
        most = self._text.size - start if forward else start
        scan = self._finder(sieve, start, forward=forward)
        self._begin(Hunt(f"searching {self._search.text}", most, scan))

    def _finder(self, sieve: Sieve, start: int, *, forward: bool) -> Scan:
        return text_scan.find(self._text, sieve, start, self._wanted, forward=forward)

    def _is_expression(self, text: Search) -> bool:
        try:
            _ = text.pattern
        except UnusableError as error:
            self._note = str(error)
            return False
        self._note = None
        return True

    def jump(self, place: str, at: str | None = None) -> None:
        """Goes to a time, `14:05`, `14:05:30`, `2026-11-22 14:05`, or to a step, `1200`.

        Args:
            place: As typed.
            at: The stamp of that step, by which a file is searched that does not name it; None: not known.
        """
        self._note, self._hunt = None, None
        step, stamp = log_places.step_of(place), log_places.stamp_of(place, self._text)
        if step is not None:
            scan = log_places.find_step(self._text, step, at)
            self._begin(Hunt(f"going to step {step}", self._text.size, scan))
        elif stamp is not None:
            found = log_places.find_time(self._text, stamp)
            if found is None:
                self._note = f"all lines are older than {stamp}"
            else:
                self._arrive(found)
        elif place.strip():
            self._note = "a time (14:05, 14:05:30, 2026-11-22 14:05) or a step (1200)"

    def _begin(self, hunt: Hunt) -> None:
        self._hunt, self._note = hunt, None

    def cancel(self) -> None:
        """Gives up what is being looked for."""
        self._hunt = None

    def work(self) -> None:
        """Does some milliseconds of what is being looked for; of the filter where nothing is."""
        if self._hunt is not None:
            self._go_on(self._hunt)
        elif self._window.matches is not None:
            try:
                self._window.matches.step()
            except SlowError:
                self._give_up_filter()

    def _go_on(self, hunt: Hunt) -> None:
        try:
            hit = hunt.step()
        except SlowError:
            self._hunt, self._note = None, f"takes too long: {hunt.what}"
            return
        if hit is not None:
            self._arrive(hit.offset)
        elif hunt.over:
            self._hunt, self._note = None, f"nothing found: {hunt.what}"

    def _arrive(self, offset: int) -> None:
        self._hunt = None
        self._found = offset
        self._window.show(offset)

    def page(self) -> LogPage:
        """What is to be shown now."""
        lines, matches = self._window.lines() if self._text.open else [], self._window.matches
        return LogPage(
            file=self._file,
            name=self.name,
            exists=self._text.open,
            size=self._text.size,
            lines=self._with_levels(lines),
            following=self._window.following,
            below=self._text.size - lines[-1].end if lines else 0,
            wanted=self._wanted,
            shown=len(matches) if matches is not None else None,
            search=self._search,
            found=self._found,
            busy=self._busy_with(),
            note=self._note,
        )

    def _busy_with(self) -> str | None:
        if self._hunt is not None:
            return self._hunt.words
        matches = self._window.matches
        if matches is not None and not matches.done:
            return f"filtering {matches.looked_at:.0%}"
        return None

    def _with_levels(self, lines: list[Line]) -> tuple[LogLine, ...]:
        level = ""
        if lines and not head_of(lines[0].text):
            above = head_of(self._text.line_at(text_scan.record_start(self._text, lines[0].end)).text)
            level = above.level if above is not None else ""
        shown: list[LogLine] = []
        for line in lines:
            head = head_of(line.text)
            level = head.level if head is not None else level
            shown.append(LogLine(line.offset, self._file.shown(line.text), level, head, line.cut))
        return tuple(shown)
