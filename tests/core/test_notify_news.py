"""What is news: each thing once, whoever looks however often, and nothing of what stood there before."""

import pytest
from msgspec import structs

from tests.builders import START, Journal, a_run
from trainmon.fold.alert_log import AlertEntry
from trainmon.fold.state import RunState
from trainmon.meaning.alerts import Alert, alerts
from trainmon.meaning.statuses import Evidence, Status, Verdict
from trainmon.meaning.verdict import verdict
from trainmon.notify.news import SETTLE, Desk, Moment, what_is_news
from trainmon.notify.rules import KINDS, Rules
from trainmon.words.exits import ExitRecord

ALL = Rules(frozenset(KINDS), frozenset({"critical", "warning", "info"}))


def moment(journal: Journal, *, alive: bool = True, signal: int | None = None, later: float = 0.0) -> Moment:
    """The run as somebody sees it some seconds after its last event."""
    state, now = journal.state(), journal.now + later
    record = ExitRecord(
        host="gpu-07", pid=4711, launcher=1, started=START, time=now, duration=1.0, signal=signal
    )
    evidence = Evidence(alive=alive, skew=0.0, exit=record if signal is not None else None)
    return Moment(state, verdict(state, evidence, now), alerts(state, now))


def kinds(before: Moment | None, after: Moment, rules: Rules = ALL) -> list[str]:
    return [news.kind for news in what_is_news(before, after, rules)]


def test_each_end_has_its_kind() -> None:
    running = moment(a_run())

    assert kinds(running, moment(a_run().ended())) == ["finished"]
    assert kinds(running, moment(a_run().ended(success=False, reason="failed", error="x"))) == ["failed"]
    assert kinds(running, moment(a_run().ended(success=False, reason="interrupted"))) == ["interrupted"]
    assert kinds(running, moment(a_run(), alive=False)) == ["died"]
    [news] = what_is_news(running, moment(a_run(), alive=False, signal=9), ALL)
    assert (news.kind, news.weight, news.headline) == ("died", "critical", "killed: SIGKILL")


def test_the_end_of_a_run_that_was_too_short_is_not_told() -> None:
    """Whoever tries something out sits before it."""
    patient = Rules(ALL.kinds, ALL.alerts, shortest=60.0)

    assert kinds(moment(a_run()), moment(a_run().ended()), patient) == []
    assert kinds(moment(a_run()), moment(a_run().after(60.0).ended()), patient) == ["finished"]


def test_a_run_that_goes_on_is_no_news_and_an_end_is_news_once() -> None:
    running, dead = moment(a_run()), moment(a_run(), alive=False)

    assert kinds(running, running) == []
    assert kinds(dead, dead) == []
    assert kinds(None, dead) == ["died"]


def test_the_same_news_has_the_same_key_whoever_finds_it_and_with_whatever_reason() -> None:
    """A viewer that does not know the signal, and a sentinel that does, tell of the same death."""
    running = moment(a_run())
    [vague] = what_is_news(running, moment(a_run(), alive=False), ALL)
    [exact] = what_is_news(None, moment(a_run(), alive=False, signal=9), ALL)

    assert vague.key == exact.key


def test_an_alert_is_news_when_it_comes_and_when_it_gets_worse() -> None:
    calm = moment(a_run(100))
    mild = Moment(calm.state, calm.verdict, (Alert("memory", "warning", "RAM grows", None),))
    grave = Moment(calm.state, calm.verdict, (Alert("memory", "critical", "RAM grows", None),))

    assert kinds(calm, mild) == ["alert"]
    assert kinds(mild, mild) == []
    assert kinds(mild, grave) == ["alert"]
    assert kinds(grave, mild) == []
    assert kinds(calm, mild, Rules(frozenset(), frozenset({"critical"}))) == []
    assert kinds(calm, grave, Rules(frozenset(), frozenset({"critical"}))) == ["alert"]


def test_a_loss_that_is_not_a_number_is_a_critical_alert() -> None:
    [news] = what_is_news(moment(a_run(100)), moment(a_run(100).progress(101, "NaN", epoch=2)), ALL)

    assert (news.kind, news.weight) == ("alert", "critical")
    assert "NaN" in news.headline


def test_a_loss_that_was_no_number_for_a_moment_is_told_though_nobody_saw_it() -> None:
    """A sentinel looks every few seconds."""
    passed = a_run(100).progress(101, "NaN", epoch=2).progress(102, 1.0, epoch=2)

    [news] = what_is_news(moment(a_run(100)), moment(passed), ALL)

    assert news.headline == "loss was NaN or infinite once, first at step 101; finite now"
    assert kinds(moment(passed), moment(passed)) == []


def test_an_alert_that_came_and_went_is_told_from_the_journal() -> None:
    calm = moment(a_run(100))
    state = a_run(100).state()
    state.alerts = [AlertEntry("divergence", "critical", "loss diverges", 5.0, until=9.0)]

    [news] = what_is_news(calm, Moment(state, calm.verdict, calm.alerts), ALL)

    assert (news.kind, news.headline) == ("alert", "loss diverges")


