"""The checkpoints: the newest in a line, or several in a table, and whether their files are there."""

from collections.abc import Mapping

import msgspec

from trainmon.fold.best import same
from trainmon.fold.state_entries import CheckpointEntry
from trainmon.meaning.derived import seconds_to_next
from trainmon.meaning.saved import newest_there, unsaved
from trainmon.words.units import count, duration, size
from trainmon_tui.render.cells import Role, Row, fit_row, row
from trainmon_tui.render.safe import fit
from trainmon_tui.sight.sight import Sight
from trainmon_tui.widgets.lines import (
    ago,
    bracketed,
    clip,
    clip_end,
    coming,
    first_that_fits,
    join,
    missing,
    title_row,
    words,
)
from trainmon_tui.widgets.rows import RowsPanel

EMPTY = "no checkpoint yet: log_model_checkpoint"
"""What makes a checkpoint appear."""

_WITH_DURATION = 64
"""Columns from which the table says how long saving took."""


class CheckpointsSlice(msgspec.Struct, frozen=True):
    """Checkpoints, oldest first; paths are untrusted."""

    checkpoints: tuple[CheckpointEntry, ...]
    best: CheckpointEntry | None
    """The one that holds the best model; None where none does."""
    files: Mapping[str, bool | None]
    """Whether a file is there, by path; None or absent: not known."""
    total: int
    """How many the run has saved."""
    bytes: int
    """Of all of them, whether or not their files are still there."""
    next: float | None
    """Seconds until the next is due; None where they do not come regularly, or none will come."""
    over: bool
    """Whether nothing more can be lost: the verdict says what was."""
    run_step: int
    last_step_time: float | None
    now: float


def pick(sight: Sight) -> CheckpointsSlice:
    """The checkpoints' part of a sight."""
    state = sight.state
    steps = [entry.run_step for entry in state.checkpoints]
    return CheckpointsSlice(
        checkpoints=tuple(state.checkpoints[-50:]),
        best=state.best_checkpoint,
        files=sight.files,
        total=max(state.totals.checkpoints, len(state.checkpoints)),
        bytes=state.totals.checkpoint_bytes,
        next=seconds_to_next(state, steps) if not sight.verdict.status.over else None,
        over=sight.verdict.status.over,
        run_step=state.run_step,
        last_step_time=state.last_step_time,
        now=sight.now,
    )


def file_word(files: Mapping[str, bool | None], path: str) -> tuple[str, Role]:
    """Whether the file is there, as a word."""
    there = files.get(path)
    if there is None:
        return "?", "dim"
    return ("ok", "good") if there else ("gone", "warn")


def rows(piece: CheckpointsSlice, width: int, height: int, ascii_only: bool) -> list[Row]:
    """One line about the newest for a height of 1 or 2, else a titled table, newest first."""
    if height < 3:
        return [fit_row(_one_line(piece, width, ascii_only), width)][:height]
    entries = piece.checkpoints
    note = row(
        (f"{count(piece.total)} saved", "label"), (f"  {size(piece.bytes)}" if piece.bytes else "", "label")
    )
    lines = [title_row("checkpoints", [note if entries else ()], width, ascii_only=ascii_only)]
    if not entries:
        return [*lines, row((clip(missing(EMPTY, over=piece.over), width, ascii_only=ascii_only), "dim"))]
    # How long saving took is the first column to go; a name that cannot be read is worth less than all others.
    timed = width >= _WITH_DURATION
    step_width = max(7, len(count(entries[-1].run_step)) + 2)
    name_width = max(8, width - step_width - 10 - (9 if timed else 0) - 9 - 8)
    took = f"{'took':>9}" if timed else ""
    lines.append(row((f"{'file':<{name_width}}{'step':>{step_width}}{'size':>10}{took}{'age':>9}", "label")))
    loss = _at_risk(piece, width) if height >= 5 else ()
    shown = list(reversed(entries))[: height - len(lines) - (1 if loss else 0)]
    if piece.best is not None and not any(same(piece.best, entry) for entry in shown):
        shown[-1] = piece.best
    newest = newest_there(entries, piece.files)
    for entry in shown:
        word, role = file_word(piece.files, entry.checkpoint_path)
        if word == "gone" and newest is not None and newest.time > entry.time:
            # Most trainings keep the newest few only.
            role = "dim"
        lines.append(
            _table_row(piece, entry, (name_width, step_width), (word, role), ascii_only, timed=timed)
        )
    return [*lines, loss] if loss else lines


