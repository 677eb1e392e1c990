"""`trainmon/calls/alert_watch.py`: what the trainer sees of its alerts stands in the journal and in the general log."""

import math
import time
from pathlib import Path

import pytest

from tests.conftest import OpenLogger
from trainmon.calls import alert_watch
from trainmon.calls.alert_watch import EVERY, HOLD, MOST_TOLD, AlertWatch
from trainmon.calls.logger import TrainLogger
from trainmon.facts.events import Alerted
from trainmon.fold.state import RunState
from trainmon.meaning.alerts import Alert, alerts
from trainmon.reading.reader import RunReader
from trainmon.system.configuration import CONFIG


class Looks:
    """Looks of a watch on a clock of its own."""

    def __init__(self, logger: TrainLogger) -> None:
        self.logger, self.now = logger, 1_000.0
        self.watch = AlertWatch(logger.recorder, monotonic=lambda: self.now)

    def after(self, seconds: float) -> list[Alerted]:
        """What a look tells that comes so many seconds after the last; the records before it are in the journal."""
        assert self.logger.recorder.drained()
        told: list[Alerted] = []
        put = self.logger.recorder.put

        def keep(event: object, *, wake: bool = False) -> None:
            if isinstance(event, Alerted):
                told.append(event)
            put(event, wake=wake)  # type: ignore[arg-type]  # handed on as it came

        self.now += seconds
        self.logger.recorder.put = keep  # type: ignore[method-assign]  # for one look
        try:
            self.watch.look()
        finally:
            self.logger.recorder.put = put
        return told


def a_training(open_logger: OpenLogger, **start: object) -> TrainLogger:
    logger = open_logger()
    logger.recorder.writer.call_each_second(lambda: None)  # type: ignore[union-attr]  # the test looks, not the writer
    logger.log_training_start("DemoModel", 1, 100, 32, 1e-3, "Adam", **start)
    return logger


def words(told: list[Alerted]) -> list[tuple[str, str, bool]]:
    return [(event.name, event.severity, event.over) for event in told]


def test_an_alert_is_told_when_it_comes_and_once_it_has_stayed_away(open_logger: OpenLogger) -> None:
    """In between nothing is told, and what comes back within the minute never went."""
    logger = a_training(open_logger)
    looks = Looks(logger)
    logger.log_training_progress(1, 1, 100, math.nan, 1e-3)

    came = looks.after(EVERY)
    stands = looks.after(EVERY)
    logger.log_training_progress(1, 2, 100, 0.5, 1e-3)
    away = looks.after(HOLD - 1)
    logger.log_training_progress(1, 3, 100, math.nan, 1e-3)
    back = looks.after(EVERY)
    logger.log_training_progress(1, 4, 100, 0.5, 1e-3)
    over = looks.after(HOLD)

    assert words(came) == [("nan", "critical", False)]
    assert (stands, away, back) == ([], [], [])
    assert words(over) == [("nan", "critical", True)]


def test_a_loss_that_was_not_finite_between_two_looks_is_told(open_logger: OpenLogger) -> None:
    """Twenty such steps may be over within a second."""
    logger = a_training(open_logger)
    looks = Looks(logger)
    for step, loss in enumerate((0.5, math.nan, math.inf, 0.5), start=1):
        logger.log_training_progress(1, step, 100, loss, 1e-3)

    [told] = looks.after(EVERY)

    assert (told.name, told.text) == ("nan", "loss was NaN or infinite 2 times, and is finite again")
    assert looks.after(EVERY) == []
    assert words(looks.after(HOLD)) == [("nan", "critical", True)]


def test_a_loss_that_is_not_finite_is_not_kept_for_the_next_look(open_logger: OpenLogger) -> None:
    """A short run may be over by then, and nobody would know; one that stays bad is looked at as seldom as others."""
    logger = a_training(open_logger)
    looks = Looks(logger)
    logger.log_training_progress(1, 1, 100, 0.5, 1e-3)
    before = looks.after(EVERY)
    logger.log_training_progress(1, 2, 100, math.nan, 1e-3)

    came = looks.after(1.0)
    logger.log_training_progress(1, 3, 100, math.nan, 1e-3)
    looked = looks.watch._next
    stays = looks.after(1.0)

    assert before == []
    assert words(came) == [("nan", "critical", False)]
    assert (stays, looks.watch._next) == ([], looked)


def test_steps_without_a_start_are_watched_as_those_of_a_run(open_logger: OpenLogger) -> None:
    """Where nothing was logged yet there is nothing to watch."""
    logger = open_logger()
    logger.recorder.writer.call_each_second(lambda: None)  # type: ignore[union-attr]  # as in `a_training`
    looks = Looks(logger)
    before = looks.after(EVERY)
    logger.log_training_progress(1, 1, 100, math.nan, 1e-3)

    assert before == []
    assert words(looks.after(1.0)) == [("nan", "critical", False)]
    assert looks.after(EVERY) == []


def test_what_is_told_is_in_the_journal_and_in_the_general_log(open_logger: OpenLogger) -> None:
    """A viewer that comes later has the moment from there, whatever the series still say."""
    logger = a_training(open_logger)
    looks = Looks(logger)
    logger.log_training_progress(1, 1, 100, math.nan, 1e-3)
    [told] = looks.after(EVERY)

    assert logger.recorder.drained()
    reader = RunReader(logger.folder)
    state = reader.poll().state
    reader.close()

    assert [(entry.name, entry.since, entry.until) for entry in state.alerts] == [("nan", told.time, None)]
    text = (logger.folder / "gradio_app.log").read_text()
    assert "WARNING - gradio_app - Alert (critical): nan - loss is NaN, once, first at step 1" in text


