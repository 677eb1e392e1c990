"""What became of a run that died: why, as far as it is known, and what is left of it."""

from collections.abc import Mapping

import msgspec

from trainmon.facts.readings import MachineReading
from trainmon.fold.arrivals import missing
from trainmon.fold.series import Series
from trainmon.fold.state_entries import CheckpointEntry, ErrorEntry
from trainmon.meaning import out_of_memory
from trainmon.meaning.death import own_errors
from trainmon.meaning.diagnosis import diagnose
from trainmon.meaning.saved import newest_there, unsaved
from trainmon.meaning.statuses import Certainty, Status
from trainmon.notify.ledger import Entry
from trainmon.words.units import clock, count, gib, size, size_gib
from trainmon_tui.render.cells import Row, fit_row, row, row_width
from trainmon_tui.render.sparkline import sparkline
from trainmon_tui.sight.sight import Sight
from trainmon_tui.widgets import aftermath
from trainmon_tui.widgets.checkpoints import file_word
from trainmon_tui.widgets.lines import (
    bracketed,
    clip,
    clip_end,
    first_that_fits,
    join,
    short_command,
    title_row,
    words,
    wrap,
)
from trainmon_tui.widgets.rows import RowsPanel

_WITH_FOLDER = 76
"""Columns from which the whole path of a checkpoint is shown; below, its name is worth more."""

MOST_DETAILS = 4
"""Lines of evidence that are shown; the rest of the screen has work to do, too."""


class VerdictSlice(msgspec.Struct, frozen=True):
    """Why, and what is left; texts are untrusted."""

    why: str | None
    certainty: Certainty
    details: tuple[str, ...]
    """Evidence, the most telling first."""
    error: ErrorEntry | None
    """The newest error, where the run did not die without one."""
    reading: MachineReading | None
    newest: CheckpointEntry | None
    safe: CheckpointEntry | None
    """The newest whose file is not known to be gone."""
    best: CheckpointEntry | None
    files: Mapping[str, bool | None]
    run_step: int
    last_step_time: float | None
    command: tuple[str, ...]
    lost: int
    """Records that were refused or never arrived."""
    utc_offset: int
    told: Entry | None = None
    memory: tuple[tuple[float, float], ...] = ()
    """Unix seconds and bytes of the host's memory in use, by rising time; () where it did not matter."""
    advice: str | None = None
    now: aftermath.Aftermath = aftermath.Aftermath()
    copied: str | None = None
    """The file that the command was copied to, "" where none could be written, None before; safe text."""


def pick(sight: Sight) -> VerdictSlice:
    """The verdict's part of a sight."""
    state = sight.state
    # Of the rank that failed first, where it left one: what the others say is only that it is gone.
    errors = (own_errors(sight.first.state) if sight.first is not None else []) or own_errors(state)
    return VerdictSlice(
        why=sight.verdict.why,
        certainty=sight.verdict.certainty,
        details=sight.verdict.details,
        error=errors[-1] if errors else None,
        reading=state.reading,
        newest=state.checkpoints[-1] if state.checkpoints else None,
        safe=newest_there(state.checkpoints, sight.files),
        best=state.best_checkpoint,
        files=sight.files,
        run_step=state.run_step,
        last_step_time=state.last_step_time,
        command=sight.command,
        lost=state.totals.refused + missing(state),
        utc_offset=sight.utc_offset,
        told=sight.told,
        memory=_memory(state.machine) if sight.verdict.status is Status.OUT_OF_MEMORY else (),
        advice=out_of_memory.advice(state) if sight.verdict.status is Status.OUT_OF_MEMORY else None,
        now=aftermath.pick(sight),
    )


def _memory(machine: Series) -> tuple[tuple[float, float], ...]:
    if "memory" not in machine.names:
        return ()
    column = machine.column("memory")
    return tuple(zip(column.last_time, column.last, strict=True))


def rows(piece: VerdictSlice, width: int, height: int, ascii_only: bool) -> list[Row]:
    """Why and what is left; what is left comes first where there is little room."""
    left = _what_is_left(piece, width, ascii_only)
    why = _why(piece, width, max(2, height - len(left)), ascii_only)
    if height < 4:
        return [fit_row(cells, width) for cells in left[1:]][:height]
    return [*why, *left][:height]


