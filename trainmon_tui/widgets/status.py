"""The status line: which run, what became of it, where it runs, what time it is."""

import msgspec

from trainmon.meaning.derived import epoch_number, run_bar
from trainmon.meaning.statuses import Status
from trainmon.words.units import clock, date_clock
from trainmon_tui.render.cells import Role, Row, fit_row, row, row_width
from trainmon_tui.sight.sight import RankSteps, Sight
from trainmon_tui.widgets.lines import ago, clip, join, spread, words
from trainmon_tui.widgets.rows import RowsPanel

SIGNS: dict[Status, tuple[str, str, Role]] = {
    Status.WAITING: ("○", "o", "dim"),
    Status.STARTING: ("◌", "o", "warn"),
    Status.RUNNING: ("●", "*", "good"),
    Status.VALIDATING: ("◆", "*", "validation"),
    Status.SAVING: ("▼", "*", "checkpoint"),
    Status.STALLED: ("▲", "!", "warn"),
    Status.STOPPED: ("■", "!", "warn"),
    Status.FINISHED: ("✔", "=", "good"),
    Status.INTERRUPTED: ("■", "x", "warn"),
    Status.FAILED: ("✖", "x", "bad"),
    Status.TERMINATED: ("✖", "x", "bad"),
    Status.KILLED: ("✖", "x", "bad"),
    Status.OUT_OF_MEMORY: ("✖", "x", "bad"),
    Status.CRASHED: ("✖", "x", "bad"),
    Status.REBOOTED: ("✖", "x", "bad"),
    Status.DIED: ("✖", "x", "bad"),
    Status.UNREACHABLE: ("▲", "?", "warn"),
}
"""Sign, sign in ASCII, and role of each status: never the colour alone."""

_WORDS: dict[Status, tuple[str, str]] = {
    Status.TERMINATED: ("killed", "(terminated)"),
    Status.OUT_OF_MEMORY: ("killed", "by the out-of-memory killer"),
    Status.REBOOTED: ("killed", "(host rebooted)"),
    Status.DIED: ("ended", "without a word"),
}
"""The word in capitals and what follows it, where the status is more than one word or says how it was killed."""

_WITH_REASON = frozenset({Status.STALLED, Status.STOPPED, Status.UNREACHABLE})
"""Statuses of a run that goes on, perhaps, whose reason and moment matter more than the host."""


class StatusSlice(msgspec.Struct, frozen=True):
    """What the status line says; texts are untrusted."""

    name: str
    """Of the model, or of the folder before a run."""
    status: Status
    why: str | None
    since: float | None
    """Unix seconds; None where it is not known."""
    epoch: int | None
    epochs: int | None
    host: str | None
    pid: int | None
    rank: int | None
    world_size: int | None
    git: str | None
    now: float
    utc_offset: int
    paused: bool = False
    mouse: bool = True
    """Whether the mouse is ours."""
    exists: bool = True
    """Whether there is something of a run in the folder."""
    folder_there: bool = True
    ranks: RankSteps | None = None
    """How far the ranks are; None: there are no others, or it is not known."""
    job: str | None = None
    """The batch job around it."""


def pick(sight: Sight) -> StatusSlice:
    """The status line's part of a sight."""
    opened, configuration = sight.state.opened, sight.state.configuration
    return StatusSlice(
        name=configuration.model_name if configuration is not None else sight.folder,
        status=sight.verdict.status,
        why=sight.verdict.why,
        since=sight.verdict.since,
        epoch=epoch_number(sight.state),
        epochs=configuration.total_epochs if configuration is not None else None,
        host=opened.host if opened is not None else None,
        pid=opened.pid if opened is not None else None,
        rank=opened.rank if opened is not None else None,
        world_size=opened.world_size if opened is not None else None,
        git=configuration.git if configuration is not None else None,
        now=sight.now,
        utc_offset=sight.utc_offset,
        paused=sight.options.paused,
        mouse=sight.options.mouse,
        exists=sight.exists,
        folder_there=sight.folder_there,
        ranks=sight.ranks,
        job=opened.job if opened is not None else None,
    )


