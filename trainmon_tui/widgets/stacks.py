"""What all threads of a program do: their stacks, the likeliest line marked."""

import re

import msgspec

from trainmon.stacks.stack_words import LIBRARIES, Likeliest, finding, likeliest
from trainmon.stacks.stacks import OWN_PARTS, Stack, StackFrame, XRay
from trainmon.words.units import clock
from trainmon_tui.render.cells import Role, Row, row
from trainmon_tui.sight.sight import Sight
from trainmon_tui.widgets.lines import clip, clip_end, title_row, words, wrap
from trainmon_tui.widgets.scrolled import Scrolling

ASKING = "asking the program what its threads do"
"""What stands there until the answer comes."""


_INSTALLED = (
    re.compile(r".*/(?:site-packages|dist-packages)/", re.DOTALL),
    re.compile(r".*/lib/python3\.\d+/", re.DOTALL),
    re.compile(r".*/(?=trainmon/)", re.DOTALL),
)
"""What leads to code that the user did not write; to be matched, for a search tries each place of a long name anew."""


class StacksSlice(msgspec.Struct, frozen=True):
    """An answer, or that it is waited for; texts are untrusted."""

    found: XRay | None = None
    """None: there is none yet."""
    asking: bool = False
    utc_offset: int = 0


def content(piece: StacksSlice, width: int, ascii_only: bool) -> list[Row]:
    """All lines: what is likeliest, then each thread, innermost call first, trainmon's own at the end."""
    found = piece.found
    if found is None:
        return [row((ASKING, "dim"))] if piece.asking else []
    if found.why_not is not None:
        whom = f"pid {found.pid}" if found.pid else "nobody"
        text = words(
            f"{whom} {'cannot' if found.pid else 'can'} be asked: {found.why_not}", ascii_only=ascii_only
        )
        return [row((line, "warn")) for line in wrap(text, width, 6, ascii_only=ascii_only)]
    told = likeliest(found.stacks)
    says = words(told.words if told is not None else "no thread runs Python", ascii_only=ascii_only)
    lines = [row((line, "headline")) for line in wrap(says, width, 3, ascii_only=ascii_only)]
    how = words(f"pid {found.pid}, told by {found.how}", ascii_only=ascii_only)
    lines.append(row((clip(how, width, ascii_only=ascii_only), "dim")))
    for index, stack in enumerate(found.stacks):
        apart = () if stack.own and index and found.stacks[index - 1].own else ((),)
        lines += (*apart, *_thread(stack, index, told, width, ascii_only))
    return lines


def _thread(stack: Stack, index: int, told: Likeliest | None, width: int, ascii_only: bool) -> list[Row]:
    what = finding(stack)
    name = words(stack.name or "a thread", ascii_only=ascii_only, limit=60)
    says = words(what.words if what is not None else "runs no Python", ascii_only=ascii_only)
    own = " (trainmon)" if stack.own else ""
    role: Role = "dim" if stack.own else "value"
    head = f"{name}{own}: {says}"
    lines = [row((clip(head, width, ascii_only=ascii_only), role))]
    if stack.own:
        return lines  # They wait by profession; their calls would only hide the others.
    for at, frame in enumerate(stack.frames):
        marked = told is not None and told.stack == index and told.frame == at
        lines += _frame(frame, marked, width, ascii_only)
    return lines


def _frame(frame: StackFrame, marked: bool, width: int, ascii_only: bool) -> list[Row]:
    mine = not any(part in frame.file for part in (*LIBRARIES, *OWN_PARTS))
    role: Role = "bad" if marked else "own" if mine else "frame"
    mark = (">" if ascii_only else "▶") if marked else " "
    behind = words(
        f":{frame.line if frame.line is not None else '?'} in {frame.function}",
        ascii_only=ascii_only,
        limit=80,
    )
    path = clip_end(
        words(short(frame.file), ascii_only=ascii_only),
        max(8, width - 2 - len(behind)),
        ascii_only=ascii_only,
    )
    lines = [row((clip(f"{mark} {path}{behind}", width, ascii_only=ascii_only), role))]
    if frame.source is not None:
        text = clip(words(frame.source, ascii_only=ascii_only), width - 6, ascii_only=ascii_only)
        shade: Role = "bad" if marked else "own" if mine else "source"
        lines.append(row(("      ", "plain"), (text, shade)))
    return lines


def short(path: str) -> str:
    """A path without what leads to installed packages, the standard library and trainmon itself."""
    for folder in _INSTALLED:
        found = folder.match(path)
        if found is not None:
            return path[found.end() :]
    return path


class StacksPanel(Scrolling[StacksSlice]):
    """The stacks; the screen hands them over. They scroll."""

    piece = StacksSlice()
    """What is shown; set by `take`."""

    def take(self, piece: StacksSlice) -> None:
        """Shows an answer, from its beginning, or that it is waited for."""
        if piece.found is not self.piece.found:
            self._top = 0
        self.piece = self._slice = piece
        self.redraw()

    def pick(self, _sight: Sight) -> StacksSlice:
        """What was handed over; the sight does not matter."""
        return self.piece

    def draw(self, piece: StacksSlice, width: int, height: int) -> list[Row]:
        """A title, and as many of the lines as there is room for."""
        lines = content(piece, width, self._ascii)
        room = max(0, height - 1)
        self._top = max(0, min(self._top, len(lines) - room))
        shown = lines[self._top : self._top + room]
        place: Row = ()
        if len(lines) > room:
            place = row((f"lines {self._top + 1}-{self._top + len(shown)} of {len(lines)}", "dim"))
        title = "X-ray"
        if piece.found is not None:
            title += f" at {clock(piece.found.time, piece.utc_offset)}"
        if piece.asking and piece.found is not None:
            place = row(("asking again", "dim"))
        return [title_row(title, [place, ()], width, ascii_only=self._ascii), *shown]
