"""`trainmon_tui.visit.attention`: an acknowledged alert stays listed and silent until it is graver or comes again."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.builders import Journal
from trainmon.meaning.alerts import Alert
from trainmon.system.kept import kept_path
from trainmon_tui.sight.sight import Sight
from trainmon_tui.visit import attention as module
from trainmon_tui.visit.attention import EVERY, KIND, Acknowledged, Attention, is_acknowledged


def a_bad_run() -> Journal:
    return Journal().opened().started().steps(100).progress(101, "NaN")


def kinds(sight: Sight) -> list[tuple[str, bool]]:
    """The alerts and whether they are acknowledged."""
    return [(shown.alert.kind, shown.acknowledged) for shown in sight.alerts]


@pytest.mark.parametrize(
    ("severity", "since", "covered"),
    [
        ("warning", 50.0, True), ("info", 50.0, True), ("critical", 50.0, False), ("warning", 101.0, False),
        ("warning", None, True),
    ],
)  # fmt: skip
def test_taking_note_covers_what_is_no_graver_and_no_younger(
    severity: str, since: float | None, covered: bool
) -> None:
    """Acknowledged at 100 as a warning."""
    alert = Alert("memory", severity, "RAM grows", since)  # type: ignore[arg-type]  # one of the three words

    assert is_acknowledged(alert, Acknowledged("warning", 100.0)) is covered
    assert not is_acknowledged(alert, None)


def test_an_acknowledgement_is_kept_beside_the_run_and_not_in_it(tmp_path: Path) -> None:
    """The next viewer knows; the run folder is only read."""
    run, state = tmp_path / "run", tmp_path / "state"
    run.mkdir()
    first = Attention(run, state)
    sight = a_bad_run().sight()

    first.acknowledge(first.look(sight))
    first.leave()

    assert kinds(Attention(run, state).look(sight)) == [("nan", True)]
    assert kinds(Attention(tmp_path / "other", state).look(sight)) == [("nan", False)]
    assert list(run.iterdir()) == []


def test_what_clears_and_comes_again_is_new(tmp_path: Path) -> None:
    attention = Attention(tmp_path / "run", tmp_path)
    journal = a_bad_run()

    attention.acknowledge(attention.look(journal.sight()))
    silent = attention.look(journal.after(EVERY).sight())
    attention.look(journal.progress(102, 0.5).after(EVERY).sight())
    again = attention.look(journal.after(EVERY).progress(103, "NaN").after(EVERY).sight())

    assert kinds(silent) == [("nan", True)]
    assert kinds(again) == [("nan", False)]


def test_what_the_journal_says_still_stands_has_not_cleared(tmp_path: Path) -> None:
    """The trainer waits a minute before it calls an alert over: a gap of seconds is none."""
    attention = Attention(tmp_path / "run", tmp_path)
    journal = a_bad_run().alerted("nan", severity="critical")

    attention.acknowledge(attention.look(journal.sight()))
    attention.look(journal.progress(102, 0.5).after(EVERY).sight())
    again = attention.look(journal.after(EVERY).progress(103, "NaN").after(EVERY).sight())

    assert kinds(again) == [("nan", True)]


def test_another_run_of_the_folder_has_alerts_of_its_own(tmp_path: Path) -> None:
    attention = Attention(tmp_path / "run", tmp_path)
    sight = a_bad_run().sight()

    attention.acknowledge(attention.look(sight))
    state = replace_run_id(sight, "run-2")

    assert kinds(attention.look(state)) == [("nan", False)]


def replace_run_id(sight: Sight, run_id: str) -> Sight:
    """The same run under another name."""
    state = a_bad_run().state()
    state.run_id = run_id
    return replace(sight, state=state)


def test_a_damaged_file_of_acknowledgements_is_as_if_it_were_not_there(tmp_path: Path) -> None:
    path = kept_path(tmp_path / "run", KIND, tmp_path)
    path.parent.mkdir()
    path.write_text('{"run_id": 3')

    assert kinds(Attention(tmp_path / "run", tmp_path).look(a_bad_run().sight())) == [("nan", False)]


def test_a_home_that_cannot_be_written_costs_only_the_next_viewer(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    attention = Attention(tmp_path / "run", tmp_path / "file")

    attention.acknowledge(attention.look(a_bad_run().sight()))
    attention.leave()

    assert kinds(attention.look(a_bad_run().sight())) == [("nan", True)]


def test_the_trends_are_looked_at_now_and_then_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """They cost a millisecond, and the screen repaints four times a second."""
    looks = 0

    def count(*_arguments: object) -> tuple[Alert, ...]:
        nonlocal looks
        looks += 1
        return ()

    monkeypatch.setattr(module.diagnosis, "alerts", count)
    attention, journal = Attention(), a_bad_run()
    before = looks

    for _ in range(9):
        attention.look(journal.after(0.25).sight())

    assert looks - before - 9 in (1, 2)  # Each sight of the builder was looked at once by one of its own.


def test_a_run_that_is_over_has_no_alerts_but_what_its_records_lack() -> None:
    sight = a_bad_run().ended(success=False, reason="failed").sight(alive=False)

    assert kinds(sight) == [("nan", False)]
    assert kinds(Journal().opened().started().steps(9).warned(count=30).ended().sight()) == []


def test_a_deadline_of_the_viewer_makes_an_alert_and_is_handed_on() -> None:
    journal = Journal().opened().started(total_steps=10_000).steps(500, total_steps=10_000)

    sight = Attention(deadline=journal.now + 60.0).look(journal.sight())

    assert [shown.alert.kind for shown in sight.alerts] == ["deadline"]
    assert sight.deadline == journal.now + 60.0
