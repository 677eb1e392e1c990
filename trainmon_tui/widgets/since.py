"""What happened since somebody last looked: a title and a line, or a line alone where there is little room."""

import msgspec

from trainmon.meaning.since import Digest
from trainmon.words.scalars import Number, decode_number
from trainmon.words.units import clock, count, duration, moment_clock, number
from trainmon_tui.render.cells import Role, Row, row, row_width
from trainmon_tui.sight.sight import Sight
from trainmon_tui.widgets.lines import clip, join, spread, title_row, words
from trainmon_tui.widgets.rows import RowsPanel

KEY = "d"
"""Takes the panel away."""


class SinceSlice(msgspec.Struct, frozen=True):
    """What the panel says."""

    digest: Digest
    utc_offset: int


def pick(sight: Sight) -> SinceSlice | None:
    """The panel's part of a sight; None: nothing to say."""
    return SinceSlice(sight.digest, sight.utc_offset) if sight.digest is not None else None


def rows(piece: SinceSlice | None, width: int, height: int, ascii_only: bool) -> list[Row]:
    """One line, or two with a title; what matters least is left out where there is no room."""
    if piece is None or height < 1:
        return []
    digest, offset = piece.digest, piece.utc_offset
    key = row((f"[{KEY}]", "key"))
    long_ago = digest.away > 86_400
    now = digest.since + digest.away
    at = moment_clock(digest.since, now, offset) if long_ago else clock(digest.since, offset, seconds=False)
    if height == 1:
        head = row((f"since {at}", "title"))
        room = width - row_width(head) - row_width(key) - 4
        parts = _parts(digest, offset, ascii_only, short=True)
        return [spread(join(head, _as_many(parts, room, ascii_only, gap="  ")), [key], width)]
    title = f"since you left ({at}, {duration(digest.away)} ago)"
    parts = _parts(digest, offset, ascii_only, short=False)
    line = row((" ", "plain"), *_as_many(parts, width - 2, ascii_only, gap="   "))
    return [
        title_row(title, [join(key, row(("dismiss", "label")), gap=" ")], width, ascii_only=ascii_only),
        line,
    ]


def _as_many(parts: list[Row], width: int, ascii_only: bool, gap: str) -> Row:
    """The parts side by side, those that fit; the first is cut rather than left out."""
    fitting: list[Row] = []
    for part in parts:
        if row_width(join(*fitting, part, gap=gap)) <= width:
            fitting.append(part)
    if parts and parts[0] not in fitting:
        text = "".join(text for text, _ in parts[0])
        return row((clip(text, max(0, width), ascii_only=ascii_only), "value"))
    return join(*fitting, gap=gap)


def _parts(digest: Digest, offset: int, ascii_only: bool, *, short: bool) -> list[Row]:
    """What happened, the most telling first."""
    found = [_status(digest, offset), *_restarts(digest), _progress(digest)]
    if digest.errors:
        found.append(_counted("errors", digest.errors, "bad"))
    if digest.bests:
        found.append(_bests(digest, ascii_only, short=short))
    if digest.checkpoints:
        found.append(_counted("checkpoints", digest.checkpoints, "value"))
    if digest.alerts:
        text = clip(words(digest.alerts[0], ascii_only=ascii_only), 60, ascii_only=ascii_only)
        more = f" +{len(digest.alerts) - 1}" if len(digest.alerts) > 1 else ""
        found.append(row((f"! {text}{more}", "warn")))
    found.append(_ends(digest, offset))
    if not digest.errors:
        found.append(_counted("errors", 0, "label"))
    if not digest.restarts and not digest.new_runs:
        found.append(_counted("restarts", 0, "label"))
    return [part for part in found if part]


def _counted(name: str, value: int, role: Role) -> Row:
    return row((f"{name} ", "label"), (count(value), role))


def _status(digest: Digest, offset: int) -> Row:
    """That it ended meanwhile; nothing where it goes on."""
    if not digest.status.over or digest.status.value == digest.status_then:
        return ()
    at = f" at {clock(digest.over_at, offset, seconds=False)}" if digest.over_at is not None else ""
    role: Role = "good" if digest.status == "finished" else "bad"
    return row((f"{digest.status.value}{at}", role))


def _restarts(digest: Digest) -> list[Row]:
    found = []
    if digest.new_runs:
        found.append(row((f"{count(digest.new_runs)} new run{'s' if digest.new_runs > 1 else ''}", "warn")))
    if digest.restarts:
        found.append(_counted("restarts", digest.restarts, "warn"))
    return found


def _progress(digest: Digest) -> Row:
    steps = f"{'+' if digest.steps >= 0 else ''}{count(digest.steps)} steps"
    if not digest.epochs:
        return row((steps, "value"))
    epochs = f"{'+' if digest.epochs > 0 else ''}{count(digest.epochs)} epoch{'s' if abs(digest.epochs) > 1 else ''}"
    return row((f"{epochs}, {steps}", "value"))


def _bests(digest: Digest, ascii_only: bool, *, short: bool) -> Row:
    times, arrow = ("x", "->") if ascii_only else ("×", "→")
    name = "val_loss" if digest.best_metric in ("loss", "val_loss") else words(digest.best_metric, limit=24)
    name = words(name, ascii_only=ascii_only)
    then = f"{_value(digest.best_then)} {arrow} " if digest.best_then is not None else ""
    many = f" {times}{digest.bests}" if digest.bests > 1 else ""
    return row(
        (f"best{many} " if short else f"new best{many}: ", "best"),
        ("" if short else f"{name} ", "label"),
        (f"{then}{_value(digest.best_now)}", "value"),
    )


def _value(value: Number | None) -> str:
    return number(None if value is None else decode_number(value))


def _ends(digest: Digest, offset: int) -> Row:
    """The expected end then and now; only now where nothing was expected then."""
    if digest.ends_now is None:
        return ()
    far = max(digest.ends_now, digest.ends_then or 0.0) - digest.since > 86_400
    looked = digest.since + digest.away

    def say(time: float) -> str:
        return moment_clock(time, looked, offset) if far else clock(time, offset, seconds=False)

    if digest.ends_then is None:
        return row(("ETA ", "label"), (say(digest.ends_now), "value"))
    then, now = say(digest.ends_then), say(digest.ends_now)
    return row(("ETA then ", "label"), (then, "value"), (", now ", "label"), (now, "value"))


class SincePanel(RowsPanel[SinceSlice | None]):
    """The digest; it stands still, since its sight does."""

    def pick(self, sight: Sight) -> SinceSlice | None:
        """See `pick`."""
        return pick(sight)

    def draw(self, piece: SinceSlice | None, width: int, height: int) -> list[Row]:
        """See `rows`."""
        return rows(piece, width, height, self._ascii)

    def same(self, before: Sight, after: Sight) -> bool:
        """See `RowsPanel.same`."""
        return before.digest is after.digest
