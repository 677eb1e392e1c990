"""Which news a chart need not be drawn again for, and what its cursor reads."""

from collections.abc import Callable

import pytest

from tests.builders import START, Journal, a_run
from trainmon.fold.state import RunState
from trainmon.meaning.statuses import Status, Verdict
from trainmon.reading.range_rows import Key
from trainmon_tui.render.cells import plain
from trainmon_tui.sight.chart_view import ChartView, ruler_of
from trainmon_tui.sight.sight import Options, Sight
from trainmon_tui.widgets.chart import ChartPiece, pick, readout_alternatives
from trainmon_tui.widgets.charts import same_curves
from trainmon_tui.widgets.grid import title
from trainmon_tui.widgets.short_names import common_parts

NEWS: dict[str, Callable[[Journal], Journal]] = {
    "step": lambda journal: journal.progress(251, epoch=3),
    "validation": lambda journal: journal.validation(),
    "checkpoint": lambda journal: journal.checkpoint(250, "epoch_003.pt"),
    "start": lambda journal: journal.started(),
    "diverged": lambda journal: journal.progress(251, float("nan"), epoch=3),
}


@pytest.mark.parametrize("news", NEWS.values(), ids=NEWS.keys())
def test_whatever_a_chart_shows_is_news(news: Callable[[Journal], Journal]) -> None:
    journal = a_run()
    before = journal.state()

    assert not same_curves(before, news(journal.after(1.0)).state())


def test_a_reading_of_the_machine_is_none() -> None:
    """They come every two seconds, also while nothing is trained."""
    journal = a_run()
    before = journal.state()

    assert same_curves(before, journal.after(1.0).system().state())


def a_sparse_run() -> RunState:
    """Losses at every step to 200, an accuracy at 120 and 180 only."""
    journal = Journal().opened().started()
    for step in range(1, 201):
        accuracy = {120: 0.625, 180: 0.75}.get(step)
        metrics = {"accuracy": accuracy} if accuracy is not None else {}
        journal.after(0.1).progress(step, 1.0 / step, metrics=metrics)
    return journal.state()


def accuracy_at(step: float) -> ChartPiece:
    """The chart of the accuracy with a cursor."""
    state = a_sparse_run()
    options = Options(chart=ChartView(cursor=step))
    sight = Sight(state, Verdict(Status.RUNNING), START + 30, options=options)
    return pick(sight, Key("metrics", "accuracy"), ruler_of(state))


def test_a_cursor_between_rare_values_reads_the_one_before_and_never_one_to_come() -> None:
    between, after, at = accuracy_at(179.0), accuracy_at(199.0), accuracy_at(180.0)

    assert between.readout is not None
    assert after.readout is not None
    assert at.readout is not None
    assert (between.readout.step, between.readout.value) == (120, 0.625)
    assert (after.readout.step, after.readout.value) == (180, 0.75)
    assert (at.readout.step, at.readout.value) == (180, 0.75)


def test_a_cursor_before_the_first_value_reads_none_and_says_so() -> None:
    piece = accuracy_at(87.0)

    assert piece.readout is None
    assert plain(readout_alternatives(piece)[:1]) == "no value yet at the cursor"
    assert plain([title(piece, 40, common_parts(()), chosen=False, ascii_only=False)]).rstrip().endswith("–")
