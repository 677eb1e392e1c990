"""`trainmon report`: the whole run on one page that no log can make do anything."""

import math
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import Journal, a_run
from tests.conftest import OpenLogger
from tests.histories import History, histories
from trainmon.cli.main import group
from trainmon.facts.events import Operation, Performance, Started
from trainmon.fold.reducer import fold
from trainmon.fold.state import RunState
from trainmon.meaning.alerts import alerts
from trainmon.meaning.statuses import Evidence
from trainmon.meaning.verdict import verdict
from trainmon.report.axis import from_zero, linear, padded, tick_text, times
from trainmon.report.chart import Band, Chart, Flag, Line, Mark, draw
from trainmon.report.markup import Html, element
from trainmon.report.page import report
from trainmon.report.summary import Sight

HOSTILE = "</style></title><script>alert(1)</script><img src=x onerror=alert(1)>\"'&\x1b[31m\u202e\x00 http://evil.example/"

TAGS = frozenset({
    "html", "head", "meta", "title", "style", "body", "main", "header", "footer", "section", "article", "div", "span",
    "p", "b", "i", "small", "h1", "h2", "h3", "ul", "li", "dl", "dt", "dd", "table", "thead", "tbody", "tr", "th", "td",
    "details", "summary", "pre", "svg", "g", "line", "path", "circle", "rect", "text", "clippath",
})  # fmt: skip
"""What the page is made of; nothing among it loads, runs or sends anything."""