def _table_row(
    piece: CheckpointsSlice,
    entry: CheckpointEntry,
    widths: tuple[int, int],
    told: tuple[str, Role],
    ascii_only: bool,
    *,
    timed: bool,
) -> Row:
    name_width, step_width = widths
    name = clip_end(_file_name(entry.checkpoint_path, ascii_only), name_width, ascii_only=ascii_only)
    took = f"{_seconds(entry.duration):>9}" if timed else ""
    bytes_ = size(entry.size) if entry.size is not None else ""
    age = duration(max(0.0, piece.now - entry.time))
    cells = f"{count(entry.run_step):>{step_width}}{bytes_:>10}{took}{age:>9}"
    mark = told
    if same(entry, piece.best):
        mark = ("* gone", "warn") if told[0] == "gone" else ("* best", "best")
    return row((fit(name, name_width), "value"), (cells, "plain"), ("  ", "plain"), mark)


def _seconds(span: float | None) -> str:
    """How long saving took; "" where nobody timed it."""
    if span is None:
        return ""
    return f"{span:.1f} s" if span < 60 else duration(span)


def _file_name(path: str, ascii_only: bool) -> str:
    return words(path.rstrip("/").rpartition("/")[2] or path, ascii_only=ascii_only)


def _at_risk(piece: CheckpointsSlice, width: int) -> Row:
    """What a crash now would lose, and when the next checkpoint is due."""
    newest = newest_there(piece.checkpoints, piece.files)
    steps = unsaved(piece.run_step, newest)
    if not steps or piece.last_step_time is None or piece.over:
        return ()
    span = bracketed(piece.last_step_time - newest.time) if newest is not None else ""
    lost = row((f"a crash now would lose {count(steps)} steps{span}", "dim"))
    short = row((f"not saved yet: {count(steps)} steps{span}", "dim"))
    next_ = coming("next", piece.next, "dim") if piece.next is not None else ()
    return first_that_fits([join(lost, next_, gap="   "), lost, short], width)


def _one_line(piece: CheckpointsSlice, width: int, ascii_only: bool) -> Row:
    label = row(("ckpt  ", "label"))
    if not piece.checkpoints:
        return row(*label, (clip(missing(EMPTY, over=piece.over), width - 6, ascii_only=ascii_only), "dim"))
    newest = piece.checkpoints[-1]
    word, role = file_word(piece.files, newest.checkpoint_path)
    name = _file_name(newest.checkpoint_path, ascii_only)
    short = row(*label, (clip_end(name, 28, ascii_only=ascii_only), "value"))
    step = row(("step ", "label"), (count(newest.run_step), "value"))
    bytes_ = row((size(newest.size), "value")) if newest.size is not None else ()
    age = row((ago(piece.now - newest.time), "label"))
    file = row(("file ", "label"), (word, role))
    next_ = coming("next", piece.next) if piece.next is not None else ()
    return first_that_fits(
        [
            join(short, step, bytes_, age, file, next_),
            join(short, step, bytes_, age, file),
            join(short, step, age, file),
            join(short, age, file),
            row(
                *label,
                (clip_end(name, max(1, width - 16), ascii_only=ascii_only), "value"),
                ("  ", "plain"),
                *file,
            ),
        ],
        width,
    )


class CheckpointsPanel(RowsPanel[CheckpointsSlice]):
    """The checkpoints."""

    TICKS = True

    def pick(self, sight: Sight) -> CheckpointsSlice:
        """See `pick`."""
        return pick(sight)

    def draw(self, piece: CheckpointsSlice, width: int, height: int) -> list[Row]:
        """See `rows`."""
        return rows(piece, width, height, self._ascii)

    def same(self, before: Sight, after: Sight) -> bool:
        """See `RowsPanel.same`."""
        same = before.state.checkpoints == after.state.checkpoints and before.files == after.files
        return same and before.verdict.status.over == after.verdict.status.over
