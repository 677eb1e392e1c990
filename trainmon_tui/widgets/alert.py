"""The alert row: the gravest thing that is wrong and that nobody has acknowledged, in one line that is always there."""

import msgspec

from trainmon.facts.events import Severity
from trainmon.words.units import moment_clock
from trainmon_tui.render.cells import Role, Row, row, row_width
from trainmon_tui.render.safe import cell_width
from trainmon_tui.sight.sight import Shown, Sight
from trainmon_tui.widgets.lines import clip, first_that_fits, join, spread, words
from trainmon_tui.widgets.rows import RowsPanel

ROLES: dict[Severity, Role] = {"critical": "bad", "warning": "warn", "info": "value"}
"""The colour of each severity."""

_WIDE = 120
"""Columns from which a long text is cut for what stands behind it; below, only for the number of others."""

_ENDING = 60
"""Cells that stand behind a long text at most."""


class AlertSlice(msgspec.Struct, frozen=True):
    """What the row says; texts are untrusted."""

    first: Shown | None
    """The gravest that nobody has acknowledged."""
    since: tuple[str, str]
    """`since` and when it began, or `seen` and when this viewer saw it first; empty where neither is known."""
    more: int
    """How many others nobody has acknowledged."""
    acknowledged: int
    rank: str | None = None
    """Another rank that is gone while this run goes on or has finished, and why; None: none, as far as is known."""


def pick(sight: Sight) -> AlertSlice:
    """The row's part of a sight."""
    new = [shown for shown in sight.alerts if not shown.acknowledged]
    return AlertSlice(
        first=new[0] if new else None,
        since=beginning(sight, new[0]) if new else ("", ""),
        more=max(0, len(new) - 1),
        acknowledged=len(sight.alerts) - len(new),
        rank=_gone_rank(sight),
    )


def _gone_rank(sight: Sight) -> str | None:
    """What the verdict of a dead run says itself, and no alert of rank 0 can say: it sees its own folder alone."""
    ranks = sight.ranks
    if ranks is None or not ranks.bad or sight.dead:
        return None
    return f"{ranks.short}: {ranks.why}" if ranks.why else ranks.short


def beginning(sight: Sight, shown: Shown) -> tuple[str, str]:
    """The word and the time of day from which on an alert stands; a viewer knows at least when it saw it first."""
    if shown.alert.since is not None:
        return "since", moment(sight, shown.alert.since)
    return ("seen", moment(sight, shown.seen)) if shown.seen is not None else ("", "")


def moment(sight: Sight, at: float | None) -> str:
    """A time of day at the trainer's place; empty where it is not known."""
    return moment_clock(at, sight.now, sight.utc_offset) if at is not None else ""


def rows(piece: AlertSlice, width: int, height: int, ascii_only: bool) -> list[Row]:
    """One line: the alert, since when, how many more there are, and the key that acknowledges it."""
    listed = row((f"{piece.acknowledged} acknowledged", "label"), ("  [A] list", "key"))
    if piece.rank is not None and (piece.first is None or piece.first.alert.severity != "critical"):
        return [_rank_row(piece.rank, piece.more + (piece.first is not None), width, ascii_only)][:height]
    if piece.first is None:
        quiet = row(("no new alerts" if piece.acknowledged else "no alerts", "dim"))
        return [spread(quiet, [listed] if piece.acknowledged else [], width)][:height]
    alert = piece.first.alert
    said = f"! {words(alert.text, ascii_only=ascii_only)}"
    word, at = piece.since
    since = row((f"{word} ", "label"), (at, "value")) if word else ()
    more = row((f"+{piece.more} more", "label")) if piece.more else ()
    key = row(("[a]", "key"), (" acknowledge", "label"))
    endings = [join(since, more, key), join(since, more), more, ()]
    wanted = cell_width(said)
    room = width - (min(wanted, width - _ENDING) if width >= _WIDE else wanted) - 2
    ending = first_that_fits(endings, room) or (more if width >= 40 else ())
    left = width - (row_width(ending) + 2 if ending else 0)
    shown = row((clip(said, left, ascii_only=ascii_only), ROLES[alert.severity]))
    return [spread(shown, [ending], width)][:height]


def _rank_row(text: str, more: int, width: int, ascii_only: bool) -> Row:
    """A rank that is gone, how many alerts there are beside it, and the key of the list in which it stands."""
    others = row((f"+{more} more", "label")) if more else ()
    ending = join(others, row(("[7]", "key"), (" its run", "label")))
    said = clip(
        f"! {words(text, ascii_only=ascii_only)}", width - row_width(ending) - 2, ascii_only=ascii_only
    )
    return spread(row((said, "bad")), [ending], width)


class AlertPanel(RowsPanel[AlertSlice]):
    """The alert row."""

    def pick(self, sight: Sight) -> AlertSlice:
        """See `pick`."""
        return pick(sight)

    def same(self, before: Sight, after: Sight) -> bool:
        """See `RowsPanel.same`."""
        return before.alerts == after.alerts and _gone_rank(before) == _gone_rank(after)

    def draw(self, piece: AlertSlice, width: int, height: int) -> list[Row]:
        """See `rows`."""
        return rows(piece, width, height, self._ascii)
