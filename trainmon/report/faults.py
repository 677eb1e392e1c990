"""What went wrong: alerts, errors with advice and traceback, warnings."""

from collections.abc import Sequence

from trainmon.facts.events import Severity
from trainmon.fold.alert_log import AlertEntry
from trainmon.fold.error_groups import ErrorGroup
from trainmon.fold.state_entries import ErrorEntry
from trainmon.meaning.diagnosis import diagnose
from trainmon.report.lists import table
from trainmon.report.markup import Child, Html, element
from trainmon.report.summary import Sight
from trainmon.words.units import count

MOST_ERRORS = 30
"""Groups of errors that are shown, the newest."""

MOST_WARNINGS = 50

_TONES: dict[Severity, str] = {"critical": "bad", "warning": "warn", "info": "busy"}


def alerts(sight: Sight) -> Html | None:
    """What deserves attention now, and below it what the trainer saw come and go; None where there is neither."""
    standing = {alert.kind for alert in sight.alerts}
    rows: list[tuple[str | None, Sequence[Child]]] = [
        (
            None,
            [_pill(alert.severity), alert.text, sight.at(alert.since) if alert.since is not None else "", ""],
        )
        for alert in sight.alerts
    ]
    rows += [
        (None, [_pill(entry.severity), entry.text, sight.at(entry.since), _until(sight, entry)])
        for entry in reversed(sight.state.alerts)
        if entry.until is not None or entry.name not in standing
    ]
    return table(["", "what", "since", "until"], rows, (0, 1)) if rows else None


def _pill(severity: Severity) -> Html:
    return element("span", severity, class_=f"pill {_TONES[severity]}")


def _until(sight: Sight, entry: AlertEntry) -> str:
    """When it cleared; one that stood when the trainer died has no other end."""
    return sight.at(entry.until) if entry.until is not None else "the end"


def errors(sight: Sight) -> Html | None:
    """A card for each group of errors, the newest first; None where there is none."""
    groups = list(reversed(sight.state.error_groups))
    if not groups:
        return None
    entries = {_key(entry): entry for entry in sight.state.errors}
    cards = [_card(sight, group, entries.get(group.key)) for group in groups[:MOST_ERRORS]]
    more = len(groups) - len(cards)
    note = (
        element("p", f"{count(more)} more kinds of errors stand in the journal.", class_="none")
        if more > 0
        else None
    )
    return element("div", *cards, note)


def _key(entry: ErrorEntry) -> str:
    return entry.fingerprint or f"{entry.error_type}: {entry.error_message}"


def _card(sight: Sight, group: ErrorGroup, newest: ErrorEntry | None) -> Html:
    message = newest.error_message if newest is not None else group.message
    diagnosis = diagnose(group.error_type, message)
    chips = [
        element("span", f"×{count(group.count)}", class_="chip bad") if group.count > 1 else None,
        element("span", diagnosis.headline, class_="chip bad") if diagnosis.headline is not None else None,
        element("span", "ended the program", class_="chip bad")
        if newest is not None and newest.uncaught
        else None,
        _chip(_steps(group)),
        _chip(group.context),
        _chip(group.location or ""),
        _chip(sight.at(group.last_time)),
    ]
    source = element("small", f"Source: {diagnosis.source}") if diagnosis.source is not None else None
    advice = (
        element("div", element("b", "Advice  "), diagnosis.advice, source, class_="advice")
        if diagnosis.advice
        else None
    )
    return element(
        "article",
        element("h3", group.error_type),
        element("p", message, class_="message"),
        element("div", *chips),
        advice,
        _details("Traceback", newest.traceback if newest is not None else ""),
        _details("Additional data", _data(newest)),
        class_="card error",
    )


def _chip(text: str) -> Html | None:
    return element("span", text, class_="chip") if text else None


def _steps(group: ErrorGroup) -> str:
    if group.last_step is None:
        return "before the first step"
    if group.first_step is None or group.first_step == group.last_step:
        return f"step {count(group.last_step)}"
    return f"steps {count(group.first_step)}–{count(group.last_step)}"


def _data(entry: ErrorEntry | None) -> str:
    return (
        "\n".join(f"{key}: {value}" for key, value in entry.additional_data.items())
        if entry is not None
        else ""
    )


def _details(title: str, text: str) -> Html | None:
    """A part that opens when it is asked for; a traceback of the newest errors only is kept."""
    return element("details", element("summary", title), element("pre", text.rstrip("\n"))) if text else None


def warnings(sight: Sight) -> Html | None:
    """Python warnings, the newest first; None where there is none."""
    rows: list[tuple[str | None, Sequence[Child]]] = [
        (None, [entry.category, entry.message, entry.location or "",
                count(entry.run_step) if entry.run_step is not None else "", count(entry.count)])
        for entry in list(reversed(sight.state.warnings))[:MOST_WARNINGS]
    ]  # fmt: skip
    return table(["category", "message", "place", "step", "count"], rows, (0, 1, 2)) if rows else None
