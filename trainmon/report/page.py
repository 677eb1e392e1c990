"""The page as a whole: a pure function of what was seen."""

from collections.abc import Iterator, Sequence

from trainmon.report import faults, lists, summary
from trainmon.report.chart import Chart, draw
from trainmon.report.curves import Panel, loss_chart, machine_panels, metric_panels
from trainmon.report.markup import Html, element, joined
from trainmon.report.style import STYLE
from trainmon.report.summary import Sight
from trainmon.version import __version__

MOST_PANELS = 36
"""Metrics that get a chart."""

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""What a browser may do with the page: no script, no image, no request, whatever might have got into it."""


def report(sight: Sight) -> str:
    """The page as one HTML document."""
    state = sight.state
    name = state.configuration.model_name if state.configuration is not None else sight.folder
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'),
        element("meta", name="referrer", content="no-referrer"),
        element("title", f"{name}: {sight.verdict.status.value}"),
        Html(f"<style>{STYLE}</style>"),
    )
    main = element("main", summary.head(sight), summary.tiles(sight), *_sections(sight), _foot(sight))
    return "<!DOCTYPE html>\n" + element("html", head, element("body", main), lang="en").text + "\n"


def _sections(sight: Sight) -> Iterator[Html]:
    state = sight.state
    yield from _section("Attention", faults.alerts(sight))
    chart = loss_chart(state)
    if chart is not None:
        scale = "logarithmic axis" if chart.y.scale == "log" else ""
        yield from _section("Loss", _loss_card(chart, has_redone=state.redone is not None), scale)
    panels, more = metric_panels(state, MOST_PANELS)
    note = f"{more:,} more are in the journal" if more else ""
    yield from _section("Metrics", _panels(panels, "metric"), note)
    yield from _section("Time", summary.time_split(sight))
    yield from _section("Validations", lists.validations(sight), _newest(len(state.validations)))
    yield from _section("Checkpoints", lists.checkpoints(sight), _newest(len(state.checkpoints)))
    yield from _section("Errors", faults.errors(sight) or element("p", "None was recorded.", class_="none"))
    yield from _section("Warnings", faults.warnings(sight))
    yield from _section("Operations", lists.performance(state))
    yield from _section("Models", lists.operations(sight), _newest(len(state.operations)))
    yield from _section("Machine", _panels(machine_panels(state, sight.utc_offset), "machine"))
    yield _pair(("Newest reading", lists.machine_now(sight)), ("Settings", lists.settings(sight)))
    yield from _section("Earlier runs in this folder", lists.earlier(sight))


def _section(title: str, content: Html | None, note: str = "") -> Iterator[Html]:
    """Nothing where there is no content."""
    if content is not None:
        small = element("small", note) if note else None
        yield element("section", element("h2", title, small), content)


def _newest(shown: int) -> str:
    """Says where a list is cut: a state keeps the newest hundred."""
    return f"the newest {shown}" if shown >= 100 else ""


def _loss_card(chart: Chart, *, has_redone: bool) -> Html:
    keys = [("train", "training, mean"), ("band", "least to greatest")]
    keys += [("validation", "validation")] if len(chart.lines[-1].points) else []
    keys += [("best", "best")] if any(mark.name == "best" for mark in chart.marks) else []
    keys += [("flag", "NaN or infinite")] if chart.flags else []
    keys += [("redone", "done again after a resume")] if has_redone else []
    legend = element(
        "ul", *(element("li", element("i", class_=name), text) for name, text in keys), class_="legend"
    )
    return element("div", legend, draw(chart, "loss"), class_="card")


def _panels(panels: Sequence[Panel], kind: str) -> Html | None:
    if not panels:
        return None
    cards = (
        element("div",
                element("header", element("h3", panel.title), element("b", panel.newest)),
                element("p", panel.note, class_="range"),
                draw(panel.chart, f"{kind}-{index}"), class_="card small")
        for index, panel in enumerate(panels)
    )  # fmt: skip
    return element("div", *cards, class_="grid-of-charts")


def _pair(*parts: tuple[str, Html | None]) -> Html:
    """Cards beside each other where there is room."""
    shown = (
        element("section", element("h2", title), element("div", content, class_="card"))
        for title, content in parts
        if content is not None
    )
    return element("div", *shown, class_="pair")


def _foot(sight: Sight) -> Html:
    damaged = sight.state.totals.damaged + sight.state.totals.long
    parts = [
        f"As of {sight.at(sight.now)}, in the trainer's local time. Written by trainmon {__version__}.",
        f" Reading: {sight.note}." if sight.note else "",
        f" {damaged:,} damaged lines were skipped." if damaged and not sight.note else "",
    ]
    return element("footer", joined(parts))
