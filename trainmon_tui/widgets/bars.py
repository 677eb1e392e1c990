"""The bars: how far the run and the epoch are, how long it will take, how fast it goes, where the time went."""

import math

import msgspec

from trainmon.meaning import deadline, remaining
from trainmon.meaning.deadline import Outlook, outlook
from trainmon.meaning.derived import (
    Bar,
    epoch_bar,
    epoch_number,
    run_bar,
    samples_per_second,
    seconds_to_next,
    silence,
    steps_per_second,
)
from trainmon.meaning.eta import Estimate
from trainmon.meaning.remaining import NoEstimate
from trainmon.meaning.statuses import Status
from trainmon.words.units import count, duration, moment_clock, percent, throughput
from trainmon_tui.render.bars import bar, stacked
from trainmon_tui.render.cells import Role, Row, fit_row, row, row_width
from trainmon_tui.sight.sight import Sight
from trainmon_tui.widgets.lines import coming, first_that_fits, join, spread
from trainmon_tui.widgets.rows import RowsPanel
from trainmon_tui.widgets.split import Split, split, split_words

LABEL = 7
"""Cells of the word before a bar."""

_PERCENT = 8
"""Cells of a percentage behind a bar."""

_UP = 14
"""Cells of "up 5h 26m" and the blank before it."""

COUNTS = 19
"""Cells of "182,400/450,450" and the blank before it, at least."""

_WITH_UP = 60
"""Columns from which the time that passed is shown."""

_WIDE = 120
"""Columns from which the next validation is announced, and the deadline is compared with the end."""


class BarsSlice(msgspec.Struct, frozen=True):
    """How far, how long, how fast."""

    status: Status
    run: Bar
    epoch: Bar
    epoch_number: int | None
    epochs: int | None
    estimate: Estimate | None
    why_none: NoEstimate | None
    """Why there is no estimate; None where there is, or will be soon."""
    silent: bool
    """Whether no step comes for longer than is usual, or for so long that the run counts as stalled."""
    speed: float | None
    """Steps a second; None before it is known."""
    samples: float | None
    """Samples a second; None where it cannot be said."""
    elapsed: float | None
    epoch_elapsed: float | None
    """Seconds since the epoch began; None before the first."""
    ended: float | None
    """Unix seconds when the run ended; None while it has not."""
    next_validation: float | None
    """Seconds until the next one is due; None where they do not come regularly."""
    outlook: Outlook | None
    """How the run stands to its deadline; None where it has none."""
    split: Split | None
    now: float
    utc_offset: int


def pick(sight: Sight) -> BarsSlice:
    """The bars' part of a sight; a dead run stands still at its last event."""
    state, status = sight.state, sight.verdict.status
    at = remaining.as_of(state, sight.verdict, sight.now)
    why_none = remaining.why_none(state, sight.verdict, sight.now)
    silent = status is Status.STALLED or silence(state, sight.verdict, sight.now) is not None
    return BarsSlice(
        status=status,
        run=run_bar(state),
        epoch=epoch_bar(state),
        epoch_number=epoch_number(state),
        epochs=state.configuration.total_epochs if state.configuration is not None else None,
        estimate=remaining.estimate(state, sight.verdict, sight.now),
        why_none=why_none,
        silent=silent,
        speed=steps_per_second(state),
        samples=samples_per_second(state),
        elapsed=remaining.elapsed(state, sight.verdict, sight.now),
        epoch_elapsed=max(0.0, at - state.epoch_time) if state.epoch_time is not None else None,
        ended=at if status.over else None,
        next_validation=_until_validation(sight) if status is Status.RUNNING and not silent else None,
        outlook=None if status.over else outlook(state, sight.now, sight.deadline, goes_on=why_none is None),
        split=split(state, at),
        now=sight.now,
        utc_offset=sight.utc_offset,
    )


def _until_validation(sight: Sight) -> float | None:
    state = sight.state
    seconds = seconds_to_next(state, [entry.run_step for entry in state.validations])
    if seconds is None or state.last_step_time is None:
        return None
    return max(0.0, seconds - max(0.0, sight.now - state.last_step_time))


def rows(piece: BarsSlice, width: int, height: int, ascii_only: bool) -> list[Row]:
    """Run, left, epoch, time: in this order of importance where not all fit, on the screen run, epoch, left, time."""
    run = _bar_row(piece, "run", piece.run, width, ascii_only)
    epoch = _bar_row(piece, "epoch", piece.epoch, width, ascii_only)
    left = _left_row(piece, width, ascii_only)
    if height < 3:
        return [run, left][:height]
    return [run, epoch, left, _time_row(piece, width, ascii_only)][:height]


def _bar_row(piece: BarsSlice, name: str, part: Bar, width: int, ascii_only: bool) -> Row:
    label = row((f"{name:<{LABEL}}", "label"))
    counts = _counts(piece, part)
    up = _up(piece, name)
    fraction = part.fraction
    share = row((f"{percent(None if fraction is None else fraction * 100, 1):>{_PERCENT}}", "value"))
    if fraction is None:
        share = row((" " * _PERCENT, "plain"))
    counts_width = max(COUNTS, len(count(piece.run.total)) * 2 + 3)
    length = width - LABEL - _PERCENT - counts_width - (_UP if width >= _WITH_UP else 0)
    if length < 8:
        length = max(1, width - LABEL - _PERCENT)
        return fit_row(row(*label, *bar(fraction, length, ascii=ascii_only), *share), width)
    drawn = bar(fraction, length, ascii=ascii_only)
    ending = row((f"{counts:>{counts_width}}", "value"), *(up if width >= _WITH_UP else ()))
    return fit_row(row(*label, *drawn, *share, *ending), width)


