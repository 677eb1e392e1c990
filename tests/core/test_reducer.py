"""What each kind of event adds to the state; the law of the fold is in tests/laws/test_replay.py."""

import pytest
from msgspec import structs

from tests.builders import START, Journal, a_reading
from trainmon.facts.codec import Unread
from trainmon.facts.events import Closed
from trainmon.fold.arrivals import missing
from trainmon.fold.reducer import fold
from trainmon.fold.state import RunState
from trainmon.fold.state_entries import FULL_ENTRIES, LIST_LIMIT


def test_nothing_is_known_before_the_first_line() -> None:
    state = RunState()

    assert (state.run_id, state.progress, state.run_step, len(state.loss)) == (None, None, 0, 0)


def test_progress_moves_the_curve_the_bar_and_the_newest_values() -> None:
    state = Journal().opened().started().steps(3, metrics={"accuracy": 0.5}).state()

    assert state.run_step == 3
    assert state.progress is not None
    assert (state.progress.step, state.progress.metrics) == (3, {"accuracy": 0.5})
    assert state.metrics.names == ("learning_rate", "accuracy")
    assert list(state.loss.column("loss").first_step) == [1, 2, 3]


def test_only_the_training_phase_enters_curve_bar_and_speed() -> None:
    state = Journal().opened().started().steps(3).progress(900, 9.0, phase="validation").state()

    assert (state.run_step, len(state.loss), state.pace.step) == (3, 3, 3)
    assert state.progress is not None
    assert (state.progress.step, state.progress.phase) == (900, "validation")


def test_w19_losses_that_are_not_finite_are_kept_and_counted_with_the_first_step() -> None:
    state = (
        Journal()
        .opened()
        .started()
        .progress(1)
        .progress(2, "NaN")
        .progress(3, "Infinity")
        .progress(4)
        .state()
    )

    assert (state.totals.nonfinite, state.totals.first_nonfinite_step) == (2, 2)
    assert list(state.loss.column("loss").nonfinite) == [0, 1, 1, 0]


def test_a_repeated_line_is_dropped_and_counted() -> None:
    journal = Journal().opened().started().steps(3).error()
    journal.events += journal.events[2:]

    state = journal.state()

    assert (len(state.loss), len(state.errors)) == (3, 1)
    assert state.totals.repeated == 4


def test_r16_the_order_is_that_of_the_journal_whatever_the_clocks_say() -> None:
    journal = Journal().opened().started().steps(2).after(-300).steps(4, 3)

    state = journal.state()

    assert list(state.loss.column("loss").last_step) == [1, 2, 3, 4]
    assert state.last_time == journal.now


def test_lines_that_cannot_be_read_are_counted_by_reason_and_the_first_bad_one_is_located() -> None:
    items = [Unread("damaged"), Unread("long"), Unread("malformed"), Unread("unknown", "w", 0, "newer")]

    state = fold(RunState(), items, [10, 20, 30, 40])

    totals = state.totals
    assert (totals.damaged, totals.long, totals.malformed, totals.unknown) == (1, 1, 1, 1)
    assert totals.first_bad_offset == 10


def test_an_unknown_line_uses_up_its_number() -> None:
    journal = Journal().opened().started()
    items = [*journal.events, Unread("unknown", journal.writer, 2, "newer")]

    state = fold(RunState(), items, [0, 1, 2])

    assert missing(state) == 0


def test_an_open_span_is_known_until_it_ends_and_is_then_no_training_time() -> None:
    journal = Journal().opened().started().steps(20).span("validation", 30.0)
    during = fold(RunState(), journal.events[:-1], range(len(journal.events) - 1))
    after = journal.steps(40, 21).state()

    assert during.span == "validation"
    assert during.span_time == pytest.approx(START + 2.0)
    assert (after.span, after.totals.spent) == (None, {"validation": 30.0})
    assert after.pace.interval() == pytest.approx(0.1)


def test_only_the_newest_errors_keep_their_traceback_and_the_lists_are_bounded() -> None:
    journal = Journal().opened().started()
    for number in range(150):
        journal.error(f"error {number}", traceback="x" * 20_000)

    state = journal.state()

    assert len(state.errors) == LIST_LIMIT
    assert [bool(entry.traceback) for entry in state.errors[-FULL_ENTRIES - 1 :]] == [False] + [
        True
    ] * FULL_ENTRIES
    assert all(len(entry.traceback) < 10_000 for entry in state.errors)
    assert state.totals.errors == 150


def test_older_validations_and_checkpoints_keep_few_metrics_and_the_best_ones_all() -> None:
    """A run with 200 metrics would have a snapshot of megabytes; the newest ten fill every table of the screen."""
    metrics = {f"m{number}": float(number) for number in range(8)}
    journal = Journal().opened().started(best_metric="m7", best_direction="min")
    for number in range(150):
        measured = {**metrics, "m7": abs(number - 20.0)}
        journal.validation(number, val_metrics=measured).checkpoint(number, metrics=metrics)

    state = journal.state()

    assert [len(entry.val_metrics) for entry in state.validations] == [4] * 90 + [8] * 10
    assert [len(entry.metrics) for entry in state.checkpoints] == [3] * 90 + [8] * 10
    assert {tuple(entry.val_metrics) for entry in state.validations[:90]} == {("m0", "m1", "m2", "m7")}
    assert state.best is not None
    assert (state.best.run_step, len(state.best.val_metrics)) == (20, 8)


def test_repeated_errors_count_as_often_as_they_came() -> None:
    state = Journal().opened().started().error(count=5_000).warned(count=7).state()

    assert (state.totals.errors, state.totals.warnings) == (5_000, 7)
    assert state.errors[0].count == 5_000


def test_a_forked_child_does_not_become_the_owner() -> None:
    journal = Journal().opened(pid=1).started()
    child = structs.replace(Journal("cccccccccccc").opened(pid=2).events[0], parent=journal.writer)

    state = fold(journal.state(), [child], [0])

    assert state.opened is not None
    assert state.opened.pid == 1


def test_a_writer_that_closed_is_known_to_have_closed() -> None:
    journal = Journal().opened().started().closed()

    assert journal.state().writers[journal.writer].closed
    assert fold(RunState(), [Closed("w", 0, 0.0, 0.0)], [0]).writers["w"].closed


def test_lost_records_are_counted() -> None:
    assert Journal().opened().lost(37).state().totals.refused == 37


def test_what_only_the_text_logs_show_changes_nothing_else() -> None:
    plain, chatty = Journal().opened().state(), Journal().opened().message().debug().state()

    assert chatty.totals.events == plain.totals.events + 2
    assert (chatty.errors, chatty.operations) == ([], [])


def test_the_best_validation_has_the_checkpoint_that_was_saved_just_before_it() -> None:
    """Many save first and validate then; a checkpoint of another step is not that of the best."""
    journal = (
        Journal().opened().started().steps(100).checkpoint(50, "/ckpt/50.pt").checkpoint(100, "/ckpt/100.pt")
    )

    best = journal.validation(100, 0.5).state().best_checkpoint

    assert best is not None
    assert best.checkpoint_path == "/ckpt/100.pt"


def test_what_the_out_of_memory_killer_had_done_before_is_what_the_first_reading_says() -> None:
    journal = Journal().opened().started()
    for kills in (2, 3, 5):
        reading = a_reading(journal.now)
        assert reading.host is not None
        journal.system(structs.replace(reading, host=structs.replace(reading.host, oom_kills=kills)))

    assert journal.state().oom_kills_before == 2
    assert journal.opened().state().oom_kills_before is None
