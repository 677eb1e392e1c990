"""The digest of an absence: what changed is said in numbers, and nothing where nothing did."""

import msgspec
import pytest

from tests.builders import Journal, a_run
from trainmon.meaning import since
from trainmon.meaning.alerts import alerts
from trainmon.meaning.since import LEAST, Digest, Noted
from trainmon.meaning.statuses import Evidence, Status
from trainmon.meaning.verdict import verdict


def noted(journal: Journal) -> Noted:
    """What somebody saw right after the last event."""
    state, now = journal.state(), journal.now
    return since.note(state, verdict(state, Evidence(alive=True), now), alerts(state, now), now)


def told(before: Noted | None, journal: Journal, *, alive: bool = True) -> Digest | None:
    """What is said to whoever comes back right after the last event."""
    state, now = journal.state(), journal.now
    return since.digest(before, state, verdict(state, Evidence(alive=alive), now), alerts(state, now), now)


def test_all_that_happened_is_counted_from_the_last_look() -> None:
    journal = a_run(100)
    before = noted(journal)
    journal.after(LEAST).steps(200, 101).validation(200, 0.8, epoch=2).checkpoint(200, epoch=2).error()

    found = told(before, journal)

    assert found is not None
    assert (found.steps, found.epochs, found.checkpoints, found.errors, found.bests) == (100, 1, 1, 1, 1)
    assert (found.best_then, found.best_now) == (1.6, 0.8)
    assert found.away == pytest.approx(journal.now - before.time)
    assert found.ends_then is not None
    assert found.ends_now is not None
    assert found.over_at is None


def test_nothing_is_said_where_nobody_looked_before_or_not_long_ago_or_nothing_happened() -> None:
    journal = a_run(100)
    before = noted(journal)

    assert told(None, journal) is None
    assert told(before, journal.steps(110, 101)) is None

    over = msgspec.structs.replace(noted(journal.ended()), status=Status.FINISHED.value)
    assert told(over, journal.after(3 * LEAST), alive=False) is None


def test_a_death_meanwhile_is_said_once() -> None:
    journal = a_run(100)
    before = noted(journal)
    journal.after(LEAST)

    found = told(before, journal, alive=False)

    assert found is not None
    assert found.status is Status.DIED
    assert found.ends_now is None
    after = msgspec.structs.replace(before, status=Status.DIED.value)
    assert told(after, journal, alive=False) is None


def test_another_run_is_counted_from_its_own_start() -> None:
    """What the run before had reached says nothing about this one."""
    journal = a_run(300)
    before = noted(journal)
    journal.ended().after(LEAST)
    before = msgspec.structs.replace(before, run_id="another", run_number=before.run_number - 1)

    found = told(before, journal)

    assert found is not None
    assert (found.new_runs, found.steps, found.best_then) == (1, 300, None)


def test_an_alert_that_stood_already_is_no_news() -> None:
    journal = a_run(100).progress(101, "NaN", epoch=2)
    before = noted(journal)
    journal.after(LEAST).progress(102, "NaN", epoch=2)

    found = told(before, journal)

    assert before.alerts == ("nan",)
    assert found is not None
    assert found.alerts == ()


def test_what_is_kept_survives_being_kept() -> None:
    before = noted(a_run(150))

    assert msgspec.json.decode(msgspec.json.encode(before), type=Noted) == before
