"""What is news: a pure function of two moments of a run, and when an end is settled enough to be told."""

from collections.abc import Iterator
from typing import Literal

import msgspec

from trainmon.fold.best import measure
from trainmon.fold.state import RunState
from trainmon.meaning.alerts import Alert
from trainmon.meaning.statuses import Status, Verdict
from trainmon.notify.rules import Rules
from trainmon.words import units
from trainmon.words.scalars import decode_number

Kind = Literal["finished", "failed", "died", "interrupted", "stalled", "alert", "best"]

Weight = Literal["good", "info", "warning", "critical"]

SETTLE = 2.0
"""Seconds from the first sight of an end until it is told: its parent writes down how it ended some milliseconds later,
and a training that says its end may go on with the next run."""

_ENDS: dict[Status, Kind] = {
    Status.FINISHED: "finished",
    Status.INTERRUPTED: "interrupted",
    Status.FAILED: "failed",
    Status.TERMINATED: "died",
    Status.KILLED: "died",
    Status.OUT_OF_MEMORY: "died",
    Status.CRASHED: "died",
    Status.REBOOTED: "died",
    Status.DIED: "died",
}


_SILENT = (Status.STALLED, Status.UNREACHABLE)

_WEIGHTS: dict[str, Weight] = {"critical": "critical", "warning": "warning", "info": "info"}


class Moment(msgspec.Struct, frozen=True):
    """What somebody knows of a run at one time."""

    state: RunState
    verdict: Verdict
    alerts: tuple[Alert, ...] = ()


class News(msgspec.Struct, frozen=True):
    """One thing that is worth telling."""

    kind: Kind
    key: str
    """The same for the same news, whoever finds it: what was told once is not told again."""
    weight: Weight
    headline: str
    """What happened, without the name of the run; untrusted."""
    earlier: bool = False
    """It is of a run, or of a start of it, that was followed by another between the two looks."""


def what_is_news(before: Moment | None, after: Moment, rules: Rules) -> tuple[News, ...]:
    """What happened between two looks and is told by the rules, the gravest last: it is what a phone shows on top.

    Args:
        before: None: nobody has looked yet, and all that stands is news.
        after: The later look.
        rules: What is told.
    """
    found = [
        *_best(before, after),
        *_alerts(before, after, rules),
        *_stalled(before, after),
        *(_broken_off(before, after) if not _is_short(before, rules) else ()),
        *(_end(before, after) if not _is_short(after, rules) else ()),
    ]
    return tuple(
        news for news in found if news.kind in rules.kinds or (news.kind == "alert" and _told(news, rules))
    )


def _is_short(moment: Moment | None, rules: Rules) -> bool:
    """Whether the run was over so soon that whoever started it is still there."""
    if moment is None or moment.state.configuration is None or moment.state.last_time is None:
        return False
    return moment.state.last_time - moment.state.configuration.time < rules.shortest


def _told(news: News, rules: Rules) -> bool:
    return news.weight in rules.alerts


def run_key(state: RunState) -> str:
    """What tells this run, and this start of it, from all others."""
    name = state.run_id or (state.opened.writer if state.opened is not None else "")
    return f"{name}:{state.resumed}"


def end_key(state: RunState) -> str:
    """The key of the news that this run has ended."""
    return f"{run_key(state)}/end"


def _same_run(before: Moment | None, after: Moment) -> bool:
    return before is not None and run_key(before.state) == run_key(after.state)


def _end(before: Moment | None, after: Moment) -> Iterator[News]:
    status = after.verdict.status
    if not status.over or (before is not None and _same_run(before, after) and before.verdict.status.over):
        return
    weight: Weight = (
        "good" if status is Status.FINISHED else "info" if status is Status.INTERRUPTED else "critical"
    )
    yield News(_ENDS[status], end_key(after.state), weight, _end_words(after.verdict))


def _end_words(verdict: Verdict) -> str:
    doubt = " (likely)" if verdict.certainty == "likely" else ""
    why = f": {verdict.why}" if verdict.why else ""
    return f"{verdict.status.value}{why}{doubt}"


def _broken_off(before: Moment | None, after: Moment) -> Iterator[News]:
    """A run that was going on and has been followed by another start between two looks: nobody saw its end."""
    if (
        before is None
        or before.verdict.status.over
        or before.state.run_id is None
        or _same_run(before, after)
    ):
        return
    key, old = end_key(before.state), before.state.run_id
    if after.state.run_id == old:
        step = units.count(before.state.run_step)
        headline = f"was started again after step {step}; nobody saw how it had ended"
        yield News("died", key, "warning", headline, earlier=True)
        return
    summary = next((run for run in reversed(after.state.earlier) if run.run_id == old), None)
    if summary is None:
        return
    if summary.end is None:
        headline = f"ended without a word at step {units.count(summary.run_step)}"
        yield News("died", key, "critical", headline, earlier=True)
    elif summary.end.success:
        yield News("finished", key, "good", "finished, and another run has begun", earlier=True)
    elif summary.end.reason == "interrupted":
        yield News("interrupted", key, "info", "interrupted, and another run has begun", earlier=True)
    else:
        why = summary.end.error or "no reason given"
        yield News("failed", key, "critical", f"failed: {why}", earlier=True)


