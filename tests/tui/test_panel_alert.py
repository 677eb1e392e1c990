"""The alert row, as text."""

from tests.builders import Journal, a_run
from trainmon_tui.render.cells import plain
from trainmon_tui.sight import Sight
from trainmon_tui.widgets.alert import pick, rows


def line(sight: Sight, width: int = 100) -> str:
    return plain(rows(pick(sight), width, 1, False)).rstrip()


def test_the_row_is_reserved_and_says_so() -> None:
    assert line(a_run().sight()) == "no alerts"


def test_a_loss_that_is_nan_is_said_with_the_step_since_when() -> None:
    journal = a_run(100).progress(101, "NaN", epoch=2).progress(102, "NaN", epoch=2)

    assert line(journal.sight()) == "! loss is NaN: 2 times, first at step 101"


def test_a_loss_that_recovered_is_still_mentioned() -> None:
    journal = a_run(100).progress(101, "Infinity", epoch=2).progress(102, 0.5, epoch=2)

    assert line(journal.sight()) == "! loss was NaN or infinite 1 time, first at step 101; finite now"


def test_trouble_with_reading_is_said_in_its_words() -> None:
    assert line(a_run().sight(note="cannot read journal.jsonl: Stale file handle")).startswith(
        "! cannot read"
    )


def test_the_most_urgent_alert_comes_first_and_the_others_are_counted() -> None:
    journal = Journal().opened().started().progress(1, "NaN")

    text = line(journal.sight(note="slow"))

    assert text.startswith("! loss is NaN")
    assert text.endswith("+1 more")
