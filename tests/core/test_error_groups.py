"""Errors that are alike are counted, with where and when the first and the last came, in a bounded number of groups."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec import json

from tests.builders import START, Journal
from trainmon.fold.error_groups import MOST, ErrorGroup, add
from trainmon.storage import snapshot
from trainmon.storage.snapshot import Texts


def a_group(key: str = "k", *, count: int = 1, step: int | None = 1, time: float = START) -> ErrorGroup:
    """One error as a group of its own."""
    return ErrorGroup(
        key=key, error_type="ValueError", message="m", context="c", location=None, count=count, first_step=step,
        last_step=step, first_time=time, last_time=time,
    )  # fmt: skip


def test_a_fault_that_comes_again_is_one_group_with_its_first_and_last_step() -> None:
    """The same type from the same function, at two steps, once counted four times within a second."""
    journal = Journal().opened().started().progress(1).error(fingerprint="f").after(9.0)

    journal.progress(7).error("another message", fingerprint="f", count=4)
    (group,) = journal.state().error_groups

    assert (group.count, group.first_step, group.last_step) == (5, 1, 7)
    assert (group.first_time, group.last_time) == (START, START + 9.0)
    assert group.message == "another message"


def test_an_error_before_the_first_step_has_no_step() -> None:
    """Absent is None, not 0."""
    (group,) = Journal().opened().started().error().state().error_groups

    assert (group.first_step, group.last_step) == (None, None)


def test_errors_without_a_fingerprint_are_told_apart_by_type_and_message() -> None:
    """Journals of other programs may have none."""
    groups: list[ErrorGroup] = []

    for key in ("ValueError: a", "ValueError: b", "ValueError: a"):
        add(groups, a_group(key))

    assert [(group.key, group.count) for group in groups] == [("ValueError: b", 1), ("ValueError: a", 2)]


def test_a_new_run_begins_with_what_was_said_just_before_its_start() -> None:
    """As the list of errors does; what the run before counted is its own."""
    journal = Journal().opened().started().error(fingerprint="old", count=3).after(1.0).ended()

    journal.after(1.0).error(fingerprint="between").started()

    assert [(group.key, group.count) for group in journal.state().error_groups] == [("between", 1)]


def test_a_resumed_run_goes_on_counting() -> None:
    """A run that is continued is the same run."""
    journal = Journal().opened().started().error(fingerprint="f")
    state = journal.state()

    restored = snapshot.decode(snapshot.encode(state, Texts(), START)).state

    assert restored.error_groups == state.error_groups


def test_the_snapshot_says_what_each_error_means() -> None:
    """For dashboards that are not written in Python: category and advice beside the spec's keys."""
    state = Journal().opened().started().error("CUDA out of memory. Tried to allocate 2.00 GiB").state()

    document = json.decode(snapshot.encode(state, Texts(), START))

    assert document["errors"][0]["category"] == "GPU out of memory"
    assert "smaller batch" in document["errors"][0]["advice"]
    assert document["errors"][0]["sizes"] == {"tried": 2 << 30}


@given(st.lists(st.tuples(st.integers(0, 150), st.integers(1, 9)), max_size=400))
def test_counts_add_up_and_the_list_stays_bounded(errors: list[tuple[int, int]]) -> None:
    """Whatever comes: at most `MOST` groups, ordered by the last arrival, each key once."""
    groups: list[ErrorGroup] = []

    for time, (key, count) in enumerate(errors):
        add(groups, a_group(str(key), count=count, time=float(time)))

    assert len(groups) <= MOST
    assert len({group.key for group in groups}) == len(groups)
    assert [group.last_time for group in groups] == sorted(group.last_time for group in groups)
    if len({key for key, _ in errors}) <= MOST:
        assert sum(group.count for group in groups) == sum(count for _, count in errors)
