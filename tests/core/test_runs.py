"""Where one run of a journal ends and the next begins, or the same one goes on."""

from msgspec import structs

from tests.builders import Journal
from trainmon.facts.events import Started
from trainmon.fold.state import RunState


def again(journal: Journal, **fields: object) -> Journal:
    """Another start of the same run, or of another."""
    writer, seq, time, mono = journal.writer, len(journal.events), journal.now, journal.now
    event = Started(writer, seq, time, mono, run_id="run-1", model_name="DemoModel")
    journal.events.append(structs.replace(event, **fields))
    return journal


def steps(state: RunState) -> list[int]:
    """The last step of each bucket of the loss curve."""
    return list(state.loss.column("loss").last_step) if "loss" in state.loss.names else []


def test_a_start_begins_a_new_run_and_keeps_the_old_one_reachable() -> None:
    journal = again(Journal().opened().started().steps(30).validation(30, 0.5).ended(), run_id="run-2")

    state = journal.state()

    assert (state.run_id, state.run_number, state.run_step) == ("run-2", 2, 0)
    assert steps(state) == []
    assert [(run.run_id, run.run_step) for run in state.earlier] == [("run-1", 30)]
    assert state.earlier[0].best is not None
    assert state.best is None


def test_what_was_said_just_before_a_start_belongs_to_its_run() -> None:
    state = Journal().opened().after(1).error().operation().performance().after(1).started().state()

    assert [len(entries) for entries in (state.errors, state.operations, state.performance)] == [1, 1, 1]
    assert state.totals.errors == 1


def test_errors_of_a_run_that_said_no_end_do_not_belong_to_the_next() -> None:
    state = again(Journal().opened().started().after(1).error().after(1), run_id="run-2").state()

    assert (state.errors, state.totals.errors) == ([], 0)


def test_errors_between_an_end_and_the_next_start_belong_to_the_next() -> None:
    journal = (
        Journal().opened().started().after(1).error("one").after(1).ended().after(1).error("two").after(1)
    )

    state = again(journal, run_id="run-2").state()

    assert [entry.error_message for entry in state.errors] == ["two"]


def test_r15_a_resumed_run_goes_on_where_it_is_told_and_keeps_what_was_redone_apart() -> None:
    journal = Journal().opened().started().steps(100).validation(100, 0.5)

    state = again(journal, resume="always", initial_step=60).steps(70, 61).state()

    assert (state.run_step, state.resumed, state.run_number) == (70, 1, 1)
    assert steps(state) == list(range(1, 71))
    assert state.redone is not None
    assert list(state.redone.column("loss").first_step) == list(range(61, 101))
    assert len(state.validation) == 0
    assert state.best is not None


def test_r15_a_resume_that_does_not_say_where_is_placed_by_its_first_step() -> None:
    journal = Journal().opened().started().steps(100)

    state = again(journal, resume="auto").steps(95, 81).state()

    assert steps(state) == list(range(1, 96))
    assert state.redone is not None
    assert len(state.redone) == 20


def test_auto_resumes_the_same_run_only() -> None:
    journal = Journal().opened().started().steps(10)

    state = again(journal, resume="auto", run_id="other").state()

    assert (state.run_number, state.resumed) == (2, 0)


def test_a_resume_where_nothing_ran_is_a_start() -> None:
    state = again(Journal().opened(), resume="always").state()

    assert (state.run_number, state.resumed) == (1, 0)


def test_a_resume_that_counts_over_the_run_ends_the_guessing() -> None:
    """Spec functions counted per epoch; the same run goes on with `trainmon.training`, which says its run steps."""
    journal = Journal().opened().started()
    for epoch in (1, 2):
        for step in range(1, 21):
            journal.progress(step, epoch=epoch, total_steps=None)

    state = again(journal, resume="always", steps_count="run", initial_step=40).progress(41, epoch=3).state()

    assert state.run_step == 41


def test_steps_that_go_back_within_a_run_are_a_new_attempt() -> None:
    """W30: a restart inside the program, without a start that says so."""
    state = Journal().opened().started().steps(100).steps(50, 41).state()

    assert steps(state) == list(range(1, 51))
    assert state.redone is not None


def test_steps_of_threads_that_land_out_of_order_are_no_new_attempt() -> None:
    journal = Journal().opened().started().steps(100)

    state = journal.progress(97).progress(101).state()

    assert state.redone is None
    assert state.run_step == 101


def test_the_duration_comes_from_the_monotonic_clock_of_the_same_process() -> None:
    """W29: the wall clock was set back by an hour meanwhile."""
    journal = Journal().opened().started().after(90)
    journal.events.append(
        structs.replace(Journal().ended().events[0], seq=2, time=journal.now - 3_600, mono=190.0)
    )

    state = journal.state()

    assert state.end is not None
    assert state.end.duration == 90.0
