"""How long a run took and still takes: one answer for the screen, `status`, `wait`, the report and the messages."""

import pytest

from tests.builders import START, Journal, a_run
from tests.core.test_status_document import seen
from trainmon.meaning import remaining
from trainmon.meaning.conditions import WORDS, holds
from trainmon.meaning.expression import parse
from trainmon.meaning.statuses import Evidence
from trainmon.meaning.verdict import verdict
from trainmon.status.text import one_line, status_lines

HOUR = 3_600.0


def test_the_clock_of_a_run_that_died_without_a_word_stands_at_its_last_record() -> None:
    """However much later somebody looks."""
    journal = a_run()
    ran = journal.now - START

    early, late = (seen(journal, later=later, alive=False).run for later in (60.0, 48 * HOUR))

    assert early is not None
    assert early == late
    assert early.elapsed == pytest.approx(ran, abs=1.0)


def test_nothing_that_waits_for_a_time_to_pass_is_woken_by_a_corpse() -> None:
    evidence = Evidence(alive=False)
    journal = a_run()

    found = holds(parse("elapsed > 600", WORDS), journal.state(), evidence, journal.now + HOUR)

    assert found is False


@pytest.mark.parametrize(("later", "state"), [(HOUR, "S"), (8.0, "T")])
def test_what_does_not_move_has_a_reason_in_place_of_an_eta(later: float, state: str) -> None:
    """A stalled run and a stopped one, in every form of the status and for `wait`."""
    journal = a_run()
    document = seen(journal, later=later, process_state=state)
    evidence = Evidence(alive=True, process_state=state, heartbeat=journal.now)

    left = next(line for line in status_lines(document) if line.startswith("  left "))
    known = holds(parse("eta < 60", WORDS), journal.state(), evidence, journal.now + later)

    assert "no ETA: no step for " in left
    assert document.speed.no_estimate in left
    assert (document.speed.remaining, document.speed.ends) == (None, None)
    assert "ETA" not in one_line(document)
    assert known is None


def test_what_does_not_move_is_not_said_to_end_before_its_deadline() -> None:
    """The deadline itself stays."""
    journal = a_run()
    running, stalled = (seen(journal, later=later, deadline=journal.now + 9 * HOUR) for later in (1.0, HOUR))

    assert running.deadline is not None
    assert stalled.deadline is not None
    assert (running.deadline.fits, stalled.deadline.fits) == (True, None)


def test_a_run_that_goes_on_has_an_estimate_and_no_reason() -> None:
    journal = a_run()
    judged = verdict(journal.state(), Evidence(alive=True), journal.now)

    assert remaining.why_none(journal.state(), judged, journal.now) is None
    assert remaining.estimate(journal.state(), judged, journal.now) is not None


def test_a_run_that_said_its_end_took_as_long_as_it_said() -> None:
    journal = Journal().opened().started().steps(400).ended()
    judged = verdict(journal.state(), Evidence(alive=False), journal.now + HOUR)

    took = remaining.elapsed(journal.state(), judged, journal.now + HOUR)

    assert took == pytest.approx(journal.now - START)
