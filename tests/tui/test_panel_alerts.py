"""The list of all alerts, as text."""

import pytest

from tests.builders import Journal
from trainmon_tui.render.cells import plain, row_width
from trainmon_tui.sight.sight import Sight
from trainmon_tui.visit.attention import Attention
from trainmon_tui.widgets.alerts import pick, rows


def text_of(sight: Sight, width: int = 80, height: int = 30) -> list[str]:
    return [line.rstrip() for line in plain(rows(pick(sight), width, height, False)).split("\n")]


def a_run_in_trouble() -> Journal:
    """One alert has cleared, two stand."""
    journal = Journal().opened().started().steps(100).alerted("slow", "steps take 1.7 times as long as usual")
    journal.after(600.0).alerted("slow", "steps take 1.7 times as long as usual", over=True)
    return journal.progress(101, "NaN").warned("the same again", count=25).after(120.0).progress(102, "NaN")


def test_each_alert_says_since_when_how_grave_and_why() -> None:
    lines = text_of(a_run_in_trouble().sight())

    assert lines[0].startswith("─ alerts ─")
    assert lines[1] == "active"
    assert lines[2] == "  since 23:51           critical  loss is NaN, 2 times, first at step 101"
    assert lines[3] == "  for 2m 0s"
    assert lines[4].startswith("  since 23:51           info      UserWarning came 25 times: the same again")


def test_what_has_cleared_is_listed_with_its_time() -> None:
    lines = text_of(a_run_in_trouble().sight())

    assert "cleared" in lines
    assert lines[lines.index("cleared") + 1].startswith(
        "  23:41 to 23:51        warning   steps take 1.7 times"
    )


def test_what_was_acknowledged_stands_apart() -> None:
    attention = Attention()
    sight = attention.look(a_run_in_trouble().sight())
    attention.acknowledge(sight)

    lines = text_of(attention.look(sight))

    assert lines.index("active") < lines.index("acknowledged") < lines.index("cleared")
    assert "loss is NaN" in lines[lines.index("acknowledged") + 1]


def test_without_alerts_it_says_so() -> None:
    assert text_of(Journal().opened().started().steps(10).sight())[1].startswith("no alerts: a loss that")


def test_what_is_quiet_and_not_called_over_yet_ended_just_now() -> None:
    """The trainer waits a minute, in which it may come again."""
    sight = Journal().opened().started().steps(50).alerted("memory", "RAM grows").sight()

    assert any(line.startswith("  23:41 to just now     warning   RAM grows") for line in text_of(sight))


def test_what_stood_when_the_trainer_died_is_still_there() -> None:
    """Nobody was left to say that it cleared."""
    sight = Journal().opened().started().steps(50).alerted("memory", "RAM grows").sight(alive=False)

    assert any(line.startswith("  23:41 to the end      warning   RAM grows") for line in text_of(sight))


@pytest.mark.parametrize("width", [20, 40, 80, 160])
def test_no_line_is_wider_than_the_screen(width: int) -> None:
    journal = Journal().opened().started().steps(10)
    for number in range(60):
        journal.alerted(f"kind {number}", "word " * 60 + "\x1b[2J")

    lines = rows(pick(journal.sight()), width, 40, True)

    assert len(lines) == 40
    assert all("\x1b" not in plain([line]) for line in lines)
    assert all(row_width(line) <= max(width, 50) for line in lines)