class Page(HTMLParser):
    """What a browser makes of a page: its elements, their attributes and its text."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: dict[str, set[str]] = {}
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag != "meta":
            self.open.append(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, set()).add(value or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(self.words)


def page_of(journal: Journal, *, alive: bool = True) -> str:
    return page_of_state(journal.state(), journal.now, alive=alive)


def page_of_state(state: RunState, now: float, *, alive: bool = True) -> str:
    evidence = Evidence(alive=alive, process_state="S", heartbeat=now)
    found = alerts(state, now + 1)
    return report(Sight(state, verdict(state, evidence, now + 1), now + 1, "/runs/a", True, None, found))


def a_hostile_run() -> Journal:
    """Every text that a log can bring is an attack."""
    journal = Journal().opened(host=HOSTILE, command=(HOSTILE,), folder=HOSTILE)
    journal.started(model_name=HOSTILE, config={HOSTILE: {HOSTILE: [HOSTILE]}}, git=HOSTILE)
    journal.steps(50, metrics={HOSTILE: 1.5})
    journal.validation(50, 1.0, val_metrics={HOSTILE: 0.5}).checkpoint(50, HOSTILE)
    journal.error(HOSTILE, error_type=HOSTILE, context=HOSTILE, traceback=HOSTILE).warned(HOSTILE)
    journal._add(Performance(*journal._head(), operation=HOSTILE, duration=1.0, memory_usage={HOSTILE: 1.0}))
    journal._add(
        Operation(
            *journal._head(), operation=HOSTILE, model_name=HOSTILE, success=True, details={HOSTILE: HOSTILE}
        )
    )
    journal.system().alerted(HOSTILE, HOSTILE)
    return journal.ended(success=False, reason="failed", error=HOSTILE)


def test_a_hostile_log_is_text_on_the_page_and_nothing_else() -> None:
    """No element, attribute or address comes from a log; what it said can still be read."""
    page = page_of(a_hostile_run())

    found = Page(page)

    assert found.tags <= TAGS
    assert not any(
        name.startswith("on") or name in ("src", "href", "srcset", "action") for name in found.attributes
    )
    assert "<script>alert(1)</script>" in found.text
    assert found.open == []
    assert "default-src 'none'" in page
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", page)


def test_no_attribute_holds_what_a_log_said() -> None:
    found = Page(page_of(a_hostile_run()))

    assert not any("evil" in value for values in found.attributes.values() for value in values)


@given(histories())
def test_every_journal_makes_a_page_that_is_well_formed(history: History) -> None:
    """Of any events in any order: NaN, infinities, huge numbers, nothing at all."""
    state = fold(RunState(), history.items, history.offsets)

    found = Page(page_of_state(state, state.last_time or 0.0))

    assert found.tags <= TAGS
    assert found.open == []
    numbers = (
        found.attributes.get("d", set())
        | found.attributes.get("cx", set())
        | found.attributes.get("x", set())
    )
    assert not any("nan" in value or "inf" in value for value in numbers)


def test_the_page_says_what_became_of_the_run_and_why() -> None:
    failed = a_run().error(uncaught=True).ended(success=False, reason="failed", error="RuntimeError: shapes")

    text = Page(page_of(failed)).text

    assert "RuntimeError: shapes" in text
    assert "failed" in text
    assert "Shape mismatch" in text
    assert "Advice" in text
    assert 'File "/home/ada/train.py", line 61, in train' in text
    for title in ("Loss", "Metrics", "Validations", "Checkpoints", "Errors", "Machine", "Settings"):
        assert title in text


def test_the_page_lists_alerts_that_stand_and_those_that_came_and_went() -> None:
    """Also of a run that is over: what was wrong with it is asked then."""
    journal = (
        a_run().alerted("slow", "steps are slow").after(90.0).alerted("slow", "steps are slow", over=True)
    )

    running, over = page_of(journal.warned("again", count=30)), page_of(journal.ended())

    assert "UserWarning came 30 times: again" in running
    assert all("steps are slow" in page and "Attention" in page for page in (running, over))
    assert "Attention" not in page_of(a_run().ended())


def test_a_run_that_has_said_nothing_yet_has_a_page() -> None:
    text = Page(page_of(Journal().opened())).text

    assert "waiting" in text
    assert "None was recorded." in text


def test_the_page_is_bounded_however_many_metrics_there_are() -> None:
    journal = a_run(steps=20, metrics={f"m{index}": 1.0 + index for index in range(300)})

    page = page_of(journal)

    assert "more are in the journal" in page
    assert len(page) < 1_000_000


def test_earlier_runs_are_listed() -> None:
    journal = a_run().ended()
    journal.started(model_name="second")

    assert "Earlier runs" in page_of(journal)
    assert isinstance(journal.events[-1], Started)


def test_only_what_our_functions_made_is_markup() -> None:
    made = element("p", "<b>", Html("<i></i>"), None, class_="<&\"'>", stroke_width=1.5, id=None)

    assert made.text == '<p class="&lt;&amp;&quot;&#x27;&gt;" stroke-width="1.5">&lt;b&gt;<i></i></p>'


@given(
    st.lists(st.floats(min_value=-1e12, max_value=1e12), min_size=1, max_size=20),
    st.integers(min_value=1, max_value=8),
)
def test_ticks_lie_on_their_axis_and_tell_values_apart(values: list[float], count: int) -> None:
    """Rising, between the ends, some of them, and every value has a place."""
    axis = padded(values, count)

    texts = [tick_text(axis)(tick) for tick in axis.ticks]

    assert axis.low < axis.high
    assert list(axis.ticks) == sorted(set(axis.ticks))
    assert all(-1e-6 <= axis.at(tick) <= 1 + 1e-6 for tick in axis.ticks)
    assert all(math.isfinite(axis.at(value)) for value in values)
    assert len(axis.ticks) <= 64
    assert len(texts) == len(axis.ticks)


def test_a_loss_that_falls_by_much_gets_a_logarithmic_axis_and_a_learning_rate_does_not() -> None:
    assert padded([10.0, 0.01]).scale == "log"
    assert padded([10.0, 0.01], may_be_log=False).scale == "linear"
    assert padded([3.0, 1.0]).scale == "linear"
    assert padded([3.0, -1.0]).scale == "linear"


@pytest.mark.parametrize(("high", "step"), [(600, 120), (86_400, 21_600), (3_000, 600)])
def test_ticks_of_time_are_round(high: float, step: int) -> None:
    assert times(0, high, 0).ticks == pytest.approx(tuple(range(0, int(high) + 1, step)))


def test_a_gap_in_a_curve_stays_a_gap() -> None:
    """Two strokes with nothing between them; a point alone is a dot."""
    points = [(0.0, 1.0), (1.0, 2.0), (2.0, math.nan), (3.0, 1.0), (4.0, math.inf), (5.0, 2.0), (6.0, 1.0)]
    chart = Chart(linear(0, 6), linear(0, 2), str, str, "a curve", lines=[Line(points, "train")])

    path = re.search('class="line train"|d="([^"]*)" class="line train"', draw(chart, "a").text)

    assert path is not None
    assert path[1].count("M") == 3


def test_a_chart_shows_all_that_it_was_given() -> None:
    chart = Chart(
        linear(0, 6), from_zero([3.0], 1.0), str, str, "<all>",
        bands=[Band([(0.0, 1.0, 2.0), (1.0, math.nan, math.nan), (2.0, 1.0, 2.0)], "train")],
        flags=[Flag(3.0, "bad", "NaN")], marks=[Mark(1.0, 1.0, "best", "the best")],
    )  # fmt: skip

    found = Page(draw(chart, "a").text)

    assert {"path", "line", "circle", "clippath"} <= found.tags
    assert "<all>" in found.text
    assert "the best" in found.text


def test_the_command_writes_the_page_whole(open_logger: OpenLogger, tmp_path: Path) -> None:
    """End to end on a run that a logger recorded; a folder without a run is code 6 and makes no file."""
    logger = open_logger()
    logger.log_training_start("DemoModel", 1, 3, 32, 1e-3, "Adam", config={"depth": 12})
    for step in range(1, 4):
        logger.log_training_progress(1, step, 3, 1 / step, 1e-3, {"acc": step / 3})
    logger.log_error_with_context(ValueError("<b>bad</b>"), "step")
    logger.log_training_end(True, 0.5)
    logger.close()
    output = tmp_path / "report.html"

    written = CliRunner().invoke(group, ["report", str(logger.folder), "-o", str(output)])
    nothing = CliRunner().invoke(group, ["report", str(tmp_path / "none"), "-o", str(tmp_path / "x.html")])
    nowhere = CliRunner().invoke(group, ["report", str(logger.folder), "-o", str(tmp_path / "no" / "x.html")])

    assert (written.exit_code, nothing.exit_code, nowhere.exit_code) == (0, 6, 1)
    text = Page(output.read_text("utf-8")).text
    assert "DemoModel" in text
    assert "<b>bad</b>" in text
    assert sorted(each.name for each in tmp_path.iterdir()) == ["logs", "report.html"]


def test_without_a_name_the_page_is_new_and_replaces_nothing(
    open_logger: OpenLogger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logger = open_logger()
    logger.log_training_start("DemoModel", 1, 3, 32, 1e-3, "Adam")
    logger.close()
    monkeypatch.chdir(tmp_path)

    first = CliRunner().invoke(group, ["report", str(logger.folder)])
    page = (tmp_path / "report.html").read_bytes()
    again = CliRunner().invoke(group, ["report", str(logger.folder)])

    assert (first.exit_code, again.exit_code) == (0, 2)
    assert "-o report.html" in again.output
    assert (tmp_path / "report.html").read_bytes() == page