def wanted_height(piece: VerdictSlice, width: int) -> int:
    """Rows that all of it takes."""
    return len(rows(piece, width, 99, ascii_only=False))


def _why(piece: VerdictSlice, width: int, height: int, ascii_only: bool) -> list[Row]:
    lines: list[Row] = [title_row("why", [row((piece.certainty, "label"))], width, ascii_only=ascii_only)]
    why = words(piece.why or "nothing was said", ascii_only=ascii_only)
    lines += [row(("  ", "plain"), (text, "bad")) for text in wrap(why, width - 2, 3, ascii_only=ascii_only)]
    for detail in piece.details[:MOST_DETAILS]:
        text = clip(words(detail, ascii_only=ascii_only), width - 2, ascii_only=ascii_only)
        lines.append(row(("  ", "plain"), (text, "plain")))
    lines += _memory_rows(piece, width, ascii_only)
    if piece.advice is not None:
        lines += _advice_rows(piece.advice, width, height - len(lines), ascii_only)
    if piece.error is not None:
        where = f" at {piece.error.location}" if piece.error.location else ""
        last = f"last error: {piece.error.error_type}{where}"
        lines.append(
            row(
                ("  ", "plain"),
                (clip(words(last, ascii_only=ascii_only), width - 2, ascii_only=ascii_only), "plain"),
            )
        )
        advice = diagnose(piece.error.error_type, piece.error.error_message).advice
        lines += _advice_rows(
            words(advice or "", ascii_only=ascii_only), width, height - len(lines), ascii_only
        )
    if piece.reading is not None and not piece.details and len(lines) < height:
        lines.append(row(("  ", "plain"), *_last_reading(piece.reading, piece.utc_offset, width - 2)))
    return lines[:height]


def _memory_rows(piece: VerdictSlice, width: int, ascii_only: bool) -> list[Row]:
    """`RAM 18:15 17.0 GiB ▃▃▄▅▇█ 63.9 GiB 03:12`: the course of the memory that ran out."""
    known = [(time, value) for time, value in piece.memory if value - value == 0.0]
    if len(known) < 2:
        return []
    (began, first), (ended, last) = known[0], known[-1]
    left = row(
        ("  RAM ", "label"), (clock(began, piece.utc_offset)[:5], "label"), (f" {gib(first)} ", "plain")
    )
    right = row((f" {gib(last)} GiB ", "value"), (clock(ended, piece.utc_offset)[:5], "label"))
    room = width - row_width(left) - row_width(right)
    course = sparkline([value for _, value in known], max(0, room), low=0.0, ascii=ascii_only)
    return [row(*left, *course, *right)]


def _advice_rows(advice: str, width: int, height: int, ascii_only: bool) -> list[Row]:
    """`try: …` in two lines, in three where they are short; with an ellipsis where that is too little."""
    most = min(height, 2 if width >= _WITH_FOLDER else 3)
    texts = wrap(advice, width - 7, most, ascii_only=ascii_only)
    return [
        row(("  try: " if not index else "       ", "key"), (text, "plain"))
        for index, text in enumerate(texts)
    ]


def _last_reading(reading: MachineReading, utc_offset: int, width: int) -> Row:
    """What the machine did just before; a memory that was full is the likeliest reason for a kill."""
    head = row((f"machine at {clock(reading.time, utc_offset)}: ", "label"))
    parts: list[Row] = []
    if (host := reading.host) is not None and host.memory_total:
        parts.append(
            row(("RAM ", "label"), (f"{gib(host.memory_used)}/{gib(host.memory_total)} GiB", "value"))
        )
    if reading.process is not None and reading.process.rss is not None:
        parts.append(row(("trainer ", "label"), (size_gib(reading.process.rss), "value")))
    if reading.gpus:
        gpu = reading.gpus[0]
        text = f"{gib(gpu.memory_used)}/{gib(gpu.memory_total)} GiB"
        parts.append(row((f"GPU{gpu.index} ", "label"), (text, "value")))
    return first_that_fits([row(*head, *join(*parts[:most])) for most in range(len(parts), -1, -1)], width)