def rows(piece: StatusSlice, width: int, height: int, ascii_only: bool) -> list[Row]:
    """One line; the name is cut before the status, and the status never."""
    sign, ascii_sign, role = SIGNS[piece.status]
    word, rest = _WORDS.get(piece.status, (piece.status.value, ""))
    verdict = row((f"{ascii_sign if ascii_only else sign} {word.upper()}{' ' if rest else ''}{rest}", role))
    if piece.paused:
        verdict = join(verdict, row(("SCREEN PAUSED ", "warn"), ("[space]", "key")))
    if not piece.mouse:
        verdict = join(verdict, row(("MOUSE OFF ", "warn"), ("[m]", "key")))
    name_room = max(8, min(width * 2 // 5, width - row_width(verdict) - 14))
    name = clip(words(piece.name, ascii_only=ascii_only), name_room, ascii_only=ascii_only)
    if width < row_width(verdict) + name_room + 2:
        return [fit_row(join(verdict, row((name, "value"))), width)][:height]
    left = join(row((name, "value")), verdict)
    if piece.status in _WITH_REASON or (piece.status.over and piece.status is not Status.FINISHED):
        return [_with_reason(piece, left, width, ascii_only)][:height]
    if piece.status is Status.WAITING:
        left = join(left, row((_waiting_words(piece), "dim")))
    elif piece.epoch is not None:
        of = f"/{piece.epochs:,}" if piece.epochs else ""
        left = join(left, row(("epoch ", "label"), (f"{piece.epoch:,}{of}", "value")))
    return [spread(left, _right(piece, ascii_only, wide=width >= 110), width)][:height]


def _waiting_words(piece: StatusSlice) -> str:
    if piece.exists:
        return "for a run here"
    return "for a run: " + ("no run in it yet" if piece.folder_there else "the folder is not there yet")


def _with_reason(piece: StatusSlice, left: Row, width: int, ascii_only: bool) -> Row:
    moment: list[Row] = []
    if piece.since is not None:
        at, age = clock(piece.since, piece.utc_offset), ago(piece.now - piece.since)
        moment = [row((f"{at}, {age}", "label")), row((age, "label"))]
    reserved = row_width(moment[0]) + 2 if moment and width >= 70 else 0
    room = width - row_width(left) - 2 - reserved
    if piece.why and room >= 8:
        why = clip(words(piece.why, ascii_only=ascii_only), room, ascii_only=ascii_only)
        left = join(left, row((why, "plain")))
    return spread(left, moment, width)


def _right(piece: StatusSlice, ascii_only: bool, *, wide: bool) -> list[Row]:
    """Host, process or batch job, time: fuller first."""
    host = (
        row((clip(words(piece.host, ascii_only=ascii_only), 24, ascii_only=ascii_only), "plain"))
        if piece.host
        else ()
    )
    pid = row((f"pid {piece.pid}", "label")) if piece.pid is not None else ()
    job_name = words(piece.job, ascii_only=ascii_only, limit=32) if piece.job else ""
    job = row((clip(job_name, 24, ascii_only=ascii_only), "label")) if job_name else ()
    rank = row((f"rank {piece.rank} of {piece.world_size}", "label")) if (piece.world_size or 1) > 1 else ()
    short = rank
    if piece.ranks is not None:
        rank, short = (
            _ranks(piece.ranks, piece.ranks.text, ascii_only),
            _ranks(piece.ranks, piece.ranks.short, ascii_only),
        )
    git = (
        row(("git ", "label"), (words(piece.git, ascii_only=ascii_only, limit=24), "label"))
        if piece.git
        else ()
    )
    time = row((clock(piece.now, piece.utc_offset), "value"))
    dated = row((date_clock(piece.now, piece.utc_offset), "value"))
    fuller = [
        join(rank, pid, host, job, git, dated, gap="   "),
        join(rank, pid, host, job, dated, gap="   "),
    ]
    return [
        *(fuller if wide else []),
        join(rank, host, job or pid, time),
        *([join(rank, time), join(short, time), short] if piece.ranks is not None else []),
        join(host, job or pid, time),
        join(host, time),
        time,
    ]


def _ranks(ranks: RankSteps, text: str, ascii_only: bool) -> Row:
    return row((words(text, ascii_only=ascii_only), "bad" if ranks.bad else "label"))


def title(sight: Sight) -> str:
    """The terminal's title: sign, percent, name; untrusted."""
    sign, _, _ = SIGNS[sight.verdict.status]
    fraction = run_bar(sight.state).fraction
    share = f" {int(fraction * 100)} %" if fraction is not None and not sight.verdict.status.over else ""
    name = sight.state.configuration.model_name if sight.state.configuration is not None else sight.folder
    return f"{sign} {sight.verdict.status.value}{share} {name}"


class StatusPanel(RowsPanel[StatusSlice]):
    """The status line."""

    TICKS = True
    WHILE_PAUSED = True

    def pick(self, sight: Sight) -> StatusSlice:
        """See `pick`."""
        return pick(sight)

    def draw(self, piece: StatusSlice, width: int, height: int) -> list[Row]:
        """See `rows`."""
        return rows(piece, width, height, self._ascii)

    def same(self, before: Sight, after: Sight) -> bool:
        """See `RowsPanel.same`."""
        numbers = epoch_number(before.state), epoch_number(after.state)
        return before.verdict == after.verdict and before.ranks == after.ranks and numbers[0] == numbers[1]