def test_a_new_best_says_from_what_to_what_and_the_first_validation_beats_nothing() -> None:
    first = a_run(100)
    better = a_run(100).validation(100, 0.8)

    [news] = what_is_news(moment(first), moment(better), ALL)

    assert news.kind == "best"
    assert news.headline == "new best: val_loss 1.600 → 0.8000 at step 100"
    assert "best" not in kinds(moment(Journal().opened().started().steps(50)), moment(first))
    assert kinds(moment(first), moment(a_run(100).validation(100, 2.0))) == []


def test_a_silent_trainer_is_stalled_and_the_alert_of_the_same_is_not_told_beside() -> None:
    running = moment(a_run())
    silent = moment(a_run(), later=4_000.0)

    assert silent.verdict.status is Status.STALLED
    assert kinds(running, silent) == ["stalled"]
    assert kinds(silent, moment(a_run(), later=4_100.0)) == []


def followed(journal: Journal, **changes: object) -> Journal:
    """The journal with another start behind it."""
    journal.after(30.0).started()
    journal.events[-1] = structs.replace(journal.events[-1], **changes)
    return journal


def test_a_run_that_was_followed_by_another_between_two_looks_is_told_by_what_it_left() -> None:
    """A supervisor starts the next within seconds: nobody saw the first one dead."""
    before = moment(a_run(100))
    silent, failed = a_run(100), a_run(100).ended(success=False, reason="failed", error="boom")

    [died] = what_is_news(before, moment(followed(silent, run_id="run-2")), ALL)
    [said] = what_is_news(before, moment(followed(failed, run_id="run-2")), ALL)

    assert (died.kind, died.headline) == ("died", "ended without a word at step 100")
    assert (said.kind, said.headline) == ("failed", "failed: boom")
    assert died.key == said.key


def test_a_run_that_was_continued_between_two_looks_had_broken_off() -> None:
    [news] = what_is_news(moment(a_run(100)), moment(followed(a_run(100), resume="always")), ALL)

    assert (news.kind, news.weight) == ("died", "warning")
    assert news.headline == "was started again after step 100; nobody saw how it had ended"


def test_news_of_a_run_that_was_followed_is_about_that_run() -> None:
    """A sweep of short runs in one process: the message has the name and the steps of the one that ended."""
    desk = Desk(ALL)
    desk.look(moment(a_run(100)), 0.0)
    after = followed(a_run(100).ended(), run_id="run-2", model_name="Next")

    [(news, about)] = desk.look(moment(after), 5.0)

    assert news.kind == "finished"
    assert about.verdict.status is Status.FINISHED
    assert about.state.run_step == 100
    assert about.state.configuration is not None
    assert about.state.configuration.model_name == "DemoModel"


def test_silence_of_a_host_is_told_as_a_stall() -> None:
    """From another host nobody can tell a death from a network that is away."""
    state, now = a_run().state(), a_run().now + 1_000.0
    unseen = Verdict(Status.UNREACHABLE, "no heartbeat from its host", now - 900.0, "unknown")

    [news] = what_is_news(moment(a_run()), Moment(state, unseen), ALL)

    assert (news.kind, news.headline) == ("stalled", "unreachable: no heartbeat from its host")


@pytest.mark.parametrize("alive", [True, False])
def test_the_first_look_finds_nothing_new_unless_somebody_was_to_be_told_since(alive: bool) -> None:
    dead = moment(a_run(), alive=alive)
    at = dead.verdict.since or a_run().now

    assert Desk(ALL).look(dead, 100.0) == []
    assert Desk(ALL, since=at + 60).look(dead, 100.0) == []
    late = Desk(ALL, since=at - 60)
    late.look(dead, 100.0)
    found = late.look(dead, 100.0 + SETTLE)
    assert [news.kind for news, _ in found] == ([] if alive else ["died"])


def test_an_old_run_that_could_not_be_read_at_first_is_no_news() -> None:
    """Storage that was away for a moment, when the viewer was opened."""
    nothing = Moment(RunState(), Verdict(Status.WAITING))
    desk = Desk(ALL)

    assert desk.look(nothing, 0.0) == []
    for later in (5.0, 5.0 + SETTLE, 30.0):
        assert desk.look(moment(a_run().ended()), later) == []


def test_a_run_that_began_and_ended_between_two_looks_is_news_to_who_waited_for_it() -> None:
    journal = a_run().ended()
    desk = Desk(ALL, since=START - 60.0)
    desk.look(Moment(RunState(), Verdict(Status.WAITING)), 0.0)
    desk.look(moment(journal), 5.0)

    [(news, _)] = desk.look(moment(journal), 5.0 + SETTLE)

    assert news.kind == "finished"


def test_an_end_is_told_once_it_has_settled_with_what_is_known_by_then() -> None:
    """The parent writes down the signal some milliseconds after the death was seen."""
    desk = Desk(ALL)
    desk.look(moment(a_run()), 0.0)

    assert desk.look(moment(a_run(), alive=False), 10.0) == []
    assert desk.settling
    [(news, about)] = desk.look(moment(a_run(), alive=False, signal=9), 10.0 + SETTLE)
    assert about.verdict.status is Status.KILLED
    assert news.headline == "killed: SIGKILL"
    assert not desk.settling
    assert desk.look(moment(a_run(), alive=False, signal=9), 30.0) == []