def _stalled(before: Moment | None, after: Moment) -> Iterator[News]:
    """A run that is silent: alive without steps, or on a host of which nothing is heard."""
    verdict = after.verdict
    if verdict.status not in _SILENT or (
        before is not None and _same_run(before, after) and before.verdict.status is verdict.status
    ):
        return
    why = f": {verdict.why}" if verdict.why else ""
    key = f"{run_key(after.state)}/{verdict.status.value}/{after.state.run_step}"
    yield News("stalled", key, "warning", f"{verdict.status.value}{why}")


def _alerts(before: Moment | None, after: Moment, rules: Rules) -> Iterator[News]:
    """What stands now and did not, and what came and cleared between the two looks."""
    same = before is not None and _same_run(before, after)
    stood = {alert.kind: alert.severity for alert in before.alerts} if same and before is not None else {}
    now = {alert.kind: (alert.severity, alert.text) for alert in after.alerts}
    passed = _passed(before, after) if same and before is not None else {}
    for kind, (severity, text) in reversed((passed | now).items()):
        if kind == "stall" and "stalled" in rules.kinds:
            continue  # The verdict says the same, with what the trainer does meanwhile.
        if kind not in stood or _is_graver(severity, stood[kind]):
            yield News("alert", f"{run_key(after.state)}/alert/{kind}/{severity}", _WEIGHTS[severity], text)


def _passed(before: Moment, after: Moment) -> dict[str, tuple[str, str]]:
    """Severity and text, by kind, of alerts that came and went while nobody looked, as far as the journal says so."""
    known = {(entry.name, entry.since) for entry in before.state.alerts}
    found: dict[str, tuple[str, str]] = {
        entry.name: (entry.severity, entry.text)
        for entry in after.state.alerts
        if entry.until is not None and (entry.name, entry.since) not in known
    }
    more = after.state.totals.nonfinite - before.state.totals.nonfinite
    if more > 0:
        first = units.count(after.state.totals.first_nonfinite_step)
        found["nan"] = (
            "critical",
            f"loss was NaN or infinite {units.times(more)}, first at step {first}; finite now",
        )
    return found


def _is_graver(severity: str, stood: str) -> bool:
    return severity == "critical" and stood != "critical"


def _best(before: Moment | None, after: Moment) -> Iterator[News]:
    """A validation that beats an earlier one of the same run; the first of a run beats nothing."""
    best, state = after.state.best, after.state
    if best is None or before is None or before.state.run_id != state.run_id:
        return
    old = before.state.best
    if old is None or old == best:
        return
    metric = state.configuration.best_metric if state.configuration is not None else "loss"
    then, now = (measure(entry, metric) for entry in (old, best))
    name = "val_loss" if metric in ("loss", "val_loss") else metric
    values = " → ".join(units.number(decode_number(value)) for value in (then, now) if value is not None)
    headline = f"new best: {name} {values} at step {units.count(best.run_step)}"
    yield News("best", f"{run_key(state)}/best/{best.run_step}", "good", headline)


_STATUSES = {
    "finished": Status.FINISHED,
    "failed": Status.FAILED,
    "interrupted": Status.INTERRUPTED,
}


def _last_of(before: Moment, news: News) -> Moment:
    """The last that was seen of a run that was followed by another, with its end."""
    status = _STATUSES.get(news.kind, Status.DIED)
    return Moment(before.state, Verdict(status, None, before.state.last_time, "likely"))


class Desk:
    """Sees one moment after the other and says what is news; for one thread."""

    def __init__(self, rules: Rules, *, since: float | None = None) -> None:
        """Has seen nothing yet.

        Args:
            rules: What is told.
            since: Unix seconds: an end that is found at the first look is news if it came after that; None: what
                stands at the first look is never news.
        """
        self._rules = rules
        self._since = since
        self._before: Moment | None = None
        self._over_since: float | None = None

    @property
    def settling(self) -> bool:
        """Whether an end was seen that is not told yet."""
        return self._over_since is not None

    def look(self, moment: Moment, now: float) -> list[tuple[News, Moment]]:
        """What is news at monotonic second `now`, each with the moment that it is about.

        An end is told once it has stood for `SETTLE`.
        """
        # A look that found no journal, or could not read it, is none.
        first = self._before is None or self._before.state.opened is None
        if first and not self._is_fresh(moment):
            self._before = moment
            return []
        before = self._before
        known = before is not None and before.verdict.status.over and _same_run(before, moment)
        if moment.verdict.status.over and not known:
            self._over_since = now if self._over_since is None else self._over_since
            if now - self._over_since < SETTLE:
                return []
        self._over_since = None
        self._before = moment
        found = what_is_news(before, moment, self._rules)
        return [(news, _last_of(before, news) if news.earlier and before else moment) for news in found]

    def _is_fresh(self, moment: Moment) -> bool:
        """Whether the end that the first look finds came while somebody was there to be told."""
        at = moment.verdict.since if moment.verdict.since is not None else moment.state.last_time
        return self._since is not None and moment.verdict.status.over and at is not None and at >= self._since