def _what_is_left(piece: VerdictSlice, width: int, ascii_only: bool) -> list[Row]:
    lines = [title_row("what is left", [], width, ascii_only=ascii_only)]
    lines.append(_checkpoint_row(piece, "newest", piece.newest, width, ascii_only))
    if piece.best is not None and piece.best != piece.newest:
        lines.append(_checkpoint_row(piece, "best", piece.best, width, ascii_only))
    elif piece.best is not None:
        lines.append(row(("  best     ", "label"), ("the newest is the best", "plain")))
    lines.append(_lost_row(piece))
    if piece.command:
        said = "copy"
        if piece.copied is not None:
            place = clip_end(piece.copied or "the clipboard only", max(6, width - 36), ascii_only=ascii_only)
            said = f"copied to {place}"
        whole = words(short_command(piece.command), ascii_only=ascii_only)
        text = clip(whole, max(0, width - 16 - len(said)), ascii_only=ascii_only)
        lines.append(row(("  ran as   ", "label"), (text, "plain"), ("   y ", "key"), (said, "label")))
    if piece.told is not None:
        names = words(", ".join(piece.told.services), ascii_only=ascii_only, limit=60)
        at = clock(piece.told.time, piece.utc_offset)
        lines.append(row(("  told     ", "label"), (f"{names} at {at}", "good")))
    return [*lines, *aftermath.rows(piece.now, width, ascii_only)]


def _checkpoint_row(
    piece: VerdictSlice, name: str, entry: CheckpointEntry | None, width: int, ascii_only: bool
) -> Row:
    head = row((f"  {name:<9}", "label"))
    if entry is None:
        return row(*head, ("no checkpoint was saved", "bad"))
    word, role = file_word(piece.files, entry.checkpoint_path)
    whole = words(entry.checkpoint_path, ascii_only=ascii_only)
    step = row(("step ", "label"), (count(entry.run_step), "value"))
    at = row((clock(entry.time, piece.utc_offset), "plain"))
    bytes_ = row((size(entry.size), "value")) if entry.size is not None else ()
    file = row(("file ", "label"), (word, role))
    file_name, few, rest = whole.rpartition("/")[2] or whole, join(step, file), join(step, at, bytes_, file)
    short = row((clip_end(file_name, max(12, width - 13 - row_width(few)), ascii_only=ascii_only), "value"))
    path = row((clip_end(whole, max(12, width - 13 - row_width(rest)), ascii_only=ascii_only), "value"))
    fuller = [join(path, rest)] if width >= _WITH_FOLDER else []
    return row(*head, *first_that_fits([*fuller, join(short, few), join(short, file)], width - 11))


def _lost_row(piece: VerdictSlice) -> Row:
    head = row(("  lost     ", "label"))
    steps = unsaved(piece.run_step, piece.safe)
    records = row((f"{count(piece.lost)} log records", "warn" if piece.lost else "plain"))
    if not steps:
        return row(*head, *join(row(("no steps", "good")), records))
    span = ""
    if piece.safe is not None and piece.last_step_time is not None:
        span = bracketed(piece.last_step_time - piece.safe.time)
    return row(*head, *join(row((f"{count(steps)} steps{span} of compute", "warn")), records))


class VerdictPanel(RowsPanel[VerdictSlice]):
    """The verdict on a run that died."""

    _copied: tuple[tuple[str, ...], str | None] = ((), None)
    """The command that was copied last, and where it lies."""

    def pick(self, sight: Sight) -> VerdictSlice:
        """See `pick`."""
        piece = pick(sight)
        command, place = self._copied
        return msgspec.structs.replace(piece, copied=place if command == piece.command else None)

    def same(self, before: Sight, after: Sight) -> bool:
        """See `RowsPanel.same`; what is left goes on changing after the death."""
        now = before.orphans == after.orphans and before.live is after.live and before.told == after.told
        return now and before.verdict == after.verdict and super().same(before, after)

    def say_copied(self, place: str) -> None:
        """Says from now on where this command was copied to; safe text."""
        if self._slice is not None:
            self._copied = (self._slice.command, place)
            self._slice = msgspec.structs.replace(self._slice, copied=place)
        self.redraw()

    def draw(self, piece: VerdictSlice, width: int, height: int) -> list[Row]:
        """See `rows`."""
        return rows(piece, width, height, self._ascii)