def test_an_alert_that_becomes_graver_is_told_again_and_keeps_its_beginning(
    open_logger: OpenLogger, monkeypatch: pytest.MonkeyPatch
) -> None:
    logger = a_training(open_logger)
    looks = Looks(logger)
    found: list[Alert] = [Alert("memory", "warning", "RAM grows", None)]
    monkeypatch.setattr(alert_watch, "alerts", lambda state, now, thresholds: tuple(found))

    first = looks.after(EVERY)
    found[:] = [Alert("memory", "critical", "RAM grows: before the end", None)]
    graver = looks.after(EVERY)
    found[:] = [Alert("memory", "warning", "RAM grows", None)]
    milder = looks.after(EVERY)

    assert words(first + graver) == [("memory", "warning", False), ("memory", "critical", False)]
    assert milder == []
    assert logger.recorder.drained()
    [entry] = logger.recorder.state().alerts
    assert (entry.severity, entry.since) == ("critical", first[0].time)


def test_a_continued_run_takes_over_what_its_last_process_left_standing(open_logger: OpenLogger) -> None:
    """What is found again began then; what is not has cleared, after a minute's patience."""
    logger = a_training(open_logger, run_id="r")
    first = Looks(logger)
    logger.log_training_progress(1, 1, 100, math.nan, 1e-3)
    assert words(first.after(EVERY)) == [("nan", "critical", False)]
    assert logger.recorder.drained()
    logger.close()

    again = a_training(open_logger, run_id="r", resume="auto")
    looks = Looks(again)
    again.log_training_progress(1, 2, 100, 0.5, 1e-3)

    assert words(looks.after(EVERY) + looks.after(HOLD)) == [("nan", "critical", True)]


def test_nothing_is_told_of_a_run_that_is_not_ours_or_over(open_logger: OpenLogger) -> None:
    """A folder's last run may have died with a loss that was NaN; that is no news for the next process."""
    logger = a_training(open_logger)
    logger.log_training_progress(1, 1, 100, math.nan, 1e-3)
    logger.close()
    second = open_logger()
    second.recorder.writer.call_each_second(lambda: None)
    looks = Looks(second)

    before = looks.after(EVERY)
    second.log_training_start("DemoModel", 1, 100, 32, 1e-3, "Adam")
    second.log_training_progress(1, 1, 100, math.nan, 1e-3)
    second.log_training_end(False)

    assert (before, looks.after(EVERY)) == ([], [])


def test_the_users_thresholds_count(
    open_logger: OpenLogger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "trainmon").mkdir()
    (tmp_path / "trainmon" / CONFIG).write_text('[alerts]\noff = ["nan"]\n')
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    logger = a_training(open_logger)
    looks = Looks(logger)
    logger.log_training_progress(1, 1, 100, math.nan, 1e-3)
    first, next_look = looks.after(EVERY), looks.watch._next
    logger.log_training_progress(1, 2, 100, math.nan, 1e-3)
    second = looks.after(1.0)

    assert first == second == []
    assert looks.watch._next == next_look, "what is off makes no look come sooner"


def test_an_alert_that_flaps_for_weeks_does_not_fill_the_journal(
    open_logger: OpenLogger, monkeypatch: pytest.MonkeyPatch
) -> None:
    logger = a_training(open_logger)
    looks = Looks(logger)
    found: list[Alert] = []
    monkeypatch.setattr(alert_watch, "alerts", lambda state, now, thresholds: tuple(found))
    assert logger.recorder.drained()
    told = 0
    put = logger.recorder.put

    def count(event: object, *, wake: bool = False) -> None:
        nonlocal told
        told += isinstance(event, Alerted)

    monkeypatch.setattr(logger.recorder, "put", count)
    for number in range(2 * MOST_TOLD):
        found[:] = [Alert("slow", "warning", "slow", None)] if number % 2 else []
        looks.now += HOLD
        looks.watch.look()
    monkeypatch.setattr(logger.recorder, "put", put)

    assert told == MOST_TOLD


def test_a_bug_in_judging_ends_the_watch_and_not_the_recording(
    open_logger: OpenLogger, monkeypatch: pytest.MonkeyPatch
) -> None:
    logger = a_training(open_logger)
    looks = Looks(logger)

    def fail(state: RunState, now: float, thresholds: object) -> tuple[Alert, ...]:
        raise ZeroDivisionError

    monkeypatch.setattr(alert_watch, "alerts", fail)
    looks.after(EVERY)
    monkeypatch.setattr(alert_watch, "alerts", alerts)
    logger.log_training_progress(1, 1, 100, math.nan, 1e-3)

    assert looks.after(EVERY) == []
    assert logger.recorder.state().progress is not None


@pytest.mark.parametrize(("seconds", "warned"), [(0.5, False), (30.0, True)])
def test_steps_that_go_on_after_the_end_are_warned_about_once(
    open_logger: OpenLogger, monkeypatch: pytest.MonkeyPatch, seconds: float, warned: bool
) -> None:
    """The second training of a program that forgot its start would be shown as finished."""
    logger = a_training(open_logger)
    logger.log_training_end(True)
    later = time.time() + seconds
    monkeypatch.setattr("trainmon.calls.progress_call.time", lambda: later)
    logger.log_training_progress(1, 2, 100, 1.0, 1e-3)
    looks = Looks(logger)

    looks.after(0.0)
    looks.after(EVERY)

    assert ("steps after the end" in logger.recorder.complaints.counts) is warned
