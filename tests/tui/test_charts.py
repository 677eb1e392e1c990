"""Which news a chart need not be drawn again for."""

from collections.abc import Callable

import pytest

from tests.builders import Journal, a_run
from trainmon_tui.widgets.charts import same_curves

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
