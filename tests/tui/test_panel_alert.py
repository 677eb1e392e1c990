"""The alert row, as text."""

import pytest
from msgspec.structs import replace

from tests.builders import Journal, a_run
from trainmon_tui.render.cells import plain, row_width
from trainmon_tui.sight.sight import RankSteps, Sight
from trainmon_tui.visit.attention import Attention
from trainmon_tui.widgets.alert import pick, rows


def line(sight: Sight, width: int = 100) -> str:
    return plain(rows(pick(sight), width, 1, False)).rstrip()


def test_the_row_is_reserved_and_says_so() -> None:
    assert line(a_run().sight()) == "no alerts"


def test_a_loss_that_is_nan_is_said_with_the_step_since_when() -> None:
    journal = a_run(100).progress(101, "NaN", epoch=2).progress(102, "NaN", epoch=2)

    text = line(journal.sight(), width=100)

    assert text.startswith("! loss is NaN, 2 times, first at step 101  ")
    assert text.endswith("since 23:41  [a] acknowledge")


def test_a_loss_that_recovered_is_still_mentioned() -> None:
    journal = a_run(100).progress(101, "Infinity", epoch=2).progress(102, 0.5, epoch=2)

    assert line(journal.sight()).startswith(
        "! loss was NaN or infinite 1 time, first at step 101; finite now  "
    )


def test_trouble_with_reading_is_said_in_its_words() -> None:
    assert line(a_run().sight(note="cannot read journal.jsonl: Stale file handle")).startswith(
        "! cannot read"
    )


def test_the_most_urgent_alert_comes_first_and_the_others_are_counted() -> None:
    journal = Journal().opened().started().progress(1, "NaN")

    text = line(journal.sight(note="slow"))

    assert text.startswith("! loss is NaN")
    assert "+1 more" in text


def test_another_rank_that_failed_is_said_with_its_reason_and_where_it_stands() -> None:
    """Rank 0 goes on, or has finished well, and its own folder knows of no error."""
    gone = RankSteps(
        "ranks 8: rank 3 failed", "rank 3 failed", bad=True, why="RuntimeError: watchdog timeout"
    )

    for journal in (a_run(), a_run().ended()):
        text = line(replace(journal.sight(), ranks=gone))
        assert text.startswith("! rank 3 failed: RuntimeError: watchdog timeout  ")
        assert text.endswith("[7] its run")


def test_only_a_critical_alert_stands_before_a_rank_that_is_gone() -> None:
    gone = RankSteps("ranks 8: rank 3 dead", "rank 3 dead", bad=True)

    warned = line(replace(a_run().sight(note="slow"), ranks=gone))
    nan = line(replace(a_run(100).progress(101, "NaN", epoch=2).sight(), ranks=gone))

    assert warned.startswith("! rank 3 dead  ")
    assert "+1 more" in warned
    assert nan.startswith("! loss is NaN")


def test_what_has_been_acknowledged_gives_the_row_to_the_next() -> None:
    """And once all are, the row says where they are."""
    attention = Attention()
    sight = attention.look(Journal().opened().started().progress(1, "NaN").sight(note="slow"))

    attention.acknowledge(sight)
    second = attention.look(sight)
    attention.acknowledge(second)

    assert line(second).startswith("! slow")
    assert line(attention.look(second)).startswith("no new alerts")
    assert line(attention.look(second)).endswith("2 acknowledged  [A] list")


@pytest.mark.parametrize("width", [1, 8, 20, 40, 80, 120, 160])
def test_the_row_fits_every_width_and_keeps_the_text_longest(width: int) -> None:
    journal = Journal().opened().started().progress(1, "NaN")
    sight = journal.sight(note="cannot read the journal: " + "x" * 300)

    cells = rows(pick(sight), width, 1, False)

    assert [row_width(row) for row in cells] == [width]
    assert plain(cells).startswith("! loss is NaN, once"[: max(0, width - 1)])


def test_a_time_of_another_day_has_its_weekday() -> None:
    """The run starts on a Sunday evening."""
    sight = Journal().opened().started().progress(1, "NaN").sight(later=3_600.0)

    assert "since Sun 23:41" in line(sight)


def test_where_nobody_knows_since_when_the_viewers_own_first_look_is_said() -> None:
    """A share of waiting has no beginning in itself; this journal is of a trainer that does not watch."""
    attention = Attention()
    journal = Journal().opened().started()
    for step in range(1, 700):
        journal.after(0.1).progress(step, 2.0 / step, waited=0.04)

    first = attention.look(journal.sight())
    later = attention.look(journal.after(50.0).sight())

    assert "waits for data 40 %" in line(first)
    assert "seen 23:42" in line(first)
    assert line(later) == line(first)
