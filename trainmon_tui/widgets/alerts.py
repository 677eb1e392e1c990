"""All alerts: those that stand, acknowledged or not, and below them those that the trainer saw come and go."""

import msgspec

from trainmon.facts.events import Severity
from trainmon.fold.alert_log import AlertEntry
from trainmon.words.units import duration, short_duration
from trainmon_tui.render.cells import Row, row
from trainmon_tui.sight.sight import Shown, Sight
from trainmon_tui.widgets.alert import ROLES, beginning, moment
from trainmon_tui.widgets.lines import words, wrap
from trainmon_tui.widgets.scrolled import ScrolledPanel, scrolled_rows

_WHEN = 22
"""Cells of the times at the left."""

_SEVERITY = 10
"""Cells of the severity behind them."""

_MOST_LINES = 4
"""Lines of one alert's text."""


class Standing(msgspec.Struct, frozen=True):
    """An alert that stands; its text is untrusted."""

    shown: Shown
    since: str
    """`since 18:58`, or `seen 19:02` where only this viewer's first look is known."""
    lasted: str
    """For how long it has stood; to the minute, so that it does not tick."""


class Gone(msgspec.Struct, frozen=True):
    """An alert that has cleared; its text is untrusted."""

    entry: AlertEntry
    when: str
    lasted: str


EMPTY = "no alerts: a loss that is NaN or diverges, a stall, memory that grows and the like will stand here"
"""What makes an alert appear."""


class AlertsSlice(msgspec.Struct, frozen=True):
    """What there is to list."""

    standing: tuple[Standing, ...]
    gone: tuple[Gone, ...]
    """The newest first."""
    over: bool
    """The run is over: what stood at its end has cleared with it, or says why it died."""


def pick(sight: Sight) -> AlertsSlice:
    """The alerts of a sight."""
    standing = tuple(
        Standing(shown, " ".join(beginning(sight, shown)).strip(), _age(sight.now, shown.alert.since))
        for shown in sight.alerts
    )
    kinds = {shown.alert.kind for shown in sight.alerts}
    gone = tuple(
        Gone(entry, _span(sight, entry), _lasted(entry))
        for entry in reversed(sight.state.alerts)
        if entry.until is not None or entry.name not in kinds
    )
    return AlertsSlice(standing, gone, sight.verdict.status.over)


def _age(now: float, since: float | None) -> str:
    if since is None:
        return ""
    seconds = max(0.0, now - since)
    return f"for {duration(seconds // 60 * 60)}" if seconds >= 60 else "just now"


def _span(sight: Sight, entry: AlertEntry) -> str:
    """From when to when; the trainer waits a minute before it calls one over, and a dead one says nothing more."""
    if entry.until is not None:
        until = moment(sight, entry.until)
    else:
        until = "the end" if sight.verdict.status.over else "just now"
    return f"{moment(sight, entry.since)} to {until}"


def _lasted(entry: AlertEntry) -> str:
    return f"for {short_duration(entry.until - entry.since)}" if entry.until is not None else ""


def content(piece: AlertsSlice, width: int, ascii_only: bool) -> list[Row]:
    """All lines, a heading before each part."""
    new = [each for each in piece.standing if not each.shown.acknowledged]
    seen = [each for each in piece.standing if each.shown.acknowledged]
    lines: list[Row] = []
    if not piece.standing:
        text = "no alerts; the run is over" if piece.over else EMPTY
        lines += [row((line, "dim")) for line in wrap(text, width, 3, ascii_only=ascii_only)]
    for title, part in (("active", new), ("acknowledged", seen)):
        if part:
            lines += [row((title, "title"))]
            for each in part:
                lines += _standing(each, width, ascii_only)
            lines.append(())
    if piece.gone:
        lines += [(), row(("cleared", "title"))]
        for gone in piece.gone:
            lines += _lines(
                gone.when, gone.lasted, gone.entry.severity, gone.entry.text, width, ascii_only, dim=True
            )
    return lines


def _standing(each: Standing, width: int, ascii_only: bool) -> list[Row]:
    alert = each.shown.alert
    return _lines(
        each.since, each.lasted, alert.severity, alert.text, width, ascii_only, dim=each.shown.acknowledged
    )


def _lines(
    when: str, lasted: str, severity: Severity, text: str, width: int, ascii_only: bool, *, dim: bool
) -> list[Row]:
    """When and how grave at the left, what and why at the right, in as many lines as they need."""
    room = max(16, width - _WHEN - _SEVERITY - 2)
    pieces = wrap(words(text, ascii_only=ascii_only), room, _MOST_LINES, ascii_only=ascii_only)
    if lasted and len(pieces) == 1:
        pieces.append("")
    lines = []
    for index, piece in enumerate(pieces):
        left = (when, lasted)[index] if index < 2 else ""
        grave = severity if index == 0 else ""
        lines.append(
            row(
                (f"  {left:<{_WHEN}}", "label"),
                (f"{grave:<{_SEVERITY}}", "dim" if dim else ROLES[severity]),
                (piece, "dim" if dim else "plain"),
            )
        )
    return lines


def rows(piece: AlertsSlice, width: int, height: int, ascii_only: bool, top: int = 0) -> list[Row]:
    """A title and the lines from `top` on."""
    return scrolled_rows("alerts", content(piece, width, ascii_only), width, height, ascii_only, top)


class AlertsPanel(ScrolledPanel[AlertsSlice]):
    """All alerts; scrolls."""

    TICKS = True
    HEADING = "alerts"

    def pick(self, sight: Sight) -> AlertsSlice:
        """See `pick`."""
        return pick(sight)

    def lines(self, piece: AlertsSlice, width: int) -> list[Row]:
        """See `content`."""
        return content(piece, width, self._ascii)

    def same(self, before: Sight, after: Sight) -> bool:
        """See `RowsPanel.same`."""
        return before.alerts == after.alerts and before.state.alerts == after.state.alerts
