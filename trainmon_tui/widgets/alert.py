"""The alert row: the most urgent thing that is wrong, in one line that is always there."""

import msgspec

from trainmon import alerts as diagnosis
from trainmon.arrivals import missing
from trainmon.derived import loss_is_bad
from trainmon.state import RunState
from trainmon.units import count
from trainmon_tui.render.cells import Role, Row, fit_row, row, row_width
from trainmon_tui.sight import Sight
from trainmon_tui.widgets.lines import clip, join, spread, words
from trainmon_tui.widgets.rows import RowsPanel


class Alert(msgspec.Struct, frozen=True):
    """One thing that is wrong."""

    text: str
    """A sentence; untrusted."""
    bad: bool = False
    """True where the result of the training is in danger; False where it is only worth knowing."""


AlertSlice = tuple[Alert, ...]
"""The alerts that stand, most urgent first."""


EVERY = 2.0
"""Seconds between two looks at the trends behind the alerts: they take a millisecond, and minutes to change."""


def pick(sight: Sight, found: tuple[diagnosis.Alert, ...] = ()) -> AlertSlice:
    """What is wrong with the loss, with the run and its machine, with reading and with the records."""
    alerts = [*_loss_alerts(sight.state)]
    if sight.note is not None:
        alerts.append(Alert(sight.note))
    # A loss that is not finite is said above, in more words.
    others = [Alert(alert.text, alert.severity == "critical") for alert in found if alert.kind != "nan"]
    alerts = sorted([*alerts, *others], key=lambda alert: not alert.bad)
    return (*alerts, *_record_alerts(sight.state))


def _loss_alerts(state: RunState) -> list[Alert]:
    totals, progress = state.totals, state.progress
    if not totals.nonfinite:
        return []
    first = (
        f"first at step {count(totals.first_nonfinite_step)}"
        if totals.first_nonfinite_step is not None
        else ""
    )
    times = f"{count(totals.nonfinite)} time{'s' if totals.nonfinite != 1 else ''}"
    if loss_is_bad(state) and progress is not None:
        word = {"NaN": "NaN", "Infinity": "∞", "-Infinity": "-∞"}.get(str(progress.loss), "not finite")
        return [Alert(f"loss is {word}: {times}, {first}", bad=True)]
    return [Alert(f"loss was NaN or infinite {times}, {first}; finite now")]


def _record_alerts(state: RunState) -> list[Alert]:
    totals, alerts = state.totals, []
    lost = missing(state)
    if lost:
        alerts.append(Alert(f"{count(lost)} records are missing from the journal"))
    if totals.malformed:
        alerts.append(Alert(f"{count(totals.malformed)} lines of the journal make no sense and were skipped"))
    if totals.unknown:
        alerts.append(
            Alert(f"{count(totals.unknown)} lines are of a newer version of trainmon and were skipped")
        )
    return alerts


def rows(piece: AlertSlice, width: int, height: int, ascii_only: bool) -> list[Row]:
    """One line: the most urgent alert, and how many more there are."""
    if not piece:
        return [fit_row(row(("no alerts", "dim")), width)][:height]
    first, more = piece[0], len(piece) - 1
    role: Role = "bad" if first.bad else "warn"
    others = row((f"+{more} more", "label")) if more else ()
    room = width - 2 - (row_width(others) + 2 if others else 0)
    text = clip(words(first.text, ascii_only=ascii_only), room, ascii_only=ascii_only)
    return [spread(join(row((f"! {text}", role))), [others], width)][:height]


class AlertPanel(RowsPanel[AlertSlice]):
    """The alert row."""

    _found: tuple[diagnosis.Alert, ...] = ()
    _run: str | None = None
    _looked = float("-inf")

    def pick(self, sight: Sight) -> AlertSlice:
        """See `pick`; looks at the trends now and then only."""
        if (
            abs(sight.now - self._looked) >= EVERY
            or sight.state.run_id != self._run
            or sight.verdict.status.over
        ):
            self._looked, self._run = sight.now, sight.state.run_id
            self._found = () if sight.verdict.status.over else diagnosis.alerts(sight.state, sight.now)
        return pick(sight, self._found)

    def draw(self, piece: AlertSlice, width: int, height: int) -> list[Row]:
        """See `rows`."""
        return rows(piece, width, height, self._ascii)