def _counts(piece: BarsSlice, part: Bar) -> str:
    if piece.status is Status.WAITING:
        return ""
    if part.total is None:
        return f"{count(part.done)} steps" if part is piece.run else "length unknown"
    return f"{count(part.done)}/{count(part.total)}"


def _up(piece: BarsSlice, name: str) -> Row:
    if name == "epoch" and piece.ended is not None and piece.epoch_number is not None:
        of = f"/{piece.epochs:,}" if piece.epochs else ""
        return row((f"{f'{piece.epoch_number:,}{of}':>{_UP}}", "value"))
    seconds = piece.elapsed if name == "run" else piece.epoch_elapsed
    if seconds is None:
        return ()
    word = "ran" if piece.ended is not None else "up"
    return row((f"{word:>5}", "label"), (f"{duration(seconds):>{_UP - 5}}", "value"))


def _left_row(piece: BarsSlice, width: int, ascii_only: bool) -> Row:
    label = row((f"{'left':<{LABEL}}", "label"))
    speeds = _speeds(piece, width)
    lefts = [row(*label, *text) for text in _left(piece, ascii_only)]
    if piece.outlook is not None and width >= _WIDE:
        lefts.insert(0, join(lefts[0], _deadline(piece, piece.outlook), gap="   "))
    room = width - row_width(speeds[-1]) - 2
    left = first_that_fits(lefts, room) or first_that_fits(lefts, width) or lefts[-1]
    return spread(left, speeds, width)


def _speeds(piece: BarsSlice, width: int) -> list[Row]:
    """How fast it goes, or, where nothing moves, what tells why; fuller first."""
    if piece.silent:
        key = row(("[X]", "key"))
        return [row(*key, (" X-ray: where it stands", "label")), row(*key, (" X-ray", "label")), key]
    if piece.speed is None:
        return [()]
    steps = row((_speed(piece.speed), "value"), (_speed_unit(piece.speed), "unit"))
    samples = (
        row((throughput(piece.samples), "value"), (" samples/s", "unit")) if piece.samples is not None else ()
    )
    speeds = [join(steps, samples, gap="   "), steps]
    if piece.next_validation is not None and width >= _WIDE:
        validation = coming("next validation", piece.next_validation)
        speeds.insert(0, join(steps, samples, validation, gap="   "))
    return speeds


def _left(piece: BarsSlice, ascii_only: bool) -> list[Row]:
    """The time that is left, or why it cannot be said; fuller first."""
    reason = piece.why_none
    if reason is not None:
        return [row((reason.text, reason.tone)), row((reason.short, reason.tone))]
    known = piece.estimate
    if known is None or known.seconds is None:
        return [row(("no ETA yet: a few more steps are needed", "dim")), row(("no ETA yet", "dim"))]
    dash = "-" if ascii_only else "–"
    value = row((duration(known.seconds), "value"))
    low, high = duration(known.low), duration(known.high)
    spread_ = row((f"({low}{dash}{high})", "unit")) if known.low is not None and low != high else ()
    ends = row(("ends ", "label"), (_moment(piece, piece.now + known.seconds), "value"))
    return [join(value, spread_, ends), join(value, ends), value]


def _deadline(piece: BarsSlice, known: Outlook) -> Row:
    """`allocation ends 10:14: fits, 2h 35m spare`."""
    at = row((f"{deadline.name(known.deadline)} ", "label"), (_moment(piece, known.deadline.time), "value"))
    said = deadline.words(known)
    if not said:
        return at
    role: Role = "value" if known.fits and known.left > 0 else "warn"
    return row(*at, (": ", "label"), (said, role))


def _moment(piece: BarsSlice, at: float) -> str:
    return moment_clock(at, piece.now, piece.utc_offset)


def _speed(speed: float | None) -> str:
    """Steps a second, or seconds a step where that is the larger number."""
    if speed is None or not math.isfinite(speed) or speed <= 0:
        return throughput(speed)
    return throughput(speed) if speed >= 1 else throughput(1 / speed)


def _speed_unit(speed: float | None) -> str:
    return " steps/s" if speed is None or speed >= 1 or speed <= 0 else " s/step"


def _time_row(piece: BarsSlice, width: int, ascii_only: bool) -> Row:
    label = row((f"{'time':<{LABEL}}", "label"))
    if piece.split is None:
        return fit_row(row(*label, ("where it went will stand here after the first step", "dim")), width)
    parts = piece.split
    words = split_words(parts, decimals=1)
    length = width - LABEL - 3 - max(44, sum(len(text) for text, _ in words))
    if length < 10:
        return fit_row(row(*label, *split_words(parts)), width)
    drawn = stacked(
        [
            (parts.start, "░", "track"),
            (parts.data, "▒", "raw"),
            (parts.step, "█", "bar"),
            (parts.validation, "▓", "validation"),
            (parts.checkpoint, "▚", "checkpoint"),
        ],
        length,
        ascii=ascii_only,
    )
    return fit_row(row(*label, *drawn, ("   ", "plain"), *words), width)


class BarsPanel(RowsPanel[BarsSlice]):
    """The bars."""

    TICKS = True

    def pick(self, sight: Sight) -> BarsSlice:
        """See `pick`."""
        return pick(sight)

    def draw(self, piece: BarsSlice, width: int, height: int) -> list[Row]:
        """See `rows`."""
        return rows(piece, width, height, self._ascii)
