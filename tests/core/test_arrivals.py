"""Which lines have arrived: repeated ones are dropped, late ones taken, missing ones counted."""

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import Journal
from trainmon.fold.arrivals import RANGES, WRITERS, arrive, arrive_together, missing
from trainmon.fold.reducer import fold
from trainmon.fold.state import RunState


def test_w27_every_number_is_taken_once_in_whatever_order_threads_land() -> None:
    state = RunState()

    taken = [arrive(state, "a", seq) for seq in (0, 3, 1, 2, 4, 1, 3)]

    assert taken == [True] * 5 + [False] * 2
    assert (missing(state), state.totals.repeated) == (0, 2)


def test_writers_count_for_themselves() -> None:
    state = RunState()

    assert all(arrive(state, writer, 0) for writer in ("a", "b", "c"))


def test_what_never_arrives_is_counted_even_where_it_is_no_longer_listed() -> None:
    state = RunState()
    for seq in range(0, 4 * RANGES, 2):
        arrive(state, "a", seq)

    assert len(state.writers["a"].missing) == RANGES
    assert missing(state) == 2 * RANGES - 1


def test_a_gap_that_is_filled_from_the_middle_keeps_the_list_bounded() -> None:
    state = RunState()
    arrive(state, "a", 10_000)
    for seq in range(1, 9_000, 2):
        arrive(state, "a", seq)

    assert len(state.writers["a"].missing) <= RANGES
    assert missing(state) == 10_000 - 4_500


def test_the_writer_that_owns_the_journal_is_never_forgotten() -> None:
    """A run that forks workers each epoch would else report all its records as missing."""
    journal = Journal().opened().started()
    state = fold(RunState(), journal.events, [0, 1])
    for number in range(2 * WRITERS):
        arrive(state, f"worker {number}", 0)

    assert arrive(state, journal.writer, 2)
    assert missing(state) == 0
    assert len(state.writers) <= WRITERS


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 12), st.integers(1, 5)), max_size=25))
def test_runs_of_lines_arrive_as_line_by_line(runs: list[tuple[str, int, int]]) -> None:
    """`arrive_together` is a short cut: where it declines, nothing was noted."""
    together, single = RunState(), RunState()

    for name, first, count in runs:
        seqs = range(first, first + count)
        alone = [arrive(single, name, seq) for seq in seqs]
        if arrive_together(together, name, first, first + count - 1):
            assert all(alone)
        else:
            assert [arrive(together, name, seq) for seq in seqs] == alone

    assert (together.writers, together.totals) == (single.writers, single.totals)


def test_of_too_many_writers_one_that_closed_is_forgotten_first() -> None:
    """Nothing more comes of it, and what it left out is still counted."""
    state = RunState()
    for number in range(WRITERS):
        arrive(state, f"{number}", 1)
    state.writers["300"].closed = True

    arrive(state, "one more", 0)

    assert "300" not in state.writers
    assert "0" in state.writers
    assert missing(state) == WRITERS
